"""Segments chosen by hand: filled and emptied by actions on many rows, and used wherever criteria are."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts.models import User
from app.core.criteria import segments
from app.core.criteria.segments import Segment, Sharing
from app.core.criteria.sentences import sentence
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.errors import DomainError
from app.core.listing.runs import ListRun, ListRunRow, RowState
from app.core.permissions import Role
from app.employers.handpicked.models import SegmentMember
from app.employers.lists import LIST, employer_fields, select_employer_ids
from app.employers.models import Employer
from tests.factories import create_employer, create_user, sign_in


@pytest.fixture
def specialist(app: Flask, client: FlaskClient) -> User:
    user = create_user(Role.SPECIALIST)
    sign_in(client, user)
    return user


def act(client: FlaskClient, do: str, rows: list[Employer], **answers: str | int) -> TestResponse:
    form = {
        "do": f"bulk:{do}",
        "ids": [one.id for one in rows],
        "confirmed": "1",
        "expected": str(len(rows)),
    }
    return client.post("/employers", data=form | answers)


def members(segment: Segment, actor: User | None = None) -> set[int]:
    return set(db.session.scalars(select_employer_ids(segment, actor)))


def test_rows_are_gathered_in_a_new_segment_and_more_added_and_taken_out(
    client: FlaskClient, specialist: User
) -> None:
    one, two, three = (create_employer(specialist.branch) for _ in range(3))
    answer = act(client, "add_to_segment", [one, two], segment_id=0, name="重点单位")
    segment = segments.find("重点单位", specialist)
    assert answer.location == f"/employers?view={segment.id}"
    assert members(segment, specialist) == {one.id, two.id}
    page = client.get(answer.location).text
    assert one.name in page
    assert three.name not in page
    assert "手工选定" in client.get("/employers/segments").text

    act(client, "add_to_segment", [two, three], segment_id=segment.id)
    skipped = db.session.scalars(select(ListRunRow).where(ListRunRow.state == RowState.SKIPPED)).one()
    assert (skipped.record_id, skipped.reason) == (two.id, "已在该分组中。")
    act(client, "remove_from_segment", [one], segment_id=segment.id)
    assert members(segment) == {two.id, three.id}
    run_id = db.session.scalars(select(ListRun.id).order_by(ListRun.id.desc())).first()
    client.post(f"/runs/{run_id}/undo")
    assert members(segment) == {one.id, two.id, three.id}


def test_undoing_the_first_filling_takes_the_segment_away_as_well(
    client: FlaskClient, specialist: User
) -> None:
    act(client, "add_to_segment", [create_employer(specialist.branch)], segment_id=0, name="误建")
    run_id = db.session.scalars(select(ListRun.id)).one()
    client.post(f"/runs/{run_id}/undo")
    assert db.session.scalars(select(Segment)).all() == []
    assert db.session.scalars(select(SegmentMember)).all() == []


def test_a_hand_made_segment_joins_with_other_conditions(client: FlaskClient, specialist: User) -> None:
    small, large, other = (create_employer(specialist.branch, heads=heads) for heads in (2, 20, 30))
    act(client, "add_to_segment", [small, large], segment_id=0, name="重点")
    number = str(segments.find("重点", specialist).id)
    tree = {"match": "all", "rules": [rule("heads", "ge", "10"), rule("segment", "not_in", [number])]}
    assert members(Segment(tree=tree)) == {other.id}
    assert sentence(tree, employer_fields()) == "缴存人数不少于 10，且不属于分组“重点”"


def test_a_strangers_private_segment_shows_neither_members_nor_name(
    client: FlaskClient, specialist: User
) -> None:
    employer = create_employer(specialist.branch)
    act(client, "add_to_segment", [employer], segment_id=0, name="私下名单")
    segment = segments.find("私下名单", specialist)
    colleague = create_user(branch=specialist.branch)
    assert members(segment, specialist) == {employer.id}
    assert members(segment, colleague) == set()
    sign_in(client, colleague)
    page = client.get(f"/employers?segment.in={segment.id}").text
    assert "私下名单" not in page
    assert act(client, "add_to_segment", [employer], segment_id=segment.id).status_code == 200  # asked again
    segments.share(segment, Sharing.BRANCH, False, specialist)
    assert members(segment, colleague) == {employer.id}


def test_criteria_are_never_overwritten_by_a_hand_made_segment_nor_the_other_way(
    client: FlaskClient, specialist: User
) -> None:
    employer = create_employer(specialist.branch)
    tree = {"match": "all", "rules": [rule("heads", "ge", "10")]}
    segments.save(LIST, "大单位", tree, employer_fields(), specialist)
    asked = act(client, "add_to_segment", [employer], segment_id=0, name="大单位")
    assert "请另起名称" in asked.text
    assert "请填写新分组的名称" in act(client, "add_to_segment", [employer], segment_id=0, name=" ").text
    act(client, "add_to_segment", [employer], segment_id=0, name="手选")
    with pytest.raises(DomainError):
        segments.save(LIST, "手选", tree, employer_fields(), specialist)


def test_a_shared_segment_whose_owner_has_left_is_taken_over(client: FlaskClient, specialist: User) -> None:
    leaver = create_user(Role.MANAGER, branch=specialist.branch)
    tree = {"match": "all", "rules": [rule("heads", "ge", "10")]}
    shared = segments.save(LIST, "遗留", tree, employer_fields(), leaver, sharing=Sharing.BRANCH)
    public = segments.save(LIST, "公开", tree, employer_fields(), leaver, sharing=Sharing.PUBLIC)
    take = {"do": "take_view"}
    client.post(f"/employers?view={shared.id}", data=take)
    assert shared.owner_id == leaver.id  # still here
    leaver.active = False
    assert "接管" in client.get(f"/employers?view={shared.id}").text
    client.post(f"/employers?view={shared.id}", data=take)
    client.post(f"/employers?view={public.id}", data=take)
    assert (shared.owner_id, public.owner_id) == (specialist.id, leaver.id)  # who may not publish, may not


def test_a_campaign_starts_from_ticked_rows(client: FlaskClient, specialist: User) -> None:
    one = create_employer(specialist.branch)
    asked = client.post("/employers", data={"do": "bulk:campaign", "ids": [one.id]})
    assert "触达名单 20" in asked.text  # a name is proposed
    answer = act(client, "campaign", [one], segment_id=0, name="群发名单")
    segment = segments.find("群发名单", specialist)
    assert answer.location == f"/campaigns/new?segment={segment.id}"
    # who belongs to it already is no obstacle
    again = act(client, "campaign", [one], segment_id=segment.id, name="")
    assert again.location == f"/campaigns/new?segment={segment.id}"
    assert members(segment) == {one.id}
    assert f'<option selected value="{segment.id}">' in client.get(answer.location).text
