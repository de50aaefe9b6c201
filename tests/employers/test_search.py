import csv
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from app.accounts.models import User
from app.core.db import db
from app.core.text import name_key, pinyin, search_key
from app.employers.models import (
    Contact,
    ContactRole,
    Employer,
    EmployerContact,
    FormerName,
)
from app.employers.search import queries, services
from app.employers.search.models import SearchDocument, TermKind
from tests.factories import create_branch, create_employer, create_user


def found(text: str, actor: User | None = None) -> dict[TermKind, list[str]]:
    return {g.kind: [hit.employer.name for hit in g.hits] for g in queries.search(text, actor)}


@pytest.fixture
def harbour(app: Flask) -> Employer:
    employer = create_employer(
        name="天津（滨海）港务有限公司",
        uscc="91000000MA0000012A",
        employer_account_no="120116000123",
    )
    person = Contact(name="李小梅", mobile="13812345678")
    db.session.add(EmployerContact(employer=employer, contact=person, role=ContactRole.HANDLER))
    db.session.add(FormerName(employer=employer, name="塘沽装卸公司"))
    create_employer(name="天津海洋食品厂")
    db.session.commit()
    return employer


@pytest.mark.parametrize("text", ["港", "港务", "滨海港务", "津滨海", "天津(滨海)", "公司", "司"])
def test_a_name_is_found_by_any_part_of_it(harbour: Employer, text: str) -> None:
    assert harbour.name in found(text)[TermKind.NAME]


def test_every_other_way_to_name_an_employer_finds_it_and_says_how(harbour: Employer) -> None:
    assert found("塘沽装卸") == {TermKind.FORMER_NAME: [harbour.name]}
    assert found("bhgw") == {TermKind.INITIALS: [harbour.name]}
    assert found("binhaigang") == {TermKind.INITIALS: [harbour.name]}
    assert found("tgzx") == {TermKind.INITIALS: [harbour.name]}
    assert found("ma0000012a") == {TermKind.USCC: [harbour.name]}
    assert found("0116000123") == {TermKind.ACCOUNT: [harbour.name]}
    assert found("5678") == {TermKind.PHONE: [harbour.name]}
    assert found("小梅") == {TermKind.CONTACT: [harbour.name]}


def test_a_found_phone_number_is_shown_masked(harbour: Employer) -> None:
    (group,) = queries.search("12345678", None)
    assert group.hits[0].shown == "李小梅 138****5678"


def test_nothing_and_punctuation_find_nothing(harbour: Employer) -> None:
    for text in ("", "  ", "（）", "%", "_", '"', "港%务", "港 OR 海"):
        assert queries.search(text, None) == [] or text == "港%务"


def test_edits_and_removals_are_followed_at_once(harbour: Employer) -> None:
    harbour.name = "渤海集团"
    harbour.contacts[0].contact.mobile = "13900001111"
    db.session.delete(harbour.former_names[0])
    db.session.commit()
    assert found("港务") == {}
    assert found("渤海") == {TermKind.NAME: ["渤海集团"]}
    assert found("5678") == {}
    assert found("9000") == {TermKind.PHONE: ["渤海集团"]}
    assert found("塘沽装卸") == {}
    db.session.delete(harbour)
    db.session.commit()
    assert found("渤海") == {}


def test_a_rolled_back_edit_leaves_the_index_as_it_was(harbour: Employer) -> None:
    harbour.name = "渤海集团"
    db.session.flush()
    db.session.rollback()
    assert found("渤海") == {}
    assert TermKind.NAME in found("港务")


def test_results_stay_within_the_readers_scope(app: Flask) -> None:
    here, there = create_branch(), create_branch()
    create_employer(here, name="滨海一厂")
    create_employer(there, name="滨海二厂")
    assert found("滨海", create_user(branch=here)) == {TermKind.NAME: ["滨海一厂"]}


def test_groups_are_counted_in_full_and_listed_in_part(app: Flask) -> None:
    branch = create_branch()
    for number in range(12):
        create_employer(branch, name=f"滨海{number:02}厂")
    (group,) = queries.search("滨海", None, per_group=5)
    assert group.total == 12
    assert [hit.employer.name for hit in group.hits] == [f"滨海{n:02}厂" for n in range(5)]


NAMES = st.text(st.sampled_from("天津滨海港务公司（）() aB1７重庆𠀀𬱟"), min_size=1, max_size=12)


@hypothesis_settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(names=st.lists(NAMES, min_size=1, max_size=8), needle=NAMES.map(lambda s: s[:4]))
def test_the_index_finds_exactly_what_a_plain_scan_finds(app: Flask, names: list[str], needle: str) -> None:
    branch = create_branch()
    employers = [create_employer(branch, name=name) for name in names]
    key = search_key(needle)
    kinds = queries.kinds_for(key)
    texts: dict[int, list[tuple[TermKind, str]]] = {
        e.id: [
            (TermKind.NAME, search_key(e.name)),
            (TermKind.INITIALS, pinyin(e.name).initials),
            (TermKind.PINYIN, pinyin(e.name).full),
        ]
        for e in employers
    }
    expected = {id_ for id_, terms in texts.items() for kind, term in terms if kind in kinds and key in term}
    assert set(db.session.scalars(select(Employer.id).where(queries.matching(needle)))) == expected
    groups = queries.search(needle, None, per_group=50)
    assert {hit.employer.id for group in groups for hit in group.hits} == expected
    db.session.rollback()


def test_a_whole_registry_is_indexed_set_by_set(app: Flask, shared_data: Path) -> None:
    branch_id = create_branch().id
    with (shared_data / "registry_binhai.csv").open(encoding="utf-8-sig") as lines:
        rows = [
            {
                "name": row["企业名称"],
                "name_key": name_key(row["企业名称"]),
                "uscc": row["统一社会信用代码"],
                "branch_id": branch_id,
            }
            for row in csv.DictReader(lines)
        ]
    db.session.execute(insert(Employer), rows)
    assert services.reindex() == len(rows)
    groups = queries.search("滨海", None)
    assert groups[0].total == sum("滨海" in str(row["name"]) for row in rows)
    assert db.session.query(SearchDocument).count() == len(rows)


def test_of_several_texts_of_a_kind_the_one_that_was_found_is_shown(harbour: Employer) -> None:
    other = Contact(name="王芳", mobile="13900005555", landline="022-66778899")
    db.session.add(EmployerContact(employer=harbour, contact=other, role=ContactRole.FINANCE))
    db.session.add(FormerName(employer=harbour, name="新港货运站"))
    db.session.commit()

    def shown(text: str) -> list[str]:
        return [hit.shown for group in queries.search(text, None) for hit in group.hits]

    assert shown("5555") == ["王芳 139****5555"]
    assert shown("667788") == ["王芳 022-6677****"]
    assert shown("王芳") == ["王芳"]
    assert shown("货运") == ["新港货运站"]
    assert shown("xghyz") == ["新港货运站"]
    assert shown("binhaigang") == [harbour.name]
