"""Entering gateway accounts, and which of them carries the next batch.

Failover never resends: a message goes to another account only while it is planned, that is, while it is
certain that no account took it. What one may have taken is asked about there (`ledger.services.sweeping`).
"""

import hashlib
import hmac
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.audit import services as audit
from app.config import current_settings
from app.core.clock import now
from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.finding import the_one
from app.core.language.i18n import msgid
from app.core.personal.sealed import sealed_with_index
from campaigns.gateways import registry, words
from campaigns.gateways.filed import VARIABLE, Filed
from campaigns.gateways.models import SECRET, FiledText, GatewayAccount
from campaigns.gateways.protocol import Gateway

#: How long an account rests that could not be reached, and one that its provider refused.
SILENT, REFUSED = timedelta(seconds=30), timedelta(minutes=10)

_CODE = re.compile(r"[a-z][a-z0-9-]{1,19}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w./-]*)?")

ENTERED = msgid("Gateway account entered")
SECRET_SET = msgid("Secret of a gateway account set")


@dataclass(frozen=True)
class Entry:
    """What an administrator says of an account. An empty `secret` keeps the one that is there."""

    name: str
    kind: str
    enabled: bool
    weight: int
    batch: int
    per_second: int
    idempotent: bool
    config: Mapping[str, str]
    secret: str = ""


def enter(code: str, entry: Entry) -> GatewayAccount:
    """A new account. DomainError with every objection, Conflict for a code that is taken."""
    if not _CODE.fullmatch(code) or code == registry.BUILT_IN:
        raise DomainError(
            _l("The code has 2 to 20 small letters, digits and hyphens; it starts with a letter.")
        )
    if code in registry.names():
        raise Conflict(_l("There is an account of this code already; a code is never used twice."))
    account = GatewayAccount(code=code, kind=entry.kind)
    _write(account, entry)
    db.session.add(account)
    db.session.flush()
    audit.record(ENTERED, account)
    return account


def change(account: GatewayAccount, entry: Entry) -> None:
    """Another name, pace, secret …; the kind stays, for messages on their way are asked about through it."""
    if entry.kind != account.kind:
        raise DomainError(_l("An account keeps its kind: enter a new one instead."))
    _write(account, entry)
    account.rests_until = account.trouble = None
    db.session.flush()


def _write(account: GatewayAccount, entry: Entry) -> None:
    if reasons := _objections(account, entry):
        raise DomainError(_l("The account cannot be entered like this:"), reasons)
    account.name, account.enabled, account.weight = entry.name.strip(), entry.enabled, entry.weight
    account.batch, account.per_second, account.idempotent = entry.batch, entry.per_second, entry.idempotent
    account.config = {name: value.strip() for name, value in entry.config.items()}
    account.updated_at = now()
    if entry.secret:
        account.secret, account.secret_index = sealed_with_index(entry.secret, SECRET)
        audit.record(SECRET_SET, name=account.code)


def _objections(account: GatewayAccount, entry: Entry) -> list[Any]:
    kind, reasons = registry.KINDS[entry.kind], []
    required = [name for name in kind.asks if not name.endswith("_path")]
    for name in required:
        if not entry.config.get(name, "").strip():
            reasons.append(_l("Say “%(what)s”.", what=kind.asks[name]))
    address = entry.config.get("base_url") or entry.config.get("endpoint") or ""
    if address and not _ADDRESS.fullmatch(address.strip()):
        reasons.append(_l("An address looks like https://sms.example.cn."))
    if not entry.secret and account.secret is None:
        reasons.append(_l("The account needs its secret."))
    if not 1 <= entry.batch <= kind.most:
        reasons.append(_l("This provider takes 1 to %(most)s messages in one request.", most=kind.most))
    if entry.idempotent and not kind.keyed:
        reasons.append(_l("This provider knows no keys: a message handed over twice goes out twice."))
    return reasons


def find(code: str) -> GatewayAccount:
    """One account, or NotFound."""
    return the_one(
        select(GatewayAccount).where(GatewayAccount.code == code), _l("There is no such gateway account.")
    )


def filed_texts(account: GatewayAccount) -> Sequence[FiledText]:
    """What the provider approved, in the order of entry."""
    query = select(FiledText).where(FiledText.account_id == account.id).order_by(FiledText.id)
    return db.session.scalars(query).all()


def file_text(account: GatewayAccount, number: str, text: str) -> FiledText:
    """A text that the provider has approved. Refused if its number is there, or it fits nothing."""
    number, text = number.strip(), text.strip()
    if any(one.number == number for one in filed_texts(account)):
        raise Conflict(_l("This number is entered already."))
    if not text or "【" in text or "】" in text:
        raise DomainError(_l("Enter the text as it was filed, without the signature."))
    reasons = words.objections(text)
    if set("{}") & set(VARIABLE.sub("", text)):
        reasons.append(
            _l("A brace stands alone, or the name in it has other characters than a-z, 0-9 and _.")
        )
    if reasons:
        raise DomainError(_l("This text cannot be filed:"), reasons)
    filed = FiledText(account_id=account.id, number=number, text=text)
    db.session.add(filed)
    account.updated_at = now()
    db.session.flush()
    return filed


def remove_text(account: GatewayAccount, filed_id: int) -> None:
    """The provider took its approval back. NotFound for one that is not this account's."""
    filed = db.session.get(FiledText, filed_id)
    if filed is None or filed.account_id != account.id:
        raise NotFound(_l("There is no such text."))
    db.session.delete(filed)
    account.updated_at = now()
    db.session.flush()


def fits(account: GatewayAccount, text: str) -> bool:
    """Whether the account could send such a text (with its variables, without signature)."""
    if not registry.KINDS[account.kind].files_texts:
        return True
    return Filed([(one.number, one.text) for one in filed_texts(account)]).fit("【】" + text) is not None


def callback_token(code: str) -> str:
    """What the addresses end with that are given to providers that sign nothing: nobody else knows it."""
    secret = current_settings().secret_key.encode()
    return hmac.new(secret, f"gateway callback {code}".encode(), hashlib.sha256).hexdigest()[:32]


def choose(among: Sequence[tuple[Gateway, int]]) -> Gateway | None:
    """Who carries the next batch, by weight; weight 0 only where nobody has any. None: nobody."""
    if not among:
        return None
    weights = [weight for _gateway, weight in among]
    if not any(weights):
        weights = [1] * len(weights)
    return random.choices([one for one, _weight in among], weights)[0]


def rest(code: str, trouble: str) -> None:
    """Nothing is handed to this account for a while; the built-in one has no row and no substitute."""
    pause = SILENT if trouble == registry.UNREACHABLE else REFUSED
    db.session.execute(
        update(GatewayAccount)
        .where(GatewayAccount.code == code)
        # entered is what people entered: the client of the account stays as it is
        .values(rests_until=now() + pause, trouble=trouble[:40], updated_at=GatewayAccount.updated_at)
        .execution_options(synchronize_session=False)
    )


def wake_all() -> None:
    """Whoever resumes a campaign has repaired what made the accounts rest."""
    db.session.execute(
        update(GatewayAccount)
        .where(GatewayAccount.rests_until.is_not(None))
        .values(rests_until=None, trouble=None, updated_at=GatewayAccount.updated_at)
        .execution_options(synchronize_session=False)
    )
