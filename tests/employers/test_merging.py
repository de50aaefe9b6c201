"""Merging two records of one employer: what moves, what refuses, and the way back."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, select, update

from app.accounts.models import Branch, User
from app.audit.models import AuditEvent
from app.contributions.models import ContributionFact
from app.core import timeline
from app.core.clock import now, today
from app.core.db import db, writing
from app.core.errors import Conflict, DomainError, NotFound
from app.core.features import current_features
from app.core.jobs import run_inline
from app.core.language.text import match_key
from app.core.merging import moving
from app.core.merging.pairing import PairState
from app.core.periods import Period
from app.core.permissions import Role, Scope
from app.employers.demo import credit_code
from app.employers.lists import count_employers
from app.employers.merging.models import DuplicatePair, Merge
from app.employers.merging.queries import obstacles_to_undoing
from app.employers.merging.services import finding, merging, undoing
from app.employers.models import AccountStatus, ContactRole, Employer, EmployerContact, Stage
from app.employers.profile.queries import quality_of
from app.employers.search.queries import search
from app.employers.services import version_of
from app.leads.ledger.models import Lead, Left
from app.leads.ledger.services import refresh_all
from app.lifecycle.workflow import LIFECYCLE
from app.outreach.models import Outcome, Visit, VisitKind
from app.tasks.models import DEADLINE, TaskState
from app.tasks.services import open_task
from campaigns.drafting.audience.queries import reckon
from campaigns.drafting.models import AudienceMember, CampaignState
from tests.factories import (
    create_branch,
    create_campaign,
    create_contact,
    create_employer,
    create_user,
    sign_in,
)

CODE, OTHER_CODE = "91120116MA05XQ7H2K", "91120116MA06AB3C4D"
EVERYTHING = {"match": "all", "rules": []}


@pytest.fixture
def branch(app: object) -> Branch:
    return create_branch()


@pytest.fixture
def manager(branch: Branch) -> User:
    return create_user(Role.MANAGER, branch=branch)


def fact(employer: Employer, period: str) -> ContributionFact:
    made = ContributionFact(
        employer_id=employer.id, period=Period.parse(period), account_status=AccountStatus.NORMAL, heads=3,
        as_of=today(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def visit(employer: Employer, by: User) -> Visit:
    made = Visit(
        employer_id=employer.id, kind=VisitKind.CALL, at=now(), by_id=by.id, outcome=Outcome.INFORMED
    )
    db.session.add(made)
    db.session.flush()
    return made


def merged(kept: Employer, gone: Employer, actor: User, reason: str = "同址同人", **values: Any) -> Merge:
    db.session.commit()
    versions = (version_of(kept), version_of(gone))
    with writing():
        done = merging.merge(kept.id, gone.id, values, reason, versions, actor)
        db.session.commit()
    return done


def kept_scores(*employers: Employer) -> list[int]:
    scores = select(Employer.id, Employer.data_quality).where(Employer.id.in_([one.id for one in employers]))
    found = {id_: score or 0 for id_, score in db.session.execute(scores)}
    return [found[one.id] for one in employers]


def test_every_reference_to_employers_and_people_is_declared(app: object) -> None:
    """A table that refers to one of them names its mover in its feature's manifest, or no merge can run."""
    movers = current_features().movers
    assert moving.undeclared(movers) == moving.undeclared(movers, moving.PEOPLE) == []
    known = {f"{table.name}.{column.name}" for table in db.metadata.tables.values() for column in table.c}
    assert {mover.reference for mover in movers} <= known


def test_a_merge_moves_everything_and_leaves_a_signpost(branch: Branch, manager: User) -> None:
    kept = create_employer(branch, name="滨海恒达科技有限公司", stage=Stage.CONTRIBUTING, uscc=CODE)
    gone = create_employer(branch, name="滨海恒达科技有限责任公司", last_contact_on=date(2026, 3, 1))
    other_name = create_employer(branch, name="恒达旧称厂")
    create_contact(gone, name="王芳", mobile="13900001111")
    held, seen = open_task("other", "回电", today(), employer=gone), visit(gone, manager)
    waiting = open_task(DEADLINE, "联系", today(), employer=gone, source=(LIFECYCLE.name, gone.id))
    timeline.record(gone.id, "employer", "Entered by hand as a prospect")
    mine, theirs, alone = fact(kept, "2026-08"), fact(gone, "2026-08"), fact(gone, "2026-07")
    before = count_employers(EVERYTHING, manager)

    done = merged(kept, gone, manager)
    merged(kept, other_name, manager)

    assert {held.employer_id, seen.employer_id, alone.employer_id} == {kept.id}
    assert (mine.employer_id, theirs.employer_id) == (kept.id, gone.id), "its own month stays in force"
    assert waiting.state is TaskState.CANCELLED, "nobody waits for a merged record to move on"
    assert [link.contact.name for link in kept.contacts] == ["王芳"]
    assert (gone.merged_into_id, kept.last_contact_on) == (kept.id, date(2026, 3, 1))
    assert [former.name for former in kept.former_names] == ["恒达旧称厂"], "not what reads the same"
    assert count_employers(EVERYTHING, manager) == before - 2
    assert done.moved >= 6
    assert done.stayed == 1
    found = search("恒达旧称", manager)
    assert [hit.employer.id for group in found for hit in group.hits] == [kept.id]
    assert db.session.scalar(select(AuditEvent.id).where(AuditEvent.action == "Employers merged"))


def test_a_merge_is_taken_back_whole(branch: Branch, manager: User) -> None:
    kept = create_employer(branch, name="甲公司", uscc=CODE, address="东港路1号")
    gone = create_employer(branch, name="乙商行", uscc=OTHER_CODE, address="东港路1号二层")
    create_contact(gone, mobile="13900001111")
    seen = visit(gone, manager)
    scores = kept_scores(kept, gone)

    done = merged(kept, gone, manager, name="乙商行", uscc=OTHER_CODE, address="东港路1号二层")
    assert (kept.name, kept.uscc, gone.uscc) == ("乙商行", OTHER_CODE, CODE), "codes change places"
    assert kept_scores(kept, gone)[0] == quality_of(kept.id).score > scores[0], "it has a handler now"
    assert [former.name for former in kept.former_names] == ["甲公司"]
    assert [hit.employer.id for group in search(CODE, manager) for hit in group.hits] == [kept.id]
    with writing():
        undoing.undo(done.id, manager)
        db.session.commit()

    assert (kept.name, kept.uscc, kept.address) == ("甲公司", CODE, "东港路1号")
    assert (gone.name, gone.uscc, gone.merged_into_id) == ("乙商行", OTHER_CODE, None)
    assert (kept.former_names, kept.contacts, len(gone.contacts)) == ([], [], 1)
    assert seen.employer_id == gone.id
    assert kept_scores(kept, gone) == scores
    assert [hit.employer.id for group in search("乙商行", manager) for hit in group.hits] == [gone.id]
    with writing(), pytest.raises(Conflict):
        undoing.undo(done.id, manager)


def test_stays_in_the_lead_ledger_come_back_as_they_were_and_a_duplicate_is_no_success(
    branch: Branch, manager: User
) -> None:
    """A stay that ended by the merge goes on after it was taken back, with the day on which it was found."""
    found = date(2026, 3, 2)
    held = create_employer(branch, stage=Stage.CONTRIBUTING, account_opened_on=date(2020, 1, 6))
    won = create_employer(branch, stage=Stage.REGISTERED, account_opened_on=date(2026, 4, 1))
    other = create_employer(branch, eligible=True)
    again, late, twin = (create_employer(branch, eligible=True) for _ in range(3))
    db.session.commit()
    for lead in db.session.scalars(select(Lead)):
        lead.found_on = lead.contacted_on = found
    db.session.commit()

    def stays(*of: Employer) -> list[tuple[Any, ...]]:
        columns = (
            Lead.id,
            Lead.employer_id,
            Lead.found_on,
            Lead.contacted_on,
            Lead.registered_on,
            Lead.paid_on,
        )
        query = select(*columns, Lead.left_on, Lead.left_why).order_by(Lead.id)
        return [
            tuple(row) for row in db.session.execute(query.where(Lead.employer_id.in_([e.id for e in of])))
        ]

    before = stays(again, late, twin, other)
    assert len(before) == 4
    done = [merged(held, again, manager), merged(won, late, manager), merged(other, twin, manager)]
    assert [row[4:] for row in stays(held)] == [(None, None, today(), Left.MERGED)]
    assert [row[4:] for row in stays(won)] == [(date(2026, 4, 1), None, today(), Left.REGISTERED)]
    assert [row[4:] for row in stays(twin)] == [(None, None, today(), Left.MERGED)]
    with writing():
        for one in done:
            undoing.undo(one.id, manager)
        db.session.commit()
        for _ in refresh_all():
            db.session.commit()
    assert stays(again, late, twin, other) == before
    assert stays(held, won) == []


def test_an_employer_that_was_two_has_one_legal_representative_by_the_latest_word(
    branch: Branch, manager: User, client: FlaskClient
) -> None:
    kept, gone = create_employer(branch, name="甲公司"), create_employer(branch, name="甲公司（滨海）")
    for employer, name, day in ((kept, "李旧", date(2025, 3, 1)), (gone, "王新", date(2026, 3, 1))):
        create_contact(employer, ContactRole.LEGAL_REP, name=name)
        db.session.execute(
            update(EmployerContact).where(EmployerContact.employer_id == employer.id).values(told_on=day)
        )
    sign_in(client, manager)
    page = client.get(f"/duplicates/merge/{kept.id}/{gone.id}").get_data(as_text=True)
    assert "“王新”" in page, "who stays is told before anything is merged"

    done = merged(kept, gone, manager)
    db.session.refresh(kept)
    assert {link.contact.name: link.until for link in kept.contacts} == {"李旧": today(), "王新": None}
    with writing():
        undoing.undo(done.id, manager)
        db.session.commit()
    db.session.expire_all()
    assert [(link.contact.name, link.until) for link in kept.contacts] == [("李旧", None)]


def test_what_is_newer_keeps_a_merge_and_is_named(branch: Branch, manager: User) -> None:
    kept, gone, third = (create_employer(branch) for _ in range(3))
    seen = visit(gone, manager)
    done = merged(kept, gone, manager, address="新址路2号楼一层")
    assert obstacles_to_undoing(done) == []
    kept.address = "又搬了"
    seen.employer_id = third.id
    db.session.flush()
    words = " ".join(map(str, obstacles_to_undoing(done)))
    assert "地址" in words
    assert "走访联系" in words
    db.session.commit()
    with writing(), pytest.raises(DomainError):
        undoing.undo(done.id, manager)
    db.session.rollback()
    assert gone.merged_into_id == kept.id


def test_a_later_merge_is_taken_back_first_and_signposts_lead_to_the_last(
    branch: Branch, manager: User, client: FlaskClient
) -> None:
    first, second, third = (create_employer(branch) for _ in range(3))
    early = merged(second, first, manager)
    merged(third, second, manager)
    assert first.merged_into_id == third.id
    with writing(), pytest.raises(DomainError, match="请先撤销那次合并"):
        undoing.undo(early.id, manager)
    db.session.rollback()
    sign_in(client, manager)
    answer = client.get(f"/employers/{first.id}")
    assert answer.headers["Location"] == f"/employers/{third.id}"
    assert client.get(f"/contacts/at/{first.id}/new").headers["Location"] == f"/contacts/at/{third.id}/new"


def test_a_merge_refuses_what_would_go_wrong(branch: Branch, manager: User) -> None:
    kept = create_employer(branch, stage=Stage.CONTRIBUTING, employer_account_no="990000000001")
    gone = create_employer(branch, stage=Stage.IN_ARREARS, employer_account_no="990000000002")
    prospect, elsewhere = create_employer(branch), create_employer()
    third = create_employer(branch, uscc=OTHER_CODE)
    coded = create_employer(branch, uscc=CODE)

    def refused(a: Employer, b: Employer, error: type[DomainError], words: str, **values: Any) -> None:
        with pytest.raises(error, match=words):
            merged(a, b, manager, **values)
        db.session.rollback()

    refused(kept, gone, DomainError, "请说明认定为同一单位的理由", reason="")
    refused(kept, kept, Conflict, "不能与自身合并")
    refused(kept, elsewhere, NotFound, "没有")
    refused(elsewhere, kept, NotFound, "没有")
    refused(coded, third, DomainError, "统一社会信用代码不同", reason=" ")
    refused(prospect, gone, DomainError, "请对调两者")
    refused(kept, prospect, DomainError, "第三家单位", uscc=OTHER_CODE)
    assert merged(kept, gone, manager, reason="两户同址同人，中心已并户")
    refused(kept, gone, Conflict, "已并入其他档案")
    refused(prospect, gone, Conflict, "已并入其他档案")


def test_a_record_changed_after_the_comparison_is_compared_again(branch: Branch, manager: User) -> None:
    kept, gone = create_employer(branch), create_employer(branch)
    db.session.commit()
    seen = (version_of(kept), version_of(gone))
    gone.address = "刚刚改过"
    db.session.commit()
    with writing(), pytest.raises(Conflict, match="请重新比对"):
        merging.merge(kept.id, gone.id, {}, "", seen, manager)


def test_an_audience_on_its_way_and_an_unknown_table_stop_a_merge(branch: Branch, manager: User) -> None:
    kept, gone = create_employer(branch), create_employer(branch)
    campaign = create_campaign(manager, state=CampaignState.APPROVED)
    db.session.add(AudienceMember(campaign_id=campaign.id, employer_id=gone.id))
    with pytest.raises(DomainError, match="请等待活动"):
        merged(kept, gone, manager)
    db.session.rollback()
    campaign.state = CampaignState.CANCELLED
    db.session.commit()
    strange = Table(
        "strange",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("firm_id", ForeignKey(Employer.__table__.c.id)),
    )
    strange.create(db.engine)
    try:
        with pytest.raises(DomainError, match=r"strange\.firm_id"):
            merged(kept, gone, manager)
        db.session.rollback()
    finally:
        strange.drop(db.engine)
    assert gone.merged_into_id is None
    assert merged(kept, gone, manager)


def test_the_page_compares_previews_and_merges_once(
    branch: Branch, manager: User, client: FlaskClient
) -> None:
    kept = create_employer(branch, name="甲公司", address="东港路1号", area="东港街道")
    gone = create_employer(branch, name="乙公司", address="东港路8号", postal_code="300270")
    create_contact(gone)
    sign_in(client, manager)
    address = f"/duplicates/merge/{kept.id}/{gone.id}"
    page = client.get(address).get_data(as_text=True)
    assert "东港路8号" in page
    assert f"/employers/{gone.id}#contacts" in page
    form = {
        "kept_version": version_of(kept), "merged_version": version_of(gone), "name": "kept",
        "address": "other", "postal_code": "merged", "reason": "",
    }  # fmt: skip
    assert client.post(address, data=form).status_code == 422, "another value was not entered"
    form["other-address"] = "东港路9号"
    assert client.post(address, data=form).headers["Location"] == f"/employers/{kept.id}"
    db.session.expire_all()
    assert (kept.name, kept.address, kept.postal_code) == ("甲公司", "东港路9号", "300270")
    assert client.post(address, data=form).status_code == 409
    assert "并入档案" in client.get(f"/employers/{kept.id}").get_data(as_text=True)
    assert db.session.query(Merge).count() == 1
    for page in (f"/employers/{gone.id}", f"/identity/{gone.id}?q=x", f"/employers/{gone.id}/edit"):
        led = client.get(page)
        assert led.headers["Location"] == page.replace(f"/{gone.id}", f"/{kept.id}"), "and it says why"
    assert client.post(f"/employers/{gone.id}/edit", data={"name": "丙公司"}).status_code == 404
    done = db.session.scalars(select(Merge)).one()
    assert "甲公司" in client.get(f"/duplicates/merges/{done.id}").get_data(as_text=True)
    assert client.post(f"/duplicates/merges/{done.id}/undo").status_code == 303
    db.session.expire_all()
    assert (gone.merged_into_id, kept.address) == (None, "东港路1号")


def test_only_leaders_merge_and_a_specialist_decides_on_pairs(branch: Branch, client: FlaskClient) -> None:
    first = create_employer(branch, name="滨海恒达科技有限公司")
    second = create_employer(branch, name="滨海恒达科技（天津）有限责任公司")
    with writing():
        finding.refresh()
        db.session.commit()
    pair = db.session.scalars(select(DuplicatePair)).one()
    sign_in(client, create_user(branch=branch))
    assert client.get(f"/duplicates/merge/{first.id}/{second.id}").status_code == 403
    assert "恒达科技" in client.get("/duplicates").get_data(as_text=True)
    assert "+45" in client.get(f"/duplicates/{pair.id}").get_data(as_text=True)
    assert client.post(f"/duplicates/{pair.id}/apart", data={"reason": ""}).status_code == 400
    assert client.post(f"/duplicates/{pair.id}/apart", data={"reason": "总厂与分厂"}).status_code == 303
    with writing():
        assert finding.refresh() == 0, "what was decided is not asked again"
        db.session.commit()
    db.session.expire_all()
    assert pair.state is PairState.DISTINCT
    assert client.post(f"/duplicates/{pair.id}/reopen").status_code == 303
    many = {"do": "bulk:apart", "rows": "chosen", "ids": pair.id, "confirmed": "1", "expected": "1"}
    assert client.post("/duplicates", data={**many, "reason": "总厂与分厂"}).status_code == 303
    db.session.expire_all()
    assert (pair.state, pair.reason) == (PairState.DISTINCT, "总厂与分厂")


def test_pairs_are_weighed_by_rules_and_a_crowd_tells_nothing(branch: Branch) -> None:
    firm = create_employer(branch, name="滨海恒达科技有限公司", uscc=CODE)
    spelled = create_employer(branch, name="滨海恒达科技(天津)有限责任公司", address="东港路18号院2号楼")
    renamed = create_employer(branch, name="全新名字厂", uscc=OTHER_CODE)
    someone = create_contact(spelled, mobile="13900002222")
    near = create_employer(branch, name="滨海恒达科贸中心", address="东港路１８号院２号楼")
    db.session.add(EmployerContact(employer_id=near.id, contact_id=someone.id, role=ContactRole.FINANCE))
    agency = create_contact(create_employer(branch), mobile="13900003333")
    for number in range(30):
        served = create_employer(branch, name=f"{number}号{chr(0x4E00 + number * 7)}店")
        db.session.add(EmployerContact(employer_id=served.id, contact_id=agency.id, role=ContactRole.FINANCE))
    with writing():
        finding.refresh()
        db.session.commit()
    found = {(p.first_id, p.second_id): (p.score, p.rules) for p in db.session.scalars(select(DuplicatePair))}
    assert found == {
        (firm.id, spelled.id): (45, ["name"]),
        (spelled.id, near.id): (60, ["phone", "similar_name", "address"]),
    }
    assert renamed.id not in {id_ for pair in found for id_ in pair}


def test_a_new_employer_is_checked_while_typed_without_naming_strangers(
    branch: Branch, client: FlaskClient
) -> None:
    create_employer(branch, name="滨海恒达科技有限公司")
    far = create_branch(name="远方管理部")
    create_employer(far, name="不可说的单位名称", uscc=CODE)
    sign_in(client, create_user(branch=branch))
    page = client.get("/duplicates/check?name=滨海恒达科技有限责任公司").get_data(as_text=True)
    assert "滨海恒达科技有限公司" in page
    page = client.get(f"/duplicates/check?name=&uscc={CODE.lower()}").get_data(as_text=True)
    assert "远方管理部" in page
    assert "不可说" not in page
    posted = client.post("/employers/new", data={"name": "新单位名称", "uscc": CODE, "source": "tip"})
    assert "不可说" not in posted.get_data(as_text=True)
    assert client.get("/duplicates/check?name=&uscc=").get_data(as_text=True).strip() == ""


def test_the_job_is_asked_for_by_a_leader(branch: Branch, manager: User, client: FlaskClient) -> None:
    create_employer(branch, name="同名商贸有限公司")
    create_employer(branch, name="同名商贸有限责任公司")
    sign_in(client, manager)
    with run_inline():
        assert client.post("/duplicates/look").status_code == 303
    pair = db.session.scalars(select(DuplicatePair)).one()
    assert pair.score == 45
    assert f"/duplicates/{pair.id}" in client.get(f"/employers/{pair.first_id}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("滨海恒达科技有限公司", "滨海恒达科技有限责任公司"),
        ("滨海恒达科技（天津）有限公司", "滨海恒达科技股份有限公司"),
        ("天津市滨海恒达科技集团有限公司", "天津滨海恒达科技"),
        ("ＡＢＣ食品 有限公司", "abc食品有限公司"),
    ],
)
def test_names_that_differ_in_form_only_have_one_key(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)


def test_a_branch_office_is_not_its_company() -> None:
    assert match_key("恒达科技有限公司滨海分公司") != match_key("恒达科技有限公司")


def apply(app: Flask, folder: Path, *lines: str) -> dict[str, Any]:
    """Imports lines of name and code as the registry, all of them in the branch "00"."""
    db.session.commit()
    file = folder / "registry.csv"
    file.write_text("\n".join(("企业名称,统一社会信用代码", *lines)), encoding="utf-8")
    done = app.test_cli_runner().invoke(args=["imports", "apply", "registry", str(file), "--json"])
    assert done.exit_code == 0, done.output
    db.session.expire_all()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_an_import_neither_revives_a_merged_record_nor_takes_back_what_was_merged(
    app: Flask, tmp_path: Path
) -> None:
    centre = create_branch("00")
    manager = create_user(Role.MANAGER, branch=centre)
    first = apply(app, tmp_path, f"甲科技有限公司,{credit_code(1)}", f"乙科技有限公司,{credit_code(2)}")
    assert first["new"] == 2
    kept, gone = db.session.scalars(select(Employer).order_by(Employer.id))
    merged(kept, gone, manager)
    again = apply(app, tmp_path, f"丙科技有限公司,{credit_code(2)}")
    assert (again["new"], again["changed"], again["rejected"]) == (0, 0, 1)
    assert "uscc.merged" in again["reasons"]
    assert (gone.name, kept.name) == ("乙科技有限公司", "甲科技有限公司")
    undone = app.test_cli_runner().invoke(args=["imports", "undo", str(first["batch"])])
    assert undone.exit_code == 0, undone.output
    db.session.expire_all()
    assert db.session.query(Employer).count() == 2, "each record of a merge is in use by it"


def test_a_merged_record_is_no_audience(branch: Branch, manager: User) -> None:
    kept, gone = create_employer(branch), create_employer(branch)
    create_contact(gone, mobile="13900001111")
    far = create_employer()
    campaign = create_campaign(manager)
    merged(kept, gone, manager)
    audience = reckon(campaign, "12329")
    assert [member.employer_id for member in audience.members] == [kept.id]
    assert audience.outside_scope == 1
    far.merged_into_id = kept.id
    db.session.flush()
    assert reckon(campaign, "12329").outside_scope == 0


def test_scope_own_does_not_merge_what_others_own(branch: Branch) -> None:
    narrow = create_user(Role.MANAGER, branch=branch, scope=Scope.OWN)
    mine, theirs = create_employer(branch, owner_id=narrow.id), create_employer(branch)
    with pytest.raises(NotFound):
        merged(mine, theirs, narrow)
