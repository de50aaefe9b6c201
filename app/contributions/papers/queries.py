"""Whose an ID number is."""

from collections.abc import Collection

from sqlalchemy import select

from app.core.bulk import read_tuples
from app.core.db import among
from app.core.personal.sealed import ID_NUMBER, indexes
from app.employers.models import Contact


def owners_of(numbers: Collection[str]) -> dict[str, tuple[str, int]]:
    """Name and record of whoever has each ID number."""
    by_index = {index: number for number in numbers for index in indexes(number, ID_NUMBER)}
    query = select(Contact.id_number_index, Contact.name, Contact.id).where(
        among(Contact.id_number_index, by_index), Contact.merged_into_id.is_(None)
    )
    return {by_index[index]: (name, contact) for index, name, contact in read_tuples(query) if index}
