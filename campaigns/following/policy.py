"""How results are named, and how much one evaluation does."""

from flask_babel import lazy_gettext as _l

from campaigns.drafting.models import Exclusion
from campaigns.following.models import StepResult

#: Employers for which one step is taken in one transaction.
CHUNK = 200

#: Those whom no message of their own was sent to for these reasons were not reached, and are followed up. Who
#: was held out, left out by hand or closed is let alone.
UNREACHED = (
    Exclusion.NO_CONTACT,
    Exclusion.NO_MOBILE,
    Exclusion.BAD_NUMBER,
    Exclusion.DEAD_NUMBER,
    Exclusion.UNVERIFIED,
    Exclusion.OPTED_OUT,
    Exclusion.PREFERS_CALL,
    Exclusion.PREFERS_WECHAT,
    Exclusion.PREFERS_EMAIL,
    Exclusion.PREFERS_LETTER,
    Exclusion.PREFERS_VISIT,
    Exclusion.NO_ADDRESS,
    Exclusion.BAD_ADDRESS,
    Exclusion.DEAD_ADDRESS,
)

RESULT_LABELS = {
    StepResult.WRITTEN: (_l("Next contact written to"), "active"),
    StepResult.ISSUED: (_l("Letter issued"), "active"),
    StepResult.TASK: (_l("Task opened"), "good"),
    StepResult.IMPOSSIBLE: (_l("Not possible"), "warning"),
}
