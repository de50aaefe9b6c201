"""Builders: each makes one committed-when-you-commit record with sensible defaults."""

import runpy
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert

from app.accounts.models import Branch, User, UserRole
from app.config import PROJECT
from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core import code_tables
from app.core.clock import today
from app.core.code_tables import CodeValue
from app.core.db import db
from app.core.escalating import Breach
from app.core.periods import Period
from app.core.permissions import SEPARATED_ROLES, Role, Scope
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.imports.models import BatchState, ImportBatch
from app.leads.eligibility.models import EligibilityRule
from app.lifecycle.escalation.models import Escalation, EscalationState
from app.outreach.models import Outcome, Visit, VisitKind
from app.relief.applications import services as relief
from app.relief.applications.models import DOCUMENTS, ReliefApplication, Request, VoteBody
from app.relief.applications.services import Draft
from campaigns.channels.letter.models import LetterTemplate, LetterVersion
from campaigns.channels.sms.models import SmsTemplate, SmsVersion
from campaigns.channels.worklist.models import Drive
from campaigns.channels.worklist.policy import READY
from campaigns.drafting.models import Campaign
from campaigns.gateways.models import GatewayWord

_numbers = count(1)


def create_branch(code: str | None = None, parent: Branch | None = None, **fields: Any) -> Branch:
    number = next(_numbers)
    branch = Branch(
        code=code or f"B{number}", name=fields.pop("name", f"分中心{number}"), parent=parent, **fields
    )
    db.session.add(branch)
    db.session.flush()
    branch.path = f"{parent.path if parent else '/'}{branch.id}/"
    db.session.flush()
    return branch


def create_user(
    *roles: Role, branch: Branch | None = None, scope: Scope = Scope.BRANCH, **fields: Any
) -> User:
    number = next(_numbers)
    user = User(
        username=fields.pop("username", f"user{number}"),
        name=fields.pop("name", f"员工{number}"),
        branch=branch or create_branch(),
        scope=scope,
        roles=[UserRole(role=role) for role in roles or (Role.SPECIALIST,)],
        session_stamp="stamp",
        **fields,
    )
    db.session.add(user)
    db.session.flush()
    return user


def sign_in(client: FlaskClient, user: User) -> None:
    """From here on the client's requests are this user's, without the sign-in page.

    An administrator gets a second factor, as he would have been made to enrol.
    """
    if user.role_set & SEPARATED_ROLES and not user.totp_secret:
        user.totp_secret = "enrolled"
    db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = user.get_id()
        session["_fresh"] = True


def create_employer(branch: Branch | None = None, **fields: Any) -> Employer:
    number = next(_numbers)
    name = fields.pop("name", f"测试单位{number}有限公司")
    employer = Employer(
        name=name,
        branch_id=(branch or create_branch()).id,
        **fields,
    )
    db.session.add(employer)
    db.session.flush()
    return employer


def seed_codes() -> None:
    """The code tables as the migrations fill them."""
    for path in sorted((PROJECT / "migrations" / "versions").glob("*.py")):
        if "def seeds" in path.read_text(encoding="utf-8"):
            rows = runpy.run_path(str(path))["seeds"]()
            if "code_table" in rows[0]:  # others seed tables of their own
                db.session.execute(insert(CodeValue), rows)
    code_tables.forget()


def seed_eligibility_rules() -> None:
    """The rules of who must contribute, as the migration fills them."""
    path = next((PROJECT / "migrations" / "versions").glob("*_eligibility.py"))
    db.session.execute(insert(EligibilityRule), runpy.run_path(str(path))["seeds"]())


def seed_outlines() -> None:
    """The outlines of letters as the migration fills them."""
    path = next((PROJECT / "migrations" / "versions").glob("*_letter_outlines.py"))
    insert_shipped = runpy.run_path(str(path))["insert_shipped"]
    insert_shipped(db.session.connection(), LetterTemplate.__table__, LetterVersion.__table__)
    for later in ("single_sendings", "events_in_campaigns"):
        path = next((PROJECT / "migrations" / "versions").glob(f"*_{later}.py"))
        insert_letters = runpy.run_path(str(path))["insert_letters"]
        insert_letters(db.session.connection(), LetterTemplate.__table__, LetterVersion.__table__)


def seed_templates() -> None:
    """The templates of messages and the refused words, as the migration fills them."""
    path = next((PROJECT / "migrations" / "versions").glob("*_sms_templates.py"))
    tables = (SmsTemplate.__table__, SmsVersion.__table__, GatewayWord.__table__)
    runpy.run_path(str(path))["insert_shipped"](db.session.connection(), *tables)
    for later in ("single_sendings", "events_in_campaigns"):
        path = next((PROJECT / "migrations" / "versions").glob(f"*_{later}.py"))
        runpy.run_path(str(path))["insert_messages"](db.session.connection(), *tables[:2])


def create_contact(
    employer: Employer, role: ContactRole = ContactRole.HANDLER, until: date | None = None, **fields: Any
) -> Contact:
    number = next(_numbers)
    contact = Contact(name=fields.pop("name", f"联系人{number}"), **fields)
    db.session.add(EmployerContact(employer_id=employer.id, contact=contact, role=role, until=until))
    db.session.flush()
    return contact


def create_visit(employer: Employer, by: User, at: datetime, **fields: Any) -> Visit:
    values: dict[str, Any] = {"kind": VisitKind.VISIT, "outcome": Outcome.INFORMED}
    visit = Visit(employer_id=employer.id, by_id=by.id, at=at, **values | fields)
    db.session.add(visit)
    db.session.flush()
    return visit


def create_case(employer: Employer, **fields: Any) -> ArrearsCase:
    """An open case, two months behind since September 2022."""
    month, day = Period(2022, 9), date(2022, 9, 30)
    values = {
        "first_period": month, "opened_on": day, "last_period": month, "reckoned_on": day, "months": 2,
        "paid_through": month + -2, "heads": 3, "monthly_amount": 1000, "most_months": 2,
    }  # fmt: skip
    case = ArrearsCase(employer_id=employer.id, **values | fields)
    db.session.add(case)
    db.session.flush()
    return case


def create_escalation(employer: Employer, by: User, **fields: Any) -> Escalation:
    """One of late payment that was begun today, from an open case of the employer."""
    case = create_case(employer, reason="42", state=CaseState.CONTACTED)
    values = {
        "breach": Breach.PAY, "origin": "arrears_case", "matter_id": case.id, "begun_on": today(),
        "begun_by_id": by.id, "holder_id": by.id, "state": EscalationState.TO_CONTACT, "due_on": today(),
    }  # fmt: skip
    one = Escalation(employer_id=employer.id, **values | fields)
    db.session.add(one)
    db.session.flush()
    return one


def create_campaign(author: User, **fields: Any) -> Campaign:
    """A drafted campaign without an audience yet; its criteria are everybody in the author's reach."""
    number = next(_numbers)
    values = {
        "name": f"活动{number}",
        "branch": author.branch,
        "created_by": author,
        "criteria": {"match": "all", "rules": []},
        "signature": "滨海管理部",
        "template_text": "{handler}您好，请尽快办理住房公积金业务。",
    }
    campaign = Campaign(**values | fields)
    db.session.add(campaign)
    db.session.flush()
    return campaign


def create_drive(author: User, **fields: Any) -> Drive:
    """A running drive by telephone, of the author's branch, with nobody in it yet."""
    values = {
        "branch_id": author.branch_id,
        "kind": "sealed_check",
        "name": f"专项行动{next(_numbers)}",
        "action": VisitKind.CALL,
        "outcomes": list(READY["sealed_check"].outcomes),
        "days": 10,
        "ends_on": today() + timedelta(days=60),
        "begun_by_id": author.id,
    }
    drive = Drive(**values | fields)
    db.session.add(drive)
    db.session.flush()
    return drive


def create_import_batch(branch: Branch | None = None, **fields: Any) -> ImportBatch:
    """A dry run that waits for a decision; its file is not kept."""
    number = next(_numbers)
    batch = ImportBatch(
        spec=fields.pop("spec", "registry"),
        branch_id=(branch or create_branch()).id,
        file_name=f"名单{number}.xlsx",
        sha256=f"{number:064x}",
        as_of=fields.pop("as_of", today()),
        state=fields.pop("state", BatchState.PREVIEWED),
        **fields,
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def create_application(employer: Employer, maker: User, **fields: Any) -> ReliefApplication:
    """A sound application for deferring six months from the next due one, as a draft."""
    start = (employer.paid_through or Period.of(today())) + 1
    voted = today() - timedelta(days=20)
    values = {
        "request": Request.DEFERMENT,
        "from_month": start,
        "to_month": start + 5,
        "heads": 10,
        "base": Decimal(5000),
        "documents": list(DOCUMENTS),
        "vote_body": VoteBody.CONGRESS,
        "voted_on": voted,
        "members": 30,
        "attended": 20,
        "votes_for": 16,
        "votes_against": 4,
        "announced_from": voted + timedelta(days=1),
        "announced_to": voted + timedelta(days=7),
    }
    return relief.enter(
        employer, Draft({"employer_rate": None, "employee_rate": None, **values, **fields}), maker
    )
