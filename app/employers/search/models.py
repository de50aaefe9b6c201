"""What employers can be found by."""

from enum import StrEnum
from typing import cast

from sqlalchemy import ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bigrams import index_by_bigrams, searched_text
from app.core.db import EnumText, Model


class TermKind(StrEnum):
    """What a searched text is to its employer."""

    NAME = "name"
    FORMER_NAME = "former_name"
    USCC = "uscc"
    ACCOUNT = "account"
    INITIALS = "initials"
    PINYIN = "pinyin"
    PHONE = "phone"
    CONTACT = "contact"


class SearchTerm(Model):
    """One way to find an employer, kept up to date at write time (services.reindex)."""

    __tablename__ = "employer_search"
    __table_args__ = (
        Index("ix_employer_search_employer", "employer_id"),
        Index("ix_employer_search_text", "text", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    kind: Mapped[TermKind] = mapped_column(EnumText(TermKind))
    #: core.text.search_key of the name, code or number
    text: Mapped[str] = mapped_column(searched_text(1800))
    #: what the result list says was found: the original spelling, or the masked number
    shown: Mapped[str] = mapped_column(String(255), default="")
    #: core.bigrams.grams of the text
    grams: Mapped[str] = mapped_column(Text)


SEARCH_TERMS = cast(Table, SearchTerm.__table__)
index_by_bigrams(SEARCH_TERMS)
