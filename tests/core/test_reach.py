"""Statements kept for a reach: another reach gets another one."""

import pytest

from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Role, Scope
from app.employers import queries
from tests.factories import create_branch, create_employer, create_user


@pytest.mark.databases("sqlite")
def test_somebody_who_is_moved_or_gets_another_scope_reaches_other_employers_at_once(app: object) -> None:
    here, there = create_branch(), create_branch()
    employer = create_employer(branch=there)
    reader = create_user(Role.MANAGER, branch=here)
    db.session.commit()

    def reached() -> bool:
        try:
            return queries.profile(employer.id, reader).id == employer.id
        except NotFound:
            return False

    assert not reached()
    reader.scope = Scope.ALL
    assert reached()
    reader.scope = Scope.OWN
    assert not reached()
    employer.owner_id = reader.id
    db.session.flush()
    assert reached()
    reader.scope, reader.branch = Scope.BRANCH, there
    employer.owner_id = None
    db.session.flush()
    assert reached()
