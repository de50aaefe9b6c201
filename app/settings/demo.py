"""What the synthetic department has confirmed: the article that its contribution plans cite."""

from app.core.clock import today
from app.core.demo import Demo
from app.core.rules.legal import find
from app.settings.services import correct

#: the others of the amended Regulation wait for somebody who compares them
CONFIRMED = ("monthly_amount",)


def load(_demo: Demo) -> None:
    """Confirmed as an administrator does it, so that a plan can be sent as a letter."""
    for code in CONFIRMED:
        basis = find(code, today())
        if basis is not None and not basis.verified:
            correct(basis, {"verified": True})
