"""The table of cash days. There is no table of sales: the house has no till (§ 146a AO), only a drawer that is counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.people.models import Person


class CashDay(Model):
    """A closed cash report (Kassenbericht), counted back from the drawer. Numbered without gaps per house and year, written once.

    ``takings = counted + paid_out + banked - opening - put_in``. Of these, `known_in_cents` came in through payments the desk wrote
    down one by one; the rest is what the counter took, told by `tally`; `difference_cents` is the rest minus the tally.
    """

    __tablename__ = "cash_day"
    __table_args__ = (
        UniqueConstraint("house_id", "day"),
        UniqueConstraint("house_id", "year", "number"),
        CheckConstraint("opening_cents >= 0 AND counted_cents >= 0", name="drawer"),
        CheckConstraint("paid_out_cents >= 0 AND banked_cents >= 0 AND put_in_cents >= 0 AND known_in_cents >= 0", name="moved"),
        CheckConstraint(
            "takings_cents = counted_cents + paid_out_cents + banked_cents - opening_cents - put_in_cents", name="counted_back"
        ),
        CheckConstraint("difference_cents = takings_cents - known_in_cents - tally_cents", name="difference"),
        CheckConstraint("difference_cents = 0 OR reason <> ''", name="difference_with_reason"),
        CheckConstraint("counted_by_id <> witnessed_by_id", name="two_people"),
        {"info": {"written_once": True}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    day: Mapped[date] = mapped_column()
    year: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    opening_cents: Mapped[Cents] = mapped_column()
    counted_cents: Mapped[Cents] = mapped_column()
    paid_out_cents: Mapped[Cents] = mapped_column()
    """Everything that left the drawer but for the bank: vouchers of this day, deposits and refunds given back."""
    banked_cents: Mapped[Cents] = mapped_column()
    put_in_cents: Mapped[Cents] = mapped_column()
    takings_cents: Mapped[Cents] = mapped_column()
    known_in_cents: Mapped[Cents] = mapped_column()
    tally_cents: Mapped[Cents] = mapped_column()
    difference_cents: Mapped[Cents] = mapped_column()
    denominations: Mapped[dict[str, int]] = mapped_column(JSON)
    """Number of coins and notes by their value in cents, as ``{"5000": 3}``."""
    tally: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """``{"kind", "name", "cents", "rate_bp", "vat_cents"}`` per income kind, as it was taxed on that day."""
    counted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    witnessed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    closed_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    counted_by: Mapped[Person] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[counted_by_id])
    witnessed_by: Mapped[Person] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[witnessed_by_id])

    @property
    def no(self) -> str:
        return f"K-{self.year}-{self.number:04}"
