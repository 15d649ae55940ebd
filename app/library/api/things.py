"""Things for other programs: what there is, and when it can be had. Counts only, never who has it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.core import clock, i18n, web
from app.core.api import Api, Document, Line, Page
from app.core.policy import Actor
from app.houses.queries import HouseCard
from app.houses.views import all_houses
from app.library import policy, queries
from app.library.models import Thing
from app.library.queries import Asked, Card

api = Api("things")
blueprint = api.blueprint


class ThingDocument(Document):
    """A thing; amounts in cents. `available_now`: it stands on the shelf; `next_day`: when it can be picked up next."""

    slug: str
    name: str
    class_name: str
    fee_cents: int
    deposit_cents: int
    pieces: int
    available_now: bool
    next_day: date | None


class DayDocument(Document):
    """How many can be picked up on an open day."""

    day: date
    free: int


class PartDocument(Document):
    name: str
    count: int
    missing: int
    essential: bool


class ThingPageDocument(ThingDocument):
    """One thing with its words and the open days of the next six weeks."""

    about: str
    notice: str
    loan_days: int
    longest_days: int
    parts: list[PartDocument]
    days: list[DayDocument]


class ThingQuery(Document):
    """`q` is looked for with typing errors and umlauts; without it all things by name. `cursor` is the ``next`` of the page before."""

    q: Annotated[Line, StringConstraints(max_length=200)] = ""
    class_id: Annotated[int, Field(ge=1, le=web.LARGEST_ID)] | None = None
    now: bool = False
    free: bool = False
    cursor: Annotated[int, Field(ge=0, le=web.LARGEST_ID)] = 0


def _house() -> HouseCard | None:
    """The house the token was made for; the first one for somebody without."""
    who: Actor = web.actor()
    houses = all_houses()
    own = {house_id for house_id, _ in who.roles}
    return next((house for house in houses if house.id in own), houses[0] if houses else None)


@api.get("/things", load=_house, allow=policy.see_things, query=ThingQuery, answer=Page[ThingDocument])
def list_things(house: HouseCard, query: ThingQuery) -> Page[ThingDocument]:
    """Things that are lent, by name; the best first where something is looked for."""
    looked_for = Asked(query.q).looks_for
    asked = Asked(
        query.q, query.class_id, query.now, query.free,
        after=query.cursor or None if not looked_for else None, page=max(1, query.cursor) if looked_for else 1,
    )  # fmt: skip
    page = queries.catalogue(house.id, asked)
    return Page(items=[ThingDocument(**_card(card)) for card in page.cards], next=str(page.after) if page.after else None)


def _card(card: Card) -> dict[str, Any]:
    return {
        "slug": card.slug, "name": card.name, "class_name": card.class_name, "fee_cents": card.tag.fee_cents,
        "deposit_cents": card.tag.deposit_cents, "pieces": card.pieces, "available_now": card.here, "next_day": card.from_day,
    }  # fmt: skip


def _thing(slug: str) -> Thing | None:
    house = _house()
    return queries.lent_thing(house.id, slug) if house else None


@api.get("/things/<slug>", load=_thing, allow=policy.see_things, answer=ThingPageDocument)
def show_thing(thing: Thing) -> ThingPageDocument:
    """One thing, with how many can be picked up on each open day of the next six weeks."""
    today = clock.today(i18n.zone())
    card = queries.card_of(thing)
    days = [cell for week in queries.calendar_of(thing, today) for cell in week if cell.free is not None]
    usual = thing.loan_days or thing.thing_class.loan_days
    return ThingPageDocument(
        **_card(card),
        about=thing.about,
        notice=thing.notice,
        loan_days=usual,
        longest_days=max(usual, thing.thing_class.longest_days),
        parts=[
            PartDocument(name=part.name, count=part.count, missing=part.missing, essential=part.essential)
            for part in queries.parts_of(thing.id)
        ],
        days=[DayDocument(day=cell.day, free=cell.free or 0) for cell in days],
    )
