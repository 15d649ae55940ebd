"""Money of the invented house: who runs it, what rooms cost beside their use, and parties that were paid for, or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Refusal
from app.core.policy import Actor
from app.core.spans import Span
from app.houses.models import House
from app.money import queries as books
from app.money import service as money
from app.money.models import Charge, Deposit, Operator, Reduction, Refund
from app.money.service import KeepRequest, PaymentRequest
from app.offers.models import Tariff
from app.people.models import TariffClass
from app.rooms import queries as rooms
from app.rooms import service as booking
from app.rooms.models import Booking, Room, Surcharge, SurchargeHow
from app.rooms.service import BookingRequest, ReductionRequest

PRICES_SINCE = date(2026, 1, 1)
A, B, C, D = TariffClass.FREE, TariffClass.REDUCED, TariffClass.PRIVATE, TariffClass.COMMERCIAL
FEASTS = ("saal", "saal-ost", "saal-west", "gruppenraum")
"""Rooms in which people celebrate."""
SURCHARGES = [
    ("reinigung", "Endreinigung", SurchargeHow.ALWAYS, "cleaning", FEASTS, {C: 45, D: 45}, ""),
    ("heizung", "Heizung", SurchargeHow.ALWAYS, "room", FEASTS, {B: 10, C: 10, D: 10}, "10-01/04-30"),
    ("beamer", "Beamer und Leinwand", SurchargeHow.CHOSEN, "room-extra", ("saal", "gruppenraum"), {A: 5, B: 5, C: 5, D: 15}, ""),
    ("klavier", "Klavier", SurchargeHow.CHOSEN, "room-extra", ("saal", "saal-ost"), {A: 8, B: 8, C: 8, D: 20}, ""),
    ("kaution", "Kaution", SurchargeHow.DEPOSIT, "room", FEASTS, {C: 150, D: 200}, ""),
    ("schluessel", "Schlüsselpfand", SurchargeHow.KEY, "room", FEASTS, {A: 50, B: 50, C: 50, D: 50}, ""),
]
"""Code, name, when, income kind, rooms, euro by class, season."""


def furnish_prices(house: House) -> None:
    """The operator, the ready books, and what is charged beside the rooms."""
    session().add(
        Operator(
            name="Nachbarschaftshaus Marten eG", street="In der Musterzeile 7", postcode="44379", city="Dortmund",
            tax_no="314/5900/0000", iban="DE89370400440532013000", bic="COBADEFFXXX",
        )
    )  # fmt: skip
    money.furnish_books(house.id)
    slugs = {slug: room_id for room_id, slug in session().execute(select(Room.id, Room.slug).where(Room.house_id == house.id))}
    for position, (code, name, how, kind, where, prices, season) in enumerate(SURCHARGES):
        for slug in where:
            session().add(
                Surcharge(room_id=slugs[slug], code=code, name=name, how=how, income_kind=kind, position=position)
            )  # fmt: skip
        for tariff_class, euro in prices.items():
            session().add(
                Tariff(
                    house_id=house.id, code=code, tariff_class=tariff_class, cents=euro * 100, unit="flat", season=season,
                    valid_from=PRICES_SINCE,
                )
            )  # fmt: skip
    session().flush()


@dataclass(frozen=True)
class Party:
    """A use in the week `week` from now, agreed on `ago` days before today."""

    room: str
    week: int
    weekday: int
    starts: time
    ends: time
    purpose: str
    people: int
    who: str
    ago: int
    tariff_class: TariffClass = C
    extras: tuple[str, ...] = ()
    reduction: ReductionRequest | None = None
    organisation: str = ""


GOLDEN = Party("saal", -3, 5, time(15), time(21), "Goldene Hochzeit", 45, "Overbeck", 60, extras=("klavier",))
OVERDUE = Party("gruppenraum", -2, 6, time(14), time(18), "Kindergeburtstag Jonas", 12, "Krüger", 45)
FIRM = Party(
    "saal", -1, 6, time(10), time(16), "Mieterfest", 50, "Şahin", 35, D, ("beamer",), organisation="Wohnungsbau Musterzeile eG"
)
STAGE = Party("saal-ost", -1, 5, time(18), time(21), "Theaterprobe", 15, "Brandt", 30, B)
BAPTISM = Party("gruppenraum", 1, 6, time(11), time(16), "Tauffeier", 16, "Nguyen", 18, extras=("schluessel",))
WIDOW = Party("gruppenraum", 2, 6, time(14), time(17), "Trauerkaffee", 15, "Großkreutz", 6,
              reduction=ReductionRequest(Reduction.HARDSHIP, "Kleine Rente, mit der Leitung besprochen", 20_00))  # fmt: skip
START = Party("saal-west", 3, 6, time(14), time(18), "Gründungstreffen Tauschring", 25, "Haddad", 9,
              reduction=ReductionRequest(Reduction.FREE, "Neue Initiative im Viertel, Antrag liegt vor"))  # fmt: skip
CALLED_OFF = Party("saal", 4, 6, time(15), time(20), "Silberhochzeit", 40, "Wójcik", 16)
REPAID = Party("saal-ost", 5, 5, time(15), time(19), "Einschulungsfest", 25, "Saleh", 14)


def furnish_money(house: House, persons: dict[str, int], organisations: dict[str, int], desk: Actor) -> int:
    """Parties of the last and the next weeks, each act at its time, in the order in which it happened. Gives how many."""
    return _Story(house, persons, organisations, desk).told()


class _Story:
    def __init__(self, house: House, persons: dict[str, int], organisations: dict[str, int], desk: Actor) -> None:
        self.house, self.persons, self.organisations, self.desk = house, persons, organisations, desk
        self.rooms = {card.slug: card for card in rooms.rooms(house.id)}
        self.acts: list[tuple[datetime, Callable[[], None]]] = []
        self.booked: dict[Party, int] = {}

    def told(self) -> int:
        self.plan(GOLDEN, (3, lambda each: self.pay(each, "bank")), (55, lambda each: self.give_back(each, 30_00)))
        self.plan(OVERDUE)
        self.plan(FIRM, (10, lambda each: self.pay(each, "bank")))
        self.plan(STAGE, (2, lambda each: self.pay(each, "bank", part=20_00)))
        self.plan(BAPTISM, (12, lambda each: self.pay(each, "bank")))
        self.plan(WIDOW)
        self.plan(START)
        self.plan(CALLED_OFF, (4, lambda each: self.pay(each, "bank")), (12, self.cancel))
        self.plan(REPAID, (3, lambda each: self.pay(each, "bank")), (9, self.cancel), (11, self.repay))
        for moment, act in sorted(self.acts, key=lambda each: each[0]):
            if moment <= clock.now():
                with clock.stopped_at(moment):
                    act()
        self.groups_pay()
        return len(self.booked)

    def groups_pay(self) -> None:
        """Groups with dates that come again pay by transfer, all that was due a week ago in one."""
        due = select(Charge).where(
            Charge.organisation_id.in_(self.organisations.values()),
            Charge.settled_cents < Charge.total_cents,
            Charge.cancelled_at.is_(None),
            Charge.due_on < clock.today(i18n.zone()) - timedelta(days=7),
        )
        by_group: dict[int | None, dict[int, int]] = {}
        for charge in session().scalars(due.order_by(Charge.id)):
            by_group.setdefault(charge.organisation_id, {})[charge.id] = charge.open_cents
        for charges in by_group.values():
            money.take_payment(PaymentRequest(self.house.id, "bank", charges), self.desk)

    def plan(self, party: Party, *later: tuple[int, Callable[[int], None]]) -> None:
        """Book it, and do what follows so many days afterwards."""
        today = clock.today(i18n.zone())
        day = today - timedelta(days=today.weekday()) + timedelta(days=7 * party.week + party.weekday)
        moment = clock.at(today - timedelta(days=party.ago), time(11), i18n.zone())
        self.acts.append((moment, lambda: self.book(party, day)))
        for days, act in later:
            self.acts.append((moment + timedelta(days=days), lambda act=act: self.follow(party, act)))  # type: ignore[misc]

    def book(self, party: Party, day: date) -> None:
        zone = i18n.zone()
        request = BookingRequest(
            room=self.rooms[party.room], span=Span(clock.at(day, party.starts, zone), clock.at(day, party.ends, zone)),
            purpose=party.purpose, people=party.people, booked_for_id=self.persons[party.who], tariff_class=party.tariff_class,
            organisation_id=self.organisations.get(party.organisation), anyway=True, origin="desk", extras=party.extras,
            reduction=party.reduction,
        )  # fmt: skip
        try:
            self.booked[party] = booking.book_room(request, self.desk).id
        except Refusal:
            return  # a holiday, or something regular in another season

    def follow(self, party: Party, act: Callable[[int], None]) -> None:
        if party in self.booked:
            act(self.booked[party])

    def pay(self, booking_id: int, method: str, part: int | None = None) -> None:
        owed = books.owed_for(rooms.BOOKING, booking_id)
        charges = dict.fromkeys(owed.charges, part or owed.open_cents)
        deposits = {} if part else {each.id: each.cents for each in owed.deposits}
        money.take_payment(PaymentRequest(self.house.id, method, charges, deposits), self.desk)

    def give_back(self, booking_id: int, kept: int) -> None:
        for each in books.owed_for(rooms.BOOKING, booking_id).deposits:
            keep = [KeepRequest(kept, "Zwei Stühle beschädigt")]
            money.settle_deposit(session().get_one(Deposit, each.id), "bank", self.desk, keep=keep)

    def cancel(self, booking_id: int) -> None:
        found = rooms.booking(booking_id)
        assert isinstance(found, Booking)
        booking.cancel_booking(found, "Die Feier fällt leider aus.", self.desk)

    def repay(self, booking_id: int) -> None:
        refunds = select(Refund).join(Charge, Charge.id == Refund.charge_id)
        for refund in session().scalars(refunds.where(Charge.source == rooms.BOOKING, Charge.source_id == booking_id)):
            money.pay_refund(refund, "bank", self.desk)
