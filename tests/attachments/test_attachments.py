"""Files on records: taken when good, kept once, read only with permission, gone with the last reference."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.accounts.models import Branch, User
from app.attachments import jobs, queries, services
from app.attachments.models import Attachment, StoredFile
from app.audit.models import AuditEvent
from app.config import bind_settings, current_settings
from app.contributions.adjustment.models import Adjustment
from app.core.clock import now, today
from app.core.db import db, writing
from app.core.errors import DomainError
from app.core.files import kept as kept_files
from app.core.files.attachable import RecordKind
from app.core.jobs import run_inline
from app.core.permissions import Role, Scope
from app.core.timeline import TimelineEntry
from app.employers.identity.models import EmployerRelation, Verification
from app.employers.merging.queries import obstacles_to_undoing
from app.employers.merging.services import merging, undoing
from app.employers.models import Contact, Employer, FormerName
from app.employers.services import version_of
from app.lifecycle.liability.models import Liability
from app.outreach.models import Outcome, Visit, VisitKind
from app.relief.roster.models import ReliefRoster, ReliefRosterLine
from app.tasks.services import open_task
from campaigns.channels.worklist.models import DriveRow
from campaigns.notices.corrections.models import Correction
from tests.architecture import samples
from tests.attachments import files
from tests.factories import (
    create_branch,
    create_campaign,
    create_case,
    create_employer,
    create_import_batch,
    create_user,
    sign_in,
)


@pytest.fixture(autouse=True)
def own_store(app: Flask, tmp_path: Path) -> Iterator[None]:
    """Each test has its own folder of files, beside the shared database."""
    shared = current_settings()
    own = type(shared)(**{name: getattr(shared, name) for name in shared.__slots__} | {"home": tmp_path})
    bind_settings(app, own)
    yield
    bind_settings(app, shared)


@pytest.fixture
def li(client: FlaskClient) -> User:
    user = create_user(Role.SPECIALIST, name="李婷")
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(li: User) -> Employer:
    return create_employer(li.branch, name="滨海港务有限公司", owner_id=li.id)


def visit_to(employer: Employer, by: User) -> Visit:
    made = Visit(employer_id=employer.id, kind=VisitKind.VISIT, at=now(), by_id=by.id, outcome=Outcome.AGREED)
    db.session.add(made)
    db.session.flush()
    return made


def send(
    client: FlaskClient, record: Any, *contents: bytes, name: str = "门头.jpg", htmx: bool = True
) -> TestResponse:
    kind = queries.kind_of(record).name
    data = {"files": [(BytesIO(content), name) for content in contents], "proves": "现场走访"}
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"/attachments/on/{kind}/{record.id}", data=data, headers=headers)


def the_attachment() -> Attachment:
    return db.session.scalars(select(Attachment)).one()


def on_disk() -> list[str]:
    return sorted(path.name for path in kept_files.kept_in(current_settings().files))


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def kind_of(record: Any) -> RecordKind:
    return queries.kind_of(record)


def test_a_photo_is_attached_shown_and_told(client: FlaskClient, harbour: Employer, li: User) -> None:
    answer = send(client, harbour, files.photo())
    assert answer.status_code == 200 and "门头.jpg" in answer.text
    one = the_attachment()
    assert (one.kind, one.record_id, one.employer_id, one.uploaded_by_id) == (
        "employer",
        harbour.id,
        harbour.id,
        li.id,
    )
    assert (one.file.width, one.file.height, one.file.latitude) == (320, 200, 39.025)
    assert on_disk() == [one.sha256]
    entry = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "attachment")).one()
    assert (entry.endpoint, entry.link_id, entry.params["title"]) == ("attachments.show", one.id, "门头.jpg")
    page = client.get(f"/employers/{harbour.id}/panels/wide").text
    assert "门头.jpg" in page and f"/attachments/{one.id}/thumbnail" in page
    shown = client.get(f"/attachments/{one.id}").text
    assert "39.025000, 117.700000" in shown and "李婷" in shown
    assert "Place and time of a picture shown" in actions()


@pytest.mark.databases("sqlite")
def test_a_download_is_the_very_file_and_gives_the_browser_no_say(
    client: FlaskClient, harbour: Employer
) -> None:
    send(client, harbour, files.PDF, name="../../营业执照.pdf")
    one = the_attachment()
    assert one.title == "营业执照.pdf"
    answer = client.get(f"/attachments/{one.id}/download")
    assert answer.data == files.PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "ETag" not in answer.headers
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None and event.action == "File downloaded" and one.sha256 in event.details


@pytest.mark.databases("sqlite")
def test_previews_are_drawn_anew_and_made_again_when_lost(client: FlaskClient, harbour: Employer) -> None:
    send(client, harbour, files.photo())
    one = the_attachment()
    for name in ("thumbnail", "picture"):
        first = client.get(f"/attachments/{one.id}/{name}")
        assert first.mimetype == "image/jpeg" and b"SECRET" not in first.data
        assert "sandbox" in first.headers["Content-Security-Policy"]
    kept = queries.preview_path(one.sha256, 240)
    kept.unlink()
    assert client.get(f"/attachments/{one.id}/thumbnail").status_code == 200
    assert kept.is_file()
    assert actions().count("Picture looked at") == 1


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00\x03\x00\x00\x00", b"<svg onload='x'/>", files.huge_png(), files.photo()[:500]]
)
def test_what_is_refused_leaves_nothing_behind(
    client: FlaskClient, harbour: Employer, content: bytes
) -> None:
    answer = send(client, harbour, content)
    assert answer.status_code == 400 and answer.mimetype == "text/plain"
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 0
    assert [path for path in current_settings().files.rglob("*") if path.is_file()] == []


@pytest.mark.databases("sqlite")
def test_a_file_over_the_limit_and_a_record_that_is_full_are_refused(
    client: FlaskClient, harbour: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MEGABYTE", 100)
    assert "20 MB" in send(client, harbour, b"x" * 2001, name="a.txt").text
    for number in range(10):
        assert send(client, harbour, f"{number}".encode() * 1999, name="a.txt").status_code == 200
    assert send(client, harbour, b"y" * 1999, name="a.txt").status_code == 400
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 10


@pytest.mark.databases("sqlite")
def test_of_several_files_the_good_ones_stay_and_the_others_are_named(
    client: FlaskClient, harbour: Employer
) -> None:
    answer = send(client, harbour, files.PDF, b"#!/bin/sh", files.picture(), name="扫描", htmx=False)
    assert answer.status_code in (303, 400)
    assert sorted(db.session.scalars(select(Attachment.title))) == ["扫描.jpg", "扫描.pdf"]


def test_the_same_file_twice_on_a_record_is_one_attachment_and_on_two_records_one_content(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    for _click in range(2):
        assert send(client, harbour, files.PDF).status_code == 200
    first = the_attachment()
    visit = visit_to(harbour, li)
    send(client, visit, files.PDF)
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 2
    assert on_disk() == [first.sha256]
    assert client.get(f"/employers/{harbour.id}/panels/wide").text.count('class="file"') == 2
    assert client.get(f"/visits/{visit.id}").text.count('class="file"') == 1
    with run_inline():
        client.post(f"/attachments/{first.id}/remove")
    assert on_disk() == [first.sha256], "the visit still refers to it"


def test_a_removed_file_is_told_and_its_bytes_go_with_the_last_reference(
    client: FlaskClient, harbour: Employer
) -> None:
    send(client, harbour, files.photo())
    one = the_attachment()
    with run_inline():
        assert client.post(f"/attachments/{one.id}/remove").status_code == 303
    assert on_disk() == [] and not queries.preview_path(one.sha256, 240).exists()
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 0
    told = select(TimelineEntry).where(TimelineEntry.kind == "attachment").order_by(TimelineEntry.id)
    story = db.session.scalars(told).all()
    assert [entry.summary for entry in story] == ["File attached: %(title)s", "File removed: %(title)s"]
    assert [entry.endpoint for entry in story] == [None, None]
    assert "Deleted" in actions()
    jobs.discard(one.sha256)
    assert client.get(f"/attachments/{one.id}").status_code == 404


def test_only_who_attached_a_file_or_a_leader_removes_it(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    send(client, harbour, files.PDF)
    one = the_attachment()
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=li.branch))
    assert client.post(f"/attachments/{one.id}/remove").status_code == 403
    sign_in(client, create_user(Role.MANAGER, branch=li.branch))
    assert client.post(f"/attachments/{one.id}/remove").status_code == 303


@pytest.mark.databases("sqlite")
def test_place_and_time_are_gone_from_the_store_and_the_change_is_recorded(
    client: FlaskClient, harbour: Employer
) -> None:
    send(client, harbour, files.photo())
    one = the_attachment()
    before = one.sha256
    with run_inline():
        assert client.post(f"/attachments/{one.id}/clean").status_code == 303
    db.session.expire_all()
    assert one.sha256 != before and on_disk() == [one.sha256]
    assert not one.file.tells_place_or_time
    everything = b"".join(path.read_bytes() for path in current_settings().home.rglob("*") if path.is_file())
    assert b"SECRET" not in everything and b"2026:09:01" not in everything
    changed = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "Changed")).one()
    assert before in changed.changes and one.sha256 in changed.changes
    trail = "".join(db.session.scalars(select(AuditEvent.changes)))
    assert "39.0" not in trail, "the trail must not remember the place"
    assert client.post(f"/attachments/{one.id}/clean").status_code in (303, 400)
    assert (
        db.session.scalars(select(TimelineEntry.summary).order_by(TimelineEntry.id.desc())).first()
        == "Place and time removed from the picture %(title)s"
    )


def test_other_branches_other_roles_and_undeclared_kinds_find_nothing(
    client: FlaskClient, harbour: Employer
) -> None:
    send(client, harbour, files.photo())
    one = the_attachment()
    doors = [f"/attachments/{one.id}{end}" for end in ("", "/download", "/picture", "/thumbnail")]
    doors.append(f"/attachments/on/employer/{harbour.id}")
    for user, status in (
        (create_user(Role.MANAGER, branch=create_branch()), 404),
        (create_user(Role.BANK_PARTNER, branch=harbour.branch), 403),
        (create_user(Role.SPECIALIST, branch=harbour.branch, scope=Scope.OWN), 404),
    ):
        sign_in(client, user)
        assert {client.get(door).status_code for door in doors} == {status}
        assert send(client, harbour, files.PDF).status_code == status
    sign_in(client, create_user(Role.SPECIALIST, branch=harbour.branch))
    assert client.get("/attachments/on/user/1").status_code == 404
    assert client.get(f"/attachments/on/import/{create_import_batch().id}").status_code == 404
    one.kind = "forgotten"
    assert client.get(f"/attachments/{one.id}").status_code == 404


@pytest.mark.databases("sqlite")
def test_a_file_is_renamed_and_described_but_keeps_its_ending(client: FlaskClient, harbour: Employer) -> None:
    send(client, harbour, files.PDF)
    one = the_attachment()
    client.post(f"/attachments/{one.id}/describe", data={"title": "授权书.exe", "proves": "授权委托书"})
    db.session.expire_all()
    assert (one.title, one.proves) == ("授权书.exe.pdf", "授权委托书")
    assert client.post(f"/attachments/{one.id}/describe", data={"title": ""}).status_code == 422


def test_the_files_of_a_merged_employer_follow_and_come_back(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    double = create_employer(li.branch, name="滨海港务公司")
    manager = create_user(Role.MANAGER, branch=li.branch)
    send(client, harbour, files.PDF, name="同.pdf")
    send(client, double, files.PDF, name="同.pdf")
    send(client, double, files.picture(), name="异.jpg")
    send(client, visit_to(double, li), files.PDF, name="走访.pdf")
    with writing():
        done = merging.merge(
            harbour.id, double.id, {}, "", (version_of(harbour), version_of(double)), manager
        )
        db.session.commit()
    shown = client.get(f"/employers/{harbour.id}/panels/wide").text
    assert shown.count('class="file"') == 3 and "异.jpg" in shown and "走访.pdf" in shown
    # what hangs on something that the merge made keeps it, and the page says so
    db.session.expire_all()
    (former,) = db.session.get_one(Employer, harbour.id).former_names
    send(client, former, files.PDF, name="更名.pdf")
    proof = db.session.scalars(select(Attachment).where(Attachment.kind == "former_name")).one()
    assert [str(reason) for reason in obstacles_to_undoing(done)] != []
    with pytest.raises(DomainError), writing():
        undoing.undo(done.id, manager)
    db.session.rollback()
    assert client.post(f"/attachments/{proof.id}/remove").status_code == 303
    with writing():
        undoing.undo(done.id, manager)
        db.session.commit()
    assert client.get(f"/employers/{double.id}/panels/wide").text.count('class="file"') == 3
    assert client.get(f"/employers/{harbour.id}/panels/wide").text.count('class="file"') == 1


def test_the_sweep_forgets_what_nobody_refers_to_and_running_it_twice_changes_nothing(
    client: FlaskClient, harbour: Employer
) -> None:
    send(client, harbour, files.PDF)
    kept = the_attachment().sha256
    folder = current_settings().files
    stray = kept_files.keep(folder, BytesIO(b"a rollback left me"), lambda _path: None)
    db.session.add(StoredFile(sha256="0" * 64, size=1, media_type="text/plain"))
    old, new = folder / "draft-old", folder / "draft-new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    db.session.commit()
    for _run in range(2):
        with run_inline():
            jobs.sweep()
        assert on_disk() == [kept] and stray != kept
        assert list(db.session.scalars(select(StoredFile.sha256))) == [kept]
        assert new.exists() and not old.exists()
        db.session.rollback()


@pytest.mark.databases("sqlite")
def test_who_is_killed_between_draft_and_name_leaves_nothing_visible(app: Flask, harbour: Employer) -> None:
    folder = current_settings().files
    script = textwrap.dedent(
        """
        import os, signal, sys
        from io import BytesIO
        from pathlib import Path
        from app.core.files.kept import drafted
        with drafted(Path(sys.argv[1]), BytesIO(b"words" * 1000)) as draft:
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert on_disk() == [] and len(list(kept_files.drafts_in(folder))) == 1
    assert queries.verify().whole and queries.verify().unknown == []


def test_verify_finds_what_is_missing_damaged_or_unknown(
    app: Flask, client: FlaskClient, harbour: Employer
) -> None:
    send(client, harbour, files.PDF)
    send(client, harbour, b"plain words", name="a.txt")
    run = app.test_cli_runner()
    assert '"whole": true' in run.invoke(args=["attachments", "verify", "--json"]).output
    pdf, words = db.session.scalars(select(Attachment.sha256).order_by(Attachment.id))
    folder = current_settings().files
    kept_files.path_of(folder, pdf).unlink()
    kept_files.path_of(folder, words).write_bytes(b"plain w0rds")
    told = run.invoke(args=["attachments", "verify"])
    assert told.exit_code == 1
    assert f"missing: {pdf}" in told.output and f"damaged: {words}" in told.output
    one = db.session.scalars(select(Attachment).where(Attachment.sha256 == pdf)).one()
    assert client.get(f"/attachments/{one.id}/download").status_code == 404


def test_an_upload_that_fails_after_the_rename_can_be_done_again(harbour: Employer, li: User) -> None:
    db.session.commit()
    with writing():
        for outcome in ("rolled back", "kept"):
            with services.checked(BytesIO(files.PDF)) as incoming:
                services.attach(kind_of(harbour), harbour, incoming, "a.pdf", li)
            if outcome == "kept":
                db.session.commit()
            else:
                db.session.rollback()
    known = the_attachment()
    assert on_disk() == [known.sha256] and known.lists_people is None
    # the same content again is the same file; what is said of it once stays said until somebody corrects it
    with writing():
        for says in (True, False):
            with services.checked(BytesIO(files.PDF)) as incoming:
                again = services.attach(kind_of(harbour), harbour, incoming, "b.pdf", li, lists_people=says)
            assert (again.id, again.title, again.lists_people) == (known.id, known.title, True)
        services.describe(again, "说明", "", lists_people=False)
        assert (again.title, again.lists_people) == ("说明.pdf", None)
        services.describe(again, "说明", "", lists_people=True)
        db.session.commit()
    assert the_attachment().lists_people is True


def test_files_on_an_import_belong_to_no_employer(client: FlaskClient, li: User) -> None:
    batch = create_import_batch(li.branch)
    assert send(client, batch, files.PDF, name="来函.pdf").status_code == 200
    assert the_attachment().employer_id is None
    assert "来函.pdf" in client.get(f"/imports/{batch.id}").text


@pytest.mark.databases("sqlite")
def test_files_hang_on_matters_proofs_and_campaigns_and_stand_on_their_pages(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    task = open_task("callback", "给单位回电话", today(), employer=harbour, owner_id=li.id)
    case = create_case(harbour)
    db.session.commit()
    made: tuple[tuple[type[Any], Callable[[Branch], int]], ...] = (
        (EmployerRelation, samples.relation),
        (FormerName, samples.former_name),
        (Verification, samples.verification),
        (Adjustment, samples.adjustment),
        (Contact, samples.contact),
        (ReliefRoster, samples.relief_roster),
        (ReliefRosterLine, samples.relief_roster_line),
        (DriveRow, samples.drive_row),
        (Correction, samples.correction),
        (Liability, samples.liability),
    )
    others: list[Any] = [db.session.get_one(model, make(li.branch)) for model, make in made]
    others.append(create_campaign(li))
    db.session.commit()
    for record in others:
        name = f"{queries.kind_of(record).name}.jpg"
        assert send(client, record, files.picture(), name=name).status_code == 200
        with client.application.test_request_context():
            page = queries.kind_of(record).url(record.id)
        assert name in client.get(page).text
    for record, page in ((task, f"/tasks/{task.id}"), (case, f"/arrears/{case.id}")):
        name = f"{queries.kind_of(record).name}.jpg"
        assert send(client, record, files.picture(), name=name).status_code == 200
        assert name in client.get(page).text
        assert name in client.get(f"/attachments/on/employer/{harbour.id}").text
    # what was recorded by mistake goes only when its papers are where they belong
    for record, page in (
        (others[0], "/identity/relations/%d/remove"),
        (others[-2], "/liability/shares/%d/remove"),
    ):
        assert "附件" in client.post(page % record.id, follow_redirects=True).text
        assert db.session.get(type(record), record.id) is not None
    sign_in(client, create_user(Role.SPECIALIST))
    for record in (task, case, *others):
        assert send(client, record, files.picture()).status_code == 404


@pytest.mark.databases("sqlite")
def test_a_record_of_no_declared_kind_cannot_have_files(harbour: Employer, li: User) -> None:
    with pytest.raises(LookupError):
        queries.kind_of(li)
    with pytest.raises(DomainError):
        queries.kind_named("user")


def test_two_clicks_at_the_same_moment_make_one_attachment(app: Flask, harbour: Employer, li: User) -> None:
    ready, ids = Barrier(2), (harbour.id, li.id)
    db.session.commit()

    def click() -> int:
        with app.app_context(), writing(), services.checked(BytesIO(files.PDF)) as incoming:
            ready.wait(10)
            employer, user = db.session.get_one(Employer, ids[0]), db.session.get_one(User, ids[1])
            made = services.attach(kind_of(employer), employer, incoming, "a.pdf", user).id
            db.session.commit()
            return made

    with ThreadPoolExecutor(2) as pool:
        first, second = [click.result() for click in [pool.submit(click), pool.submit(click)]]
    assert first == second == the_attachment().id
