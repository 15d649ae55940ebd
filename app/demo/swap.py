"""What lies on the swap shelf of the invented house, and what its neighbours do for one another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from app.core import clock, i18n
from app.core.policy import Actor, Role
from app.swap import queries, service
from app.swap.models import Category, Listing, ListingKind, ShelfThing, ThingKind

OFFER, WISH = ListingKind.OFFER, ListingKind.WISH
BOOK, CLOTHES, TOY, HOUSEHOLD, OTHER = ThingKind

THINGS = [
    (50, HOUSEHOLD, "Bodenvase", "blau, 40 cm"), (46, BOOK, "Kochbuch der Ruhrküche", ""),
    (20, CLOTHES, "Winterjacke Kinder", "Größe 128"), (18, BOOK, "Der Trafikant", "Robert Seethaler"),
    (15, TOY, "Holzeisenbahn", "24 Teile, vollständig"), (12, HOUSEHOLD, "Teekanne mit Stövchen", ""),
    (9, BOOK, "Türkisch–Deutsch, Wörterbuch", ""), (8, CLOTHES, "Wanderschuhe", "Größe 42"),
    (6, TOY, "Puzzle, 500 Teile", "Zeche Zollern"), (4, HOUSEHOLD, "Stehlampe", "geprüft im Repair-Café"),
    (2, OTHER, "Strickwolle", "sechs Knäuel, rot"), (1, CLOTHES, "Kapuzenpulli", "Größe M"),
]  # fmt: skip
"""Days ago, kind, title, about."""
ANNOUNCED = [("Wischnewski", BOOK, "Krimis, zehn Stück", ""), ("Saleh", TOY, "Laufrad", "für Dreijährige")]
TAPS = {1: (4, 6), 2: (7, 5), 3: (2, 3), 6: (9, 8), 8: (3, 7), 12: (6, 4), 33: (11, 9), 40: (5, 8)}
"""Days ago: how many came and went without a name."""
CLAIMED = {"Der Trafikant": ("Förster", "Krüger"), "Holzeisenbahn": ("Haddad",)}
"""Who wants what, in this order."""


@dataclass(frozen=True)
class Put:
    """Somebody put an offer or a wish up, so many days ago."""

    who: str
    days: int
    kind: ListingKind
    title: str
    about: str
    category: Category
    languages: tuple[str, ...]


LISTINGS = [
    Put("Yıldız", 60, OFFER, "Bilgisayar ve telefon yardımı", "Telefonunu birlikte ayarlarız: fotoğraflar, randevular, mesajlar.",
        Category.DEVICES, ("tr", "de")),
    Put("Förster", 55, OFFER, "Hecke und Balkon", "Ich schneide, pflanze um und nehme das Grün gleich mit.", Category.GARDEN, ("de",)),
    Put("El Amrani", 40, OFFER, "مساعدة في قراءة الرسائل", "أقرأ معك رسائل الدوائر وأشرح لك ما المطلوب.", Category.PAPERS, ("ar", "de")),
    Put("Wójcik", 35, OFFER, "Kleine Reparaturen", "Tropfender Hahn, lockeres Regal, quietschende Tür. Werkzeug bringe ich mit.",
        Category.REPAIR, ("pl", "de")),
    Put("Saleh", 30, OFFER, "English conversation", "We talk for an hour over tea, about anything you like.", Category.LANGUAGE, ("en", "ar")),
    Put("Kovalenko", 28, OFFER, "Nähen und ändern", "Hosen kürzen, Reißverschlüsse, Vorhänge.", Category.TEXTILES, ("uk", "de")),
    Put("Krüger", 82, OFFER, "Gitarre für den Anfang", "Drei Akkorde und das erste Lied.", Category.MUSIC, ("de", "en")),
    Put("Overbeck", 21, WISH, "Einkauf in den dritten Stock", "Dienstags oder donnerstags, zwei Taschen.", Category.ERRANDS, ("de",)),
    Put("Haddad", 14, WISH, "German practice for an exam", "B1 in January: I need somebody to speak with.", Category.LANGUAGE, ("en", "ar")),
    Put("Kaya", 10, WISH, "Jemand für eine Stunde mit meiner Mutter", "Spazieren und erzählen, sie sieht nicht mehr gut.",
        Category.CARE, ("de", "tr")),
]  # fmt: skip
HELP = [
    (26, "Förster", "Overbeck", 120, "Balkon winterfest"), (22, "Yıldız", "Overbeck", 90, "Telefon eingerichtet"),
    (19, "El Amrani", "Saleh", 60, "Brief vom Amt"), (16, "Wójcik", "Förster", 135, "Regal im Keller"),
    (12, "Kovalenko", "Kaya", 90, "Vorhänge gekürzt"), (9, "Saleh", "Yıldız", 60, "English conversation"),
    (8, "Wójcik", "Overbeck", 480, "Küche gestrichen"),
]  # fmt: skip
"""Days ago, who helped whom, minutes, with what; both have signed."""
GARDEN_DAY = (7, 120, ("Förster", "Wójcik", "Krüger", "Kovalenko", "Haddad"))


def furnish_swap(house_id: int, persons: dict[str, int], desk: Actor) -> tuple[int, int]:
    """Things and members, through the verbs people use; how many of each."""
    things = _fill_shelf(house_id, persons, desk)
    members = _fill_bank(house_id, persons, desk)
    return things, members


@contextmanager
def _ago(days: int, hour: int = 11) -> Iterator[date]:
    """Inside it is that day, at that hour of the house's clock in winter."""
    day = clock.today(i18n.zone()) - timedelta(days=days)
    with clock.stopped_at(clock.midnight(day, i18n.zone()) + timedelta(hours=hour)):
        yield day


def _as(house_id: int, person_id: int) -> Actor:
    return Actor(person_id=person_id, roles=frozenset({(house_id, Role.RESIDENT)}), language="de")


def _fill_shelf(house_id: int, persons: dict[str, int], desk: Actor) -> int:
    lying: dict[str, ShelfThing] = {}
    for days, kind, title, about in THINGS:
        with _ago(days):
            lying[title] = service.shelve_thing(service.ThingRequest(house_id, kind, title, about), desk)
    for days, (came, gone) in TAPS.items():
        with _ago(days, 15):
            for what, number in (("came", came), ("gone", gone)):
                for _ in range(number):
                    service.count_move(house_id, what, desk)
    for who, kind, title, about in ANNOUNCED:
        service.announce_thing(service.ThingRequest(house_id, kind, title, about), _as(house_id, persons[who]))
    for title, people in CLAIMED.items():
        for who in people:
            service.claim_thing(lying[title], _as(house_id, persons[who]))
    return len(lying) + len(ANNOUNCED)


def _fill_bank(house_id: int, persons: dict[str, int], desk: Actor) -> int:
    made = {}
    for put in LISTINGS:
        by = _as(house_id, persons[put.who])
        with _ago(put.days):
            service.join(house_id, persons[put.who], by)
            request = service.ListingRequest(
                house_id, persons[put.who], put.kind, put.title, put.about, put.category, put.languages, not_a_living=True
            )
            made[put.who] = service.add_listing(request, by)
    for days, giver, taker, minutes, note in HELP:
        with _ago(days) as day:
            service.book_hours(_hours(house_id, persons, giver, taker, minutes, day, note, signed=True), desk)
    days, minutes, helpers = GARDEN_DAY
    with _ago(days) as day:
        service.thank_group(service.GroupRequest(house_id, [persons[each] for each in helpers], day, minutes, "Gartentag"), desk)
    with _ago(5):
        account = queries.account_of(house_id, persons["Wójcik"])
        assert account is not None
        service.give_minutes(account, 120, _as(house_id, persons["Wójcik"]))
    _begin_matches(house_id, persons, made)
    return len(made)


def _begin_matches(house_id: int, persons: dict[str, int], made: dict[str, Listing]) -> None:
    """What is under way: one agreed, one that waits for an answer, hours that wait, disputed ones, and some that do not fit."""
    nour, yesterday = persons["Haddad"], clock.today(i18n.zone()) - timedelta(days=1)
    agreed = service.answer_listing(
        made["Haddad"], "Ich spreche gern mit dir, montags passt es mir gut.", _as(house_id, persons["Krüger"])
    )
    service.agree_match(agreed, _as(house_id, nour))
    service.answer_listing(made["Saleh"], "I would like to join you on Thursdays.", _as(house_id, nour))
    by_krueger = _as(house_id, persons["Krüger"])
    service.book_hours(
        _hours(house_id, persons, "Krüger", "Haddad", 60, yesterday, "Deutsch geübt", match_id=agreed.id), by_krueger
    )
    told = service.book_hours(
        _hours(house_id, persons, "El Amrani", "Kaya", 120, yesterday, "Antrag ausgefüllt"), _as(house_id, persons["El Amrani"])
    )
    service.dispute_hours(told, "Es war nur eine Stunde, danach haben wir Tee getrunken.", _as(house_id, persons["Kaya"]))
    full = service.book_hours(
        _hours(house_id, persons, "Förster", "Overbeck", 180, yesterday, "Keller aufgeräumt"), _as(house_id, persons["Förster"])
    )
    service.stop_hours(full, _as(house_id, persons["Overbeck"]))
    service.wish_pot(full, _as(house_id, persons["Overbeck"]))


def _hours(
    house_id: int, persons: dict[str, int], giver: str, taker: str, minutes: int, day: date, note: str, *, signed: bool = False,
    match_id: int | None = None,
) -> service.HoursRequest:  # fmt: skip
    return service.HoursRequest(
        house_id=house_id, giver_id=persons[giver], taker_id=persons[taker], booked_for_id=persons[giver], category=Category.OTHER,
        on_day=day, minutes=minutes, note=note, match_id=match_id, signed=signed,
    )  # fmt: skip
