"""Names, kinship, the contact on file, and what was verified so that nobody needs to fetch a certificate."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.core.clock import today
from app.core.db import db, writing
from app.core.errors import Conflict, DomainError
from app.core.permissions import Role, Scope
from app.employers.identity import services
from app.employers.identity.models import (
    EmployerRelation,
    RelationKind,
    Verification,
    VerificationResult,
)
from app.employers.identity.queries import kinship
from app.employers.identity.services import Term
from app.employers.merging.services import merging, undoing
from app.employers.models import Employer, FormerName
from app.employers.services import version_of
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in


@pytest.fixture
def branch(app: object) -> Branch:
    return create_branch()


@pytest.fixture
def specialist(branch: Branch) -> User:
    return create_user(branch=branch)


def relate(subject: Employer, other: Employer, actor: User, kind: RelationKind = RelationKind.PARENT) -> None:
    services.relate(kind, subject, other, Term(proof="隶属批复"), actor)


def test_kinship_refuses_itself_repetition_circles_and_days_that_cannot_be(
    branch: Branch, specialist: User
) -> None:
    top, middle, bottom = (create_employer(branch) for _ in range(3))
    relate(middle, top, specialist)
    relate(bottom, middle, specialist, RelationKind.GROUP)
    with pytest.raises(DomainError, match="不能与自身"):
        relate(top, top, specialist)
    with pytest.raises(Conflict, match="已登记"):
        relate(middle, top, specialist)
    with pytest.raises(DomainError, match="循环隶属"):
        relate(top, bottom, specialist)
    relate(top, bottom, specialist, RelationKind.MERGER)
    tomorrow = Term(since=today() + timedelta(days=1))
    with pytest.raises(DomainError):
        services.relate(RelationKind.DIVISION, top, middle, tomorrow, specialist)
    backwards = Term(date(2020, 1, 2), date(2020, 1, 1))
    with pytest.raises(DomainError, match="早于"):
        services.relate(RelationKind.DIVISION, top, middle, backwards, specialist)


def test_what_has_ended_may_begin_again_and_makes_no_circle(branch: Branch, specialist: User) -> None:
    mill, works = (create_employer(branch) for _ in range(2))
    first = services.relate(RelationKind.PARENT, mill, works, Term(date(2019, 1, 1)), specialist)
    services.end_relation(first, date(2021, 6, 30), specialist)
    # for a time the works stood below the mill
    between = Term(date(2021, 7, 1), date(2022, 6, 30))
    services.relate(RelationKind.PARENT, works, mill, between, specialist)
    with pytest.raises(Conflict, match="已登记"):
        services.relate(RelationKind.PARENT, mill, works, Term(date(2021, 6, 30)), specialist)
    services.relate(RelationKind.PARENT, mill, works, Term(date(2022, 7, 1)), specialist)
    with pytest.raises(DomainError, match="循环隶属"):
        relate(works, mill, specialist)


def test_a_family_is_recorded_drawn_ended_and_corrected(
    branch: Branch, specialist: User, client: FlaskClient
) -> None:
    works = create_employer(branch, name="北方重工职工医院")
    group = create_employer(branch, name="北方重工集团有限公司")
    stranger = create_employer(name="别处的单位名称")
    db.session.add(EmployerRelation(kind=RelationKind.GROUP, subject_id=stranger.id, object_id=group.id))
    sign_in(client, specialist)
    page = client.get(f"/identity/{works.id}/relate?q=北方重工集团").get_data(as_text=True)
    assert f"other={group.id}" in page
    address = f"/identity/{works.id}/relate?other={group.id}"
    form = {"what": "subject:parent", "since": "2018-05-01", "proof": "隶属批复〔2018〕3号"}
    assert client.post(address, data=form | {"since": "2999-01-01"}).status_code == 422
    assert client.post(address, data=form).status_code == 303
    relation = db.session.scalars(
        select(EmployerRelation).where(EmployerRelation.subject_id == works.id)
    ).one()
    page = client.get(f"/identity/{works.id}").get_data(as_text=True)
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="kinship"' in page
    assert f'href="/identity/{group.id}" aria-label="北方重工集团有限公司"' in page
    assert "style=" not in page[page.index("<svg xmlns") : page.index("隶属批复")]
    assert f'action="/attachments/on/employer/{works.id}"' in page, "scans of the proof are attached here"
    assert "别处" not in client.get(f"/identity/{group.id}").get_data(as_text=True)
    assert "北方重工集团" in client.get(f"/employers/{works.id}").get_data(as_text=True)
    assert (
        client.post(f"/identity/relations/{relation.id}/end", data={"until": "2017-01-01"}).status_code == 400
    )
    assert (
        client.post(f"/identity/relations/{relation.id}/end", data={"until": "2024-01-01"}).status_code == 303
    )
    db.session.expire_all()
    assert relation.until == date(2024, 1, 1)
    for kind in (RelationKind.GROUP, RelationKind.DIVISION):
        relate(works, group, specialist, kind)
    page = client.get(f"/identity/{works.id}").get_data(as_text=True)
    assert page.count("分立、集团</text>") == 1, "one line for what holds, not three over each other"
    back = client.post(f"/identity/relations/{relation.id}/remove?back={group.id}")
    assert back.headers["Location"] == f"/identity/{group.id}"


@pytest.mark.databases("sqlite")
def test_the_story_of_a_branch_names_no_employer_of_another(
    branch: Branch, specialist: User, client: FlaskClient
) -> None:
    works, far = create_employer(branch, name="北方重工职工医院"), create_employer(name="别处的单位名称")
    director = create_user(Role.MANAGER, branch=branch, scope=Scope.ALL)
    relate(works, far, director, RelationKind.GROUP)
    db.session.commit()
    sign_in(client, specialist)
    story = client.get(f"/employers/{works.id}/timeline").text
    assert ("其他机构的单位" in story, "别处" in story) == (True, False)


def test_the_register_lists_whom_to_ask_and_hides_other_branches(
    branch: Branch, specialist: User, client: FlaskClient
) -> None:
    renamed = create_employer(branch, name="新名机械有限公司")
    plain = create_employer(branch, name="无事单位有限公司")
    far = create_employer(name="远处更名单位")
    for employer in (renamed, far):
        db.session.add(FormerName(employer_id=employer.id, name=f"旧名{employer.id}厂"))
    contact = create_contact(renamed, name="赵敏", mobile="13900004444")
    sign_in(client, specialist)
    assert client.post(f"/identity/{renamed.id}/file", data={"contact_id": 0}).status_code == 422
    filed = client.post(f"/identity/{renamed.id}/file", data={"contact_id": contact.id, "materials": "执照"})
    assert filed.status_code == 303
    page = client.get("/identity").get_data(as_text=True)
    assert "新名机械" in page
    assert f"旧名{renamed.id}厂" in page
    assert "赵敏" in page
    assert "139****4444" in page
    assert "13900004444" not in page
    assert plain.name not in page
    assert far.name not in page
    assert "新名机械" not in client.get("/identity?contact_on_file.no=").get_data(as_text=True)


def test_a_verification_says_who_answered_or_from_which_document(
    branch: Branch, specialist: User, client: FlaskClient
) -> None:
    employer = create_employer(branch)
    contact = create_contact(employer, name="赵敏", mobile="13900004444")
    sign_in(client, specialist)
    address = f"/identity/{employer.id}/verify"
    form = {"person": "王某", "question": "更名前在职", "way": "phone", "result": "pending", "contact_id": 0}
    assert client.post(address, data=form).status_code == 400, "somebody must have answered"
    assert client.post(address, data=form | {"way": "on_file"}).status_code == 400, "or some document"
    assert client.post(address, data=form | {"contact_id": contact.id}).status_code == 303
    made = db.session.scalars(select(Verification)).one()
    assert (made.answered_by, made.result) == ("赵敏", VerificationResult.PENDING)
    settle = f"/identity/verifications/{made.id}/settle"
    assert client.post(settle, data={"result": "confirmed"}).status_code == 303
    assert client.post(settle, data={"result": "refuted"}).status_code == 409
    assert kinship(employer.id, specialist).verified == 1
    assert "更名前在职" in client.get("/identity/verifications").get_data(as_text=True)


def test_a_former_name_has_days_and_proof_and_is_corrected(
    branch: Branch, specialist: User, client: FlaskClient
) -> None:
    employer = create_employer(branch, name="一机集团有限公司")
    sign_in(client, specialist)
    form = {
        "way": "rename",
        "new-name": "内蒙古一机集团有限公司",
        "new-until": "2020-06-30",
        "new-proof": "通知书1号",
    }
    assert client.post(f"/employers/{employer.id}/names", data=form).status_code == 303
    former = db.session.scalars(select(FormerName)).one()
    assert (former.name, former.proof) == ("一机集团有限公司", "通知书1号")
    address = f"/identity/names/{former.id}"
    assert client.post(address, data={"name": "内蒙古一机集团有限公司"}).status_code == 400
    changed = {"name": "第一机械厂", "since": "1954-01-01", "until": "2020-06-30", "proof": "档案第3卷"}
    assert client.post(address, data=changed).status_code == 303
    db.session.expire_all()
    assert (former.name, former.since, former.proof) == ("第一机械厂", date(1954, 1, 1), "档案第3卷")


def test_kin_follows_a_merge_but_never_points_at_itself(branch: Branch) -> None:
    manager = create_user(Role.MANAGER, branch=branch)
    kept, gone, parent = (create_employer(branch) for _ in range(3))
    relate(gone, parent, manager)
    relate(kept, gone, manager, RelationKind.DIVISION)
    db.session.commit()
    with writing():
        done = merging.merge(kept.id, gone.id, {}, "", (version_of(kept), version_of(gone)), manager)
        db.session.commit()
    held = {one.kind: (one.subject_id, one.object_id) for one in db.session.scalars(select(EmployerRelation))}
    assert held == {RelationKind.PARENT: (kept.id, parent.id), RelationKind.DIVISION: (kept.id, gone.id)}
    with writing():
        undoing.undo(done.id, manager)
        db.session.commit()
    parents = select(EmployerRelation.subject_id).where(EmployerRelation.kind == RelationKind.PARENT)
    assert db.session.scalar(parents) == gone.id
