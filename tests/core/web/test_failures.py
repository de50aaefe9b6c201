"""What no column can hold, and what somebody else did first, is refused and never a failure of ours."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from app.core.permissions import Role
from tests.factories import create_user, sign_in


@pytest.mark.parametrize(
    "address", ["/employers/99999999999999999999", "/employers/1/timeline?before=99999999999999999999"]
)
def test_an_id_that_nothing_counts_up_to_is_no_failure(client: FlaskClient, address: str) -> None:
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(address).status_code in (400, 404)


def test_a_text_with_a_nul_character_is_refused_also_from_strangers(client: FlaskClient) -> None:
    assert client.post("/login", data={"username": "a\x00b", "password": "x"}).status_code == 400
    assert client.get("/login?next=%00").status_code == 400


def test_whoever_comes_second_is_told_so(app: Flask) -> None:
    handler: Any = app.error_handler_spec[None][None][IntegrityError]
    with app.test_request_context("/", headers={"Accept": "application/json"}):
        assert handler(IntegrityError("", {}, Exception())).status_code == 409
