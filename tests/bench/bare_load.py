"""The bare thing: read the workbook with the fastest reader, and load the rows with one bulk insert."""

import sqlite3
import sys

from python_calamine import CalamineWorkbook


def main(file: str, database: str) -> None:
    """Sheet to table, and no more."""
    rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python(skip_empty_area=True)[2:]
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=WAL")
    columns = ", ".join(f"c{number}" for number in range(15))
    connection.execute(f"CREATE TABLE bare (id INTEGER PRIMARY KEY, {columns})")
    marks = ", ".join("?" * 15)
    connection.executemany(f"INSERT INTO bare ({columns}) VALUES ({marks})", rows)  # noqa: S608
    connection.commit()


main(*sys.argv[1:])
