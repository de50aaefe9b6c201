import csv
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy import text as sql

from app.accounts.models import User
from app.core.db import db, is_postgresql
from app.core.language.text import name_key, pinyin, search_key, search_words
from app.core.permissions import Scope
from app.core.searching import COUNT_CAP
from app.employers.models import (
    Contact,
    ContactRole,
    Employer,
    EmployerContact,
    FormerName,
)
from app.employers.policy import visible_to
from app.employers.queries import listed
from app.employers.search import queries, services
from app.employers.search.jobs import complete_search
from app.employers.search.models import SearchDocument, TermKind
from app.employers.search.policy import kinds_for
from app.employers.search.queries import box, ways
from tests.factories import create_branch, create_employer, create_user, sign_in


def found(text: str, actor: User | None = None) -> dict[TermKind, list[str]]:
    return {g.kind: [hit.employer.name for hit in g.hits] for g in queries.search(text, actor)}


def know_what_is_frequent() -> None:
    """What PostgreSQL does by itself when many rows have changed."""
    if is_postgresql():
        db.session.execute(sql("ANALYZE employer_search"))


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


@pytest.mark.parametrize(
    "text", ["港", "港务", "滨海港务", "津滨海", "天津(滨海)", "公司", "司", "天津　港务", "有限公司 滨 天津"]
)
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


def test_all_words_are_there_each_in_a_text_of_its_own(harbour: Employer) -> None:
    assert found("滨海 小梅") == {TermKind.NAME: [harbour.name]}
    assert found("港务 5678 塘沽") == {TermKind.PHONE: [harbour.name]}
    assert found("138 1234 5678") == {TermKind.PHONE: [harbour.name]}, "a number is one word"
    assert found("天津 司") == {TermKind.NAME: [harbour.name]}
    assert found("滨海 食品") == {}
    assert found("滨海 138") == {}, "too few digits find nobody's number, beside a name neither"


def test_a_found_phone_number_is_shown_masked(harbour: Employer) -> None:
    (group,) = queries.search("12345678", None)
    assert group.hits[0].shown == "李小梅 138****5678"


@pytest.mark.parametrize(
    "text", ["+86 138 1234 5678", "86-13812345678", "008613812345678", "＋８６１３８１２３４５６７８"]
)
def test_a_number_is_found_with_the_country_before_it(harbour: Employer, text: str) -> None:
    assert found(text) == {TermKind.PHONE: [harbour.name]}
    assert [one.name for one in queries.people(text, None)] == ["李小梅"]


def test_a_name_is_found_whichever_legal_form_is_written(harbour: Employer) -> None:
    harbour.name = "滨海港务有限责任公司"
    create_employer(name="滨海港务股份有限公司")
    db.session.commit()
    assert found("滨海港务有限公司") == {TermKind.NAME: [harbour.name]}
    assert found("滨海港务股份公司") == {TermKind.NAME: ["滨海港务股份有限公司"]}


def test_what_nobody_is_written_like_is_found_by_its_sound(harbour: Employer, client: FlaskClient) -> None:
    """Traditional characters, or others that sound the same; not where the characters themselves find one."""
    sign_in(client, create_user(scope=Scope.ALL))
    for text in ("濱海港務", "彬海港", "彬海港务有限责任公司"):
        page = client.get("/search", query_string={"q": text}).get_data(as_text=True)
        assert harbour.name in page
        assert "读音相同" in page
    assert "读音相同" not in client.get("/search?q=滨海港").get_data(as_text=True)
    assert "读音相同" not in client.get("/search/suggest?q=濱").get_data(as_text=True)


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
@given(names=st.lists(NAMES, min_size=1, max_size=8), needle=NAMES.map(lambda s: s[:5]))
def test_the_index_finds_exactly_what_a_plain_scan_finds(app: Flask, names: list[str], needle: str) -> None:
    branch = create_branch()
    employers = [create_employer(branch, name=name) for name in names]
    words = search_words(needle)
    texts: dict[int, list[tuple[TermKind, str]]] = {
        e.id: [
            (TermKind.NAME, search_key(e.name)),
            (TermKind.INITIALS, pinyin(e.name).initials),
            (TermKind.PINYIN, pinyin(e.name).full),
        ]
        for e in employers
    }

    def holds(terms: list[tuple[TermKind, str]], word: str) -> bool:
        return any(kind in kinds_for(word) and word in term for kind, term in terms)

    expected = {id_ for id_, terms in texts.items() if words and all(holds(terms, word) for word in words)}
    own = create_user(branch=branch, scope=Scope.OWN)
    mine = {employer.id for employer in employers[::2]}
    for employer in employers[::2]:
        employer.owner_id, employer.backup_owner_id = (own.id, None) if employer.id % 4 else (None, own.id)
    db.session.flush()
    know_what_is_frequent()
    # as a rare needle, and as one that nearly all have in common: of all, of a branch, of one's own
    for few in (ways.FEW, 0):
        for actor, seen in ((None, expected), (create_user(branch=branch), expected), (own, expected & mine)):
            with patch.object(ways, "FEW", few):
                listed = select(Employer.id).where(visible_to(actor), queries.matching(needle))
                assert set(db.session.scalars(listed)) == seen
                groups = queries.search(needle, actor, per_group=50)
                assert {hit.employer.id for group in groups for hit in group.hits} == seen
                assert sum(group.total for group in groups) == len(seen)
                others = select(Employer).where(visible_to(actor))
                assert queries.count_matching(needle, others, actor) in (None, len(seen))
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
    (group,) = queries.search("海滨", None)
    assert (group.total, group.more) == (sum("海滨" in str(row["name"]) for row in rows), False)
    (group,) = queries.search("滨海", None)
    assert (group.total, group.more) == (COUNT_CAP, True)
    listed = db.session.scalars(select(Employer.name).where(queries.matching("滨海"))).all()
    assert sorted(listed) == sorted(str(row["name"]) for row in rows if "滨海" in str(row["name"]))
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


def test_what_nearly_all_have_in_common_hides_neither_other_groups_nor_what_begins_with_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (box, ways):
        monkeypatch.setattr(room, "COUNT_CAP", 3)
    branch = create_branch()
    for number in range(8):
        create_employer(branch, name=f"天津滨海{number}厂")
    shortest = create_employer(branch, name="滨海一厂")
    renamed = create_employer(branch, name="渤海装卸")
    db.session.add(FormerName(employer=renamed, name="滨海装卸"))
    db.session.commit()
    names, former = queries.search("滨海", None)
    assert (names.total, names.more) == (3, True)
    assert names.hits[0].employer == shortest
    assert (former.total, former.more, [hit.shown for hit in former.hits]) == (1, False, ["滨海装卸"])


def test_a_list_is_the_same_whether_its_needle_is_rare_or_common(
    harbour: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed() -> set[int]:
        return set(db.session.scalars(select(Employer.id).where(queries.matching("天津"))))

    rare = listed()
    monkeypatch.setattr(ways, "FEW", 1)
    assert listed() == rare
    assert len(rare) == 2


def test_employers_without_a_document_are_found_after_the_next_round(
    harbour: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 1)
    db.session.execute(delete(SearchDocument))
    db.session.commit()
    assert found("港务") == {}
    for _run in range(2):
        complete_search()
        assert found("港务") == {TermKind.NAME: [harbour.name]}
        assert found("海洋") == {TermKind.NAME: ["天津海洋食品厂"]}


def test_a_word_that_all_have_in_common_is_counted_up_to_the_cap_whoever_sees_how_many(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (box, ways):
        monkeypatch.setattr(room, "COUNT_CAP", 3)
    monkeypatch.setattr(ways, "FEW", 2)
    here, there = create_branch(), create_branch()
    own = create_user(branch=there, scope=Scope.OWN)
    for number in range(9):
        create_employer(here, name=f"天津{number}公司")
    theirs = [create_employer(there, name=f"东疆{number}公司", backup_owner_id=own.id) for number in range(2)]
    db.session.commit()
    many, few = create_user(branch=here), create_user(branch=there)
    know_what_is_frequent()
    everybody = select(Employer)
    assert queries.count_matching("公司", everybody, None) == 4
    assert queries.count_matching("天津", everybody.where(Employer.name.contains("天津1")), None) == 1
    for reader, total, more in ((many, 3, True), (few, 2, False), (own, 2, False)):
        (group,) = queries.search("公司", reader)
        assert (group.total, group.more) == (total, more)
    assert [hit.employer for hit in queries.search("公司", own)[0].hits] == theirs
    assert db.session.scalars(listed(own).order_by(Employer.id)).all() == theirs
