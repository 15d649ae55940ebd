"""Furnish the demonstration house through the same verbs people use, so that everything in it could have happened."""

from __future__ import annotations

from datetime import date, time, timedelta

from sqlalchemy import select, update

from app.accounts import service as accounts
from app.accounts.models import RoleGrant
from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Refusal
from app.core.folding import fold
from app.core.policy import Actor, Role
from app.core.spans import Span
from app.demo import house as plan
from app.demo.cash import close_cash_days
from app.demo.funds import furnish_funds
from app.demo.lending import furnish_lending
from app.demo.library import furnish_library
from app.demo.money import furnish_money, furnish_prices
from app.demo.swap import furnish_swap
from app.houses.models import House
from app.notices.models import Letter, LetterState
from app.occupancy.models import Resource
from app.offers import queries as offers
from app.offers.models import HoursKind, OpeningException, OpeningHours, Tariff
from app.people import service as people
from app.people.models import Organisation, Person, Purpose
from app.people.service import ChildRequest, ConsentRequest, OrganisationRequest, PersonRequest
from app.rooms import queries as rooms
from app.rooms import service as booking
from app.rooms.models import Room

WEEKS_BACK, WEEKS_AHEAD = 3, 8
DAYS_TO_TRY = 7
PRICES_SINCE = date(2026, 1, 1)
TOTP_SECRETS = {
    Role.MANAGER: "MEILENTREFFMANAGER2345672345ABCD",
    Role.DESK: "MEILENTREFFTHEKE2345672345ABCDEF",
    Role.TREASURER: "MEILENTREFFKASSE2345672345ABCDEF",
}


class AlreadyFurnished(Refusal):
    """Somebody lives here: a demonstration would walk over real people."""

    message = "there is a house here already; a demonstration is only loaded into an empty one"


def load_demo() -> dict[str, int]:
    """The whole demonstration, in the caller's transaction; returns what was made, by kind. Raises `AlreadyFurnished`."""
    if session().scalar(select(House.id).limit(1)) is not None:
        raise AlreadyFurnished
    house = _house()
    _rooms(house)
    furnish_prices(house)
    persons = _people(house)
    organisations = _organisations(persons)
    desk = Actor(person_id=persons["Aydın"], name="Sevgi Aydın", roles=frozenset({(house.id, Role.DESK)}), language="de")
    made = _regulars(house, persons, organisations, desk)
    made += furnish_money(house, persons, organisations, desk)
    shelf, members = furnish_swap(house.id, persons, desk)
    things = furnish_library(house, persons, desk)
    # What comes again was agreed long ago, and everybody has been told; only the single dates are news.
    session().execute(update(Letter).values(state=LetterState.SENT, ended_at=Letter.created_at))
    made += _singles(house, persons, desk)
    loans = furnish_lending(house.id, persons, desk)
    furnish_funds(house, persons["Möller"])
    counted = close_cash_days(house.id, persons["Kaya"], desk)
    return {
        "rooms": len(plan.ROOMS),
        "people": len(persons),
        "organisations": len(organisations),
        "bookings": made,
        "things": things,
        "loans": loans,
        "cash days": counted,
        "things on the shelf": shelf,
        "members of the time bank": members,
    }


def _house() -> House:
    house = House(
        slug=plan.SLUG,
        name=plan.NAME,
        street=plan.STREET,
        postcode=plan.POSTCODE,
        city=plan.CITY,
        phone=plan.PHONE,
        email=plan.EMAIL,
    )
    session().add(house)
    session().flush()
    for weekday, opens, closes, weeks in plan.DESK_HOURS:
        session().add(
            OpeningHours(house_id=house.id, kind=HoursKind.DESK, weekday=weekday, opens=opens, closes=closes, weeks=weeks)
        )
    for weekday, opens, closes in plan.OFFICE_HOURS:
        session().add(OpeningHours(house_id=house.id, kind=HoursKind.OFFICE, weekday=weekday, opens=opens, closes=closes))
    for weekday in range(7):
        opens, closes = plan.USE_HOURS
        session().add(OpeningHours(house_id=house.id, kind=HoursKind.USE, weekday=weekday, opens=opens, closes=closes))
    year = clock.today(i18n.zone()).year
    for day in (date(year, 12, 24), date(year, 12, 31)):
        session().add(OpeningException(house_id=house.id, on_day=day, reason="Zwischen den Jahren geschlossen"))
    session().flush()
    return house


def _rooms(house: House) -> None:
    parts: dict[str, Resource] = {}
    for position, each in enumerate(plan.ROOMS):
        for name in each.parts:
            if name not in parts:
                parts[name] = Resource(house_id=house.id, kind="room_part", name=name)
                session().add(parts[name])
        code = f"room-{each.slug}"
        session().add(
            Room(
                house_id=house.id, slug=each.slug, name=each.name, about=each.about, capacity=each.capacity, area_m2=each.area_m2,
                features=[feature.value for feature in each.features], tariff_code=code, position=position,
                parts=[parts[name] for name in each.parts], **each.more,  # type: ignore[arg-type]
            )
        )  # fmt: skip
        for tariff_class, euro in each.prices.items():
            long_only = tariff_class in (plan.C, plan.D) and each.slug in ("saal", "saal-ost", "saal-west", "gruppenraum")
            session().add(
                Tariff(
                    house_id=house.id, code=code, tariff_class=tariff_class, cents=euro * 100, unit="flat" if each.flat else "hour",
                    min_minutes=180 if long_only else 0, valid_from=PRICES_SINCE,
                )
            )  # fmt: skip
    session().flush()


def _people(house: House) -> dict[str, int]:
    """Person ids by family name, the first one of a name wins."""
    manager = Actor(name=plan.NAME, via="house")
    ids: dict[str, int] = {}
    first_of_role: set[Role] = set()
    for each in plan.PEOPLE:
        mail = f"{_plain(each.given)}.{_plain(each.family)}@meilentreff.example" if each.mail else None
        person = people.create_person(
            PersonRequest(
                given_name=each.given, family_name=each.family, email=mail, phone=each.phone, language=each.language,
                tariff_class=each.tariff_class, postcode=plan.POSTCODE, city=plan.CITY,
            ),
            by=manager,
        )  # fmt: skip
        ids.setdefault(each.family, person.id)
        role = Role(each.role)
        session().add(RoleGrant(person_id=person.id, house_id=house.id, role=role))
        session().flush()
        if role not in first_of_role:
            first_of_role.add(role)
            if role in TOTP_SECRETS:
                accounts.give_demo_account(person.id, TOTP_SECRETS[role])
            else:
                accounts.give_demo_slip(person.id, role)
        if each.given == "Erna":
            people.give_card(person, by=manager)
    _households(ids, manager)
    return ids


def _households(ids: dict[str, int], by: Actor) -> None:
    for family, children in plan.CHILDREN.items():
        person = session().get(Person, ids[family])
        assert person is not None
        household = people.create_household(person, f"Familie {family}", by=by)
        session().refresh(household, ["children"])
        for first_name, age_band in children:
            people.add_child(household, ChildRequest(first_name=first_name, age_band=age_band), by=by)
        people.give_consent(person, ConsentRequest(purpose=Purpose.NEWS, via="paper"), by=by)


def _organisations(persons: dict[str, int]) -> dict[str, int]:
    manager = Actor(name=plan.NAME, via="house")
    ids = {}
    for name, tariff_class in plan.ORGANISATIONS:
        organisation: Organisation = people.create_organisation(
            OrganisationRequest(name=name, tariff_class=tariff_class), by=manager
        )
        ids[name] = organisation.id
    partner = session().get(Person, persons["Peters"])
    bridge = session().get(Organisation, ids["Sprachbrücke Dortmund-West"])
    assert partner is not None and bridge is not None
    people.add_member(bridge, partner, by=manager)
    return ids


def _regulars(house: House, persons: dict[str, int], organisations: dict[str, int], desk: Actor) -> int:
    """What comes again, from a few weeks ago to a few weeks ahead; dates that fall on holidays are left out by the rules."""
    cards = {card.slug: card for card in rooms.rooms(house.id)}
    today = clock.today(i18n.zone())
    monday = today - timedelta(days=today.weekday())
    made = 0
    for week in range(-WEEKS_BACK, WEEKS_AHEAD):
        for each in plan.REGULARS:
            day = monday + timedelta(days=7 * week + each.weekday)
            if each.weeks and (day.day - 1) // 7 + 1 not in each.weeks:
                continue
            made += _book(
                booking.BookingRequest(
                    room=cards[each.room], span=_span(day, each.starts, each.ends), purpose=each.purpose, people=each.people,
                    booked_for_id=persons[each.organiser], tariff_class=plan.A, purpose_public=True, anyway=True, origin="desk",
                    organisation_id=organisations[each.organisation] if each.organisation else None,
                ),
                desk, house,
            )  # fmt: skip
    return made


def _singles(house: House, persons: dict[str, int], desk: Actor) -> int:
    """Each on its day, or on the first of the next days on which the house takes it: what comes again stands already."""
    cards = {card.slug: card for card in rooms.rooms(house.id)}
    today = clock.today(i18n.zone())
    made = 0
    for each in plan.SINGLES:
        person_id = persons[each.who]
        own = Actor(person_id=person_id, roles=frozenset({(house.id, Role.RESIDENT)}))
        for later in range(DAYS_TO_TRY):
            request = booking.BookingRequest(
                room=cards[each.room], span=_span(today + timedelta(days=each.days + later), each.starts, each.ends),
                purpose=each.purpose, people=each.people, booked_for_id=person_id, tariff_class=each.tariff_class,
                anyway=True, firm=each.firm, origin="desk" if each.firm else "page",
            )  # fmt: skip
            if _book(request, desk if each.firm else own, house):
                made += 1
                break
    return made


def _book(request: booking.BookingRequest, by: Actor, house: House) -> int:
    """1 when booked; a date the house's own rules refuse (a holiday, a taken room) is left out."""
    day = request.span.starts_at.astimezone(i18n.zone()).date()
    if offers.open_days(house.id, day, day, i18n.zone())[day].closed_for:
        return 0
    try:
        if request.span.starts_at < clock.now():
            with clock.stopped_at(request.span.starts_at - timedelta(days=10)):
                booking.book_room(request, by)
        else:
            booking.book_room(request, by)
    except Refusal:
        return 0
    return 1


def _span(day: date, starts: time, ends: time) -> Span:
    zone = i18n.zone()
    return Span(clock.at(day, starts, zone), clock.at(day, ends, zone))


def _plain(name: str) -> str:
    return fold(name).replace(" ", "-")
