"""A campaign by letter under way, made by the services that people use: printed, posted, some served."""

from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import Branch, User
from app.core.criteria.segments import Segment, Sharing
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.demo import Demo
from app.core.workflow.engine import transition
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter import text
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.channels.letter.services import Wording, add_template, set_letterhead
from campaigns.channels.letter.sheaves.services import fresh_marks
from campaigns.drafting import services as drafting
from campaigns.drafting.letters.services import LetterWish, draft
from campaigns.ledger.letters import services
from campaigns.ledger.printing import queries as printed
from campaigns.ledger.printing import services as printing
from campaigns.ledger.printing.models import PrintBatch
from campaigns.ledger.printing.workflow import PRINT_BATCH
from campaigns.ledger.services import controlling, planning

NAME, HEADS, POSTED = "政策宣讲邀请函", 80, 9
OWED = """按目前月缴存额估算，具体金额以核定结果为准。
| 欠缴月份 | 应缴金额 |
| {owed_month} | {owed_amount} |
| 合计 | {amount} |"""


def load(demo: Demo) -> None:
    """Launched today; one print batch is printed and partly posted, two letters arrived, one came back."""
    author, approver = _user("manager"), _user("head")
    branch = db.session.get_one(Branch, author.branch_id)
    _add_letterheads()
    _add_outline(demo, approver)
    campaign = draft(_wish(demo, author), author, branch)
    drafting.submit(campaign, author)
    drafting.approve(campaign, approver, drafting.seal(campaign), "同意印发")
    controlling.launch(campaign.id, approver)
    after: int | None = 0
    while after is not None:
        after = planning.plan_chunk(campaign, after)
    if claimed := services.claim(campaign.id, fresh_marks(campaign.recipients)):
        services.record(claimed, services.set_in_type(claimed))
    for batch_id in printing.form(campaign.id):
        printing.bind(batch_id)
        _print(demo, db.session.get_one(PrintBatch, batch_id), author)


def _add_letterheads() -> None:
    """Each branch heads its letters with the department's name and its own, and numbers them by itself."""
    branches = db.session.scalars(select(Branch).order_by(Branch.id)).all()
    department = branches[0].name
    for n, branch in enumerate(branches):
        issuer = department + (branch.name if n else "")
        prefix = f"金公积金{branch.name[0] if n else ''}函"
        set_letterhead(branch, issuer, prefix, f"滨河路{n + 1}号", f"30027{n % 10}")


def _add_outline(demo: Demo, actor: User) -> None:
    """The urge letter of the product, with a table of the months that are owed."""
    urge = next(one for one in outlines.offered() if one.code == "arrears")
    known = outlines.current_version(urge)
    assert known is not None  # noqa: S101 - the outline is offered because it has one
    wording = Wording(
        known.title, known.text, demo.today, [{"title": "欠缴月份明细", "text": OWED}], known.variables
    )
    add_template("arrears_by_month", "催缴函（附欠缴明细）", urge.message_class, wording, actor)


def _user(username: str) -> User:
    return db.session.scalars(select(User).where(User.username == username)).one()


def _wish(demo: Demo, author: User) -> LetterWish:
    """To the large employers that contribute, which are a shared segment."""
    rules = [rule("stage", "in", ["contributing"]), rule("heads", "ge", str(HEADS))]
    tree = {"match": "all", "rules": rules}
    segment = Segment(
        list_name="employers", name=f"正常缴存、{HEADS}人以上单位（寄函）", owner_id=author.id,
        branch_id=author.branch_id, sharing=Sharing.PUBLIC, tree=tree,
    )  # fmt: skip
    db.session.add(segment)
    db.session.flush()
    invitation = next(one for one in outlines.offered() if one.code == "invitation")
    version = outlines.current_version(invitation)
    assert version is not None  # noqa: S101 - the outline is offered because it has one
    held_on, deadline = demo.today + timedelta(days=14), demo.today + timedelta(days=10)
    given = {
        "when": f"{text.day(held_on)}上午9时30分", "where": "港区办事大厅三楼会议室",
        "topics": "年度缴存基数调整、网上业务大厅新功能和缓缴政策", "deadline": text.day(deadline),
    }  # fmt: skip
    return LetterWish(NAME, segment.id, tree, version, given, deadline)


def _print(demo: Demo, batch: PrintBatch, actor: User) -> None:
    counted = printed.counts(batch.id).get("issued", 0)
    out = {"handed_on": demo.today, "count_out": counted}
    transition(PRINT_BATCH, batch, "hand_out", actor, answers=out)
    back = {"returned_on": demo.today, "count_in": counted}
    transition(PRINT_BATCH, batch, "take_in", actor, answers=back)
    lines = printed.in_order(batch.id)[:POSTED]
    pairs = [(line.number, f"XA{batch.id:04d}{line.number:04d}CN") for line in lines]
    printing.post(batch, demo.today, pairs, actor)
    for n, line in enumerate(lines[: POSTED // 3]):
        name, told = ("return", {"reason": "moved"}) if n == 0 else ("deliver", {"received_by": "前台签收"})
        transition(LETTER, line.letter, name, actor, answers={"settled_on": demo.today, **told})
