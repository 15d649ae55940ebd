"""Who runs the house in the eyes of the law: what must stand on invoices."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Operator(Model):
    """The legal entity (Träger); one row."""

    __tablename__ = "operator"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(70), default="")
    street: Mapped[str] = mapped_column(String(120), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    tax_no: Mapped[str] = mapped_column(String(30), default="")
    """Steuernummer or, if there is one, the VAT id: § 14 (4) 2 UStG wants either."""
    iban: Mapped[str] = mapped_column(String(34), default="")
    bic: Mapped[str] = mapped_column(String(11), default="")
    payment_days: Mapped[int] = mapped_column(default=14)
    """Until when a charge is due, after it was made."""
