"""Criteria mean the same in SQL, in a URL and to a person, on both databases."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.urls import iri_to_uri

from app.core.clock import SHANGHAI, local, today
from app.core.criteria.fields import read_value
from app.core.criteria.operators import OPERATORS, Arity
from app.core.criteria.sentences import sentence
from app.core.criteria.trees import (
    EVERYTHING,
    Field,
    Kind,
    Tree,
    both,
    checked,
    compile_tree,
    field_map,
    parse_query,
    rule,
    to_query,
)
from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Actor
from app.employers.models import Employer, Stage
from app.outreach.models import Visit
from tests.factories import create_branch, create_employer, create_user, create_visit

FIELDS = field_map(
    [
        Field("area", "Area", Kind.TEXT, Employer.area),
        Field("account", "Account", Kind.CODE, Employer.employer_account_no),
        Field("heads", "Heads", Kind.NUMBER, Employer.heads),
        Field("amount", "Amount", Kind.MONEY, Employer.monthly_amount),
        Field("rate", "Rate", Kind.RATE, Employer.employer_rate),
        Field("paid", "Paid through", Kind.PERIOD, Employer.paid_through),
        Field("contact", "Last contact", Kind.DATE, Employer.last_contact_on),
        Field("since", "Stage since", Kind.MOMENT, Employer.stage_since),
        Field("stage", "Stage", Kind.CHOICE, Employer.stage, choices=[(s.value, s.value) for s in Stage]),
        Field("eligible", "Eligible", Kind.BOOL, Employer.eligible),
        Field("owner", "Owner", Kind.USER, Employer.owner_id),
        Field(
            "visit",
            "Visit",
            Kind.EVENT,
            Visit.at,
            within=lambda found: select(Visit.id).where(Visit.employer_id == Employer.id, found).exists(),
        ),
    ]
)
ATTRIBUTE = {
    "account": "employer_account_no",
    "amount": "monthly_amount",
    "rate": "employer_rate",
    "paid": "paid_through",
    "contact": "last_contact_on",
    "since": "stage_since",
    "owner": "owner_id",
}
MONTH = Period.of(today())
DAYS = st.integers(-70, 70).map(lambda days: today() + timedelta(days=days))
MOMENTS = st.tuples(DAYS, st.sampled_from([time(0), time(7, 59), time(8), time(23, 59, 59)])).map(
    lambda pair: datetime.combine(*pair, tzinfo=SHANGHAI)
)
WORDS = st.text("ab%_\\区新 ", max_size=3)
MONEYS = st.integers(0, 300).map(lambda fen: Decimal(fen) / 100)

EMPLOYERS = st.fixed_dictionaries(
    {
        "area": st.none() | WORDS,
        "heads": st.none() | st.integers(0, 12),
        "monthly_amount": st.none() | MONEYS,
        "employer_rate": st.none() | st.sampled_from([Decimal("0.05"), Decimal("0.12")]),
        "paid_through": st.none() | st.integers(-15, 2).map(lambda months: MONTH + months),
        "last_contact_on": st.none() | DAYS,
        "stage_since": MOMENTS,
        "stage": st.sampled_from(list(Stage)[:4]),
        "eligible": st.booleans(),
        "owned": st.booleans(),
        "visits": st.lists(MOMENTS, max_size=2),
    }
)

VALUES: dict[Kind, st.SearchStrategy[str]] = {
    Kind.TEXT: st.text("ab%_\\区新,", min_size=1, max_size=2),
    Kind.CODE: st.text("0123", min_size=1, max_size=3),
    Kind.NUMBER: st.integers(-1, 13).map(str),
    Kind.MONEY: MONEYS.map(str),
    Kind.RATE: st.sampled_from(["5", "12", "7.5", "5.00"]),
    Kind.PERIOD: st.integers(-15, 2).map(lambda months: str(MONTH + months)),
    Kind.DATE: DAYS.map(str),
    Kind.MOMENT: DAYS.map(str),
    Kind.EVENT: DAYS.map(str),
    Kind.CHOICE: st.sampled_from([stage.value for stage in list(Stage)[:5]]),
    Kind.USER: st.sampled_from(["me", "1", "999"]),
}
SPANS = {Kind.NUMBER: st.integers(0, 80).map(str)}


@st.composite
def rules(draw: st.DrawFn) -> Tree:
    field = FIELDS[draw(st.sampled_from(sorted(FIELDS)))]
    operator = OPERATORS[field.kind][draw(st.sampled_from(sorted(OPERATORS[field.kind])))]
    values = SPANS[operator.reads] if operator.reads else VALUES.get(field.kind, st.just(""))
    if operator.arity is Arity.NONE:
        return rule(field.name, operator.name)
    if operator.arity is Arity.ONE:
        return rule(field.name, operator.name, draw(values))
    if operator.arity is Arity.TWO:
        pair = draw(st.tuples(values, values))
        return rule(field.name, operator.name, sorted(pair, key=lambda text: read_value(field, text)))
    return rule(field.name, operator.name, draw(st.lists(values, min_size=1, max_size=3)))


def groups(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.fixed_dictionaries(
        {"match": st.sampled_from(["all", "any"]), "rules": st.lists(inner, max_size=3)}
    )


TREES = groups(rules() | groups(rules() | groups(rules())))


# -- the naive reading, in Python ---------------------------------------------------------------------

#: when each employer was visited, by its id
Visits = dict[int, list[datetime]]


def holds(tree: Tree, employer: Employer, me: Actor, visits: Visits) -> bool:
    if says_nothing(tree):
        return True
    found = [
        holds(item, employer, me, visits) if "rules" in item else rule_holds(item, employer, me, visits)
        for item in tree["rules"]
        if not says_nothing(item)
    ]
    return all(found) if tree["match"] == "all" else any(found)


def says_nothing(item: Tree) -> bool:
    """A group without a rule at any depth restricts nothing."""
    return "rules" in item and all(says_nothing(inner) for inner in item["rules"])


NEGATIVE = {
    "ne": "eq",
    "not_in": "in",
    "not_contains": "contains",
    "empty": "not_empty",
    "not_in_last_days": "in_last_days",
    "not_this_month": "this_month",
    "not_this_year": "this_year",
    "no": "yes",
}


def rule_holds(item: Tree, employer: Employer, me: Actor, visits: Visits) -> bool:
    if positive := NEGATIVE.get(item["op"]):
        return not rule_holds(item | {"op": positive}, employer, me, visits)
    field = FIELDS[item["field"]]
    if field.kind is Kind.EVENT:
        return any(value_holds(field, item, local(at).date(), me) for at in visits[employer.id])
    actual = getattr(employer, ATTRIBUTE.get(field.name, field.name))
    if field.kind is Kind.MOMENT:
        actual = local(actual).date()
    return actual is not None and value_holds(field, item, actual, me)


def value_holds(field: Field, item: Tree, actual: Any, me: Actor) -> bool:
    given_value = item.get("value", [])
    texts = given_value if isinstance(given_value, list) else [given_value]
    reads = OPERATORS[field.kind][item["op"]].reads
    wanted = [me.id if text == "me" else read_value(field, text, reads) for text in texts]
    return bool(MEANINGS[item["op"]](actual, wanted, me))


def month_of(actual: Any) -> Period:
    return actual if isinstance(actual, Period) else Period.of(actual)


MEANINGS: dict[str, Any] = {
    "eq": lambda a, w, _: a == w[0],
    "lt": lambda a, w, _: a < w[0],
    "le": lambda a, w, _: a <= w[0],
    "gt": lambda a, w, _: a > w[0],
    "ge": lambda a, w, _: a >= w[0],
    "between": lambda a, w, _: w[0] <= a <= w[1],
    "in": lambda a, w, _: a in w,
    "contains": lambda a, w, _: w[0].lower() in a.lower(),
    "starts": lambda a, w, _: a.lower().startswith(w[0].lower()),
    "not_empty": lambda a, _w, _: a != "",
    "yes": lambda a, _w, _: a is True,
    "is_me": lambda a, _w, me: a == me.id,
    "in_last_days": lambda a, w, _: 0 <= (today() - a).days <= w[0],
    "in_next_days": lambda a, w, _: 0 <= (a - today()).days <= w[0],
    "before_days_ago": lambda a, w, _: (today() - a).days > w[0],
    "in_last_months": lambda a, w, _: 0 <= MONTH - a <= w[0],
    "before_months_ago": lambda a, w, _: MONTH - a > w[0],
    "this_month": lambda a, _w, _: month_of(a) == MONTH,
    "last_month": lambda a, _w, _: MONTH - month_of(a) == 1,
    "this_year": lambda a, _w, _: a.year == today().year,
    "last_year": lambda a, _w, _: a.year == today().year - 1,
}


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(EMPLOYERS, min_size=1, max_size=8), trees=st.lists(TREES, min_size=1, max_size=12))
def test_sql_agrees_with_a_naive_reading(app: Flask, rows: list[dict[str, Any]], trees: list[Tree]) -> None:
    try:
        me = create_user()
        employers: list[Employer] = []
        visits: Visits = {}
        for number, row in enumerate(rows):
            owned = row["owned"]
            fields = {name: value for name, value in row.items() if name not in {"owned", "visits"}}
            account = str(number) * 3 if number % 2 else None
            owner_id = me.id if owned else None
            employers.append(
                create_employer(me.branch, owner_id=owner_id, employer_account_no=account, **fields)
            )
            visits[employers[-1].id] = [create_visit(employers[-1], me, at).at for at in row["visits"]]
        for tree in trees:
            found = set(db.session.scalars(select(Employer.id).where(compile_tree(tree, FIELDS, me))))
            assert found == {e.id for e in employers if holds(tree, e, me, visits)}, tree
    finally:
        db.session.rollback()


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_a_url_carries_a_tree_there_and_back(app: Flask, tree: Tree) -> None:
    final = checked(tree, FIELDS)
    address = EnvironBuilder(query_string=MultiDict(to_query(final))).get_request().url
    arguments = EnvironBuilder(iri_to_uri(address)).get_request().args
    assert parse_query(arguments, FIELDS) == final


def test_the_readable_spelling_of_a_url_is_understood(app: Flask) -> None:
    tree = parse_query(
        MultiDict([("stage.in", "in_arrears,sealed"), ("heads.ge", "１０"), ("page", "2")]), FIELDS
    )
    assert tree == {
        "match": "all",
        "rules": [rule("stage", "in", ["in_arrears", "sealed"]), rule("heads", "ge", "10")],
    }
    assert to_query(tree) == {"stage.in": "in_arrears,sealed", "heads.ge": "10"}
    assert parse_query(MultiDict(to_query(EVERYTHING)), FIELDS) == EVERYTHING


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (rule("secret", "eq", "1"), "secret"),
        (rule("heads", "contains", "1"), "Heads"),
        (rule("heads", "ge", "ten"), "Heads"),
        (rule("heads", "ge", "1_0"), "Heads"),
        (rule("heads", "ge", ["1", "2"]), "Heads"),
        (rule("heads", "ge"), "Heads"),
        (rule("heads", "between", ["9", "1"]), "Heads"),
        (rule("heads", "between", ["9"]), "Heads"),
        (rule("heads", "ge", "9" * 40), "Heads"),
        (rule("amount", "ge", "NaN"), "Amount"),
        (rule("amount", "ge", "1.005"), "Amount"),
        (rule("paid", "ge", "2026-13"), "Paid through"),
        (rule("paid", "in_last_months", "99999"), "Paid through"),
        (rule("contact", "ge", "0001-01-01"), "Last contact"),
        (rule("contact", "in_last_days", "-1"), "Last contact"),
        (rule("contact", "in_last_days", "999999999"), "Last contact"),
        (rule("stage", "in", ["rich"]), "Stage"),
        (rule("stage", "in", []), "Stage"),
        (rule("owner", "in", ["1 or 1=1"]), "Owner"),
        (rule("area", "contains", "\x00"), "Area"),
        (rule("area", "contains", "\ud800"), "Area"),
        (rule("area", "contains", "x" * 300), "Area"),
        ({"match": "none", "rules": []}, "cannot be read"),
        ({"rules": [{}]}, "cannot be read"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(app: Flask, bad: Tree, said: str) -> None:
    with force_locale("en"), pytest.raises(DomainError, match=said):
        checked({"match": "all", "rules": [bad]}, FIELDS)


@pytest.mark.parametrize("text", ["[", "1", '"x"', "null", "[" * 5000, '{"match":"all"}'])
def test_criteria_that_are_not_a_tree_are_refused(app: Flask, text: str) -> None:
    with pytest.raises(DomainError):
        parse_query(MultiDict({"criteria": text}), FIELDS)


def test_too_many_or_too_deep_conditions_are_refused(app: Flask) -> None:
    deep: Tree = rule("heads", "ge", "1")
    for _level in range(6):
        deep = {"match": "any", "rules": [deep]}
    with pytest.raises(DomainError):
        checked(deep, FIELDS)
    with pytest.raises(DomainError):
        checked({"match": "all", "rules": [rule("heads", "ge", "1")] * 51}, FIELDS)


def test_me_means_the_reader_and_nobody_else(app: Flask) -> None:
    me, other = create_user(), create_user()
    mine = create_employer(owner_id=me.id)
    create_employer(owner_id=other.id)
    tree = {"match": "all", "rules": [rule("owner", "is_me")]}
    assert list(db.session.scalars(select(Employer.id).where(compile_tree(tree, FIELDS, me)))) == [mine.id]
    with pytest.raises(DomainError):
        compile_tree(tree, FIELDS, None)


def test_a_branch_includes_those_below_it_only_when_asked(app: Flask) -> None:
    top = create_branch()
    low = create_branch(parent=top)
    branches = {"top": create_employer(top).id, "low": create_employer(low).id}
    create_employer()
    field = Field("branch", "Branch", Kind.BRANCH, Employer.branch_id, below=lambda _ids: [top.id, low.id])

    def found(op: str) -> set[int]:
        tree = {"match": "all", "rules": [rule("branch", op, [str(top.id)])]}
        return set(db.session.scalars(select(Employer.id).where(compile_tree(tree, {"branch": field}, None))))

    assert found("in") == {branches["top"]}
    assert found("under") == {branches["top"], branches["low"]}


def test_criteria_read_as_a_sentence(app: Flask) -> None:
    tree = checked(
        {
            "match": "all",
            "rules": [
                rule("stage", "in", ["in_arrears", "sealed"]),
                rule("heads", "ge", "10"),
                {"match": "any", "rules": [rule("contact", "empty"), rule("paid", "lt", "202609")]},
                rule("rate", "eq", "5"),
                rule("amount", "gt", "12000.5"),
                rule("owner", "in", ["me"]),
            ],
        },
        FIELDS,
    )
    with force_locale("en"):
        assert sentence(tree, FIELDS) == (
            "Stage is in_arrears or sealed, and Heads is at least 10, and (Last contact is empty, or "
            "Paid through is before Sep 2026), and Rate is 5%, "
            "and Amount is more than 12,000.5, and Owner is me"
        )
        assert sentence(EVERYTHING, FIELDS) == "All records"
        assert "gone" in sentence({"match": "all", "rules": [rule("gone", "eq", "1")]}, FIELDS)


def test_both_joins_conditions_without_needless_groups() -> None:
    one = {"match": "all", "rules": [rule("heads", "ge", "10")]}
    either = {"match": "any", "rules": [rule("area", "empty"), rule("stage", "in", ["sealed"])]}
    assert both(one, EVERYTHING, either)["rules"] == [one["rules"][0], either]


def test_dates_of_a_moment_are_shanghai_dates(app: Flask) -> None:
    early = datetime(2026, 3, 1, 0, 30, tzinfo=SHANGHAI)
    employer = create_employer(stage_since=early)
    tree = {"match": "all", "rules": [rule("since", "eq", date(2026, 3, 1).isoformat())]}
    query = select(Employer.id).where(compile_tree(tree, FIELDS, None))
    assert list(db.session.scalars(query)) == [employer.id]
