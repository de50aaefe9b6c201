"""ID numbers are kept sealed, are found again, and outlive a change of the key; a lost key loses nothing."""

import json
import tarfile
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from stdnum.cn import ric

from app.audit.models import AuditEvent
from app.config import current_settings
from app.core.db import db, is_postgresql
from app.core.personal.keys import DAMAGED, FOREIGN, MISSING, KeysRefused, key_path, keys_in_use
from app.core.personal.sealed import HIDDEN, ID_NUMBER, Sealed, indexes, seal, sealed_with_index
from app.core.rules.identifiers import id_number
from app.core.runtime.backup import write_backup
from app.core.sheets.cells import CellError
from app.employers.models import Contact
from app.personal.services import change_key, new_key, reseal
from tests.factories import create_contact, create_employer

BODY = "12010219900307011"
NUMBER = BODY + ric.calc_check_digit(BODY + "0")
OTHER = "12010219900307013" + ric.calc_check_digit("120102199003070130")
WIDE = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")


def person(number: str = NUMBER) -> Contact:
    contact = create_contact(create_employer())
    contact.id_number, contact.id_number_index = sealed_with_index(number, ID_NUMBER)
    db.session.commit()
    return contact


def found(written: str) -> list[int]:
    query = select(Contact.id).where(Contact.id_number_index.in_(indexes(id_number(written), ID_NUMBER)))
    return list(db.session.scalars(query))


def opened(contact: Contact) -> str:
    db.session.expire_all()
    assert contact.id_number is not None
    return contact.id_number.opened


def test_an_id_number_is_opened_masked_and_found_by_its_hash(app: Flask) -> None:
    contact = person()
    assert opened(contact) == NUMBER
    assert contact.id_number is not None
    assert contact.id_number.masked == f"120102********{NUMBER[-4:]}"
    assert (str(contact.id_number), repr(contact.id_number)) == (HIDDEN, HIDDEN)
    assert found(NUMBER) == [contact.id]
    assert found(OTHER) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    day=st.dates(min_value=date(1930, 1, 1), max_value=date(2020, 1, 1)),
    sequence=st.integers(0, 999),
    gap=st.sampled_from(("", " ", "-", "　")),
    wide=st.booleans(),
    lower=st.booleans(),
)
def test_every_way_to_write_a_number_is_read_as_one_and_a_wrong_one_is_never_repeated(
    day: date, sequence: int, gap: str, wide: bool, lower: bool
) -> None:
    body = f"120102{day:%Y%m%d}{sequence:03d}"
    number = body + ric.calc_check_digit(body + "0")
    written = gap.join((number[:6], number[6:14], number[14:]))
    written = written.lower() if lower else written
    assert id_number(f" {written.translate(WIDE) if wide else written} ") == number
    wrong = body + ("0" if number[-1] != "0" else "1")
    for nonsense in (wrong, number[:-1], f"{number}0", number.replace(f"{day:%m%d}", "1332")):
        with pytest.raises(CellError) as refused:
            id_number(nonsense)
        assert nonsense not in f"{refused.value} {refused.value.params}"


def test_the_database_holds_no_number_anywhere(app: Flask) -> None:
    contact = person()
    contact.id_number, contact.id_number_index = sealed_with_index(OTHER, ID_NUMBER)
    db.session.commit()
    events = select(AuditEvent).where(AuditEvent.subject_type == "contacts").order_by(AuditEvent.id)
    assert db.session.scalars(events).all()[-1].fields["id_number"] == ["***", "***"]
    if is_postgresql():
        tables = db.metadata.sorted_tables
        dump = "".join(str(db.session.execute(text(f"SELECT t::text FROM {t.name} t")).all()) for t in tables)  # noqa: S608
        raw = dump.encode()
    else:
        home = Path(db.engine.url.database or "").parent
        raw = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        assert contact.id_number_index.encode() in raw
    for number in (NUMBER, OTHER):
        assert number.encode() not in raw
        assert number[:17].encode() not in raw


def test_a_column_takes_nothing_that_is_not_sealed(app: Flask) -> None:
    contact = create_contact(create_employer())
    db.session.commit()
    for value in (NUMBER, seal(NUMBER, "something_else")):
        contact.id_number = value  # type: ignore[assignment]
        with pytest.raises(Exception, match="takes only what `seal` gives") as refused:
            db.session.flush()
        assert NUMBER not in str(refused.value)
        db.session.rollback()


def test_without_the_right_key_everything_is_refused_and_nothing_lost(app: Flask) -> None:
    contact = person()
    path = key_path()
    right = path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    foreign = right.replace(right.split()[-1], b"A" * 43 + b"=")
    for content, refusal in ((None, MISSING), (foreign, FOREIGN), (b"1 nonsense\n", DAMAGED)):
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(KeysRefused, match=str(refusal)):
            seal(OTHER, ID_NUMBER)
        with pytest.raises(KeysRefused, match=str(refusal)):
            opened(contact)
        assert contact.id_number is not None
        assert contact.id_number.masked == HIDDEN
        assert path.exists() is (content is not None)
    path.write_bytes(right)
    assert opened(contact) == NUMBER
    assert found(NUMBER) == [contact.id]
    assert len(keys_in_use()) == 1


def test_a_change_of_the_key_can_be_stopped_and_goes_on(app: Flask) -> None:
    people = [person() for _ in range(5)]
    tokens = {contact.id: contact.id_number for contact in people}
    touched = {contact.id: contact.updated_at for contact in people}
    assert change_key() == 2
    stopped = reseal(batch=2)
    assert next(stopped) == 2
    db.session.commit()
    # half way: both keys open, both find
    assert {opened(contact) for contact in people} == {NUMBER}
    assert sorted(found(NUMBER)) == sorted(contact.id for contact in people)
    assert change_key() == 2, "the change before is not finished, so no third key is made"
    assert sum(reseal(batch=2)) == 3
    db.session.commit()
    assert list(reseal()) == []
    assert {opened(contact) for contact in people} == {NUMBER}
    assert all(contact.id_number != tokens[contact.id] for contact in people)
    assert {contact.id_number.key_number for contact in people if contact.id_number} == {2}
    assert {contact.id: contact.updated_at for contact in people} == touched, "nobody corrected anything"
    actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions[-2:] == ["Key of personal data changed", "Personal data sealed anew"]


def test_a_prepared_key_waits_in_the_file_until_it_is_put_to_use(app: Flask) -> None:
    contact = person()
    assert new_key() == 2
    assert isinstance(contact.id_number, Sealed)
    assert seal(OTHER, ID_NUMBER).key_number == 1
    assert change_key() == 2
    assert seal(OTHER, ID_NUMBER).key_number == 2


def test_the_backup_leaves_the_keys_out(app: Flask, tmp_path: Path) -> None:
    person()
    target = tmp_path / "backup.tar.gz"
    write_backup(current_settings(), target)
    with tarfile.open(target) as archive:
        assert key_path().name not in archive.getnames()


def test_the_command_changes_the_key_and_says_what_is_wrong(app: Flask) -> None:
    contact = person()
    run = app.test_cli_runner().invoke
    assert "1 values sealed anew" in run(args=["personal", "rotate-key"]).output
    report = json.loads(run(args=["personal", "status", "--json"]).output)
    assert (report["in_use"], report["values"]) == ([1, 2], {"1": 0, "2": 1})
    assert opened(contact) == NUMBER
    key_path().rename(key_path().with_name("moved"))
    lost = run(args=["personal", "status"])
    assert lost.exit_code == 1
    assert str(MISSING) in lost.output
    refused = run(args=["personal", "rotate-key"])
    assert refused.exit_code == 1
    assert str(MISSING) in refused.output
