"""Segments: criteria with a name, seen by those they are shared with, counted in everyone's own scope."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from app.core import signals
from app.core.criteria import segments
from app.core.criteria.operators import OPERATORS, Arity, Operator
from app.core.criteria.segments import Segment, Sharing
from app.core.criteria.sentences import sentence
from app.core.criteria.trees import Tree, rule
from app.core.db import db
from app.core.errors import DomainError, Forbidden, NotFound
from app.core.permissions import Actor, Role, Scope
from app.employers.lists import LIST, count_employers, employer_fields, select_employer_ids
from app.employers.models import Contact, ContactRole, EmployerContact, FormerName, Stage
from tests.factories import create_branch, create_drive, create_employer, create_user, sign_in

ARREARS: Tree = {"match": "all", "rules": [rule("stage", "in", ["in_arrears"]), rule("heads", "ge", "10")]}


def save(name: str, actor: Actor | None, sharing: Sharing = Sharing.PRIVATE, tree: Tree = ARREARS) -> Segment:
    return segments.save(LIST, name, tree, employer_fields(), actor, sharing=sharing)


def test_a_segment_gives_each_reader_their_own_employers(app: Flask) -> None:
    manager, other = create_user(Role.MANAGER), create_user(Role.MANAGER)
    mine = create_employer(manager.branch, stage=Stage.IN_ARREARS, heads=12)
    create_employer(manager.branch, stage=Stage.IN_ARREARS, heads=9)
    theirs = create_employer(other.branch, stage=Stage.IN_ARREARS, heads=12)
    segment = save("large and late", manager)

    assert list(db.session.scalars(select_employer_ids(segment, manager))) == [mine.id]
    assert list(db.session.scalars(select_employer_ids(segment, other))) == [theirs.id]
    assert count_employers(segment.tree, None) == 2


def test_sharing_decides_who_sees_a_segment(app: Flask) -> None:
    branch = create_branch()
    owner, colleague = create_user(branch=branch), create_user(branch=branch)
    stranger, chief = create_user(), create_user(scope=Scope.ALL)
    for sharing in Sharing:
        save(sharing.value, owner, sharing)

    def seen(actor: Actor) -> set[str]:
        return {segment.name for segment in segments.listed(LIST, actor)}

    assert seen(owner) == {"private", "branch", "public"}
    assert seen(colleague) == {"branch", "public"}
    assert seen(stranger) == {"public"}
    assert seen(chief) == {"branch", "public"}
    with pytest.raises(NotFound):
        segments.find("private", colleague)


def test_ones_own_segment_is_found_before_a_namesake(app: Flask) -> None:
    owner, other = create_user(), create_user()
    theirs = save("late", other, Sharing.PUBLIC)
    own = save("late", owner)
    assert segments.find("late", owner) is own
    assert segments.find(" late ", other) is theirs


def test_saving_again_under_the_same_name_replaces_the_criteria(app: Flask) -> None:
    owner = create_user()
    first = save("late", owner)
    again = save("late", owner, Sharing.BRANCH, {"match": "all", "rules": [rule("heads", "ge", "50")]})
    assert again.id == first.id
    assert again.tree["rules"] == [rule("heads", "ge", "50")]
    assert again.sharing is Sharing.BRANCH


def test_only_the_owner_changes_a_segment(app: Flask) -> None:
    owner, colleague = create_user(), create_user()
    segment = save("late", owner, Sharing.PUBLIC)
    with pytest.raises(Forbidden):
        segments.rename(segment, "mine now", colleague)
    with pytest.raises(Forbidden):
        segments.share(segment, Sharing.PRIVATE, False, colleague)
    with pytest.raises(Forbidden):
        segments.delete(segment, colleague)
    segments.rename(segment, "later", owner)
    assert segments.find("later", owner) is segment
    save("other", owner)
    with pytest.raises(DomainError):
        segments.rename(segment, "other", owner)


def test_a_segment_in_use_is_not_deleted_and_says_why(app: Flask) -> None:
    owner = create_user()
    segment = save("late", owner)

    def campaign_uses_it(sender: Segment) -> list[str]:
        return ["the campaign “Reminder” writes to it"] if sender.name == "late" else []

    with signals.segment_deleting.connected_to(campaign_uses_it):
        with pytest.raises(DomainError, match="Reminder"):
            segments.delete(segment, owner)
        assert segments.find("late", owner) is segment
    segments.delete(segment, owner)
    with pytest.raises(NotFound):
        segments.find("late", owner)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_segment_needs_a_short_name(app: Flask, name: str) -> None:
    with pytest.raises(DomainError):
        save(name, create_user())


def test_criteria_that_cannot_be_are_never_saved(app: Flask) -> None:
    with pytest.raises(DomainError):
        save("odd", create_user(), tree={"match": "all", "rules": [rule("heads", "ge", "many")]})
    assert segments.listed(LIST, None) == []


def test_every_employer_field_can_be_asked_every_question(app: Flask) -> None:
    """The SQL of each operator of each field runs on this database."""
    from_kind = {
        "number": "3", "money": "3.5", "rate": "5", "period": "202601", "date": "2026-01-31",
        "moment": "2026-01-31", "event": "2026-01-31", "user": "1", "member": "1", "branch": "1",
        "record": "1", "text": "x", "code": "9", "coded": "9", "area": "1",
    }  # fmt: skip
    reader = create_user(Role.MANAGER)
    create_drive(reader)  # a field offers the drives that there are
    for field in employer_fields().values():
        choices = [value for value, _label in field.choices_for(reader)]
        value = choices[0] if field.kind == "choice" else from_kind.get(field.kind, "")
        for operator in OPERATORS[field.kind].values():
            given = value if operator.reads is None else "3"
            tree = {"match": "all", "rules": [rule(field.name, operator.name, given_values(operator, given))]}
            assert count_employers(tree, reader) == 0, tree
            assert sentence(tree, employer_fields())


def given_values(operator: Operator, value: str) -> str | list[str] | None:
    values: dict[Arity, str | list[str] | None] = {
        Arity.NONE: None,
        Arity.ONE: value,
        Arity.TWO: [value, value],
        Arity.MANY: [value],
    }
    return values[operator.arity]


def test_former_names_and_dead_numbers_count(app: Flask) -> None:
    known = create_employer(former_names=[FormerName(name="旧名公司", name_key="旧名公司")])
    alive, dead = Contact(name="甲", mobile="13800000001"), Contact(name="乙", mobile="13800000002")
    dead.invalid_since = known.created_at.date()
    reachable, lost = create_employer(), create_employer()
    for employer, contact in ((reachable, alive), (lost, dead)):
        employer.contacts.append(EmployerContact(contact=contact, role=ContactRole.HANDLER))
    db.session.flush()

    def found(*rules: Tree) -> set[int]:
        tree = {"match": "all", "rules": list(rules)}
        return set(db.session.scalars(select_employer_ids(Segment(tree=tree), None)))

    assert found(rule("former_name", "contains", "旧名")) == {known.id}
    assert found(rule("former_name", "empty")) == {reachable.id, lost.id}
    assert found(rule("reachable", "yes")) == {reachable.id}
    assert found(rule("reachable", "no")) == {known.id, lost.id}


def test_branches_are_asked_with_those_below(app: Flask) -> None:
    top = create_branch()
    low = create_branch(parent=top)
    ids = {create_employer(top).id, create_employer(low).id}
    create_employer()
    head = create_user(Role.BRANCH_HEAD, branch=top, scope=Scope.BRANCH_AND_BELOW)
    for asked in (rule("branch", "under", [str(top.id)]), rule("branch", "is_mine")):
        tree = {"match": "all", "rules": [asked]}
        assert set(db.session.scalars(select_employer_ids(Segment(tree=tree), head))) == ids


def test_the_sentence_names_stages_people_and_branches(app: Flask) -> None:
    branch = create_branch(name="滨海管理部")
    owner = create_user(branch=branch, name="王静")
    tree = {
        "match": "all",
        "rules": [
            *ARREARS["rules"],
            rule("owner", "in", [str(owner.id), "me"]),
            rule("branch", "under", [str(branch.id)]),
        ],
    }
    with force_locale("en"):
        assert sentence(tree, employer_fields()) == (
            "Stage is In arrears, and Contributing employees is at least 10, and Owner is 王静 or me, "
            "and Branch is 滨海管理部 (with those below)"
        )
    with force_locale("zh_CN"):
        assert sentence(tree, employer_fields()) == (
            "阶段为欠缴，且缴存人数不少于 10，且责任专员为王静或本人，且机构为滨海管理部（含下级）"
        )


def test_the_command_counts_a_segment(app: Flask) -> None:
    manager = create_user(Role.MANAGER, username="manager")
    create_employer(manager.branch, stage=Stage.IN_ARREARS, heads=12)
    create_employer(stage=Stage.IN_ARREARS, heads=12)
    save("late", manager, Sharing.PUBLIC)
    db.session.commit()
    run = app.test_cli_runner().invoke

    everything = run(args=["segments", "count", "late", "--json"])
    assert json.loads(everything.output)["count"] == 2
    own = run(args=["segments", "count", "late", "--user", "manager", "--json"])
    assert json.loads(own.output)["count"] == 1
    assert [row["name"] for row in json.loads(run(args=["segments", "list", "--json"]).output)] == ["late"]
    save("late", create_user(Role.MANAGER, username="other"))
    db.session.commit()
    unclear = run(args=["segments", "count", "late"])
    assert unclear.exit_code != 0 and "manager" in unclear.output and "other" in unclear.output
    missing = run(args=["segments", "count", "nothing"])
    assert missing.exit_code != 0
    assert "nothing" in missing.output


def test_owners_are_assigned_to_many_employers_and_told_where_it_cannot_be(
    app: Flask, client: FlaskClient
) -> None:
    top = create_branch()
    low = create_branch(parent=top)
    head = create_user(Role.BRANCH_HEAD, branch=top, scope=Scope.BRANCH_AND_BELOW)
    owner = create_user(branch=low, name="王静")
    create_user(Role.SECURITY_ADMIN, branch=top, name="安全员林华")
    near = create_employer(low, name="近处公司", backup_owner_id=owner.id)
    far = create_employer(top, name="远处公司")
    sign_in(client, head)
    form = {"do": "bulk:assign", "ids": [near.id, far.id]}
    asked = client.post("/employers", data=form)
    assert f"王静 · {low.name}" in asked.text and "安全员林华" not in asked.text
    done = client.post(
        "/employers",
        data={**form, "confirmed": "1", "expected": "2", "owner_id": str(owner.id)},
        follow_redirects=True,
    )
    skipped = client.get(f"{done.request.path}?rows=skipped").text
    assert "远处公司" in skipped
    assert "近处公司" not in skipped
    assert (near.owner_id, near.backup_owner_id, far.owner_id) == (owner.id, None, None)


def test_a_campaign_starts_from_an_open_segment(app: Flask, client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    segment = save("late", manager)
    sign_in(client, manager)
    link = f"/campaigns/new?segment={segment.id}"
    assert link in client.get(f"/employers?view={segment.id}").text
    assert link not in client.get("/employers").text
    assert link in client.get("/employers/segments").text
