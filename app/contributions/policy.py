"""What a statement line says of an employer's stage, and who may see statements."""

from flask_babel import lazy_gettext as _l

from app.core.periods import Period
from app.core.permissions import Grantable
from app.employers.models import AccountStatus, Stage


class Permission(Grantable):
    VIEW = "contributions:view", _l("See what employers paid and what they owe")
    IMPORT = "contributions:import", _l("Import monthly statements")


_BY_STATUS = {
    AccountStatus.DEFERRED: Stage.ON_RELIEF,
    AccountStatus.CLOSED: Stage.CLOSED,
    AccountStatus.SEALED: Stage.SEALED,
}


def stage_for(status: AccountStatus, paid_through: Period | None, arrears_months: int) -> Stage | None:
    """The stage a statement line proves; None where it proves nothing (status 99).

    An account that never paid is an opened one, unless it is normal (01) and its first contribution month
    has fallen due. One that has paid is a contributing one even if the bank still shows 02: the first
    remittance makes it normal.
    """
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is AccountStatus.OTHER:
        return None
    if arrears_months > 0 and (status is AccountStatus.NORMAL or paid_through is not None):
        return Stage.IN_ARREARS
    return Stage.REGISTERED if paid_through is None else Stage.CONTRIBUTING
