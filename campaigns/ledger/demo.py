"""A finished campaign of each branch of the synthetic department, made by the services that people use.

The gateway's part is written into the simulator's memory: its log tells what the ledger says was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.accounts.models import Branch, User
from app.config import current_settings
from app.core.criteria.segments import Segment, Sharing
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.demo import Demo
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import WorkflowHistory
from campaigns.drafting import services as drafting
from campaigns.drafting.models import Campaign, ContactOrder, MessageClass, StepCondition, StepKind
from campaigns.drafting.steps.services import Step, set_steps
from campaigns.gateways.protocol import Answer, Outcome, Receipt, Submission
from campaigns.gateways.registry import gateway
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Faults, Store
from campaigns.ledger.models import MESSAGES, Message
from campaigns.ledger.services import controlling, dispatching, planning, settling
from campaigns.ledger.trials.models import TrialReader

#: what is done where these were in vain
STEPS = (
    Step(StepKind.NEXT_CONTACT, StepCondition.UNDELIVERED, 1),
    Step(StepKind.VISIT, StepCondition.UNDELIVERED, 2),
)


@dataclass(frozen=True)
class _Told:
    """Who said what to the contributing employers with so many employees and more, and how long ago."""

    author: str
    approver: str
    name: str
    heads: int
    text: str
    days_ago: int
    hold_out: int = 0
    #: the second also to those who are behind, so that something is left to bring about
    stages: tuple[str, ...] = ("contributing",)
    segment: str = "正常缴存"
    steps: Sequence[Step] = STEPS


CAMPAIGNS = (
    _Told(
        "manager",
        "head",
        "年度缴存基数调整提醒",
        10,
        "{handler}您好，{employer}的年度缴存基数调整已开放办理，请于{deadline}前在单位网厅完成申报。详情：{link}",
        12,
    ),
    _Told(
        "manager2",
        "head2",
        "网上业务大厅停机维护通知",
        20,
        "{handler}您好，单位网上业务大厅将于本周末停机维护，{employer}如需汇缴请提前办理。详情：{link}",
        5,
        hold_out=25,
        stages=("contributing", "in_arrears"),
        segment="缴存中",
    ),
    _Told(
        "manager",
        "head",
        "异地转移接续服务提示",
        120,
        "{handler}您好，{employer}部分职工自外地转入缴存已满六个月，可申请异地转移接续，请于{deadline}前告知职工。详情：{link}",
        9,
        # an outline without law: letters that cite what nobody has confirmed do not leave
        steps=(Step(StepKind.LETTER, StepCondition.UNANSWERED, 1, "transfer"),),
    ),
)

#: who agreed to read test sends
TRY_OUT = ("specialist", "manager")

#: how the simulator's numbers of these batches begin
BATCH = "demo-"
#: nearly all arrive; a few numbers are dead, a few phones stayed off
LUCK = Faults(dead_percent=3, expired_percent=3)


def load(demo: Demo) -> None:
    """Drafted, approved by somebody else, launched, sent and settled; then dated back."""
    store = Store(store_path(current_settings()))
    # a load that was interrupted has left messages that no ledger knows
    store.forget(BATCH)
    for told in CAMPAIGNS:
        _tell(demo, told, store)
    store.close()
    head = _user("head")
    db.session.add_all(TrialReader(user_id=_user(one).id, added_by_id=head.id) for one in TRY_OUT)


def _tell(demo: Demo, told: _Told, store: Store) -> None:
    author, approver = _user(told.author), _user(told.approver)
    branch = db.session.get_one(Branch, author.branch_id)
    campaign = drafting.draft(_wish(demo, told, author), author, branch)
    set_steps(campaign, told.steps, author)
    drafting.submit(campaign, author)
    drafting.approve(campaign, approver, drafting.seal(campaign), "同意发送")
    controlling.launch(campaign.id, approver)
    after: int | None = 0
    while after is not None:
        after = planning.plan_chunk(campaign, after)
    moment = demo.moment(demo.today - timedelta(days=told.days_ago))
    _send(campaign, moment, store)
    controlling.finish_if_done(campaign.id)
    _date_back(campaign, moment)


def _user(username: str) -> User:
    return db.session.scalars(select(User).where(User.username == username)).one()


def _wish(demo: Demo, told: _Told, author: User) -> drafting.Wish:
    """To those employers, which are a shared segment."""
    rules = [rule("stage", "in", list(told.stages)), rule("heads", "ge", str(told.heads))]
    tree = {"match": "all", "rules": rules}
    segment = Segment(
        list_name="employers",
        name=f"{told.segment}、{told.heads}人以上单位",
        owner_id=author.id,
        branch_id=author.branch_id,
        sharing=Sharing.PUBLIC,
        tree=tree,
    )
    db.session.add(segment)
    db.session.flush()
    deadline = demo.today + timedelta(days=8)
    return drafting.Wish(
        told.name, segment.id, tree, MessageClass.SERVICE, told.text, deadline, ContactOrder.HANDLER_FIRST, 0,
        hold_out=told.hold_out,
    )  # fmt: skip


def _send(campaign: Campaign, moment: datetime, store: Store) -> None:
    """Hand over in batches, as the dispatcher does, and bring the receipts."""
    way = gateway()
    while claim := dispatching.claim(campaign.id, way, 200):
        batch = f"{BATCH}{campaign.id}-{claim.token[:8]}"
        store.recall(batch, [message._asdict() for message in claim.batch], LUCK, moment.timestamp())
        keys = [message.key for message in claim.batch]
        dispatching.record(claim, way, [Submission(key, Answer.ACCEPTED, None, batch) for key in keys])
        receipts = [
            Receipt(one["key"], Outcome(one["outcome"]), one["code"], moment + timedelta(minutes=1))
            for one in store.messages(keys)
        ]
        settling.apply_receipts(way.name, receipts)


def _date_back(campaign: Campaign, moment: datetime) -> None:
    """The campaign was some days ago; a third of its readers have confirmed since."""
    drafted = moment - timedelta(hours=3)
    campaign.created_at = campaign.approved_at = campaign.reckoned_at = drafted
    campaign.launched_at = campaign.planned_at = moment
    campaign.finished_at = moment + timedelta(hours=2)
    messages = MESSAGES.c
    ours = messages.campaign_id == campaign.id
    db.session.execute(update(MESSAGES).where(ours).values(created_at=moment))
    left_out = ours & messages.settled_at.is_not(None)
    db.session.execute(update(MESSAGES).where(left_out).values(settled_at=moment))
    sent = ours & messages.submitted_at.is_not(None)
    settled = {"submitted_at": moment, "settled_at": moment + timedelta(minutes=1)}
    db.session.execute(update(MESSAGES).where(sent).values(settled))
    read = {"opened_at": moment + timedelta(hours=1), "confirmed_at": moment + timedelta(hours=1)}
    delivered = select(Message.id).where(ours, Message.state == "delivered", Message.id % 3 == 0)
    db.session.execute(update(MESSAGES).where(messages.id.in_(delivered)).values(read))
    ids = {"endpoint": settling.ENDPOINT, "link_id": campaign.id}
    entries = [getattr(TimelineEntry, name) == value for name, value in ids.items()]
    db.session.execute(update(TimelineEntry).where(*entries).values(at=moment + timedelta(minutes=1)))
    steps = (WorkflowHistory.workflow == "campaign") & (WorkflowHistory.record_id == campaign.id)
    for step, at in {
        "submit": drafted,
        "approve": drafted,
        "launch": moment,
        "finish": campaign.finished_at,
    }.items():
        named = steps & (WorkflowHistory.transition == step)
        db.session.execute(update(WorkflowHistory).where(named).values(at=at))
