"""For every id that stands in an address: how to make a record of a given branch.

The key is (endpoint, argument), (blueprint, argument) or the argument's name alone, the most exact first. A
new endpoint with an id fails the test of permissions until its builder stands here.
"""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from secrets import token_hex

from sqlalchemy import select

from app.accounts.models import Branch
from app.attachments.queries import kind_of
from app.attachments.services import attach, checked
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive
from app.core.clock import now, today
from app.core.code_tables import CodeValue
from app.core.criteria.segments import Segment, Sharing
from app.core.criteria.trees import EVERYTHING
from app.core.db import db
from app.core.listing.runs import ListRun, RunKind
from app.core.periods import Period
from app.core.permissions import Role
from app.core.personal.sealed import ID_NUMBER, sealed_with_index
from app.core.rules.legal import LegalBasis
from app.core.rules.rates import Group
from app.employers.areas.models import AreaKind
from app.employers.areas.services import add_area
from app.employers.identity.models import (
    EmployerRelation,
    RelationKind,
    Verification,
    VerificationResult,
    VerifiedBy,
)
from app.employers.merging.models import DuplicatePair, Merge
from app.employers.models import Employer, FormerName
from app.employers.people.models import ContactMerge
from app.employers.profile.models import RiskFlag, ServiceNote
from app.employers.sources.models import EmployerSource
from app.imports.columns.models import ColumnMemory
from app.imports.expected.models import ImportExpectation, Rhythm
from app.leads.eligibility.models import EligibilityRule, Sign, Verdict
from app.lifecycle.changing.models import ChangeKind, ChangeState, RegisteredChange
from app.lifecycle.closing.models import Closing, Placement, PlacementKind
from app.lifecycle.liability.models import Liability
from app.lifecycle.onboarding.models import Opening
from app.outreach.events.models import Invitee, OutreachEvent
from app.outreach.models import Outcome, Visit, VisitKind
from app.outreach.plans.services import save_plan
from app.outreach.talking.models import ScriptKind
from app.outreach.talking.services import Wording, add_script
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.relief.roster.models import ReliefRoster, ReliefRosterLine
from app.tasks.daily.models import DayClosing
from app.tasks.rotation.models import HandOver
from app.tasks.services import open_task
from campaigns.channels.letter.issued.models import Letter, Sheaf
from campaigns.channels.letter.models import LetterTemplate, LetterVersion
from campaigns.channels.sms.models import SmsTemplate
from campaigns.channels.worklist.models import DrivePerson, DriveRow
from campaigns.drafting.models import MessageClass
from campaigns.drafting.templates.policy import seal
from campaigns.drafting.templates.services import add as add_template
from campaigns.drafting.templates.services import publish as publish_template
from campaigns.gateways import accounts
from campaigns.gateways.accounts import Entry
from campaigns.ledger.printing.models import PrintBatch
from campaigns.notices.corrections.models import Correction, Subject
from campaigns.recurring.models import Trigger
from campaigns.recurring.services import Wish as RuleWish
from campaigns.recurring.services import write as write_rule
from tests.factories import (
    create_application,
    create_branch,
    create_campaign,
    create_case,
    create_contact,
    create_drive,
    create_employer,
    create_escalation,
    create_import_batch,
    create_user,
)

Key = str | tuple[str, str]
FIVE = Decimal("0.05")


def user(branch: Branch) -> int:
    return create_user(branch=branch).id


def below(branch: Branch) -> int:
    return create_branch(parent=branch).id


def employer(branch: Branch) -> int:
    return create_employer(branch).id


def campaign(branch: Branch) -> int:
    return create_campaign(create_user(Role.MANAGER, branch=branch)).id


def outline(_branch: Branch) -> int:
    made = LetterTemplate(code=token_hex(4), name=token_hex(4), message_class="service")
    made.versions = [
        LetterVersion(
            number=1, title="关于样例的函", text="样例。", enclosures=[], variables=[], valid_from=today()
        )
    ]
    db.session.add(made)
    db.session.flush()
    return made.id


def template(branch: Branch) -> int:
    author = create_user(Role.MANAGER, branch=branch)
    return add_template(token_hex(4), MessageClass.SERVICE, "样例。", author).id


def campaign_rule(branch: Branch) -> int:
    author = create_user(Role.MANAGER, branch=branch)
    made = db.session.get_one(SmsTemplate, template(branch))
    version = publish_template(made, seal(made.versions[0]), author)
    wish = RuleWish("样例", Trigger.NEW_HANDLER, 7, "", None, EVERYTHING, version.id, {})
    return write_rule(wish, author, branch).id


def letter(branch: Branch) -> int:
    version = db.session.get_one(LetterTemplate, outline(branch)).versions[0]
    made = Letter(
        version_id=version.id,
        employer_id=employer(branch),
        branch_id=branch.id,
        prefix=token_hex(4),
        year=today().year,
        serial=1,
        issued_on=today(),
        data={"title": "关于样例的函", "addressee": "样例"},
        address="样例路1号",
        token=token_hex(8),
        code=token_hex(5),
        by_id=create_user(branch=branch).id,
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def correction(branch: Branch) -> int:
    made = Correction(
        employer_id=employer(branch), subject=Subject.ADDRESS, wanted="港区路2号", notice_source="message",
        notice_id=1, proven_by="mobile",
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def sheaf(branch: Branch) -> int:
    by_id = create_user(branch=branch).id
    made = Sheaf(branch_id=branch.id, by_id=by_id, sha256="0" * 64, letters=1, pages=1)
    db.session.add(made)
    db.session.flush()
    return made.id


def print_batch(branch: Branch) -> int:
    author = create_user(Role.MANAGER, branch=branch)
    of = create_campaign(author)
    made = PrintBatch(campaign_id=of.id, branch_id=branch.id, by_id=author.id, number=1, lines=0)
    db.session.add(made)
    db.session.flush()
    return made.id


def batch(branch: Branch) -> int:
    return create_import_batch(branch).id


def opening(branch: Branch) -> int:
    made = Opening(employer_id=employer(branch), begun_on=today(), begun_by_id=create_user(branch=branch).id)
    db.session.add(made)
    db.session.flush()
    return made.id


def escalation(branch: Branch) -> int:
    return create_escalation(create_employer(branch), create_user(branch=branch)).id


def closing(branch: Branch) -> int:
    made = Closing(employer_id=employer(branch), begun_on=today())
    db.session.add(made)
    db.session.flush()
    return made.id


def registered_change(branch: Branch) -> int:
    made = RegisteredChange(
        employer_id=employer(branch), kind=ChangeKind.NAME, state=ChangeState.CHECKING, new_value="新名",
        changed_on=today(), due_on=today(), noted_on=today(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def hand_over(branch: Branch) -> int:
    giver, receiver = (create_user(branch=branch) for _each in range(2))
    made = HandOver(branch_id=branch.id, giver=giver, receiver=receiver, reason="轮岗", made_by_id=giver.id)
    db.session.add(made)
    db.session.flush()
    return made.id


def adjustment_drive(_branch: Branch) -> int:
    """The year of a drive, made once."""
    year = today().year
    if not db.session.scalar(select(AdjustmentDrive.id).where(AdjustmentDrive.year == year)):
        db.session.add(AdjustmentDrive(year=year, opens_on=today(), closes_on=today()))
        db.session.flush()
    return year


def adjustment(branch: Branch) -> int:
    drive = select(AdjustmentDrive.id).where(AdjustmentDrive.year == adjustment_drive(branch))
    made = Adjustment(employer_id=employer(branch), drive_id=db.session.scalars(drive).one())
    db.session.add(made)
    db.session.flush()
    return made.id


def liability(branch: Branch) -> int:
    made = Liability(
        debtor_id=employer(branch), successor_id=employer(branch), share=Decimal(1), months=1,
        agreed_on=today(), proof="承接确认书", recorded_by_id=create_user(branch=branch).id,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def placement(branch: Branch) -> int:
    going = {"kind": PlacementKind.TRANSFERRED, "heads": 1, "on": today(), "proof": "转移清册"}
    made = Placement(employer_id=employer(branch), by_id=create_user(branch=branch).id, **going)
    db.session.add(made)
    db.session.flush()
    return made.id


def closed_day(branch: Branch) -> int:
    made = DayClosing(user=create_user(branch=branch), branch_id=branch.id, day=today(), closed_at=now())
    db.session.add(made)
    db.session.flush()
    return made.id


def plan(branch: Branch) -> int:
    author = create_user(branch=branch)
    return save_plan(create_employer(branch), [Group(3, Decimal(5000))], FIVE, FIVE, "", author).id


def script(branch: Branch) -> int:
    wording = Wording("先问情况，再讲政策。", (), today())
    return add_script(ScriptKind.ANSWER, token_hex(4), (), wording, create_user(branch=branch)).id


def place(_branch: Branch) -> str:
    return "side"


def remembered_columns(branch: Branch) -> int:
    made = ColumnMemory(
        spec="registry",
        branch_id=branch.id,
        source="某银行",
        fingerprint="0" * 64,
        titles=["甲"],
        columns=[None],
        said_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def expected_file(branch: Branch) -> int:
    made = ImportExpectation(
        spec="registry", branch_id=branch.id, rhythm=Rhythm.MONTHLY, day=5, since=today().replace(day=1)
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def import_kind(_branch: Branch) -> str:
    return "registry"


def eligibility_rule(_branch: Branch) -> int:
    rule = EligibilityRule(
        position=1, sign=Sign.CODE, pattern="92", verdict=Verdict.NOT_OBLIGED, reason="个体工商户"
    )
    db.session.add(rule)
    db.session.flush()
    return rule.id


def option_name(_branch: Branch) -> str:
    return "tasks.welcome_days"


def segment(branch: Branch) -> int:
    saved = Segment(
        list_name="employers",
        name="样本",
        owner_id=create_user(branch=branch).id,
        branch_id=branch.id,
        sharing=Sharing.BRANCH,
        tree={"match": "all", "rules": []},
    )
    db.session.add(saved)
    db.session.flush()
    return saved.id


def contact_link(branch: Branch) -> int:
    return create_contact(create_employer(branch)).employers[0].id


def contact(branch: Branch) -> int:
    return create_contact(create_employer(branch), mobile="13800138000").id


def contact_merge(branch: Branch) -> int:
    made = ContactMerge(
        kept_id=contact(branch),
        merged_id=contact(branch),
        kept_name="甲",
        merged_name="乙",
        by_id=create_user(Role.MANAGER, branch=branch).id,
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def nothing_said(_branch: Branch) -> int:
    return 1


def relation(branch: Branch) -> int:
    made = EmployerRelation(kind=RelationKind.PARENT, subject_id=employer(branch), object_id=employer(branch))
    db.session.add(made)
    db.session.flush()
    return made.id


def arrears_case(branch: Branch) -> int:
    return create_case(create_employer(branch)).id


def a_day(_branch: Branch) -> str:
    return "2022-09-30"


def former_name(branch: Branch) -> int:
    made = FormerName(employer_id=employer(branch), name="旧名厂")
    db.session.add(made)
    db.session.flush()
    return made.id


def verification(branch: Branch) -> int:
    made = Verification(
        employer_id=employer(branch),
        person="王某",
        question="在职",
        way=VerifiedBy.PHONE,
        result=VerificationResult.PENDING,
        by_id=create_user(branch=branch).id,
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def pair(branch: Branch) -> int:
    found = DuplicatePair(first_id=employer(branch), second_id=employer(branch), score=45, rules=["name"])
    db.session.add(found)
    db.session.flush()
    return found.id


def source(branch: Branch) -> int:
    named = EmployerSource(
        employer_id=employer(branch), source="bank", as_of=today(), said={"phone": "022-1"}
    )
    db.session.add(named)
    db.session.flush()
    return named.id


def merge(branch: Branch) -> int:
    made = Merge(
        kept_id=employer(branch),
        merged_id=employer(branch),
        kept_name="甲",
        merged_name="乙",
        by_id=create_user(Role.MANAGER, branch=branch).id,
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def task(branch: Branch) -> int:
    found = open_task("other", "样本", today(), employer=create_employer(branch))
    db.session.flush()
    return found.id


def visit(branch: Branch) -> int:
    author = create_user(branch=branch)
    made = Visit(
        employer_id=employer(branch),
        kind=next(iter(VisitKind)),
        at=now(),
        by_id=author.id,
        outcome=next(iter(Outcome)),
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def outreach_event(branch: Branch) -> int:
    owner = create_user(branch=branch)
    made = OutreachEvent(
        title="样本", kind="01", place="样本", starts_at=now(), ends_at=now(), branch_id=branch.id,
        owner_id=owner.id,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def event_invitee(branch: Branch) -> int:
    made = Invitee(event_id=outreach_event(branch), employer_id=employer(branch))
    db.session.add(made)
    db.session.flush()
    return made.id


def attachment(branch: Branch) -> int:
    record = db.session.get_one(Employer, employer(branch))
    with checked(BytesIO(f"{record.name}".encode())) as incoming:
        made = attach(kind_of(record), record, incoming, "样本.txt", create_user(branch=branch))
    return made.id


def record_kind(_branch: Branch) -> str:
    return "employer"


def event(_branch: Branch) -> int:
    return 1


def lifecycle(_branch: Branch) -> str:
    return "lifecycle"


def simulator(_branch: Branch) -> str:
    return "simulator"


def gateway_account(_branch: Branch) -> str:
    """Accounts are the department's, not a branch's."""
    code = f"a{token_hex(4)}"
    entry = Entry("短信账户", "http", False, 1, 10, 10, False, {"base_url": "http://127.0.0.1:9"}, "secret")
    return accounts.enter(code, entry).code


def gateway_kind(_branch: Branch) -> str:
    return "aliyun"


def forged_token(_branch: Branch) -> str:
    return "x" * 16


def day(_branch: Branch) -> str:
    return "2026-10-01"


def year(_branch: Branch) -> int:
    return 2027


def legal_basis(_branch: Branch) -> int:
    basis = LegalBasis(
        code=token_hex(4), law="条例", version="2026", article="第一条", quote="条文", valid_from=today()
    )
    db.session.add(basis)
    db.session.flush()
    return basis.id


def code_table(_branch: Branch) -> str:
    return "risk"


def code_value(_branch: Branch) -> int:
    made = CodeValue(code_table="risk", code=token_hex(1).upper(), label_zh="样本")
    db.session.add(made)
    db.session.flush()
    return made.id


def run(branch: Branch) -> int:
    made = ListRun(
        kind=RunKind.BULK,
        list_name="employers",
        action="assign",
        actor_id=create_user(branch=branch).id,
        language="zh_CN",
        tree={"match": "all", "rules": []},
        reach="",
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def area(_branch: Branch) -> int:
    return add_area(token_hex(4).upper(), "样本街道", AreaKind.STREET, None).id


def service_note(branch: Branch) -> int:
    author = create_user(branch=branch)
    made = ServiceNote(employer_id=employer(branch), body="样本", noted_on=today(), by_id=author.id)
    db.session.add(made)
    db.session.flush()
    return made.id


def risk_flag(branch: Branch) -> int:
    author = create_user(branch=branch)
    made = RiskFlag(employer_id=employer(branch), code="01", since=today(), by_id=author.id)
    db.session.add(made)
    db.session.flush()
    return made.id


def relief_application(branch: Branch) -> int:
    employer = create_employer(branch, employer_account_no=token_hex(6), paid_through=Period(2026, 8))
    return create_application(employer, create_user(branch=branch)).id


def relief_decision(branch: Branch) -> int:
    made = ReliefDecision(
        employer_id=employer(branch),
        kind=ReliefKind.DEFERMENT,
        from_month=Period(2026, 1),
        to_month=Period(2026, 6),
        state=ReliefState.ENDED,
        monthly_amount=1000,
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def relief_roster(branch: Branch) -> int:
    made = ReliefRoster(title="样本", branch_id=branch.id, due_on=today(), made_by_id=user(branch))
    db.session.add(made)
    db.session.flush()
    return made.id


def relief_roster_line(branch: Branch) -> int:
    made = ReliefRosterLine(roster_id=relief_roster(branch), employer_id=employer(branch))
    db.session.add(made)
    db.session.flush()
    return made.id


def drive(branch: Branch) -> int:
    return create_drive(create_user(branch=branch)).id


def drive_row(branch: Branch) -> int:
    made = DriveRow(drive_id=drive(branch), employer_id=employer(branch), due_on=today())
    db.session.add(made)
    db.session.flush()
    return made.id


def drive_person(branch: Branch) -> int:
    made = DrivePerson(row_id=drive_row(branch), name="样本")
    made.id_number, made.id_number_index = sealed_with_index("11010519491231002X", ID_NUMBER)
    db.session.add(made)
    db.session.flush()
    return made.id


def engage(_branch: Branch) -> str:
    return "engage"


def retention_rule(_branch: Branch) -> str:
    return "contacts"


BUILDERS: dict[Key, Callable[[Branch], object]] = {
    "user_id": user,
    "branch_id": below,
    "employer_id": employer,
    "event_id": event,
    "segment_id": segment,
    "campaign_id": campaign,
    ("drafting", "id"): campaign,
    ("settings", "day"): day,
    ("settings", "year"): year,
    "basis_id": legal_basis,
    ("settings", "table"): code_table,
    "code_id": code_value,
    "area_id": area,
    ("areas", "id"): area,
    "note_id": service_note,
    "flag_id": risk_flag,
    "batch_id": batch,
    "source_id": source,
    "run_id": run,
    "kept_id": employer,
    "merged_id": employer,
    "pair_id": pair,
    "relation_id": relation,
    "name_id": former_name,
    "verification_id": verification,
    ("merging", "id"): merge,
    ("people", "id"): contact,
    ("personal", "code"): retention_rule,
    ("relief", "id"): relief_application,
    ("relief_register", "id"): relief_decision,
    ("relief_roster", "id"): relief_roster,
    ("relief_roster.line", "id"): relief_roster_line,
    ("relief_roster.survey", "id"): relief_roster_line,
    "contact_id": contact,
    ("people", "kept_id"): contact,
    ("people", "merged_id"): contact,
    "merge_id": contact_merge,
    "opt_out_id": nothing_said,
    ("people.role", "id"): contact_link,
    ("people.authorise", "id"): contact_link,
    ("people.end", "id"): contact_link,
    ("outreach", "id"): visit,
    ("events", "id"): outreach_event,
    ("events.invitee", "id"): event_invitee,
    ("events.tap", "id"): event_invitee,
    ("events.meant", "id"): event_invitee,
    ("tasks", "id"): task,
    ("attachments", "id"): attachment,
    ("attachments", "kind"): record_kind,
    ("attachments", "record_id"): employer,
    ("employers", "place"): place,
    ("plans", "id"): plan,
    ("talking", "id"): script,
    ("outlines", "id"): outline,
    ("templates", "id"): template,
    ("recurring", "id"): campaign_rule,
    ("letters", "id"): letter,
    ("sheaves", "id"): sheaf,
    ("printing", "id"): print_batch,
    ("letter_drafts", "id"): campaign,
    ("single", "kind"): lambda _branch: "contribution_plan",
    ("single", "record_id"): plan,
    ("letter_drafts", "code"): lambda _branch: "arrears",
    ("corrections", "id"): correction,
    ("letters", "code"): lambda _branch: "arrears",
    ("onboarding", "id"): opening,
    ("escalation", "id"): escalation,
    ("closing", "id"): closing,
    ("changing", "id"): registered_change,
    "placement_id": placement,
    ("rotation", "id"): hand_over,
    ("daily", "id"): closed_day,
    "liability_id": liability,
    ("adjustment", "id"): adjustment,
    ("adjustment", "year"): adjustment_drive,
    ("drives", "id"): drive,
    ("drives", "kind"): lambda _branch: "sealed_check",
    "person_id": drive_person,
    ("drives.row", "id"): drive_row,
    ("drives.tell", "id"): drive_row,
    ("drives.people", "id"): drive_row,
    ("drives.add_note", "id"): drive_row,
    ("imports", "name"): import_kind,
    "memory_id": remembered_columns,
    "expectation_id": expected_file,
    ("results", "id"): campaign,
    ("breakdown", "id"): campaign,
    ("reconciling", "id"): campaign,
    ("reconciling", "verdict"): lambda _branch: "all",
    "drive_id": drive,
    ("results", "deed"): lambda _branch: "paid",
    ("results", "group"): lambda _branch: "told",
    ("results", "days"): lambda _branch: 30,
    ("following", "id"): campaign,
    ("arrears", "id"): arrears_case,
    ("arrears", "day"): a_day,
    ("notices", "token"): forged_token,
    ("notices", "source"): lambda _branch: "letter",
    ("notices", "act"): lambda _branch: "confirm",
    ("gateways", "name"): simulator,
    ("gateway_accounts", "code"): gateway_account,
    ("gateway_accounts", "kind"): gateway_kind,
    ("settings", "name"): option_name,
    "rule_id": eligibility_rule,
    ("workflow", "workflow"): lifecycle,
    ("workflow", "record_id"): employer,
    ("workflow", "name"): engage,
}

#: Endpoints where the role is not enough: the record's owner alone may.
OWNERS_ONLY = frozenset(
    {
        "employers.edit_segment",
        "employers.delete_segment",
        "outreach.edit",
        "attachments.remove",
        "profile.note",
        "profile.withdraw",
    }
)

#: Arguments that name no record of a branch: trail, calendar, law, codes and areas are everybody's.
ANYONES: frozenset[Key] = frozenset(
    {
        ("gateway_accounts", "code"),
        ("gateway_accounts", "kind"),
        "event_id",
        ("adjustment", "year"),
        "basis_id",
        "code_id",
        "area_id",
        ("areas", "id"),
        ("talking", "id"),
        ("outlines", "id"),
        ("templates", "id"),
        ("letters", "code"),
        ("settings", "table"),
        ("personal", "code"),
        ("settings", "day"),
        ("arrears", "day"),
        ("settings", "name"),
        "rule_id",
        ("settings", "year"),
        ("workflow", "workflow"),
        ("workflow", "name"),
        ("imports", "name"),
        ("drives", "kind"),
        ("results", "deed"),
        ("reconciling", "verdict"),
        ("results", "group"),
        ("results", "days"),
        ("attachments", "kind"),
    }
)
