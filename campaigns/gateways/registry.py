"""Which gateways there are. A new one is a file beside this and a line here."""

from collections.abc import Callable

from flask import current_app

from app.config import Settings, current_settings
from app.core.errors import NotFound
from campaigns.gateways import simulator
from campaigns.gateways.protocol import Gateway

GATEWAYS: dict[str, Callable[[Settings], Gateway]] = {simulator.NAME: simulator.client}

#: The gateway that new messages go through.
ACTIVE = simulator.NAME


def gateway(name: str = ACTIVE) -> Gateway:
    """The gateway of this name, made once for each application so that its connections stay open.

    Raises NotFound for a name that is none.
    """
    if name not in GATEWAYS:
        raise NotFound(name)
    made: dict[str, Gateway] = current_app.extensions.setdefault("gateways", {})
    if name not in made:
        made[name] = GATEWAYS[name](current_settings())
    return made[name]
