"""Users and branches as the screens and commands need them."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Any, cast

from flask_babel import gettext as _
from flask_login import UserMixin
from sqlalchemy import Select, String, Table, bindparam, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, aliased, contains_eager, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from app.accounts.models import Branch, EndedSession, RecoveryCode, User, UserRole, session_id
from app.accounts.policy import branches_visible_to, visible_to
from app.core.db import Intent, db, intending
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.finding import the_one
from app.core.permissions import Actor, Grantable, Role, Scope
from app.core.preferences import NAVIGATION, ListPreference


def root_branch() -> Branch:
    """The department itself, the branch above all others. Raises DomainError before migrations ran."""
    found = db.session.scalars(select(Branch).where(Branch.parent_id.is_(None)).order_by(Branch.id)).first()
    if found is None:
        raise DomainError(_("There is no branch yet: run “flask db upgrade” first."))
    return found


def branch_by_code(code: str) -> Branch:
    """The branch with this code, or a DomainError that names it."""
    found = db.session.scalars(select(Branch).where(Branch.code == code)).one_or_none()
    if found is None:
        raise DomainError(_("There is no branch with the code “%(code)s”.", code=code))
    return found


def branch(actor: Actor | None, branch_id: int) -> Branch:
    """One branch in the actor's reach, or NotFound."""
    query = select(Branch).where(Branch.id == branch_id, branches_visible_to(actor))
    return the_one(query, _("There is no such branch."))


def branches(actor: Actor | None) -> Sequence[Branch]:
    """The actor's branches, each after the one above it."""
    found = db.session.scalars(select(Branch).where(branches_visible_to(actor))).all()
    codes = {one.id: one.code for one in found}
    return sorted(found, key=lambda one: [codes.get(int(part), "") for part in one.path.split("/") if part])


def depth(one: Branch) -> int:
    """0 for the root, 1 for the branches under it."""
    return one.path.count("/") - 2


_above = aliased(Branch)
#: how many active users a branch has
PEOPLE = (
    select(func.count(User.id))
    .where(User.branch_id == Branch.id, User.active)
    .correlate(Branch)
    .scalar_subquery()
)


def branches_with_people(actor: Actor | None) -> Select[Any]:
    """The branches in reach, with the name of the one `above` and the number of active `people`."""
    above = select(_above.name).where(_above.id == Branch.parent_id).correlate(Branch).scalar_subquery()
    return select(Branch, above.label("above"), PEOPLE.label("people")).where(branches_visible_to(actor))


def users(actor: Actor | None) -> Select[User]:
    """The users in the actor's reach; the list adds filters and order."""
    return select(User).where(visible_to(actor))


def everybody() -> Sequence[User]:
    """All users, also former ones, branch after branch."""
    query = users(None).join(User.branch).order_by(Branch.path, User.username)
    return db.session.scalars(query.options(contains_eager(User.branch))).unique().all()


def user(actor: Actor | None, user_id: int) -> User:
    """One user in the actor's reach, or NotFound."""
    return the_one(users(actor).where(User.id == user_id), _("There is no such user."))


def user_named(username: str) -> User | None:
    return db.session.scalars(select(User).where(User.username == username.strip().casefold())).one_or_none()


def user_by_name(username: str) -> User:
    """The user with this name, or a DomainError that names it: for commands."""
    found = user_named(username)
    if found is None:
        raise DomainError(_("There is no user with the name “%(name)s”.", name=username))
    return found


def active_holders(role: Role) -> int:
    """How many active users hold the role."""
    query = select(func.count()).select_from(UserRole).join(User).where(UserRole.role == role, User.active)
    return db.session.scalar(query) or 0


def credentials(username: str) -> tuple[int | None, str]:
    """Id and hash, in a reading transaction of its own: a slow check must not hold the writer's place."""
    query = select(User.id, User.password_hash).where(User.username == username.strip().casefold())
    with intending(Intent.READ), db.engine.connect() as connection:
        row = connection.execute(query).first()
    return (row.id, row.password_hash) if row else (None, "")


def name_of(who: InstrumentedAttribute[Any]) -> ORMOption:
    """A loader option: the person in the same statement, but only id and name, no branch and no roles."""
    return joinedload(who).load_only(User.id, User.name).lazyload("*")


def reaches_several_branches(actor: Actor) -> bool:
    """Whether the records in the actor's reach may be of more than one branch."""
    if actor.scope is not Scope.BRANCH_AND_BELOW:
        return actor.scope is Scope.ALL
    below = Branch.path.startswith(actor.branch_path, autoescape=True) & (Branch.id != actor.branch_id)
    return db.session.scalar(select(Branch.id).where(below).limit(1)) is not None


@dataclass(eq=False)
class SignedIn(UserMixin):  # type: ignore[misc]
    """Whoever is signed in, as far as every page asks: in one row."""

    id: int
    name: str
    branch_id: int
    scope: Scope
    session_stamp: str
    active: bool
    must_change_password: bool
    password_changed_at: datetime | None
    totp_secret: str | None
    branch_name: str
    branch_path: str
    roles: InitVar[str | None]
    pins: list[Any]
    role_set: frozenset[Role] = field(init=False)

    def __post_init__(self, roles: str | None) -> None:
        self.pins = self.pins or []
        self.role_set = frozenset(map(Role, roles.split(","))) if roles else frozenset()

    @property
    def branch(self) -> Branch:
        """The record of the branch, for the few that ask for more than its name."""
        return db.session.get_one(Branch, self.branch_id)

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return session_id(self.id, self.session_stamp)


def _session_user() -> Select[Any]:
    """By the tables: what takes their columns instead of the records' goes past the ORM."""
    user, branch, role, wish, ended = (
        cast(Table, model.__table__).c for model in (User, Branch, UserRole, ListPreference, EndedSession)
    )
    roles = select(func.aggregate_strings(type_coerce(role.role, String), ","))
    return (
        select(
            user.id, user.name, user.branch_id, user.scope, user.session_stamp, user.active,
            user.must_change_password, user.password_changed_at, user.totp_secret,
            branch.name, branch.path, roles.where(role.user_id == user.id).scalar_subquery(), wish.pins,
        )
        .join_from(User.__table__, Branch.__table__, branch.id == user.branch_id)
        .outerjoin(ListPreference.__table__, (wish.user_id == user.id) & (wish.list_name == NAVIGATION))
        .where(
            user.id == bindparam("user_id"),
            ~select(ended.token).where(ended.token == bindparam("token")).exists(),
        )
    )  # fmt: skip


#: Made once: to put the statement together takes as long as to run it, and every request does.
_SESSION_USER = _session_user()


def session_user(user_id: int, token: str) -> SignedIn | None:
    """The user of a session that was not signed out, with roles, branch and pins, in one query."""
    row = db.session.execute(_SESSION_USER, {"user_id": user_id, "token": token}).one_or_none()
    return SignedIn(*row) if row else None


def recovery_codes_left(one: User) -> int:
    query = select(func.count()).where(RecoveryCode.user_id == one.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(query) or 0


def role_table() -> list[list[tuple[Grantable, frozenset[Role]]]]:
    """The permissions of each feature and the roles that hold them, as the manifests say."""
    return [
        [(permission, frozenset(roles)) for permission, roles in feature.grants.items()]
        for feature in current_features().all
        if feature.grants
    ]
