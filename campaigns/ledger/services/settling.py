"""What became of a message, and what follows from it, in one transaction.

A verdict reaches the employer's timeline, the contact whose number is dead, and whoever listens to
`message_settled`. Receipts may be repeated, late, out of order or about nothing we know: the table of moves
decides.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, exists, func, insert, select, update

from app.audit import services as audit
from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import AnyRow, among, changed, db
from app.core.errors import DomainError
from app.core.language.formats import masked_phone
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.employers.models import Contact, Employer
from app.tasks.models import Task, TaskState
from campaigns.drafting.content.policy import conceal
from campaigns.gateways.codes import classify
from campaigns.gateways.protocol import FailureClass, Outcome, Receipt, sound
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.workflow import lock, move
from campaigns.outcomes.policy import RULES
from campaigns.outcomes.policy import Outcome as Came
from campaigns.outcomes.queries import due_on, has_task, owner_of

#: The timeline's kind of a message, and where its entry leads.
KIND = "sms"
ENDPOINT = "results.show"

#: How long after a hand-over without a receipt the gateway is first asked.
ASK_AFTER = timedelta(minutes=2)

#: What is said and done about a dead number.
NUMBERS_DEAD = msgid("Mobile numbers found dead")
SETTLED_BY_HAND = msgid("Messages in doubt settled by hand")
VERIFY = RULES[Came.DEAD_NUMBER].kind
VERIFIED = msgid("The mobile number was verified")
VERIFY_TITLE = msgid("The mobile number does not exist: find out the right one")

VERDICTS = {
    Outcome.DELIVERED: MessageState.DELIVERED,
    Outcome.FAILED: MessageState.FAILED,
    Outcome.EXPIRED: MessageState.EXPIRED,
}

#: The first of two contradicting receipts in one array that counts.
ORDER = (Outcome.DELIVERED, Outcome.FAILED, Outcome.EXPIRED, Outcome.PENDING)

#: The timeline's words, whole sentences so that each language can say them its way.
SUMMARIES: dict[tuple[MessageState, str | None], str] = {
    (MessageState.DELIVERED, None): msgid("SMS delivered to %(name)s: %(text)s"),
    (MessageState.EXPIRED, None): msgid("SMS to %(name)s did not arrive in time: %(text)s"),
    (MessageState.FAILED, None): msgid("SMS to %(name)s could not be delivered: %(text)s"),
    (MessageState.FAILED, FailureClass.DEAD_NUMBER): msgid(
        "SMS to %(name)s could not be delivered, the number does not exist: %(text)s"
    ),
    (MessageState.FAILED, FailureClass.OPT_OUT): msgid(
        "SMS to %(name)s could not be delivered, the number refuses messages: %(text)s"
    ),
}


def apply_receipts(gateway: str, receipts: Sequence[Receipt]) -> int:
    """Settle messages by what their gateway reports; gives how many moved. Flushes."""
    receipts = resolved(gateway, receipts)
    failures = classify(gateway, (r.code for r in receipts if r.outcome in (Outcome.FAILED, Outcome.EXPIRED)))
    groups: dict[tuple[Outcome, str | None, datetime], set[str]] = defaultdict(set)
    for receipt in receipts:
        groups[receipt.outcome, receipt.code, receipt.at].add(receipt.key)
    lock(among(Message.public_id, list({receipt.key for receipt in receipts})))
    moved = 0
    for (outcome, code, at), keys in sorted(groups.items(), key=lambda item: ORDER.index(item[0][0])):
        known = (among(Message.public_id, keys), Message.gateway == gateway)
        if outcome is Outcome.PENDING:
            moved += _confirm(*known, at=at)
        else:
            moved += settle(VERDICTS[outcome], *known, code=code, reason=failures.get(code), at=at)
    return moved


def resolved(gateway: str, receipts: Sequence[Receipt]) -> Sequence[Receipt]:
    """The receipts with their keys, those left out that are about nothing we know.

    A provider without keys repeats our claim or tells its own number, either shared by a batch: with the
    phone it is one message, for no batch has a number twice.
    """
    moment = now()
    receipts = [sound(receipt, moment) for receipt in receipts]
    phones = {receipt.phone for receipt in receipts if not receipt.key}
    if not phones:
        return receipts
    query = select(Message.public_id, Message.phone, Message.claim, Message.gateway_id).where(
        Message.phone.in_(phones), Message.gateway == gateway
    )
    keys: dict[tuple[str | None, str | None], str] = {}
    for row in db.session.execute(query):
        keys |= {(row.phone, row.claim): row.public_id, (row.phone, row.gateway_id): row.public_id}
    named = [r if r.key else r._replace(key=keys.get((r.phone, r.number), "")) for r in receipts]
    return [receipt for receipt in named if receipt.key]


def settle(
    verdict: MessageState,
    *conditions: ColumnElement[bool],
    code: str | None = None,
    reason: FailureClass | None = None,
    at: datetime | None = None,
    actor: Actor | None = None,
    comment: str = "",
) -> int:
    """Move messages to a verdict, with everything that follows from it; gives how many moved. Flushes.

    `at`: when their gateway says so. Then it had them, whether its answer to the hand-over ever came or not.
    """
    moment = at or now()
    if at is not None or verdict is MessageState.DELIVERED:
        had = {"submitted_at": func.coalesce(Message.submitted_at, moment)}
    else:
        had = {}
    statement = move(
        verdict,
        *conditions,
        code=code,
        reason=reason.value if reason and verdict is not MessageState.DELIVERED else None,
        due_at=None,
        settled_at=moment,
        **had,
    ).returning(
        Message.id,
        Message.campaign_id,
        Message.member_id,
        Message.employer_id,
        Message.contact_id,
        Message.phone,
        Message.text,
    )
    rows = db.session.execute(statement).all()
    if rows:
        _follow(rows, verdict, reason, at, actor, comment)
    return len(rows)


def settle_by_officer(
    campaign_id: int, message_ids: Sequence[int], delivered: bool, evidence: str, actor: Actor | None
) -> int:
    """An officer says what became of messages that no gateway can tell about; only unknown ones are touched.

    `evidence`, how the officer knows, goes to the timeline and the audit trail. Raises DomainError without
    it, and if none of the messages is unknown any more.
    """
    if not evidence.strip():
        raise DomainError(_l("Say how you found out what became of the messages."))
    verdict = MessageState.DELIVERED if delivered else MessageState.FAILED
    unknown = (
        Message.campaign_id == campaign_id,
        Message.id.in_(message_ids),
        Message.state == MessageState.UNKNOWN,
    )
    moved = settle(verdict, *unknown, code="OFFICER", actor=actor, comment=evidence.strip())
    if not moved:
        raise DomainError(_l("None of these messages is in doubt any more."))
    details = {
        "campaign": campaign_id,
        "messages": list(message_ids),
        "outcome": verdict.value,
        "reason": evidence.strip(),
    }
    audit.record(SETTLED_BY_HAND, details=details)
    return moved


def _confirm(*conditions: ColumnElement[bool], at: datetime) -> int:
    """The gateway knows a message that we were in doubt about, and waits for the operator."""
    statement = move(
        MessageState.SUBMITTED,
        *conditions,
        only_from=(MessageState.UNKNOWN,),
        code=None,
        submitted_at=at,
        due_at=now() + ASK_AFTER,
    )
    return changed(statement)


def _follow(
    rows: Sequence[AnyRow],
    verdict: MessageState,
    reason: FailureClass | None,
    at: datetime | None,
    actor: Actor | None,
    comment: str,
) -> None:
    summary = SUMMARIES.get((verdict, reason)) or SUMMARIES[verdict, None]
    tell(rows, summary, at=at, actor=actor, comment=comment)
    if verdict is MessageState.FAILED and reason is FailureClass.DEAD_NUMBER:
        _invalidate([row.id for row in rows])
    signals.message_settled.send("campaigns", message_ids=[row.id for row in rows], outcome=verdict)


def tell(
    rows: Sequence[AnyRow | Message],
    summary: str,
    *,
    at: datetime | None = None,
    actor: Actor | None = None,
    text: str | None = None,
    comment: str = "",
) -> None:
    """One timeline entry for each employer that the messages speak for, in three statements at most.

    Rows need campaign_id, member_id, employer_id, contact_id, text; `text` replaces theirs.
    `comment` is added to the entry.
    """
    texts = {row.member_id: conceal(row.text) if text is None else text for row in rows}
    names = _names({row.contact_id for row in rows if row.contact_id})
    spoken_for = [(row.member_id, row) for row in rows]
    spoken_for += [(row.merged_into_id, row) for row in _merged_into(list(texts))]
    more = {"comment": comment} if comment else {}
    entries = [
        timeline.Happening(
            employer_id=row.employer_id,
            summary=summary,
            params={"name": names.get(row.contact_id or 0, ""), "text": texts[member_id]} | more,
            at=at,
            link_id=row.campaign_id,
        )
        for member_id, row in spoken_for
    ]
    timeline.record_many(KIND, entries, actor=actor, endpoint=ENDPOINT)


def _merged_into(member_ids: Sequence[int]) -> Sequence[AnyRow]:
    query = select(
        Message.merged_into_id, Message.campaign_id, Message.employer_id, Message.contact_id
    ).where(among(Message.merged_into_id, member_ids))
    return db.session.execute(query).all()


def _names(contact_ids: Collection[int]) -> dict[int, str]:
    query = select(Contact.id, Contact.name).where(among(Contact.id, contact_ids))
    return {contact_id: name for contact_id, name in db.session.execute(query)} if contact_ids else {}


def _invalidate(message_ids: Sequence[int]) -> None:
    """Mark the contacts whose number is still the dead one, and ask somebody to find the new number."""
    dead = exists().where(
        Message.id.in_(message_ids), Message.contact_id == Contact.id, Message.phone == Contact.mobile
    )
    newly = db.session.scalars(
        update(Contact)
        .where(dead, Contact.invalid_since.is_(None))
        .values(invalid_since=today())
        .returning(Contact.id)
        .execution_options(synchronize_session=False)
    ).all()
    if newly:
        audit.record(NUMBERS_DEAD, details={"contacts": list(newly)})
        query = select(Message.id).where(Message.id.in_(message_ids), Message.contact_id.in_(newly))
        open_tasks(db.session.scalars(query).all(), Came.DEAD_NUMBER, VERIFY_TITLE)


@signals.contact_verified.connect
def _close_verifications(contact: Contact, actor: Actor | None, **_more: object) -> None:
    """Somebody made sure of the number: whoever was asked to find it out is done."""
    asked = select(Message.id).where(Message.contact_id == contact.id)
    db.session.execute(
        update(Task)
        .where(
            Task.kind == VERIFY,
            Task.state == TaskState.OPEN,
            Task.source_type == "message",
            Task.source_id.in_(asked),
        )
        .values(
            state=TaskState.DONE,
            closed_at=now(),
            closed_by_id=actor.id if actor else None,
            result=VERIFIED,
        )
        .execution_options(synchronize_session=False)
    )


def open_tasks(message_ids: Sequence[int], outcome: Came, title: str, note: str = "") -> None:
    """A task for each employer that these messages were to, by the table of outcomes; one statement."""
    if not has_task(outcome):
        return
    query = (
        select(
            Message.id,
            Message.employer_id,
            Employer.branch_id,
            owner_of(outcome),
            Contact.name,
            Message.phone,
        )
        .join(Employer, Employer.id == Message.employer_id)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Message.id.in_(message_ids))
    )
    due = due_on(outcome)
    tasks = [
        {
            "kind": RULES[outcome].kind,
            "title": title,
            "note": " ".join(filter(None, (row.name, masked_phone(row.phone), note))),
            "employer_id": row.employer_id,
            "branch_id": row.branch_id,
            "owner_id": row.owner_id,
            "due_on": due,
            "source_type": "message",
            "source_id": row.id,
        }
        for row in db.session.execute(query)
    ]
    if tasks:
        db.session.execute(insert(Task), tasks)
