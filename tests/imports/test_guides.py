"""What people are told of a kind of file before they fill one in is what the import takes."""

import pytest
from flask import Flask
from openpyxl import load_workbook

from app.core.features import current_features
from app.core.importing.spec import ImportSpec
from app.core.sheets.parsing import code_text
from app.core.sheets.workbooks import workbook_bytes
from app.imports.guiding.queries import MOST_SHOWN, guide_to, notice_of
from tests.factories import seed_codes

pytestmark = pytest.mark.databases("sqlite")


def specs() -> list[ImportSpec]:
    found = list(current_features().import_specs.values())
    assert len(found) >= 12
    return found


def test_every_column_has_an_example_and_takes_it_as_well_as_each_of_its_words(app: Flask) -> None:
    seed_codes()
    for spec in specs():
        for guide in guide_to(spec):
            column = guide.column
            assert guide.example, f"{spec.name}.{column.name} has no example"
            column.parse(guide.example)
            for word in spec.words.get(column.name, ()):
                column.parse(str(word))
        columns = {column.name for column in spec.columns}
        assert set(spec.words) <= columns


def test_columns_that_are_read_by_a_table_of_codes_name_its_codes(app: Flask) -> None:
    seed_codes()
    statement = current_features().import_specs["statement"]
    guides = {guide.column.name: guide for guide in guide_to(statement)}
    assert "002 国有企业" in guides["unit_type"].words
    assert len(guides["industry"].shown) == MOST_SHOWN
    assert guides["industry"].hidden > 0
    reason = guides["account_closing_reason"]
    assert all(code_text(2)(word.split()[0]) for word in reason.words)


def test_the_empty_workbook_explains_itself_behind_the_headings(app: Flask) -> None:
    seed_codes()
    contacts = current_features().import_specs["contacts"]
    headings = [column.aliases[0] for column in contacts.columns]
    book = load_workbook(workbook_bytes("联系人", headings, (), notice_of(contacts)))
    table, guide = book.worksheets
    assert [[cell.value for cell in row] for row in table.rows] == [headings]
    told = {row[0].value: str(row[1].value) for row in guide.rows}
    assert list(told) == headings
    assert "必填" in told["角色"]
    assert "经办人、法定代表人、负责人、财务、人事" in told["角色"]
    assert "手机号码" in told["手机号"]
