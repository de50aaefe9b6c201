import re
from io import BytesIO

from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, text

from app.audit import queries, services
from app.audit.models import AuditEvent, unprotect
from app.core.clock import today
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import AccountStatus, Stage
from app.employers.services import version_of
from app.tasks.services import open_task
from tests.factories import create_contact, create_employer, create_user, seed_codes, sign_in


def story() -> int:
    employer = create_employer(name="星海云软件有限公司", heads=17)
    db.session.commit()
    with services.acting_as(create_user(name="王主任")):
        employer.heads = 20
        db.session.commit()
    return employer.id


def newest() -> AuditEvent:
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()  # type: ignore[return-value]


def test_the_auditor_finds_a_change_by_who_what_and_which_record(client: FlaskClient) -> None:
    employer_id = story()
    create_employer(name="另一家公司")
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    page = client.get("/audit/").text
    assert "星海云软件有限公司" in page
    assert "另一家公司" in page
    for query in (
        {"actor.contains": "王主任"},
        {"action.in": "Changed", "record.contains": "星海云"},
        {"kind.in": "employers", "record_id.eq": str(employer_id)},
        {"field.contains": "heads"},
    ):
        found = client.get("/audit/", query_string=query)
        assert found.status_code == 200
        assert "星海云软件有限公司" in found.text, query
        assert "另一家公司" not in found.text, query


def test_an_event_shows_old_and_new_values_in_the_readers_words(client: FlaskClient) -> None:
    story()
    event = newest()
    sign_in(client, create_user(Role.SECURITY_ADMIN))
    page = client.get(f"/audit/{event.id}").text
    for words in ("缴存人数", ">17<", ">20<", "王主任", event.hash):
        assert words in page
    assert client.get("/audit/999999").status_code == 404


def test_ids_are_shown_as_the_names_of_their_records(client: FlaskClient) -> None:
    owner = create_user(name="李婷")
    employer = create_employer(owner.branch, owner_id=owner.id)
    contact = create_contact(employer, name="王芳")
    db.session.commit()
    services.record("Mobile numbers found dead", details={"contacts": [contact.id, 999999]})
    services.record("Seen", details={"employer_id": 999999, "employers": 7})
    db.session.commit()
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    created = db.session.scalars(
        select(AuditEvent).where(AuditEvent.subject_type == "employers", AuditEvent.action == "Created")
    ).one()
    found, seen = db.session.scalars(
        select(AuditEvent).where(AuditEvent.subject_type == "").order_by(AuditEvent.id)
    ).all()
    page = client.get(f"/audit/{created.id}").text
    assert "李婷" in page
    assert owner.branch.name in page
    assert "王芳、#999999" in client.get(f"/audit/{found.id}").text
    page = client.get(f"/audit/{seen.id}").text
    assert "#999999" in page
    assert "#7" not in page


def test_the_field_history_of_an_employer_names_its_owners(client: FlaskClient) -> None:
    old, manager = create_user(name="李婷"), create_user(Role.MANAGER)
    employer = create_employer(manager.branch, owner_id=old.id)
    db.session.commit()
    employer.owner_id = create_user(name="赵敏").id
    db.session.commit()
    sign_in(client, manager)
    page = client.get(f"/employers/{employer.id}/history").text
    assert "李婷" in page
    assert "赵敏" in page


def test_the_doings_of_commands_are_the_systems_and_not_a_persons(client: FlaskClient) -> None:
    for name in ("flask demo load", "flask users create", "李婷"):
        with services.acting_as(name):
            services.record("Created", name=name)
    db.session.commit()
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    page = client.get("/audit/").text
    assert "系统：加载演示数据" in page
    assert "系统：flask users create" in page
    assert "系统：李婷" not in page


def test_the_screen_says_whether_the_chain_holds(client: FlaskClient) -> None:
    story()
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    assert "日志链完整" in client.get("/audit/verify").text
    with db.engine.begin() as connection:
        unprotect(connection)
        connection.execute(text("UPDATE audit_events SET actor_name = 'x' WHERE id = 2"))
    assert "第 2 条" in client.get("/audit/verify").text


def test_an_export_of_the_trail_is_itself_an_event(client: FlaskClient) -> None:
    story()
    auditor = create_user(Role.AUDIT_ADMIN, name="审计员")
    sign_in(client, auditor)
    response = client.post("/audit/", data={"do": "export"})
    assert response.status_code == 200
    rows = list(
        load_workbook(BytesIO(response.data), read_only=True).worksheets[0].iter_rows(values_only=True)
    )
    assert any("星海云软件有限公司" in str(row) for row in rows)
    event = newest()
    assert (event.action, event.actor_id, event.facts["rows"]) == ("List exported", auditor.id, len(rows) - 1)


def test_nobody_else_reads_the_trail(client: FlaskClient) -> None:
    for role in (Role.SPECIALIST, Role.BRANCH_HEAD, Role.SYSTEM_ADMIN):
        sign_in(client, create_user(role))
        assert client.get("/audit/").status_code == 403


def test_codes_of_a_table_are_shown_in_words_and_unknown_ones_as_they_are(client: FlaskClient) -> None:
    seed_codes()
    manager = create_user(Role.MANAGER)
    employer = create_employer(manager.branch, unit_type="002")
    sign_in(client, manager)
    client.post(
        f"/employers/{employer.id}/edit",
        data={"unit_type": "004", "eligible": "y", "version": version_of(employer)},
    )
    history = client.get(f"/employers/{employer.id}/history").text
    assert "002 国有企业" in history
    assert "004 外商投资企业" in history
    assert queries.code_words("employers", "unit_type", "8X") == "8X"


def test_codes_of_states_and_kinds_are_shown_in_words(client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    employer = create_employer(manager.branch, account_status=AccountStatus.SEALED, stage=Stage.IN_ARREARS)
    task = open_task("other", "回访", today(), employer=employer)
    sign_in(client, manager)
    client.post(
        "/employers",
        data={
            "do": "bulk:assign",
            "ids": [employer.id],
            "confirmed": "1",
            "expected": "1",
            "owner_id": manager.id,
        },
    )  # fmt: skip
    auditor = create_user(Role.SECURITY_ADMIN)
    sign_in(client, auditor)

    def page(subject: str) -> str:
        made = select(AuditEvent).where(AuditEvent.subject_type == subject).order_by(AuditEvent.id)
        found = db.session.scalars(made).first()
        assert found is not None
        return client.get(f"/audit/{found.id}").text

    assert ">欠缴<" in page("employers")
    assert "in_arrears" not in page("employers")
    assert ">封存<" in page("employers")
    assert task.id
    assert ">open<" not in page("tasks")
    run = page("list_runs")
    assert ">done<" not in run
    assert not re.findall(r"<d[td]>[A-Za-z][^<]*</d[td]>", run)
    for words in ("批量操作", "指派责任专员", "已跳过", "全部记录"):
        assert words in run
