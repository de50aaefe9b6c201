"""Which gateways there are: the accounts of the department, and the one of the environment until it has any.

A kind of gateway is a file beside this and a line here. The files of providers are loaded when an account
needs them: their SDKs are optional extras, and take a tenth of a second that no other process should pay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.config import current_settings
from app.core.db import db
from app.core.errors import DomainError
from app.core.finding import the_one
from campaigns.gateways import simulator
from campaigns.gateways.http import Paths
from campaigns.gateways.models import FiledText, GatewayAccount
from campaigns.gateways.protocol import Gateway

#: The account that the environment describes (`JINNUO_GATEWAY_URL`; by default the simulator).
BUILT_IN = simulator.NAME


BUILT_IN_LABEL = _l("Gateway of this installation")


@dataclass(frozen=True)
class Kind:
    """A way to speak to providers. `module` has `client(account, filed texts, secret, timeout)`.

    `asks` are the names of what an account must say, `usual` what most of them say there and `hints` what
    follows from it; `most` the provider's own limit of a request.
    """

    label: Any
    module: str
    asks: Mapping[str, Any]
    most: int
    keyed: bool = False
    files_texts: bool = False
    usual: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, Any] = field(default_factory=dict)


_PATHS = Paths()
_ENDPOINT = _l("Address of the service")
_APP = _l("Application number (SdkAppId)")

KINDS: dict[str, Kind] = {
    "http": Kind(
        _l("Signed JSON over HTTP"),
        "campaigns.gateways.plain",
        {
            "base_url": _ENDPOINT,
            "submit_path": _l("Path to hand messages over"),
            "query_path": _l("Path to ask about messages"),
            "replies_path": _l("Path to fetch replies"),
        },
        10_000,
        keyed=True,
        usual={"submit_path": _PATHS.submit, "query_path": _PATHS.query, "replies_path": _PATHS.replies},
        hints={
            "query_path": _l("Empty: the platform cannot be asked; messages in doubt wait for an officer."),
            "replies_path": _l("Empty: replies come by callback only."),
        },
    ),
    "aliyun": Kind(
        _l("Aliyun SMS"),
        "campaigns.gateways.aliyun",
        {"endpoint": _ENDPOINT, "access_id": _l("AccessKey ID")},
        100,
        files_texts=True,
    ),
    "tencent": Kind(
        _l("Tencent Cloud SMS"),
        "campaigns.gateways.tencent",
        {"endpoint": _ENDPOINT, "access_id": _l("SecretId"), "app_id": _APP},
        200,
        files_texts=True,
    ),
}


def accounts() -> Sequence[GatewayAccount]:
    """The accounts that the department entered, in the order of their codes."""
    return db.session.scalars(select(GatewayAccount).order_by(GatewayAccount.code)).all()


def names() -> list[str]:
    """Every gateway that may have carried messages: the built-in one, then the accounts."""
    return list(labels())


def labels() -> dict[str, Any]:
    """How the gateways are called on a page, by their names."""
    named = db.session.execute(select(GatewayAccount.code, GatewayAccount.name).order_by(GatewayAccount.code))
    return {BUILT_IN: BUILT_IN_LABEL} | {code: name for code, name in named}


def codes_by_name() -> dict[str, str]:
    """The code of each gateway that may have carried messages, by its code and by what it is called."""
    return {name: code for code, label in labels().items() for name in (str(label), code)}


def gateway(name: str = BUILT_IN) -> Gateway:
    """The gateway of this name, made once for each application so that its connections stay open.

    Raises NotFound for a name that is none.
    """
    if name == BUILT_IN:
        return _kept(name, None, lambda: simulator.client(current_settings()))
    account = the_one(select(GatewayAccount).where(GatewayAccount.code == name), name)
    return client_of(account)


def client_of(account: GatewayAccount) -> Gateway:
    """The client of an account as it is entered now."""
    return _kept(account.code, account.updated_at, lambda: _made(account))


def _kept(name: str, version: Any, make: Any) -> Gateway:
    made: dict[str, tuple[Any, Gateway]] = current_app.extensions.setdefault("gateways", {})
    if name not in made or made[name][0] != version:
        made[name] = version, make()
    return made[name][1]


def _made(account: GatewayAccount) -> Gateway:
    kind = KINDS[account.kind]
    try:
        module = import_module(kind.module)
    except ModuleNotFoundError as error:
        raise DomainError(
            _l(
                "The provider's library is not installed here (%(module)s): install the extra “%(extra)s”.",
                module=error.name,
                extra=account.kind,
            )
        ) from error
    filed = db.session.scalars(
        select(FiledText).where(FiledText.account_id == account.id).order_by(FiledText.id)
    ).all()
    secret = account.secret.opened if account.secret else ""
    texts = [(one.number, one.text) for one in filed]
    return cast(Gateway, module.client(account, texts, secret, current_settings().gateway_timeout_seconds))


def usable() -> list[tuple[Gateway, int]]:
    """The gateways that may be handed messages now, each with its weight.

    Resting ones are left out while another works; one that only could not be reached is better than none.
    """
    entered = accounts()
    if not entered:
        return [(gateway(), 1)]
    enabled = [one for one in entered if one.enabled]
    awake = [one for one in enabled if not one.rests]
    chosen = awake or [one for one in enabled if one.trouble == UNREACHABLE]
    return [(client_of(one), one.weight) for one in chosen]


#: the trouble of an account that did not answer; every other one is the provider's own code
UNREACHABLE = "UNREACHABLE"
