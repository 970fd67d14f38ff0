"""Vietnamese mails. Courteous as a support desk writes; words as in product.md."""

from bot.text.mails import (
    Block,
    Bullets,
    Mails,
    Paragraph,
    Values,
    Written,
    facts,
    joined,
    line,
    paragraphs,
    priority,
    quote,
    quoted,
    regards,
)
from bot.text.mails_status_vi import agreed, merged, reopened, resolved, suspended

_DUTIES = {
    "company": "Tên công ty",
    "name": "Họ và tên người báo lỗi",
    "department": "Phòng ban",
    "title": "Chức vụ",
    "mobile": "Số di động",
    "chat": "Nick chat hoặc group chat",
    "contract_number": "Số hợp đồng",
    "partner": "Partner mà quý công ty đã mua hàng",
    "fqdn": "FQDN (tên miền truy cập tổng đài)",
    "licence_key": "License Key",
    "evidence": "Chi tiết lỗi, hình ảnh hoặc video minh họa",
}

_PAGE_KINDS = {
    "step": "Cần nhận xử lý",
    "repeat": "Nhắc lại: chưa có ai nhận xử lý",
    "after_breach": "Đã quá hạn SLA, chưa khắc phục",
    "triage": "Chưa phân loại mức độ ưu tiên",
    "ack_warning": "Thời gian giữ ticket sắp hết",
    "information": "Để biết, không cần nhận xử lý",
    "chase": "Đến giờ hỏi lại về việc đang chờ",
    "escalated": "Được chuyển lên cấp trên, cần nhận xử lý",
    "handed_over": "Bàn giao, đang chờ nhận xử lý",
    "call_back": "Cần gọi lại cho khách hàng sau khi khắc phục",
}

_WHAT_TO_DO = {
    "information": "",
    "ack_warning": "Để tiếp tục giữ ticket, anh/chị bấm nút “Tiếp tục xử lý” trên thẻ của ticket trong Microsoft Teams.",
    "chase": "Sau khi hỏi, anh/chị bấm nút “Đã hỏi lại” trên thẻ của ticket trong Microsoft Teams và ghi lại câu trả lời.",
    "call_back": "Sau khi gọi, anh/chị bấm nút “Đã gọi lại cho khách” trên thẻ của ticket trong Microsoft Teams và ghi lại người đã nghe máy.",
}
_ACKNOWLEDGE = "Để nhận xử lý, anh/chị bấm nút “Nhận xử lý” trên thẻ của ticket trong Microsoft Teams. Trả lời email này không được tính là đã nhận xử lý."

_HELD_REASONS = {
    "unregistered": "Chúng tôi chưa thể mở ticket vì email được gửi từ một địa chỉ chưa đăng ký với hợp đồng hỗ trợ nào.",
    "support": "Chúng tôi chưa thể mở ticket vì gói hỗ trợ của quý công ty đã hết hạn.",
    "maintenance": "Chúng tôi chưa thể mở ticket vì thời gian maintenance của License đã hết hạn.",
    "certificate": "Chúng tôi chưa thể mở ticket vì License chưa có Giấy chứng nhận CO (Certify the ownership) của nhà phân phối.",
}


def _auto_reply(values: Values, names: tuple[str, ...]) -> Written:
    code, phone = line(values, "code"), line(values, "support_phone")
    provisional = "Mức độ ưu tiên này là tạm xếp: kỹ thuật viên sẽ phân loại sau khi xem mô tả của anh/chị, và hạn xử lý có thể thay đổi theo."
    call = (
        f"gọi {phone} hoặc gửi mã này trong kênh Microsoft Teams" if phone else "gửi mã này trong kênh Microsoft Teams"
    )
    missing: tuple[Block, ...] = ()
    if names:
        missing = (
            Paragraph("Để việc xử lý được nhanh hơn, anh/chị vui lòng trả lời email này và bổ sung:"),
            Bullets(tuple(_DUTIES.get(name, name) for name in names)),
        )
    return Written(
        joined(" ", f"[{code}]" if code else "", "Đã tiếp nhận yêu cầu hỗ trợ"),
        (
            *paragraphs(
                "Kính gửi Anh/Chị,",
                "Cảm ơn anh/chị đã liên hệ. Yêu cầu hỗ trợ của anh/chị đã được tiếp nhận với thông tin như sau:",
            ),
            *facts(
                ("Mã ticket", code),
                ("Tiêu đề", line(values, "subject")),
                ("Mức độ ưu tiên", priority(values, "vi")),
                ("Hạn xử lý", line(values, "due_vi")),
            ),
            *paragraphs(
                provisional if values.get("provisional") else "",
                f"Khi cần trao đổi trực tiếp, anh/chị vui lòng {call}. Nội dung trao đổi trên Teams cũng được lưu vào luồng email này.",
            ),
            *missing,
            *paragraphs(
                "Anh/chị vui lòng giữ mã ticket và trả lời ngay trong luồng email này để theo dõi kết quả.",
                "Lưu ý: các kênh chat khác (Zalo, Viber, …) không phải là kênh hỗ trợ chính thức; thời gian xử lý không được tính từ tin nhắn trên các kênh đó.",
            ),
            *regards(values, "Trân trọng,"),
        ),
    )


def _chat_mirror(values: Values, _names: tuple[str, ...]) -> Written:
    code, change, text = line(values, "code"), values.get("change", ""), quoted(values, "text")
    where = joined(", ", "Teams", line(values, "at"))
    notes = {"edited": " đã sửa tin nhắn", "deleted": " đã xóa tin nhắn"}
    says = f"{line(values, 'author')} ({where}){notes.get(change, '')}:"
    if not text:
        says = says.removesuffix(":") + "."
    return Written(
        joined(" ", f"[{code}]" if code else "", "Trao đổi trên Microsoft Teams"),
        (
            *paragraphs(f"{says} {text}" if text and "\n" not in text and not change else says),
            *(quote(text) if "\n" in text or change else ()),
            *paragraphs(
                "Tin nhắn này được lưu tự động từ Microsoft Teams. Trả lời email này để tiếp tục trong cùng luồng."
            ),
        ),
    )


def _page(values: Values, _names: tuple[str, ...]) -> Written:
    kind = values.get("kind", "")
    code, customer, left = line(values, "code"), line(values, "customer"), _left(values)
    title = _PAGE_KINDS.get(kind, _PAGE_KINDS["step"])
    return Written(
        joined(
            " ",
            f"[{code}]" if code else "",
            joined(" – ", joined(" ", line(values, "priority"), left), title, customer),
        ),
        (
            *paragraphs(
                joined(" ", "Chào", line(values, "contact_name") or "anh/chị") + ",",
                joined(" – ", title, line(values, "level")) + ".",
            ),
            *_word(values),
            *facts(
                ("Mã ticket", code),
                ("Mức độ ưu tiên", priority(values, "vi")),
                ("Khách hàng", customer),
                ("Tiêu đề", line(values, "subject")),
                ("Hạn xử lý", line(values, "due_vi")),
                ("Thời gian", left),
                ("Người xử lý", line(values, "holder")),
                ("Đang chờ", line(values, "waiting_vi")),
                ("Trả lời lần trước", line(values, "last_answer")),
            ),
            *quote(quoted(values, "excerpt")),
            *paragraphs(
                _WHAT_TO_DO.get(kind, _ACKNOWLEDGE),
                line(values, "desk_name"),
            ),
        ),
    )


def _word(values: Values) -> tuple[Block, ...]:
    """Return what a colleague said who passed the ticket on."""
    word = quoted(values, "word")
    if not word:
        return ()
    label = "Bàn giao từ" if values.get("word_kind") == "handed_over" else "Lý do chuyển lên cấp trên –"
    return (*paragraphs(f"{label} {line(values, 'word_by')}:"), *quote(word))


def _breach(values: Values, _names: tuple[str, ...]) -> Written:
    code, customer = line(values, "code"), line(values, "customer")
    return Written(
        joined(
            " ",
            f"[{code}]" if code else "",
            joined(" – ", joined(" ", line(values, "priority"), "quá hạn SLA"), customer),
        ),
        (
            *paragraphs("Kính gửi Anh/Chị,", "Ticket sau đã quá hạn SLA mà chưa được khắc phục:"),
            *facts(
                ("Mã ticket", code),
                ("Mức độ ưu tiên", priority(values, "vi")),
                ("Khách hàng", customer),
                ("Tiêu đề", line(values, "subject")),
                ("Hạn xử lý", line(values, "due_vi")),
                ("Quá hạn", line(values, "over_by")),
                ("Người xử lý", line(values, "holder") or "chưa có ai nhận xử lý"),
            ),
            *paragraphs(
                "Việc nhắc người xử lý và cấp cao nhất đã được báo vẫn tiếp tục cho đến khi ticket được khắc phục.",
                line(values, "desk_name"),
            ),
        ),
    )


def _one_time_code(values: Values, _names: tuple[str, ...]) -> Written:
    asked_by, code = line(values, "asked_by"), line(values, "code")
    about = f" để xem ticket {code}" if code else ""
    return Written(
        "Mã xác nhận truy cập ticket",
        (
            *paragraphs("Kính gửi Anh/Chị,", "Mã xác nhận của anh/chị là:"),
            Paragraph(line(values, "digits"), strong=True),
            *paragraphs(
                f"Mã có hiệu lực trong 10 phút và được nhập trong cuộc trò chuyện với trợ lý trên Microsoft Teams{about}.",
                f"Người yêu cầu mã: “{asked_by}” (tên hiển thị trên Microsoft Teams, chưa được xác minh)."
                if asked_by
                else "",
                "Nếu không phải anh/chị yêu cầu, hãy bỏ qua email này và không cung cấp mã cho bất kỳ ai.",
            ),
            *regards(values, "Trân trọng,"),
        ),
    )


def _held(values: Values, _names: tuple[str, ...]) -> Written:
    mail, phone = line(values, "support_mail"), line(values, "support_phone")
    known = values.get("reason", "") in _HELD_REASONS
    reason = _HELD_REASONS.get(values.get("reason", ""), "Chúng tôi chưa thể mở ticket cho email này.")
    unregistered = not known or values.get("reason") == "unregistered"
    to = f" đến {mail}" if mail else ""
    register = f"Theo quy trình hỗ trợ, yêu cầu cần được gửi từ địa chỉ email theo tên miền công ty đã đăng ký{to}. Anh/chị vui lòng gửi lại từ địa chỉ đó."
    decide = "Người phụ trách sẽ xem xét và trả lời anh/chị. Thời gian xử lý theo SLA chưa được tính cho đến khi yêu cầu được chấp nhận."
    return Written(
        "Chưa thể mở ticket cho yêu cầu của anh/chị",
        (
            *paragraphs("Kính gửi Anh/Chị,", "Cảm ơn anh/chị đã liên hệ."),
            *facts(("Tiêu đề", line(values, "subject"))),
            *paragraphs(
                reason,
                register if unregistered else decide,
                f"Nếu cần giúp đỡ, anh/chị vui lòng gọi {phone}." if phone else "",
            ),
            *regards(values, "Trân trọng,"),
        ),
    )


def _operator(values: Values, _names: tuple[str, ...]) -> Written:
    code = line(values, "code")
    show = f", chạy `python -m bot tickets show {code}`" if code else ""
    return Written(
        joined(" ", f"[{code}]" if code else "", "Dịch vụ trực ban cần được kiểm tra"),
        (
            *paragraphs("Kính gửi Anh/Chị,", "Dịch vụ trực ban gặp vấn đề sau:"),
            *quote(quoted(values, "what")),
            *facts(("Nguyên nhân", line(values, "reason")), ("Mã ticket", code), ("Thời điểm", line(values, "at"))),
            *paragraphs(
                f"Việc cần làm: xem trang /healthz/desk và nhật ký của dịch vụ{show}; nếu liên quan đến danh sách trực hoặc cấu hình, sửa tệp rồi chạy `python -m bot check-config`.",
                line(values, "desk_name"),
            ),
        ),
    )


def _left(values: Values) -> str:
    minutes = line(values, "minutes_left")
    if minutes.removeprefix("-").isdigit():
        return f"quá hạn {minutes.removeprefix('-')} phút" if minutes.startswith("-") else f"còn {minutes} phút"
    return minutes


VI = Mails(
    auto_reply=_auto_reply,
    chat_mirror=_chat_mirror,
    page=_page,
    breach=_breach,
    one_time_code=_one_time_code,
    held=_held,
    operator=_operator,
    resolved=resolved,
    reopened=reopened,
    merged=merged,
    suspended=suspended,
    agreed=agreed,
)
