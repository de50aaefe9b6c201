"""What a department knows better than the shipped map of gateway codes."""

from sqlalchemy import PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import EnumText, Model
from campaigns.gateways.protocol import FailureClass


class GatewayCode(Model):
    """One code of one gateway and what it asks of us; overrides `codes.SHIPPED`."""

    __tablename__ = "gateway_codes"
    __table_args__ = (PrimaryKeyConstraint("gateway", "code"),)

    gateway: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    failure: Mapped[FailureClass] = mapped_column(EnumText(FailureClass))
    note: Mapped[str] = mapped_column(String(120), default="")
