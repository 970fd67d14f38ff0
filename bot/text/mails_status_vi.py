"""Vietnamese mails to the customer about what became of a ticket. Courteous, and without the words of a contract."""

from bot.text.mails import (
    Block,
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

_CLOSING = "Trân trọng,"


def resolved(values: Values, _names: tuple[str, ...]) -> Written:
    """Say what was done, and what to do if the fault is back."""
    workaround = values.get("outcome") == "workaround"
    phone = line(values, "support_phone")
    urgent = f" Trường hợp khẩn cấp, anh/chị vui lòng gọi {phone}." if phone else ""
    return Written(
        _titled(values, "Sự cố đã có giải pháp tạm thời" if workaround else "Sự cố đã được khắc phục"),
        (
            *paragraphs(
                "Kính gửi Anh/Chị,",
                "Sự cố của anh/chị đã được xử lý bằng giải pháp tạm thời để anh/chị tiếp tục sử dụng dịch vụ:"
                if workaround
                else "Sự cố của anh/chị đã được khắc phục:",
            ),
            *facts(
                ("Mã ticket", line(values, "code")),
                ("Tiêu đề", line(values, "subject")),
                ("Mức độ ưu tiên", priority(values, "vi")),
                ("Kết quả", "Giải pháp tạm thời" if workaround else "Đã khắc phục"),
                ("Thời điểm khắc phục", line(values, "resolved_vi")),
                ("Hạn xử lý", line(values, "due_vi")),
                ("Người xử lý", line(values, "resolved_by")),
            ),
            *_quoted("Nội dung đã xử lý:", quoted(values, "note")),
            *paragraphs(
                _call(values),
                "Nếu sự cố tái diễn, anh/chị vui lòng trả lời email này hoặc bấm “Sự cố tái diễn” trên thẻ của ticket "
                f"trong Microsoft Teams để chúng tôi mở lại ticket và xử lý tiếp.{urgent}",
            ),
            *regards(values, _CLOSING),
        ),
    )


def reopened(values: Values, _names: tuple[str, ...]) -> Written:
    """Say that the ticket is open again, and until when it is to be resolved."""
    since, phone = line(values, "since_vi"), line(values, "support_phone")
    call = f" hoặc gọi {phone}" if phone else ""
    standing = (
        f"SLA của quý công ty hiện được tạm đình chỉ (từ {since}); thời gian xử lý được tính tiếp khi hai bên đã thống nhất và "
        "thực hiện cấu hình phù hợp."
    )
    running = "Thời gian xử lý được tính tiếp, cộng với phần đã sử dụng trước khi ticket được khắc phục."
    return Written(
        _titled(values, "Ticket đã được mở lại"),
        (
            *paragraphs("Kính gửi Anh/Chị,", "Ticket của anh/chị đã được mở lại và chúng tôi đang tiếp tục xử lý:"),
            *facts(
                ("Mã ticket", line(values, "code")),
                ("Tiêu đề", line(values, "subject")),
                ("Mức độ ưu tiên", priority(values, "vi")),
                ("Hạn xử lý", line(values, "due_vi")),
            ),
            *paragraphs(
                standing if since else running,
                f"Nếu có thêm thông tin về sự cố, anh/chị vui lòng trả lời trong luồng email này{call}.",
            ),
            *regards(values, _CLOSING),
        ),
    )


def merged(values: Values, _names: tuple[str, ...]) -> Written:
    """Tell that two tickets were about one fault, and that whatever is written about either is read."""
    into, phone = line(values, "into"), line(values, "support_phone")
    call = f" hoặc gọi {phone}" if phone else ""
    return Written(
        _titled(values, joined(" ", "Ticket đã được gộp vào", into) if into else "Ticket đã được gộp"),
        (
            *paragraphs(
                "Kính gửi Anh/Chị,",
                "Hai ticket dưới đây về cùng một sự cố nên đã được gộp lại để anh/chị tiện theo dõi:",
            ),
            *facts(
                ("Mã ticket", line(values, "code")),
                ("Tiêu đề", line(values, "subject")),
                ("Được xử lý tiếp tại", into),
            ),
            *paragraphs(
                "Anh/chị không cần gửi lại thông tin: email hoặc tin nhắn Teams về ticket nào chúng tôi cũng nhận được và xử lý "
                "chung. Lần báo sự cố sớm hơn vẫn được dùng để tính thời gian xử lý.",
                f"Nếu đây là hai sự cố khác nhau, anh/chị vui lòng trả lời email này{call}.",
            ),
            *regards(values, _CLOSING),
        ),
    )


def suspended(values: Values, _names: tuple[str, ...]) -> Written:
    """Tell that the promised times stand still, why, until when, and whom to talk to."""
    since = line(values, "since_vi")
    return Written(
        _titled(values, "Tạm đình chỉ SLA"),
        (
            *paragraphs(
                "Kính gửi Anh/Chị,",
                "Qua theo dõi, chúng tôi xác định cấu hình hiện tại của quý công ty chưa phù hợp để bảo đảm mức dịch vụ đã "
                "cam kết. Theo điều khoản về thay đổi cấu hình trong cam kết chất lượng dịch vụ (SLA), SLA được tạm đình chỉ "
                + (f"từ {since} " if since else "")
                + "cho đến khi hai bên thống nhất và thực hiện cấu hình mới hoặc cấu hình được điều chỉnh.",
            ),
            *facts(
                ("Mã ticket", line(values, "code")),
                ("Tiêu đề", line(values, "subject")),
                ("Đình chỉ từ", since),
            ),
            *_quoted("Lý do:", quoted(values, "reason")),
            *paragraphs(
                "Trong thời gian đình chỉ, "
                + ("hạn xử lý của ticket này" if line(values, "code") else "thời gian xử lý của các ticket")
                + " không được tính; chúng tôi vẫn tiếp tục hỗ trợ anh/chị "
                "trong khả năng tốt nhất.",
                f"Để thống nhất cấu hình phù hợp, anh/chị vui lòng {_reach(values)}.",
            ),
            *regards(values, _CLOSING),
        ),
    )


def agreed(values: Values, _names: tuple[str, ...]) -> Written:
    """Tell that the promised times count again, and the new deadline."""
    until = line(values, "until_vi")
    return Written(
        _titled(values, "SLA được áp dụng trở lại"),
        (
            *paragraphs(
                "Kính gửi Anh/Chị,",
                "Cảm ơn anh/chị đã phối hợp. Hai bên đã thống nhất cấu hình phù hợp và SLA được áp dụng trở lại"
                + (f" từ {until}." if until else "."),
            ),
            *facts(
                ("Mã ticket", line(values, "code")),
                ("Tiêu đề", line(values, "subject")),
                ("Mức độ ưu tiên", priority(values, "vi")),
                ("Đình chỉ từ", line(values, "since_vi")),
                ("Tính lại từ", until),
                ("Hạn xử lý", line(values, "due_vi")),
            ),
            *_quoted("Lý do đình chỉ:", quoted(values, "reason")),
            *_quoted("Nội dung đã thống nhất:", quoted(values, "agreement")),
            *paragraphs("Thời gian đình chỉ không được tính vào thời gian xử lý."),
            *regards(values, _CLOSING),
        ),
    )


def _titled(values: Values, title: str) -> str:
    code = line(values, "code")
    return joined(" ", f"[{code}]" if code else "", title)


def _quoted(heading: str, text: str) -> tuple[Block, ...]:
    return (Paragraph(heading), *quote(text)) if text else ()


def _call(values: Values) -> str:
    called = line(values, "called")
    if values.get("call_back") == "done" and called:
        return f"Chúng tôi đã gọi điện cho {called} để xác nhận kết quả."
    return "Chúng tôi sẽ gọi điện lại cho anh/chị để xác nhận kết quả." if values.get("call_back") == "owed" else ""


def _reach(values: Values) -> str:
    manager, phone = line(values, "manager"), line(values, "support_phone")
    whom = f"liên hệ {manager}" if manager else "liên hệ chúng tôi"
    return f"{whom} qua số {phone} hoặc trả lời email này" if phone else f"{whom} bằng cách trả lời email này"
