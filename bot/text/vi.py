"""Vietnamese: the first language of the desk. Words as in product.md; email as the contract spells it."""

from bot.text.forms_vi import FORMS_VI
from bot.text.groups import Cards, Mirrors, Phrases, Refusals, Sayings, Times

VI = Phrases(
    times=Times(
        today="{time} hôm nay",
        on_day="{time} ngày {date}",
        date="{day:02}/{month:02}/{year}",
        months=("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"),
        minutes="{minutes} phút",
        hours="{hours} giờ",
        hours_minutes="{hours} giờ {minutes:02} phút",
        under_a_minute="dưới 1 phút",
        left="còn {span}",
        over="quá {span}",
        just_over="vừa quá hạn",
        sla_time="{span} (giờ tính SLA)",
        last_of_list="{first} và {last}",
    ),
    cards=Cards(
        title_status="Ticket {code}",
        state_received="Đã tiếp nhận",
        state_working="Đang xử lý",
        state_waiting="Đang chờ",
        state_resolved="Đã khắc phục",
        label_priority="Mức độ ưu tiên",
        label_state="Trạng thái",
        label_received="Tiếp nhận lúc",
        label_notice="Thông báo lúc",
        label_due="Hạn xử lý",
        label_resolved_at="Khắc phục lúc",
        label_last_answer="Trả lời qua email",
        label_company="Công ty",
        label_contract="Số hợp đồng",
        label_fqdn="FQDN",
        label_requester="Người yêu cầu",
        label_subject="Tiêu đề",
        label_excerpt="Nội dung",
        label_holder="Người xử lý",
        label_level="Cấp hỗ trợ",
        label_channels="Trao đổi qua",
        label_waiting="Tạm dừng tính SLA",
        label_resolution="Cách khắc phục",
        label_breached_at="Quá hạn từ",
        label_paged="Đã báo cho",
        label_mentions="Mời {names}",
        label_handed_over="Bàn giao từ {name}, {at}",
        label_escalated="Lý do chuyển lên cấp trên – {name}, {at}",
        label_chased="Việc cần hỏi lại",
        label_reference="Mã yêu cầu của nhà cung cấp",
        label_asked="Đã hỏi khách hàng",
        label_detail="Chi tiết",
        label_answer="Trả lời lần trước, {at}",
        level="Level {number}",
        priority_with_title="{priority} – {title}",
        provisional="{priority} (tạm xếp, chưa phân loại)",
        due_paused="Sẽ tính lại sau thời gian chờ",
        due_used="{due} (đã dùng {percent}%)",
        channels_mail="Email",
        channels_mail_and_chat="Email và Teams",
        nobody_holds="Chưa có ai nhận xử lý",
        held_until="{holder} (đến {until})",
        paged_line="{level} · {name} · {at}",
        paged_before="và {count} lượt báo trước đó",
        nobody_paged="Chưa báo được cho ai",
        call_us="Cần trao đổi gấp, anh/chị vui lòng gọi {support_phone} và đọc mã ticket.",
        write_here="Anh/chị có thể nhắn ngay tại đây; nội dung được lưu vào luồng email của ticket.",
        write_again="Nếu sự cố tái diễn, anh/chị vui lòng bấm nút bên dưới hoặc trả lời trong luồng email.",
        kind_step="Cần nhận xử lý – {level}",
        kind_repeat="Nhắc lại, chưa có ai nhận xử lý – {level}",
        kind_after_breach="Đã quá hạn SLA, chưa khắc phục – {level}",
        kind_triage="Chưa phân loại – {level}",
        kind_ack_warning="Thời gian nhận xử lý sắp hết – {level}",
        kind_information="Để biết – {level}",
        kind_chase="Đến giờ hỏi lại về việc đang chờ – {level}",
        kind_escalated="Được chuyển lên cấp trên – {level}",
        kind_handed_over="Bàn giao, đang chờ nhận xử lý – {level}",
        kind_call_back="Cần gọi lại cho khách hàng sau khi khắc phục – {level}",
        late="Tin này đến muộn {span} do hệ thống của chúng ta vừa bị gián đoạn.",
        kind_held="Đang xử lý: {holder}",
        kind_resolved="Khắc phục lúc {at}",
        kind_breach="Báo động quá hạn SLA",
        kind_corrected="Đã hiệu chỉnh: theo phân loại lại, ticket không quá hạn SLA",
        headline="{priority} {code} {left}",
        headline_paused="{priority} {code} tạm dừng tính SLA",
        headline_resolved="{priority} {code} đã khắc phục",
        headline_over="{priority} {code} quá hạn SLA {span}",
        headline_just_over="{priority} {code} vừa quá hạn SLA",
        headline_corrected="{priority} {code} không quá hạn SLA (đã hiệu chỉnh)",
        summary_status="{priority} {code}: {state}",
        summary_status_due="{priority} {code}: {state}, hạn xử lý {due}",
        summary_with_company="{headline} – {company}",
        summary_repeat="Nhắc lại: {headline}",
        summary_triage="Chưa phân loại: {headline}",
        summary_ack_warning="Sắp hết thời gian nhận xử lý: {headline}",
        summary_information="Để biết: {headline}",
        summary_held="{headline}, {holder} đang xử lý",
        pause_third_party="Chờ nhà cung cấp khác",
        pause_customer="Chờ khách hàng",
        pause_out_of_control="Ngoài khả năng kiểm soát (hai bên thống nhất)",
        pause_customer_fault="Lỗi phía khách hàng",
        pause_out_of_scope="Ngoài phạm vi hỗ trợ",
        pause_other="Đang tạm dừng",
        pause_since="từ {at}",
        pauses_before="và {count} lần tạm dừng trước đó",
        pause_suspension="SLA của khách hàng đang được đình chỉ",
        pause_notice="Chờ khách hàng gọi điện hoặc gửi mã ticket",
        by_manager="{reason} – quản lý xác nhận",
        button_acknowledge="Nhận xử lý",
        button_keep="Tiếp tục xử lý",
        button_resolve="Đã khắc phục",
        button_note="Ghi chú",
        button_classify="Phân loại",
        button_reclassify="Phân loại lại",
        button_pause="Tạm dừng tính SLA",
        button_resume="Tiếp tục tính SLA",
        button_reopen="Sự cố tái diễn",
        button_refresh="Xem mới nhất",
        button_how_counted="Xem cách tính giờ",
        button_confirm="Xác nhận",
        input_resolution="Đã khắc phục như thế nào?",
        input_workaround="Đây là giải pháp tạm thời",
        input_note="Ghi chú nội bộ (khách hàng không thấy)",
        input_priority="Mức độ ưu tiên đúng",
        input_how="Vì sao phân loại lại?",
        how_corrected="Xếp chưa đúng: thời gian đã dùng vẫn được tính",
        how_worsened="Sự cố nặng hơn: tính lại từ bây giờ",
        input_reason="Lý do",
        input_pause_reason="Lý do tạm dừng",
        input_pause_note="Chi tiết: đang chờ việc gì, đã hỏi khách hàng nội dung gì…",
        input_reopen="Anh/chị đang gặp hiện tượng gì?",
        input_missing="Vui lòng điền mục này.",
    ),
    sayings=Sayings(
        call_noted=(
            "Đã ghi nhận cuộc gọi của {customer} lúc {at}. Nếu email của khách hàng đến trước {until}, đồng hồ SLA "
            "tính từ lúc gọi. Anh/chị vui lòng nhắc khách hàng gửi email đến {support_mail}."
        ),
        call_on_ticket="Đã ghi nhận cuộc gọi lúc {at} cho ticket {code}.",
        call_without_mail=(
            "Cuộc gọi của {customer} lúc {at} chưa có email theo sau nên chưa có ticket và đồng hồ SLA chưa tính. "
            "Vui lòng nhắc khách hàng gửi email đến {support_mail}. Người gọi: {caller}."
        ),
        order_time_unclear=(
            "Chúng tôi chưa đọc được thời điểm này. Anh/chị vui lòng ghi như “lúc 10:05” hoặc “lúc 10:05 23/11/2026”; "
            "thời điểm phải đã qua."
        ),
        call_usage=(
            "Để ghi nhận cuộc gọi của khách hàng, anh/chị gõ “cuộc gọi abc lúc 10:05 tên người gọi” (abc là mã khách "
            "hàng), hoặc “cuộc gọi 3CX-… lúc 10:05 tên người gọi” nếu đã có mã ticket."
        ),
        suspension_usage=(
            "Quản lý gõ “đình chỉ SLA abc: lý do” để đình chỉ SLA của khách hàng abc, và “hết đình chỉ abc: nội dung "
            "thống nhất” khi hai bên đã thống nhất cấu hình."
        ),
        suspended=(
            "SLA của {customer} được đình chỉ từ {at}. Các ticket đang mở dừng tính giờ, khách hàng được báo qua email."
        ),
        suspended_unmailed=(
            "SLA của {customer} được đình chỉ từ {at}. Khách hàng chưa có ticket nào nên chưa có địa chỉ để gửi email: "
            "anh/chị vui lòng thông báo trực tiếp cho khách hàng, việc đình chỉ dựa trên thông báo đó."
        ),
        suspended_already="SLA của {customer} đang được đình chỉ từ {at}.",
        agreed="SLA của {customer} được tính lại từ {at}. Khách hàng được báo qua email.",
        agreed_unmailed=(
            "SLA của {customer} được tính lại từ {at}. Khách hàng chưa có ticket nào nên chưa có địa chỉ để gửi email: "
            "anh/chị vui lòng thông báo trực tiếp cho khách hàng."
        ),
        not_suspended="SLA của {customer} hiện không bị đình chỉ.",
        merge_usage="Để gộp hai ticket trùng nhau, anh/chị gõ “gộp 3CX-… vào 3CX-…”.",
        order_refused="{why}",
        merged="Đã gộp ticket {code} vào ticket {into}.",
        unknown_code=(
            "Chúng tôi không thể hiển thị thông tin của mã ticket này tại đây. Anh/chị vui lòng kiểm tra lại mã "
            "trong email phản hồi tự động, hoặc nhắn riêng cho bot để xác nhận bằng email."
        ),
        ask_address=(
            "Để xác nhận, anh/chị vui lòng nhập địa chỉ email mà anh/chị dùng khi gửi yêu cầu hỗ trợ. "
            "Gõ “huỷ” nếu không muốn tiếp tục."
        ),
        address_not_an_address=(
            "Chúng tôi chưa đọc được địa chỉ email trong tin nhắn này. Anh/chị vui lòng nhập lại một địa chỉ, "
            "ví dụ ten@congty.example, hoặc gõ “huỷ” để dừng."
        ),
        code_on_its_way=(
            "Nếu địa chỉ {address} thuộc ticket này, một mã xác nhận gồm 6 chữ số đã được gửi đến đó. "
            "Mã có hiệu lực trong 10 phút; anh/chị vui lòng nhập mã tại đây."
        ),
        digits_needed="Anh/chị vui lòng nhập mã xác nhận gồm 6 chữ số trong email, hoặc gõ “huỷ” để dừng.",
        digits_wrong="Mã xác nhận chưa đúng. Anh/chị còn {left} lần nhập.",
        digits_expired="Mã xác nhận không còn hiệu lực. Anh/chị vui lòng gửi lại mã ticket để nhận mã xác nhận mới.",
        challenge_limit=(
            "Hôm nay anh/chị đã yêu cầu mã xác nhận quá số lần cho phép. "
            "Anh/chị vui lòng gọi {support_phone} để được hỗ trợ."
        ),
        bound=(
            "Cảm ơn anh/chị, địa chỉ email đã được xác nhận. Anh/chị có thể theo dõi ticket {code} và nhắn với "
            "bộ phận hỗ trợ tại đây đến {until}."
        ),
        dialog_cancelled="Đã dừng việc xác nhận. Khi cần, anh/chị vui lòng gửi lại mã ticket.",
        help_customer=(
            "Để được hỗ trợ, anh/chị vui lòng:\n\n"
            "1. Gửi email đến {support_mail} từ địa chỉ của công ty. Email phản hồi tự động sẽ có mã ticket.\n\n"
            "2. Gửi mã ticket tại đây để xem tình trạng, hạn xử lý và trao đổi với bộ phận hỗ trợ.\n\n"
            "3. Cần gấp, gọi {support_phone} và đọc mã ticket.\n\n"
            "Mọi trao đổi đều được lưu trong luồng email của ticket."
        ),
        help_staff=(
            "Các lệnh dành cho nhân viên hỗ trợ:\n\n"
            "• Gửi mã ticket: xem thẻ của ticket.\n\n"
            "• Trong kênh, nhắc tên bot rồi gõ “gán kênh trực”, “gán kênh quản lý”, “gán kênh khách hàng abc” "
            "(abc là mã khách hàng) hoặc “bỏ gán kênh”.\n\n"
            "• “cuộc gọi abc lúc 10:05 tên người gọi”: ghi nhận khách hàng abc đã gọi; hoặc thay abc bằng mã ticket.\n\n"
            "• “gộp 3CX-… vào 3CX-…”: gộp hai ticket trùng nhau.\n\n"
            "• Quản lý: “đình chỉ SLA abc: lý do”, “hết đình chỉ abc: nội dung thống nhất”.\n\n"
            "• “trợ giúp”: xem lại hướng dẫn này.\n\n"
            "Nhận xử lý, đã khắc phục, ghi chú, phân loại và tạm dừng tính SLA: bấm nút trên thẻ. Nút Thao tác khác mở "
            "các việc ít gặp hơn; trong đó, Bảng tính giờ cho biết từng phút của ticket được tính thế nào."
        ),
        welcome_personal=(
            "Xin chào anh/chị. Đây là kênh Teams của bộ phận hỗ trợ kỹ thuật. Anh/chị vui lòng gửi mã ticket "
            "trong email phản hồi tự động để xem tình trạng xử lý và trao đổi. Gõ “trợ giúp” để xem hướng dẫn."
        ),
        welcome_team=(
            "Xin chào. Anh/chị gửi mã ticket trong kênh này để xem tình trạng xử lý và trao đổi với bộ phận hỗ trợ. "
            "Kênh được xem là dùng chung cho đến khi nhân viên hỗ trợ gán cho một khách hàng."
        ),
        no_current_ticket=(
            "Tin nhắn này chưa thuộc ticket nào. Anh/chị vui lòng gửi mã ticket; nếu chưa có, vui lòng gửi email cho "
            "bộ phận hỗ trợ trước để được cấp mã."
        ),
        files_hint="Chúng tôi chưa nhận được tệp gửi tại đây. Anh/chị vui lòng đính kèm tệp trong luồng email của ticket.",
        too_many_codes=("Tin nhắn có quá nhiều mã ticket. Anh/chị vui lòng gửi tối đa {limit} mã trong một tin nhắn."),
        reopen_question=(
            "Ticket này đã được khắc phục. Nếu sự cố tái diễn, anh/chị vui lòng bấm “Sự cố tái diễn” trên thẻ để "
            "chúng tôi tiếp tục xử lý."
        ),
        wrote_after_resolved=(
            "Khách hàng vừa viết tiếp về ticket {code} đã khắc phục. Vui lòng xem luồng email của ticket."
        ),
        channel_bound_desk="Kênh này đã được gán làm kênh trực của bộ phận hỗ trợ.",
        channel_bound_managers="Kênh này đã được gán làm kênh cảnh báo cho quản lý.",
        channel_bound_customer="Kênh này đã được gán riêng cho khách hàng {customer}.",
        channel_unbound="Kênh này không còn được gán và từ bây giờ được xem là kênh dùng chung.",
        members_unknown=(
            "Teams chưa cho biết ai đang có mặt trong kênh này nên chưa thể gán kênh cho khách hàng. "
            "Anh/chị vui lòng thử lại sau ít phút."
        ),
        channel_has_outsiders=(
            "Kênh này có người ngoài phạm vi được gán nên chưa gán được; kênh vẫn được xem là kênh dùng chung."
        ),
        binding_lapsed=(
            "Có người ngoài khách hàng {customer} vừa tham gia kênh “{channel}”, nên từ bây giờ kênh đó được xem là "
            "kênh dùng chung."
        ),
        bind_usage=(
            "Trong kênh, anh/chị nhắc tên bot rồi gõ “gán kênh trực”, “gán kênh quản lý”, “gán kênh khách hàng abc” "
            "(abc là mã khách hàng) hoặc “bỏ gán kênh”."
        ),
        unknown_customer="Không có khách hàng này. Anh/chị vui lòng kiểm tra lại mã khách hàng trong danh sách của bộ phận hỗ trợ.",
        staff_only="Lệnh này chỉ dành cho nhân viên hỗ trợ.",
        undeliverable=(
            "Không gửi được thông báo của ticket {code} cho {contact} qua {channel}; đã chuyển sang kênh hoặc cấp "
            "hỗ trợ kế tiếp."
        ),
        poisoned="Không xử lý được {what} sau nhiều lần thử; bản ghi đã được tách riêng, cần người vận hành kiểm tra.",
        mail_held="Email từ {sender} cần người xem: {reason}. Tiêu đề: {subject}",
        bounced="Email của ticket {code} bị trả lại ({report}). Vui lòng liên hệ người nhận qua kênh khác.",
        reading_faults="Tệp cấu hình vừa sửa có lỗi nên chưa được áp dụng; bản trước vẫn đang dùng.\n\n{faults}",
        store_away=("Hệ thống đang bận. Anh/chị vui lòng thử lại sau một phút; nếu gấp, vui lòng gọi {support_phone}."),
    ),
    refusals=Refusals(
        not_allowed="Anh/chị không thực hiện được thao tác này.",
        not_your_level="Cấp hỗ trợ của anh/chị chưa được báo về ticket này. Các cấp đã được báo: {paged}.",
        already_resolved="Ticket này đã được khắc phục.",
        already_acknowledged="{holder} đã nhận xử lý ticket này.",
        old_card="Thẻ này đã cũ. Anh/chị vui lòng dùng thẻ mới nhất của ticket.",
        reason_needed="Anh/chị vui lòng ghi lý do.",
        note_needed="Anh/chị vui lòng ghi nội dung.",
        unknown_priority="Không có mức độ ưu tiên này.",
        same_priority="Ticket đang ở đúng mức độ ưu tiên này.",
        not_paused="Ticket này không tạm dừng tính SLA.",
        already_paused="Ticket này đang tạm dừng tính SLA.",
        not_resolved="Ticket này chưa được khắc phục.",
        conflict="Có người khác vừa cập nhật ticket cùng lúc. Anh/chị vui lòng thử lại.",
        store_away="Hệ thống đang bận. Anh/chị vui lòng thử lại sau một phút.",
        unknown_action="Bot không có thao tác này. Anh/chị vui lòng dùng thẻ mới nhất.",
        manager_only="Thao tác này chỉ dành cho quản lý.",
        merged="Ticket này đã được gộp vào ticket {into}. Anh/chị vui lòng xử lý tại ticket đó.",
        in_the_future="Thời điểm này chưa tới. Anh/chị vui lòng nhập một thời điểm đã qua.",
        in_the_past="Thời điểm này đã qua. Anh/chị vui lòng nhập một thời điểm sắp tới.",
        before_the_start="Thời điểm này sớm hơn lúc đồng hồ SLA bắt đầu tính. Anh/chị vui lòng kiểm tra lại.",
        already_recorded="Nội dung này đã được ghi nhận rồi.",
        reference_needed="Anh/chị vui lòng ghi mã yêu cầu của nhà cung cấp.",
        agreement_needed="Anh/chị vui lòng ghi tên người phía khách hàng đã đồng ý.",
        evidence_needed="Anh/chị vui lòng ghi bằng chứng cho thời điểm hoặc lý do này.",
        whom_needed="Anh/chị vui lòng ghi tên người đã nói chuyện.",
        not_a_duplicate="Chỉ gộp được hai ticket khác nhau, còn mở, của cùng một khách hàng.",
        time_unclear="Chúng tôi chưa đọc được thời điểm này. Anh/chị vui lòng ghi như 10:05 hoặc 10:05 23/11/2026.",
        outage_times="Giờ kết thúc gián đoạn phải sau giờ bắt đầu.",
        outage_deductions="Thời gian không tính phải nằm trọn trong khoảng gián đoạn đã nhập.",
        no_outage="Ticket này chưa có lần gián đoạn nào được ghi nhận.",
        level_unknown="Không có cấp hỗ trợ này.",
        level_too_low="Chỉ có thể chuyển lên cấp cao hơn cấp đầu tiên.",
        nobody_holds="Chưa có ai nhận xử lý ticket này nên chưa thể bàn giao.",
        not_holder="{holder} đang xử lý ticket này. Chỉ người đang xử lý, cấp trên hoặc quản lý mới bàn giao được.",
        colleague_unknown="Người này không có trong danh sách trực.",
        colleague_holds="{holder} đang xử lý ticket này rồi.",
        colleague_unreachable="Hiện không có cách nào báo cho người này. Vui lòng chọn người khác.",
        receipt_broken=(
            "Chưa thể lập bảng tính giờ: các sự kiện đã ghi của ticket này không khớp với nhau. "
            "Chúng tôi đã báo người vận hành kiểm tra."
        ),
    ),
    mirrors=Mirrors(
        answer="{author} trả lời ticket {code} qua email lúc {at}:",
        answer_came="Ticket {code} có câu trả lời mới qua email. Anh/chị vui lòng xem trong luồng email của ticket.",
        attachments="Tệp đính kèm (xem trong email): {names}",
        cut="… Phần còn lại vui lòng xem trong email.",
    ),
    forms=FORMS_VI,
)
