"""Branches and users."""

from datetime import datetime
from typing import Any, ClassVar

from flask_login import UserMixin
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import EnumText, Model, Timestamps
from app.core.permissions import Role, Scope
from app.core.preferences import NAVIGATION, ListPreference


class Branch(Timestamps, Model):
    """A node of the department's tree. `path` lists the ids from the root, as /1/4/, for prefix searches."""

    __tablename__ = "branches"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    path: Mapped[str] = mapped_column(String(120), index=True, default="")

    parent: Mapped["Branch | None"] = relationship(remote_side=[id])


class User(Timestamps, UserMixin, Model):  # type: ignore[misc]
    """Someone who signs in. Roles say what, scope says over which employers."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    scope: Mapped[Scope] = mapped_column(EnumText(Scope), default=Scope.BRANCH)
    mobile: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(255), default="")
    password_changed_at: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_last_step: Mapped[int | None]
    #: changes at each password change or forced sign-out; a session with another stamp is over
    session_stamp: Mapped[str] = mapped_column(String(32), default="")
    active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str | None] = mapped_column(String(8))

    branch: Mapped[Branch] = relationship(lazy="joined")
    roles: Mapped[list["UserRole"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", back_populates="user"
    )

    pinned: Mapped[ListPreference | None] = relationship(
        primaryjoin=lambda: (ListPreference.user_id == User.id) & (ListPreference.list_name == NAVIGATION),
        uselist=False,
        viewonly=True,
    )

    @property
    def pins(self) -> list[Any]:
        """The saved views that stand in the navigation (core.preferences)."""
        return self.pinned.pins if self.pinned else []

    @property
    def role_set(self) -> frozenset[Role]:
        return frozenset(held.role for held in self.roles)

    @property
    def branch_name(self) -> str:
        return self.branch.name

    @property
    def branch_path(self) -> str:
        return self.branch.path

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> Any:
        return session_id(self.id, self.session_stamp)


def session_id(user_id: int, stamp: str) -> str:
    """What a session keeps of its user: with another stamp, as after a change of the password, it is over."""
    return f"{user_id}:{stamp}"


class UserRole(Model):
    """A role that a user holds; `services.set_roles` records its changes as one event of the user."""

    __tablename__ = "user_roles"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("user_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(EnumText(Role))

    user: Mapped[User] = relationship(back_populates="roles")


class RecoveryCode(Model):
    """A one-time code that stands in for the second factor; only its keyed hash is kept."""

    __tablename__ = "recovery_codes"
    __audited__: ClassVar[bool] = False

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class EndedSession(Model):
    """A session that was signed out: a copy of its cookie opens nothing. Rows outlive cookies."""

    __tablename__ = "ended_sessions"
    __audited__: ClassVar[bool] = False

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(default=now, index=True)
