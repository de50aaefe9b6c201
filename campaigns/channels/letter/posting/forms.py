"""The post office's list as a file."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired, MultipleFileField
from wtforms import StringField
from wtforms.validators import Length, Optional

from app.core.importing.spec import Column, ImportSpec
from app.core.sheets.cells import Cell
from app.core.sheets.parsing import code, day, text
from campaigns.channels.letter.issued.models import LetterState
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.issued.workflow import LETTER, tracking_number
from campaigns.channels.letter.posting import queries, services

S = LetterState

#: What the post calls it, and what it is.
OUTCOMES = {
    **dict.fromkeys(("妥投", "已妥投", "签收", "已签收", "投递成功", "delivered"), S.DELIVERED),
    **dict.fromkeys(("拒收", "收件人拒收", "refused"), S.REFUSED),
    **dict.fromkeys(("退回", "退件", "已退回", "退回妥投", "returned"), S.RETURNED),
    **dict.fromkeys(("收寄", "已收寄", "在途", "运输中", "未妥投", "posted"), S.POSTED),
}


def _number(cell: Cell) -> str:
    """In the one way that it is written here, so that two ways to write a number are the same line twice."""
    written = str(text(60)(cell))
    found = queries.number_of(written)
    return "{}〔{}〕{}号".format(*found) if found else written


def _tracking(cell: Cell) -> str:
    return tracking_number(str(text(30)(cell)))


COLUMNS = (
    Column(
        "number",
        _l("Number of the letter"),
        ("发文字号", "文号", "信函编号", "内件编号", "number"),
        _number,
        True,
    ),
    Column(
        "tracking_no",
        _l("Tracking number"),
        ("邮件号", "邮件号码", "运单号", "挂号号码", "tracking number"),
        _tracking,
    ),
    Column("posted_on", _l("Posted on"), ("收寄日期", "交寄日期", "寄出日期", "posted on"), day()),
    Column(
        "outcome", _l("What became of it"), ("投递结果", "投递状态", "邮件状态", "outcome"), code(OUTCOMES)
    ),
    Column(
        "settled_on",
        _l("Settled on"),
        ("投递日期", "签收日期", "退回日期", "处理日期", "settled on"),
        day(),
    ),
    Column("received_by", _l("Who took it"), ("签收人", "收件人签名", "received by"), text(60)),
    Column("reason", _l("Reason"), ("退回原因", "未妥投原因", "原因", "reason"), text(200)),
)

#: a cell of each column, as offices write it
EXAMPLES = {
    "number": "金房函〔2026〕12号", "tracking_no": "XA12345678912", "posted_on": "2026-01-05",
    "outcome": "妥投", "settled_on": "2026-01-08", "received_by": "门卫", "reason": "查无此单位",
}  # fmt: skip

POST = ImportSpec(
    name="letter_post",
    title=_l("List of the post office"),
    help=_l("Tracking numbers, and what became of letters: delivered, refused, returned."),
    columns=COLUMNS,
    examples=EXAMPLES,
    words={"outcome": ("妥投", "退回", "拒收")},
    key=("number",),
    plan=services.plan,
    applied=services.applied,
    reverted=services.reverted,
    endpoint="letters.show",
    permission=Permission.FOLLOW,
    reasons={
        "unknown": _l("no letter in your reach has this number: %(value)s"),
        "out_of_order": _l("does not follow from where the letter stands"),
        "no_tracking_number": _l("has 8 to 20 capital letters and digits"),
        "tracking_taken": _l("belongs to another letter"),
        "other_parcel": _l("is not the parcel of this letter, which was posted as %(value)s"),
        "too_early": _l("lies before the letter was issued or posted"),
        "not_yet": _l("it cannot be posted yet: %(value)s"),
    },
    labels={"state": _l("State"), "address": _l("Address"), "postal_code": _l("Postal code")},
    worded={"outcome": {state.name: state.label for state in LETTER.states}},
)


class ScansForm(FlaskForm):  # type: ignore[misc]
    """Many signed receipts at once."""

    files = MultipleFileField(
        _l("Scans"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "In the name of each file: the number of the letter, such as 津公积金港函〔2026〕12号.pdf, "
            "or its tracking number."
        ),
        render_kw={"accept": ".pdf,.jpg,.jpeg,.png,.heic", "required": True},
    )
    proves = StringField(_l("What they prove"), [Optional(), Length(max=120)], default=_l("Proof of service"))
