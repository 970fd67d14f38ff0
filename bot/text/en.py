"""English, for readers whose Teams is in English. The desk's human support is Vietnamese."""

from bot.text.forms_en import FORMS_EN
from bot.text.groups import Cards, Mirrors, Phrases, Refusals, Sayings, Times

EN = Phrases(
    times=Times(
        today="{time} today",
        on_day="{time} on {date}",
        date="{day} {name} {year}",
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        minutes="{minutes} min",
        hours="{hours} h",
        hours_minutes="{hours} h {minutes:02} min",
        under_a_minute="under 1 min",
        left="{span} left",
        over="{span} over",
        just_over="just overdue",
        sla_time="{span} (SLA time)",
        last_of_list="{first} and {last}",
    ),
    cards=Cards(
        title_status="Ticket {code}",
        state_received="Received",
        state_working="Being worked on",
        state_waiting="Waiting",
        state_resolved="Resolved",
        label_priority="Priority",
        label_state="State",
        label_received="Received",
        label_notice="Notice",
        label_due="Due",
        label_resolved_at="Resolved",
        label_last_answer="Answered by e-mail",
        label_company="Company",
        label_contract="Contract no.",
        label_fqdn="FQDN",
        label_requester="Requester",
        label_subject="Subject",
        label_excerpt="Message",
        label_holder="Holder",
        label_level="Level",
        label_channels="Channels",
        label_waiting="SLA clock paused",
        label_resolution="Resolution",
        label_breached_at="Overdue since",
        label_paged="Paged so far",
        label_handed_over="Handed over by {name}, {at}",
        label_escalated="Why it was escalated – {name}, {at}",
        label_chased="To be asked after",
        label_reference="The provider's reference",
        label_asked="The customer was asked",
        label_detail="Details",
        label_answer="Last answer, {at}",
        label_mentions="For {names}",
        level="Level {number}",
        priority_with_title="{priority} – {title}",
        provisional="{priority} (provisional, not classified)",
        due_paused="Counted anew after the wait",
        due_used="{due} ({percent}% used)",
        channels_mail="E-mail",
        channels_mail_and_chat="E-mail and Teams",
        nobody_holds="Nobody yet",
        held_until="{holder} (until {until})",
        paged_line="{level} · {name} · {at}",
        paged_before="and {count} earlier pages",
        nobody_paged="Nobody was reached",
        call_us="If it is urgent, please call {support_phone} and give the ticket code.",
        write_here="You can write to us right here; it is kept in the ticket's e-mail thread.",
        write_again="If the fault comes back, please press the button below or answer in the e-mail thread.",
        kind_step="Please take this ticket – {level}",
        kind_repeat="Reminder, nobody has taken it – {level}",
        kind_after_breach="Overdue and not resolved – {level}",
        kind_triage="Not classified – {level}",
        kind_ack_warning="The hold on this ticket runs out soon – {level}",
        kind_information="For information – {level}",
        kind_chase="Time to ask about what this ticket waits for – {level}",
        kind_escalated="Escalated by a colleague – {level}",
        kind_handed_over="Handed over, waiting to be taken – {level}",
        kind_call_back="The customer is still to be called back – {level}",
        late="This page is {span} late: our own service was interrupted.",
        kind_held="Being worked on by {holder}",
        kind_resolved="Resolved {at}",
        kind_breach="SLA breach",
        kind_corrected="Corrected: by its new priority the ticket was not overdue",
        headline="{priority} {code} {left}",
        headline_paused="{priority} {code} SLA clock paused",
        headline_resolved="{priority} {code} resolved",
        headline_over="{priority} {code} {span} past its SLA",
        headline_just_over="{priority} {code} just passed its SLA",
        headline_corrected="{priority} {code} within its SLA (corrected)",
        summary_status="{priority} {code}: {state}",
        summary_status_due="{priority} {code}: {state}, due {due}",
        summary_with_company="{headline} – {company}",
        summary_repeat="Reminder: {headline}",
        summary_triage="Not classified: {headline}",
        summary_ack_warning="Hold runs out soon: {headline}",
        summary_information="For information: {headline}",
        summary_held="{headline}, {holder} is on it",
        pause_third_party="Waiting for another provider",
        pause_customer="Waiting for the customer",
        pause_out_of_control="Outside our control (agreed by both sides)",
        pause_customer_fault="Caused by the customer",
        pause_out_of_scope="Outside the scope of support",
        pause_other="Paused",
        pause_since="since {at}",
        pauses_before="earlier pauses: {count}",
        pause_suspension="The customer's SLA is suspended",
        pause_notice="Waiting for the customer's call or code",
        by_manager="{reason} – confirmed by a manager",
        button_acknowledge="Acknowledge",
        button_keep="Keep it",
        button_resolve="Resolved",
        button_note="Note",
        button_classify="Classify",
        button_reclassify="Reclassify",
        button_pause="Pause the SLA",
        button_resume="Resume the SLA",
        button_reopen="The fault is back",
        button_how_counted="How the time was counted",
        button_refresh="Show latest",
        button_confirm="Confirm",
        input_resolution="How was it resolved?",
        input_workaround="This is a workaround",
        input_note="Internal note (the customer does not see it)",
        input_priority="The right priority",
        input_how="Why reclassify?",
        how_corrected="It was misjudged: the time used so far counts",
        how_worsened="It got worse: the clock restarts now",
        input_reason="Reason",
        input_pause_reason="Reason for the pause",
        input_pause_note="Details: what is awaited, what the customer was asked…",
        input_reopen="What do you see now?",
        input_missing="Please fill this in.",
    ),
    sayings=Sayings(
        call_noted=(
            "The call of {customer} at {at} is noted. If the customer's e-mail arrives before {until}, the SLA clock "
            "counts from the call. Please remind them to write to {support_mail}."
        ),
        call_on_ticket="The call at {at} is noted on ticket {code}.",
        call_without_mail=(
            "No e-mail has followed the call of {customer} at {at}: there is no ticket and the SLA clock has not "
            "started. Please remind them to write to {support_mail}. Caller: {caller}."
        ),
        order_time_unclear=(
            "This time could not be read. Please write it like “at 10:05” or “at 10:05 23/11/2026”; it must have passed."
        ),
        call_usage=(
            "To note a customer's call, type “call abc at 10:05 caller's name” (abc is the customer's id), or "
            "“call 3CX-… at 10:05 caller's name” if there is a ticket code."
        ),
        suspension_usage=(
            "A manager types “suspend abc: reason” to suspend the SLA of customer abc, and “unsuspend abc: what was "
            "agreed” once both sides agree on a configuration."
        ),
        suspended=(
            "The SLA of {customer} is suspended from {at}. Its open tickets stand still and it is told by e-mail."
        ),
        suspended_unmailed=(
            "The SLA of {customer} is suspended from {at}. They have never had a ticket, so there is nobody to e-mail: "
            "please tell them yourself, for the suspension rests on that notice."
        ),
        suspended_already="The SLA of {customer} has been suspended since {at}.",
        agreed="The SLA of {customer} counts again from {at}. It is told by e-mail.",
        agreed_unmailed=(
            "The SLA of {customer} counts again from {at}. They have never had a ticket, so there is nobody to e-mail: "
            "please tell them yourself."
        ),
        not_suspended="The SLA of {customer} is not suspended.",
        merge_usage="To merge two tickets about the same fault, type “merge 3CX-… into 3CX-…”.",
        order_refused="{why}",
        merged="Ticket {code} was merged into ticket {into}.",
        unknown_code=(
            "We cannot show this ticket here. Please check the code in the automatic reply to your e-mail, "
            "or send the bot a private message to confirm by e-mail."
        ),
        ask_address=(
            "To confirm, please type the e-mail address that you use with support. Type “cancel” if you do not want to go on."
        ),
        address_not_an_address=(
            "We could not find an e-mail address in this message. Please type one address, for example "
            "name@company.example, or “cancel” to stop."
        ),
        code_on_its_way=(
            "If {address} belongs to this ticket, a 6-digit code has been sent to it. The code is valid for "
            "10 minutes; please type it here."
        ),
        digits_needed="Please type the 6-digit code from the e-mail, or “cancel” to stop.",
        digits_wrong="That code is not right. Tries left: {left}.",
        digits_expired="The code is no longer valid. Please send the ticket code again to get a new one.",
        challenge_limit="You have asked for too many codes today. Please call {support_phone}.",
        bound=(
            "Thank you, your e-mail address is confirmed. You can follow ticket {code} and write to support here "
            "until {until}."
        ),
        dialog_cancelled="Stopped. Please send the ticket code again whenever you need it.",
        help_customer=(
            "To get support, please:\n\n"
            "1. Send an e-mail to {support_mail} from your company's address. The automatic reply carries the ticket code.\n\n"
            "2. Send the ticket code here to see its state and deadline and to talk to support.\n\n"
            "3. If it is urgent, call {support_phone} and give the ticket code.\n\n"
            "Everything that is said is kept in the ticket's e-mail thread. Our staff answer in Vietnamese."
        ),
        help_staff=(
            "Commands for support staff:\n\n"
            "• Send a ticket code: shows the ticket's card.\n\n"
            "• In a channel, mention the bot and type “bind desk”, “bind managers”, “bind customer abc” "
            "(abc is the customer id) or “unbind”.\n\n"
            "• “call abc at 10:05 caller's name”: notes that customer abc called; or a ticket code instead of abc.\n\n"
            "• “merge 3CX-… into 3CX-…”: merges two tickets about the same fault.\n\n"
            "• Managers: “suspend abc: reason”, “unsuspend abc: what was agreed”.\n\n"
            "• “help”: shows this text.\n\n"
            "To acknowledge, resolve, note, classify or pause the SLA, use the buttons on the card. The button More "
            "opens what is done more rarely; there, Clock receipt accounts for every minute of the ticket."
        ),
        welcome_personal=(
            "Hello. This is technical support in Teams. Please send the ticket code from the automatic reply to your "
            "e-mail to see how it is going and to talk to us. Type “help” for more."
        ),
        welcome_team=(
            "Hello. Send a ticket code in this channel to see how it is going and to talk to support. "
            "The channel counts as shared until support staff bind it to one customer."
        ),
        no_current_ticket=(
            "This message belongs to no ticket yet. Please send the ticket code; if you have none, please send "
            "support an e-mail first to get one."
        ),
        files_hint="We cannot take files here. Please attach the file in the ticket's e-mail thread.",
        too_many_codes="There are too many ticket codes in this message. Please send at most {limit} at a time.",
        reopen_question=(
            "This ticket has been resolved. If the fault is back, please press “The fault is back” on the card "
            "and we will go on."
        ),
        wrote_after_resolved=(
            "The customer has written again about the resolved ticket {code}. Please read its e-mail thread."
        ),
        channel_bound_desk="This channel is now the desk's channel.",
        channel_bound_managers="This channel is now the managers' channel for alerts.",
        channel_bound_customer="This channel is now bound to {customer} alone.",
        channel_unbound="This channel is no longer bound and counts as shared from now on.",
        members_unknown=(
            "Teams did not say who is in this channel, so it cannot be bound to a customer yet. "
            "Please try again in a few minutes."
        ),
        channel_has_outsiders=(
            "Somebody from outside is in this channel, so it cannot be bound like this and stays shared."
        ),
        binding_lapsed=(
            "Somebody from outside {customer} has joined the channel “{channel}”, so it counts as shared from now on."
        ),
        bind_usage=(
            "In a channel, mention the bot and type “bind desk”, “bind managers”, “bind customer abc” "
            "(abc is the customer id) or “unbind”."
        ),
        unknown_customer="There is no such customer. Please look the customer id up in the desk's own list.",
        staff_only="This command is for support staff only.",
        undeliverable=(
            "A page about ticket {code} could not be delivered to {contact} by {channel}; the next channel or "
            "level has been used."
        ),
        poisoned="{what} could not be handled after several tries; it was set aside and an operator must look at it.",
        mail_held="A mail from {sender} needs a person: {reason}. Subject: {subject}",
        bounced="A mail about ticket {code} came back ({report}). Please reach its reader another way.",
        reading_faults="The desk's files were changed and have faults; the ones before stay in use.\n\n{faults}",
        store_away="The system is busy. Please try again in a minute; if it is urgent, please call {support_phone}.",
    ),
    refusals=Refusals(
        not_allowed="You cannot do this.",
        not_your_level="Your level has not been paged for this ticket. Paged so far: {paged}.",
        already_resolved="This ticket is already resolved.",
        already_acknowledged="{holder} has already acknowledged this ticket.",
        old_card="This card is old. Please use the newest card of the ticket.",
        reason_needed="Please give a reason.",
        note_needed="Please write something.",
        unknown_priority="There is no such priority.",
        same_priority="The ticket already has this priority.",
        not_paused="This ticket's SLA clock is not paused.",
        already_paused="This ticket's SLA clock is already paused.",
        not_resolved="This ticket is not resolved yet.",
        conflict="Somebody else changed this ticket at the same moment. Please try again.",
        store_away="The system is busy. Please try again in a minute.",
        unknown_action="The bot does not know this action. Please use the newest card.",
        manager_only="Only a manager can do this.",
        merged="This ticket was merged into {into}. Please act on that one.",
        in_the_future="This time has not come yet. Please give a time that has passed.",
        in_the_past="This time has passed. Please give a time to come.",
        before_the_start="This is before the SLA clock started. Please check the time.",
        already_recorded="This has been recorded already.",
        reference_needed="Please give the provider's reference.",
        agreement_needed="Please name the customer's contact who agreed.",
        evidence_needed="Please say what proves this time or reason.",
        whom_needed="Please name the person you spoke to.",
        not_a_duplicate="Only two different open tickets of one customer can be merged.",
        time_unclear="This time could not be read. Please write it like 10:05 or 10:05 23/11/2026.",
        outage_times="The outage must end after its start.",
        outage_deductions="Time that does not count must lie inside the outage.",
        no_outage="This ticket has no confirmed outage.",
        level_unknown="There is no such level.",
        level_too_low="A ticket can only be escalated above the first level.",
        nobody_holds="Nobody has taken this ticket, so there is nothing to hand over.",
        not_holder="{holder} holds this ticket. Only the holder, a higher level or a manager can hand it over.",
        colleague_unknown="This person is not on the roster.",
        colleague_holds="{holder} holds this ticket already.",
        colleague_unreachable="There is no way to reach this person now. Please choose somebody else.",
        receipt_broken=(
            "There is no receipt: the recorded events of this ticket do not fit together. "
            "The operator has been asked to check them."
        ),
    ),
    mirrors=Mirrors(
        answer="{author} answered ticket {code} by e-mail at {at}:",
        answer_came="Ticket {code} has a new answer by e-mail. Please read it in the ticket's e-mail thread.",
        attachments="Attachments (see the e-mail): {names}",
        cut="… Please read the rest in the e-mail.",
    ),
    forms=FORMS_EN,
)
