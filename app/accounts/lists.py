"""Fields of users and branches, for the criteria and lists of every feature; and the lists of both."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select, bindparam, case, or_, select

from app.accounts import queries
from app.accounts.models import Branch, User, UserRole
from app.accounts.policy import Permission, in_scope, is_locked
from app.core.clock import now
from app.core.criteria.fields import ME, Choice
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.db import db
from app.core.language import formats
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.core.permissions import ROLE_LABELS, SCOPE_LABELS, SEPARATED_ROLES, Actor, current_actor, may


def branches_below(ids: Sequence[int]) -> Select[int]:
    """The ids of these branches and of all below them."""
    return select(Branch.id).where(or_(*(Branch.path.contains(f"/{int(one)}/") for one in ids)))


def branch_choices(actor: Actor | None) -> list[Choice]:
    """The branches in the actor's reach, in the order of the tree, those below moved in."""
    reach = in_scope(actor, Branch.id)
    found = db.session.execute(select(Branch.id, Branch.name, Branch.path).order_by(Branch.path, Branch.id))
    within = set(db.session.scalars(select(Branch.id).where(reach))) if actor else None
    rows = [row for row in found if within is None or row.id in within]
    shallowest = min((row.path.count("/") for row in rows), default=0)
    if actor is None:
        return [(str(row.id), row.name) for row in rows]
    return [(str(row.id), "　" * (row.path.count("/") - shallowest) + row.name) for row in rows]


def user_choices(actor: Actor | None) -> list[Choice]:
    """The users in the actor's reach, by name, oneself first; for the system all, also former ones."""
    if actor is None:
        return [(str(row.id), row.name) for row in db.session.execute(select(User.id, User.name))]
    mates = or_(in_scope(actor, User.branch_id), User.branch_id == actor.branch_id)
    query = select(User.id, User.name).where(User.active, mates, User.id != actor.id)
    others = db.session.execute(query.order_by(User.name, User.id))
    return [(ME, actor.name), *((str(row.id), row.name) for row in others)]


def branch_field(name: str, label: Any, column: Any, **more: Any) -> Field:
    return Field(name, label, Kind.BRANCH, column, choices=branch_choices, below=branches_below, **more)


def user_field(name: str, label: Any, column: Any, **more: Any) -> Field:
    return Field(name, label, Kind.USER, column, choices=user_choices, **more)


# The list of users --------------------------------------------------------------------------------

STATES = {"active": _l("Active"), "locked": _l("Locked"), "inactive": _l("Deactivated")}
TONES = {"active": "good", "locked": "warning", "inactive": "done"}

_now = bindparam("now", callable_=now, type_=User.locked_until.type)
_state = case((~User.active, "inactive"), (User.locked_until > _now, "locked"), else_="active")
_branch_path = select(Branch.path).where(Branch.id == User.branch_id).scalar_subquery()


def state_of(user: User) -> str:
    if not user.active:
        return "inactive"
    return "locked" if is_locked(user) else "active"


def _roles_of(user: User) -> list[str]:
    return [str(label) for role, label in ROLE_LABELS.items() if role in user.role_set]


def _user_page(user: User) -> str | None:
    editable = may(current_actor(), Permission.USERS_EDIT)
    return url_for("administration.user", user_id=user.id) if editable else None


USERS = ListPage(
    name="users",
    endpoint="administration.users",
    title=_l("Users"),
    select=queries.users,
    key=User.id,
    columns=(
        Column("name", _l("Full name"), sort=User.name, link=_user_page),
        Column("username", _l("User name"), sort=User.username),
        Column("branch", _l("Branch"), lambda user: user.branch.name, sort=_branch_path),
        Column("roles", _l("Roles"), _roles_of, export=lambda user: "、".join(_roles_of(user))),
        Column("scope", _l("Reach"), lambda user: SCOPE_LABELS[user.scope], sort=User.scope),
        Column(
            "mobile", _l("Mobile number"), format=formats.masked_phone, export=lambda user: user.mobile,
            personal=True, shown=False,
        ),
        Column("second_factor", _l("Second factor"), lambda user: bool(user.totp_secret), shown=False),
        Column("last_login_at", _l("Last sign-in"), sort=User.last_login_at, falling=True),
        Column("created_at", _l("Created at"), sort=User.created_at, falling=True, shown=False),
        Column("state", _l("State"), badge=lambda user: (STATES[state_of(user)], TONES[state_of(user)])),
    ),
    fields=(
        Field("name", _l("Full name"), Kind.TEXT, User.name),
        Field("username", _l("User name"), Kind.TEXT, User.username),
        Field("state", _l("State"), Kind.CHOICE, _state, choices=choices_of(STATES)),
        Field(
            "role", _l("Roles"), Kind.CHOICE, UserRole.role, choices=choices_of(ROLE_LABELS),
            within=lambda found: User.roles.any(found),
        ),
        branch_field("branch", _l("Branch"), User.branch_id),
        Field("scope", _l("Reach"), Kind.CHOICE, User.scope, choices=choices_of(SCOPE_LABELS)),
        Field("second_factor", _l("Second factor"), Kind.BOOL, User.totp_secret.is_not(None)),
        Field("last_login_at", _l("Last sign-in"), Kind.MOMENT, User.last_login_at),
        Field("created_at", _l("Created at"), Kind.MOMENT, User.created_at),
    ),
    default={"match": "all", "rules": [rule("state", "in", ["active", "locked"])]},
    default_sort="branch",
    search=lambda words: (
        User.username.contains(words.casefold(), autoescape=True) | User.name.contains(words, autoescape=True)
    ),
    search_hint=_l("Name or user name"),
    quick=(
        Quick(
            "administrators", _l("Administrators"),
            (rule("role", "in", sorted(role.value for role in SEPARATED_ROLES)),),
        ),
        Quick("locked", _l("Locked"), (rule("state", "in", ["locked"]),)),
        Quick("never", _l("Never signed in"), (rule("last_login_at", "empty"),)),
        Quick("silent", _l("Not signed in for 90 days"), (rule("last_login_at", "before_days_ago", "90"),)),
    ),
    links=(Link(_l("New user"), "administration.new_user", Permission.USERS_EDIT, "person-plus", "primary"),),
    empty=Empty(_l("No user fits"), _l("Try another name, or show all users."), icon="people"),
    export_permission=Permission.USERS_VIEW,
    reveal_permission=Permission.USERS_EDIT,
)  # fmt: skip


# The list of branches -----------------------------------------------------------------------------


def _indented(row: Row[Any]) -> str:
    return "　" * queries.depth(row.Branch) + str(row.Branch.name)


def _branch_page(row: Row[Any]) -> str | None:
    editable = may(current_actor(), Permission.BRANCHES_EDIT)
    return url_for("administration.branch", branch_id=row.Branch.id) if editable else None


BRANCHES = ListPage(
    name="branches",
    endpoint="administration.branches",
    title=_l("Branches"),
    lead=_l("The department and its branches, each under the one it belongs to."),
    select=queries.branches_with_people,
    key=Branch.id,
    columns=(
        Column(
            "name", _l("Name"), _indented, sort=Branch.path, link=_branch_page,
            export=lambda row: row.Branch.name,
        ),
        Column("code", _l("Code"), lambda row: row.Branch.code, sort=Branch.code),
        Column("above", _l("Part of"), lambda row: row.above),
        Column("people", _l("Active users"), lambda row: row.people, sort=queries.PEOPLE, falling=True,
               number=True),
    ),
    fields=(
        Field("name", _l("Name"), Kind.TEXT, Branch.name),
        Field("code", _l("Code"), Kind.TEXT, Branch.code),
        branch_field("branch", _l("Branch"), Branch.id),
        Field("people", _l("Active users"), Kind.NUMBER, queries.PEOPLE),
    ),
    default_sort="name",
    search=lambda words: (
        Branch.code.contains(words, autoescape=True) | Branch.name.contains(words, autoescape=True)
    ),
    search_hint=_l("Name or code"),
    links=(
        Link(_l("New branch"), "administration.new_branch", Permission.BRANCHES_EDIT, "plus-lg", "primary"),
    ),
    empty=Empty(_l("No branch fits"), icon="diagram-3"),
    export_permission=Permission.BRANCHES_VIEW,
)  # fmt: skip
