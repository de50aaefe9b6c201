"""What employers can be found by."""

from enum import StrEnum
from typing import ClassVar, cast

from sqlalchemy import ForeignKey, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.language.bigrams import index_by_bigrams, mark, searched_text


class TermKind(StrEnum):
    """What a searched text is to its employer, and the column that holds it."""

    NAME = "name"
    FORMER_NAME = "former_name"
    USCC = "uscc"
    ACCOUNT = "account"
    INITIALS = "initials"
    PINYIN = "pinyin"
    PHONE = "phone"
    CONTACT = "contact"
    #: of contacts: the initials, and all syllables run together
    CONTACT_PINYIN = "contact_pinyin"


#: what tells the words of a kind in the index from those of the others
MARKS = {kind: mark(number) for number, kind in enumerate(TermKind)}


class SearchDocument(Model):
    """All the ways to find an employer in one row, kept up to date at write time (services.reindex).

    A column holds the `core.language.text.search_key` of each text of its kind, each between line breaks: a
    needle has none, so a break before it says that a text begins with it.
    """

    __tablename__ = "employer_search"
    __audited__: ClassVar[bool] = False

    #: the employer's
    id: Mapped[int] = mapped_column(
        ForeignKey("employers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[str] = mapped_column(searched_text())
    former_name: Mapped[str] = mapped_column(searched_text())
    uscc: Mapped[str] = mapped_column(searched_text())
    account: Mapped[str] = mapped_column(searched_text())
    initials: Mapped[str] = mapped_column(searched_text())
    pinyin: Mapped[str] = mapped_column(searched_text())
    phone: Mapped[str] = mapped_column(searched_text())
    contact: Mapped[str] = mapped_column(searched_text())
    #: None: indexed before there was such a column
    contact_pinyin: Mapped[str | None] = mapped_column(searched_text())
    #: core.language.bigrams.grams of all of them, each kind with its mark
    grams: Mapped[str] = mapped_column(Text)


SEARCH = cast(Table, SearchDocument.__table__)
index_by_bigrams(SEARCH)
