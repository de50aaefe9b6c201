"""Small statements, written cell by cell, and the way they are applied and taken back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from app.core.db import db
from tests.imports.sample import credit_code_of
from tests.spreadsheets import workbook

HEADER = (
    "单位账号", "单位名称", "统一社会信用代码", "单位账户状态", "缴存人数", "月缴存额", "缴至年月", "发薪日",
    "首次汇缴年月",
)  # fmt: skip


def line(
    number: int,
    paid: int | None,
    pay_day: int | None = 10,
    *,
    status: str = "01",
    first: int | None = None,
    heads: int = 5,
    amount: int = 1000,
) -> tuple[Any, ...]:
    """What a statement says of the employer of this number."""
    account, name = f"0301{number:08d}", f"示范第{number}号有限公司"
    return (account, name, credit_code_of(number), status, heads, amount, paid, pay_day, first)


def statement(folder: Path, month: str, lines: Sequence[tuple[Any, ...]]) -> Path:
    """A workbook of the month, such as "2022年9月"."""
    return workbook(
        folder / f"{month}-{len(list(folder.iterdir()))}.xlsx", [[month], list(HEADER), *map(list, lines)]
    )


def run(app: Flask, *arguments: str) -> dict[str, Any]:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=[*arguments, "--json"])
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def apply(app: Flask, file: Path, *more: str) -> dict[str, Any]:
    return run(app, "imports", "apply", "statement", str(file), *more)


def take_back(app: Flask, batch: int) -> dict[str, Any]:
    return run(app, "imports", "undo", str(batch))
