"""Who reads the trail, and how much of a value the trail may keep."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, true

from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.permissions import Actor, Grantable

LONGEST_TEXT = 500

#: What a command without a person does, by the name that its events bear.
COMMANDS = {
    "flask demo load": msgid("loading of demonstration data"),
    "flask worker": msgid("background work"),
    "flask schedule": msgid("scheduled work"),
    "flask up": msgid("start"),
}

#: Columns that say nothing of their own.
_BOOKKEEPING = (
    "id created_at updated_at last_login_at failed_logins totp_last_step name_key told told_by told_on"
)
_SEALED = "id_number_index"
_PROGRESS = "last_row lease_until worker attempts"
SILENT = frozenset(f"{_BOOKKEEPING} {_PROGRESS} {_SEALED}".split())
#: What the trail has in place of a value.
HIDDEN = "***"
#: Columns of which only the change is recorded, never a value.
SECRET = frozenset(
    {"password_hash", "totp_secret", "session_stamp", "token", "token_hash", "code_hash", "id_number"}
)
#: Columns whose values are recorded with their middle hidden.
MASKED = frozenset({"mobile", "landline", "phone", "telephone", "email"})


#: How the trail names tables and columns (`queries.name_of`); other catalogues know the rest.
NAMES = (
    msgid("User"),
    msgid("Message"),
    msgid("Import batch"),
    msgid("Attachment"),
    msgid("Proves"),
    msgid("Uploaded by"),
    msgid("Reply"),
    msgid("Working day"),
    msgid("Gateway code"),
    msgid("Employer contact"),
    msgid("Sender"),
    msgid("Opt out"),
    msgid("Legal basis"),
    msgid("Approved at"),
    msgid("Approved by"),
    msgid("Approved hash"),
    msgid("Arrears as of"),
    msgid("Arrears months"),
    msgid("Audience size"),
    msgid("Contact order"),
    msgid("Content hash"),
    msgid("Created by"),
    msgid("Criteria"),
    msgid("Edited by"),
    msgid("Eligible"),
    msgid("Email"),
    msgid("Employee accounts on"),
    msgid("Employer account no"),
    msgid("Employer contacts"),
    msgid("Excluded"),
    msgid("File name"),
    msgid("First contact owner"),
    msgid("Former names"),
    msgid("Frequency days"),
    msgid("Heads"),
    msgid("Hold reason"),
    msgid("Import batches"),
    msgid("Ineligible reason"),
    msgid("Insured as of"),
    msgid("Batch"),
    msgid("Document no"),
    msgid("Listed on"),
    msgid("Relief decision"),
    msgid("Source as of"),
    msgid("Told"),
    msgid("Told by"),
    msgid("Told on"),
    msgid("Industry written"),
    msgid("Insured heads"),
    msgid("Invalid since"),
    msgid("Kpi"),
    msgid("Last contact on"),
    msgid("Launched at"),
    msgid("List name"),
    msgid("Locale"),
    msgid("Locked until"),
    msgid("Message class"),
    msgid("Must change password"),
    msgid("Name key"),
    msgid("Outside scope"),
    msgid("Parent"),
    msgid("Password changed at"),
    msgid("Password hash"),
    msgid("Path"),
    msgid("Period"),
    msgid("Personal"),
    msgid("Phone"),
    msgid("Pinned"),
    msgid("Planned at"),
    msgid("Price"),
    msgid("Reckoned at"),
    msgid("Scope"),
    msgid("Sealed heads"),
    msgid("Session stamp"),
    msgid("Set by"),
    msgid("Sharing"),
    msgid("Sort"),
    msgid("Source type"),
    msgid("Spec"),
    msgid("Stage since"),
    msgid("Statement period"),
    msgid("Targets"),
    msgid("Template text"),
    msgid("Title"),
    msgid("Total"),
    msgid("Totp secret"),
    msgid("Tree"),
    msgid("Until"),
    msgid("Uscc"),
    msgid("Username"),
    msgid("Variables"),
    msgid("Verified on"),
    msgid("Version"),
    msgid("Article"),
    msgid("At"),
    msgid("Attempts"),
    msgid("Audience hash"),
    msgid("Closed by"),
    msgid("Created at"),
    msgid("Day"),
    msgid("Failed logins"),
    msgid("Failure"),
    msgid("Gateway"),
    msgid("Grams"),
    msgid("Last login at"),
    msgid("Last row"),
    msgid("Law"),
    msgid("Lease until"),
    msgid("Met name"),
    msgid("Met role"),
    msgid("Next due on"),
    msgid("Params"),
    msgid("Quote"),
    msgid("Reasons"),
    msgid("Service mode"),
    msgid("Sha256"),
    msgid("Shown"),
    msgid("Summary"),
    msgid("Totp last step"),
    msgid("Updated at"),
    msgid("Valid from"),
    msgid("Valid to"),
    msgid("Verified"),
    msgid("Worker"),
    msgid("Working"),
    msgid("Search term"),
    msgid("Setting"),
    msgid("Contact merge"),
    msgid("Preferred channel"),
    msgid("Authorisation"),
    msgid("Months"),
    msgid("Cleared at"),
    msgid("Enabled"),
    msgid("Id number"),
    msgid("Id number index"),
    msgid("Forgotten on"),
    msgid("Resealed"),
    msgid("Retention rule"),
    msgid("Forgotten"),
    msgid("Id"),
    msgid("Account closing reason"),
    msgid("Bank code"),
    msgid("Bank name"),
    msgid("Body"),
    msgid("Code table"),
    msgid("Code value"),
    msgid("Ended by"),
    msgid("Ending"),
    msgid("Insured source"),
    msgid("Label en"),
    msgid("Label zh"),
    msgid("Noted on"),
    msgid("Operating status as of"),
    msgid("Operating status source"),
    msgid("Parent code"),
    msgid("Service note"),
    msgid("Dated setting"),
    msgid("Announced to"),
    msgid("Authority"),
    msgid("Base"),
    msgid("Documents"),
    msgid("Employees save"),
    msgid("Employer saves"),
    msgid("Ended month"),
    msgid("Handled by"),
    msgid("Handled how"),
    msgid("Handled on"),
    msgid("Intent"),
    msgid("Made by"),
    msgid("Members"),
    msgid("Present employee rate"),
    msgid("Present employer rate"),
    msgid("Request"),
    msgid("Review no"),
    msgid("Roster"),
    msgid("State since"),
    msgid("Surveyed by"),
    msgid("Surveyed on"),
    msgid("Vote body"),
    msgid("Relief application"),
    msgid("Relief instalment"),
    msgid("Relief roster"),
    msgid("Relief roster line"),
    msgid("Arrears case"),
    msgid("Arrears promise"),
    msgid("First period"),
    msgid("Opened on"),
    msgid("Last period"),
    msgid("Reckoned on"),
    msgid("Paid through"),
    msgid("Monthly amount"),
    msgid("Most months"),
    msgid("Closed period"),
    msgid("Closed on"),
    msgid("Reason"),
    msgid("Contacted on"),
    msgid("Promised for"),
    msgid("Urged on"),
    msgid("Made on"),
    msgid("Pay by"),
    msgid("Through"),
    msgid("Outcome"),
    msgid("Decided in"),
    msgid("Case"),
    msgid("State"),
    msgid("Employer"),
    msgid("By"),
)


class Permission(Grantable):
    VIEW = "audit:view", _l("Read the audit trail")
    EXPORT = "audit:export", _l("Export the audit trail")
    VERIFY = "audit:verify", _l("Check that the audit trail is whole")


def visible_to(_actor: Actor | None) -> ColumnElement[bool]:
    """The trail is one and belongs to the whole department: whoever may read it reads all of it."""
    return true()


def plain(name: str, value: object) -> Any:
    """A value as the trail keeps it: JSON, secrets left out, telephone numbers masked, long texts cut."""
    if value is None or (isinstance(value, bool | int) and name not in SECRET):
        return value
    if name in SECRET:
        return HIDDEN
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _plain_many(name, value)
    words = str(value) if isinstance(value, str | Decimal | Period) else repr(value)
    if name in MASKED:
        return mask(words)
    return words if len(words) <= LONGEST_TEXT else words[:LONGEST_TEXT] + "…"


def _plain_many(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(str(key), item) for key, item in value.items()}
    items = [plain(name, item) for item in value]
    return sorted(items, key=str) if isinstance(value, set | frozenset) else items


def mask(number: str) -> str:
    """138****5678, w***@example.org: enough to recognise what one knows, too little to dial or write to."""
    name, at, domain = number.partition("@")
    if at:
        return f"{name[:1]}***@{domain}"
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "****"
