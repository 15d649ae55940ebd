"""Tables of the houses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Model


class Subdivision(StrEnum):
    """The German states (ISO 3166-2 without ``DE-``), each with its own holidays."""

    BB = "BB"
    BE = "BE"
    BW = "BW"
    BY = "BY"
    HB = "HB"
    HE = "HE"
    HH = "HH"
    MV = "MV"
    NI = "NI"
    NW = "NW"
    RP = "RP"
    SH = "SH"
    SL = "SL"
    SN = "SN"
    ST = "ST"
    TH = "TH"


class House(Model):
    """A neighbourhood centre. `accent` is the operator's own main colour as ``#rrggbb``, empty for the brick of the theme."""

    __tablename__ = "house"
    __table_args__ = (CheckConstraint("length(name) > 0", name="named"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    street: Mapped[str] = mapped_column(String(120), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    subdivision: Mapped[str] = mapped_column(String(10), default="NW")
    """Code of the German state whose holidays close the house."""
    position: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[int] = mapped_column(default=0)
    """Grows when rooms, hours, exceptions or prices change, so that a page knows whether its frame is still true."""
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)

    @property
    def address(self) -> str:
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip()) if part)
