"""A line of a scenario becomes a command, as the doors would make it."""

from bot.rehearsal.scenario import Line
from bot.rehearsal.stage import Stage
from bot.sla.instants import Instant
from bot.ticket import codes, commands, reading
from bot.ticket.commands import Command, CustomerSide, Staff
from bot.ticket.model import Chat, DeskRecord, Participant, PersonKey, PhoneNotice

SENDER = Participant(address="nguoi.dung@khach-hang.example", name="Nguyễn Văn Mẫu")
_TENANT = "c0000000-0000-4000-8000-000000000001"
CUSTOMER = CustomerSide(
    person=PersonKey(tenant=_TENANT, object_id="c1000000-0000-4000-8000-000000000001"), name=SENDER.name
)


def code_of(stage: Stage) -> str:
    """Return the ticket's code: the same in every rehearsal, so that two can be compared."""
    wanted = stage.book.policy.codes
    return codes.issue(wanted.prefix, wanted.random_characters, lambda bits: 0b1011011101110111 >> (16 - bits))


def call_of(stage: Stage, line: Line, number: int) -> PhoneNotice:
    """Return a call that is entered before the mail."""
    call = line.call
    assert call is not None  # noqa: S101  asked for such lines only
    at = stage.at(call.taken_at or line.at)
    by = f"staff:{call.by}"
    return PhoneNotice(id=f"call-{number}", customer=stage.customer, at=at, by=by, caller=call.caller, note=call.note)


def open_by_mail(stage: Stage, line: Line, desk: DeskRecord, now: Instant) -> commands.OpenByMail:
    """Return the mail as the mailroom takes it: priority, team and an earlier call read as there."""
    mail = line.mail
    assert mail is not None  # noqa: S101  asked for such lines only
    book = stage.book
    text = f"{mail.subject}\n{mail.text}\n{mail.priority or ''}"
    window = book.policy.notice_window
    calls = [c for c in desk.phone_notices if c.customer == stage.customer and now - window <= c.at <= now]
    return commands.OpenByMail(
        code=code_of(stage),
        customer=stage.customer,
        sender=SENDER,
        message_id="<mail-0@khach-hang.example>",
        references=(),
        subject=mail.subject,
        text=mail.text,
        received_at=now,
        stated_priority=mail.priority or reading.stated_priority(text, tuple(book.policy.priorities)),
        team=mail.team or reading.guess_team(text, book.desk.teams) or book.desk.default_team(),
        call=min(calls, key=lambda call: call.at, default=None),
    )


def command_of(stage: Stage, line: Line, number: int, now: Instant) -> Command:
    """Return what a line asks of an open ticket. `number` tells its messages apart."""
    mail_id, activity = f"<mail-{number}@khach-hang.example>", f"activity-{number}"
    moment = stage.at
    match line.name:
        case "call" if line.call is not None:
            call = line.call
            at = moment(call.taken_at or line.at)
            return commands.RecordNotice(_staff(stage, call.by), at, caller=call.caller, note=call.note)
        case "code" if line.code is not None:
            return commands.CodePosted(CUSTOMER, _chat(stage), "vi", now, line.code, activity)
        case "chat" if line.chat is not None:
            return commands.ChatMessage(CUSTOMER, _chat(stage), line.chat, now, activity)
        case "confirm" if line.confirm is not None:
            return commands.Bind(CUSTOMER.person, SENDER.address, asked_at=moment(line.confirm.asked_at))
        case "answer" if line.answer is not None:
            return commands.CustomerMail(SENDER, mail_id, line.answer, now)
        case "reply" if line.reply is not None:
            by = _staff(stage, line.reply.by)
            return commands.EngineerMail(by, mail_id, line.reply.text, now, to_customer=True)
        case "ack" if line.ack is not None:
            return commands.Acknowledge(_staff(stage, line.ack))
        case "note" if line.note is not None:
            return commands.Note(_staff(stage, line.note.by), line.note.text)
        case "pause" if line.pause is not None:
            wish = line.pause
            return commands.Pause(
                _staff(stage, wish.by),
                wish.reason,
                wish.note,
                reference=wish.reference,
                asked=wish.asked,
                agreed_by=wish.agreed_by,
                evidence=wish.evidence,
                since=moment(wish.since) if wish.since is not None else None,
                chase_at=moment(wish.chase_at) if wish.chase_at is not None else None,
            )
        case "resume" if line.resume is not None:
            return commands.Resume(_staff(stage, line.resume.by), line.resume.note, line.resume.pause)
        case "chase" if line.chase is not None:
            chase = line.chase
            again = moment(chase.chase_at) if chase.chase_at is not None else None
            return commands.AnswerChase(_staff(stage, chase.by), chase.pause, chase.note, chase_at=again)
        case "reclassify" if line.reclassify is not None:
            new = line.reclassify
            return commands.Reclassify(_staff(stage, new.by), new.to, new.how, new.reason)
        case "escalate" if line.escalate is not None:
            up = line.escalate
            return commands.Escalate(_staff(stage, up.by), up.to, up.reason)
        case "hand_over" if line.hand_over is not None:
            over = line.hand_over
            return commands.HandOver(_staff(stage, over.by), over.to, over.note)
        case "resolve" if line.resolve is not None:
            end = line.resolve
            return commands.Resolve(
                _staff(stage, end.by),
                end.note,
                workaround=end.workaround,
                at=moment(end.at) if end.at is not None else None,
                evidence=end.evidence,
                called=end.called,
            )
        case "call_back" if line.call_back is not None:
            return commands.CalledBack(_staff(stage, line.call_back.by), line.call_back.whom, line.call_back.note)
        case "reopen" if line.reopen is not None:
            author = CUSTOMER if line.reopen.by is None else _staff(stage, line.reopen.by)
            return commands.Reopen(author, line.reopen.note)
        case _:
            raise AssertionError(f"{line.name} is no command of an open ticket")


def _staff(stage: Stage, person_id: str) -> Staff:
    person = stage.book.roster.by_id[person_id]
    return Staff(person.id, person.name, person.level, manager=person.manager)


def _chat(stage: Stage) -> Chat:
    return Chat(conversation="19:khach-hang@thread.tacv2", service_url=stage.desk.service_url, tenant=_TENANT, root="1")
