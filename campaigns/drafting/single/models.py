"""Which record a campaign sends."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Model, Timestamps
from campaigns.drafting.models import Campaign


class SingleSending(Timestamps, Model):
    """A campaign that sends one record (`core.sendable`) to its employer, or to a circle of them."""

    __tablename__ = "single_sendings"
    __table_args__ = (Index("ix_single_sendings_record", "kind", "record_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    record_id: Mapped[int]
    #: which of the employers that the record concerns; empty: its own
    circle: Mapped[str] = mapped_column(String(20), default="", server_default="")

    campaign: Mapped[Campaign] = relationship()
