"""Which rule fits an employer."""

from collections.abc import Sequence
from datetime import date

from app.core.language.i18n import msgid
from app.leads.eligibility.models import EligibilityRule, Sign

#: the reasons of the rules that the product ships with, to be read in both languages
SHIPPED = (
    msgid("Individual business: not an employing unit under the Regulation"),
    msgid("Branch: find out whether its head office registers for it or it registers itself"),
    msgid("Representative office of a foreign firm: find out who employs its staff"),
    msgid("Farmers' cooperative: find out whether it has employees"),
)


def fits(rule: EligibilityRule, name: str, uscc: str | None, registry_type: str | None) -> bool:
    """Whether the rule speaks of such an employer."""
    if rule.sign is Sign.CODE:
        return (uscc or "").startswith(rule.pattern)
    if rule.sign is Sign.REGISTRY_TYPE:
        return rule.pattern in (registry_type or "")
    if rule.sign is Sign.NAME_ENDS:
        return name.endswith(rule.pattern)
    return rule.pattern in name


def first_fitting(
    rules: Sequence[EligibilityRule], name: str, uscc: str | None, registry_type: str | None
) -> EligibilityRule | None:
    """The rule that holds for such an employer; None where none speaks of it."""
    return next((rule for rule in rules if fits(rule, name, uscc, registry_type)), None)


def in_force(rule: EligibilityRule, day: date) -> bool:
    began = rule.valid_from is None or rule.valid_from <= day
    return began and (rule.valid_until is None or rule.valid_until >= day)
