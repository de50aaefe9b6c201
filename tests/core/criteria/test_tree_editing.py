"""Editing groups of conditions within each other: by place, and on the page without any script."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core.criteria.editing import (
    Place,
    added,
    item_at,
    read_place,
    removed,
    replaced,
    turned,
    write_place,
)
from app.core.criteria.trees import EVERYTHING, Tree, checked, rule
from app.core.errors import DomainError
from app.core.permissions import Role
from tests.core.criteria.test_criteria import FIELDS, TREES
from tests.factories import create_employer, create_user, sign_in

NEW = rule("heads", "ge", "7")


def places(tree: Tree, here: Place = ()) -> list[Place]:
    inner = [places(item, (*here, index)) for index, item in enumerate(tree.get("rules", []))]
    return [here, *(place for found in inner for place in found)]


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, pick=st.integers(0, 100))
def test_every_place_can_be_edited_and_nothing_else_changes(app: Flask, tree: Tree, pick: int) -> None:
    tree = checked(tree, FIELDS)
    found = places(tree)
    place = found[pick % len(found)]
    assert read_place(write_place(place)) == place
    item = item_at(tree, place)
    if place:
        assert item_at(replaced(tree, place, NEW), place) == NEW
        fewer = len(places(tree)) - len(places(item))
        assert 1 <= len(places(removed(tree, place))) <= fewer
    if "rules" in item:
        assert turned(turned(tree, place), place) == tree
        more = added(tree, place, NEW)
        assert item_at(more, (*place, len(item["rules"]))) == NEW
        assert removed(more, (*place, len(item["rules"]))) == (tree if tree["rules"] else EVERYTHING)
        nested = item_at(added(tree, place, NEW, grouped=True), (*place, len(item["rules"])))
        assert (nested["rules"], nested["match"] != item["match"]) == ([NEW], True)


@pytest.mark.parametrize("text", ["x", "1.", "-1", "9999", "0.0.0.0.0", "²"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        read_place(text)


def test_a_place_that_has_gone_is_refused() -> None:
    for place in ((0,), (3, 1)):
        with pytest.raises(DomainError):
            removed(EVERYTHING, place)
    with pytest.raises(DomainError):
        added({"match": "all", "rules": [NEW]}, (0,), NEW)


def test_groups_are_made_changed_and_removed_on_the_page(app: Flask, client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    for heads, area in ((3, "东"), (30, "东"), (40, "西"), (5, "西")):
        create_employer(manager.branch, name=f"{area}{heads}", heads=heads, area=area)
    sign_in(client, manager)
    client.set_cookie("language", "en")

    def names(address: str) -> list[str]:
        found = re.findall(r'class="list-name">(.*?)</th>', client.get(address).text, re.S)
        return sorted(unescape(re.sub("<.*?>", "", name)).strip() for name in found)

    def link(address: str, text: str) -> str:
        page = client.get(address).text
        for href, inner in re.findall(r'<a [^>]*?href="([^"]*)"([^>]*>.*?)</a>', page, re.S):
            if text in unescape(inner):
                return unescape(href)
        raise AssertionError(text)

    start = link("/employers?heads.le=30", "Edit the conditions and their groups")
    assert start == "/employers?heads.le=30&panel=conditions"
    step = client.get(f"{start}&group=&grouped=1&add=area&op=eq&value=西&apply=1").location
    step = client.get(f"{step}&group=1&add=heads&op=le&value=3&apply=1").location
    assert names(step) == ["东3", "西5"]
    page = client.get(step).text
    assert 'aria-label="Any one of these"' in page
    change = link(step, "Change “Contributing employees is at most 3”")
    form = client.get(change).text
    assert 'value="3"' in form
    assert "Change this condition" in form
    changed = client.get(f"{change.replace('value=3', 'value=30')}&apply=1").location
    assert names(changed) == ["东3", "东30", "西5"]
    assert names(link(changed, "Remove the group")) == ["东3", "东30", "西5"]
    assert names(link(changed, "Remove “Area is “西””")) == ["东3", "东30", "西5"]
    assert names(link(step, "Remove “Contributing employees is at most 3”")) == ["西5"]
    refused = client.get(f"{start}&group=7&add=heads&op=le&value=3&apply=1")
    assert "This condition is no longer there" in refused.text
