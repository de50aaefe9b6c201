"""Decimals that a column of whole fen can keep, and all others."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from flask import Flask
from wtforms.validators import StopValidation

from app.core.db import Money
from app.core.forms.decimals import Places


@pytest.mark.parametrize("text", ["0", "0.0000", "5.25", "5.2500", "-1.1", "1e3", "9999999999999.99"])
def test_what_is_accepted_is_kept_as_whole_fen(text: str) -> None:
    value = Decimal(text)
    Places(2)(None, SimpleNamespace(data=value))
    assert Money().process_bind_param(value, None) == value * 100  # type: ignore[arg-type] # any dialect


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "text",
    [
        "5.255",
        "1e-3",
        "NaN",
        "sNaN",
        "-Infinity",
        "1e13",
        "1e999999999",
        "1e-999999999",
        "1." + "0" * 40 + "1",
    ],
)
def test_anything_else_is_refused_with_a_message(app: Flask, text: str) -> None:
    with app.test_request_context(), pytest.raises(StopValidation) as refused:
        Places(2)(None, SimpleNamespace(data=Decimal(text)))
    assert str(refused.value)
