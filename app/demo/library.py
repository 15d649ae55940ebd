"""The lending library of the invented house: things with prices, deposits, pieces, parts and tests, near what such libraries ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from app.core import clock, i18n
from app.core.policy import Actor
from app.houses.models import House
from app.library import queries
from app.library import service as library
from app.library.models import Condition, Intake, Origin, Piece, ThingClass, Trust
from app.library.service import ClassRequest, PartRequest, PieceRequest, TestRequest, ThingRequest

TERMS = """Du leihst für dich selbst und gibst nichts weiter. Beim ersten Mal siehst du uns deinen Ausweis; wir machen keine Kopie.
Bring alles sauber, vollständig und zum vereinbarten Tag zurück. Wenn etwas kaputtgeht, sag es uns: Gebrauch ist normal.
Ist etwas verloren, ersetzt du es innerhalb von 14 Tagen durch etwas Gleichwertiges oder zahlst, was es noch wert war.
Höchstens drei Dinge je Haushalt. Mit der Dortmund-Karte kostet das Leihen nichts."""

CLASSES: dict[str, ClassRequest] = {
    "tools": ClassRequest("Werkzeug", 7, 14, test_months=12, late_cents=100, late_grace_days=1, late_cap_cents=3000),
    "plain": ClassRequest("Garten und Transport", 3, 7, late_cents=100, late_grace_days=1, late_cap_cents=2000),
    "party": ClassRequest("Feiern", 3, 7, buffer_open_days=1, late_cents=100, late_cap_cents=6000),
    "sound": ClassRequest(
        "Ton und Bild", 3, 7, test_months=24, late_cents=100, late_cap_cents=8000, buffer_hours=2, trust=Trust.PROVEN
    ),
    "home": ClassRequest("Haushalt", 7, 14, test_months=24, late_cents=100, late_cap_cents=5000),
    "care": ClassRequest("Gesundheit und Kinder", 28, 60, renewals=3, wash_after=True, late_grace_days=3),
    "play": ClassRequest("Spiel und Musik", 14, 28, renewals=2, min_age=10, late_cents=50, late_cap_cents=500),
    "school": ClassRequest("Lernen", 14, 28, min_age=12, trust=Trust.APPROVED, test_months=24),
}


@dataclass(frozen=True)
class DemoPart:
    name: str
    count: int = 1
    essential: bool = True
    euro: int = 0


@dataclass(frozen=True)
class DemoThing:
    """`fee`, `deposit` and `worth` in euro; `count` above 0 makes it counted, else there are `pieces`."""

    name: str
    kind: str
    fee: int
    deposit: int
    days: int
    about: str
    pieces: int = 1
    count: int = 0
    worth: int = 0
    place: str = ""
    keywords: str = ""
    notice: str = ""
    parts: tuple[DemoPart, ...] = field(default=())


THINGS = [
    DemoThing(
        "Akkuschrauber", "tools", 3, 30, 7, "Mit zwei Akkus, Ladegerät und Bitsatz im Koffer.", 3, worth=120, place="Keller, Regal 1",
        keywords="Bohrmaschine Schrauber Bohrer Bosch", notice="Akkus sind geladen. Bits bitte abzählen.",
        parts=(DemoPart("Akku", 2, True, 35), DemoPart("Ladegerät", 1, True, 30), DemoPart("Bitsatz", 1, False, 12)),
    ),
    DemoThing(
        "Beamer", "sound", 5, 80, 3, "Full HD, für Filmabend oder Vortrag. HDMI-Kabel liegt bei.", 2, worth=450, place="Büro, Schrank",
        keywords="Projektor Leinwand Film", notice="Erst abkühlen lassen, dann ausstecken.",
        parts=(DemoPart("HDMI-Kabel", 1, False, 8), DemoPart("Fernbedienung", 1, False, 15)),
    ),
    DemoThing(
        "Bierzeltgarnitur", "party", 6, 40, 3, "Ein Tisch, zwei Bänke.", 5, worth=150, place="Garage",
        keywords="Biertisch Bank Bierbank Tisch", notice="Passt nur in einen Kombi.",
    ),
    DemoThing(
        "Pavillon 3×3", "party", 8, 60, 3, "Faltpavillon mit Heringen und Leinen.", 2, worth=180, place="Garage",
        keywords="Zelt Faltzelt Garten", notice="Nicht bei Wind über Stärke 4. Nur trocken zusammenlegen.",
        parts=(DemoPart("Hering", 8, False, 2), DemoPart("Spannleine", 4, False, 3)),
    ),
    DemoThing(
        "Nähmaschine", "home", 4, 50, 14, "Mit Anleitung auf Deutsch und Türkisch.", 2, worth=200, place="Werkstatt, Regal 2",
        keywords="nähen Overlock Stoff", notice="Fußpedal ist dabei. Nadeln bringst du selbst mit.",
        parts=(DemoPart("Fußpedal", 1, True, 40), DemoPart("Spulen", 5, False, 1), DemoPart("Anleitung", 1, False, 5)),
    ),
    DemoThing(
        "Teppichreiniger", "home", 8, 50, 2, "Für Teppich, Sofa und Autositze.", 1, worth=180, place="Keller, Regal 3",
        keywords="Waschsauger Polster", notice="Reinigungsmittel extra. Tank leer zurückgeben.",
    ),
    DemoThing("Sackkarre", "plain", 2, 20, 3, "Trägt 200 kg, auch über Stufen.", 2, worth=60, place="Garage", keywords="Karre Umzug"),
    DemoThing(
        "Partygeschirr für 30", "party", 10, 40, 4, "60 Teller, kleine und große, weiß.", count=60, worth=2, place="Küche, Schrank 4",
        keywords="Teller Geschirr Feier", notice="Gespült zurückgeben. Fehlende Teller sagst du uns einfach.",
    ),
    DemoThing("Besteck", "party", 0, 10, 4, "Messer, Gabel, Löffel: je ein Satz.", count=80, worth=1, place="Küche, Schrank 4",
        keywords="Messer Gabel Löffel"),
    DemoThing(
        "Rollator", "care", 0, 20, 30, "Höhe verstellbar, mit Korb und Bremse.", 3, worth=90, place="Flur",
        keywords="Gehhilfe Gehwagen", notice="Griffhöhe zusammen einstellen.",
    ),
    DemoThing(
        "Laptop für die Schule", "school", 0, 0, 14, "Mit Schreib- und Lernprogrammen.", 4, worth=350, place="Büro, Schrank",
        keywords="Computer Notebook Rechner lernen", notice="Netzteil ist dabei.", parts=(DemoPart("Netzteil", 1, True, 25),),
    ),
    DemoThing(
        "Brettspiel-Kiste", "play", 0, 5, 14, "Zwölf Spiele für die ganze Familie.", 2, worth=80, place="Regal im Café",
        keywords="Spiele Gesellschaftsspiele Karten",
    ),
    DemoThing(
        "Fahrrad-Reparaturset", "plain", 0, 10, 3, "Flickzeug, Reifenheber, Schlüssel, Pumpe.", 2, worth=40, place="Werkstatt, Regal 1",
        keywords="Rad flicken Pumpe Schlauch", parts=(DemoPart("Luftpumpe", 1, True, 15), DemoPart("Reifenheber", 3, False, 2)),
    ),
    DemoThing(
        "Karaoke-Anlage", "sound", 8, 60, 3, "Box mit zwei Funkmikrofonen.", 1, worth=220, place="Büro, Schrank",
        keywords="PA Lautsprecher Mikrofon singen Musikanlage", notice="Ab 22 Uhr leise.",
        parts=(DemoPart("Funkmikrofon", 2, True, 40), DemoPart("Netzkabel", 1, True, 8)),
    ),
    DemoThing("Raclette", "home", 2, 15, 3, "Für acht Personen.", 2, worth=50, place="Küche, Schrank 2", keywords="Käse Grill Silvester",
        parts=(DemoPart("Pfännchen", 8, False, 3),)),
    DemoThing(
        "Reisebett für Babys", "care", 0, 20, 28, "Mit Matratze und Tasche.", 2, worth=70, place="Keller, Regal 4",
        keywords="Babybett Kinderbett Gitterbett", parts=(DemoPart("Matratze", 1, True, 25),),
    ),
    DemoThing("Feuchtemesser", "tools", 2, 15, 7, "Misst, wie nass eine Wand ist.", 1, worth=60, place="Keller, Regal 1",
        keywords="Schimmel Feuchtigkeit messen"),
    DemoThing("Leiter", "plain", 2, 20, 3, "Mehrzweckleiter bis vier Meter.", 2, worth=130, place="Garage", keywords="Stehleiter Anlegeleiter",
        notice="Nie auf die oberste Stufe."),
    DemoThing("Ukulele", "play", 0, 15, 28, "Mit Stimmgerät und Liederheft.", 3, worth=55, place="Regal im Café",
        keywords="Gitarre Musik", parts=(DemoPart("Stimmgerät", 1, False, 10),)),
]  # fmt: skip


def furnish_library(house: House, persons: dict[str, int], by: Actor) -> int:
    """Classes, things, pieces with their parts and tests; gives how many pieces."""
    today = clock.today(i18n.zone())
    library.set_terms(house.id, today, TERMS, by)
    classes = {key: library.add_class(house.id, request, by) for key, request in CLASSES.items()}
    made = 0
    for each in THINGS:
        made += len(_thing(house, each, classes[each.kind], today, by))
    _what_happens(house, persons, today, by)
    return made


def _thing(house: House, each: DemoThing, thing_class: ThingClass, today: date, by: Actor) -> list[Piece]:
    days = None if each.days == thing_class.loan_days else each.days
    thing = library.add_thing(
        house.id,
        ThingRequest(
            each.name, thing_class.id, each.about, each.keywords, each.notice, each.count > 0, days, each.worth * 100,
            60 if each.pieces >= 5 else 100,
        ),
        by,
    )  # fmt: skip
    library.set_price(thing, today, each.fee * 100, each.deposit * 100, by)
    request = PieceRequest(count=max(1, each.count), place=each.place, acquired_on=today - timedelta(days=400))
    pieces = library.add_pieces(thing, request, each.pieces, by)
    for at, piece in enumerate(pieces):
        for part in each.parts:
            _part(house, piece, part, by)
        if thing_class.test_months is not None:
            tested_on = today - timedelta(days=30 * thing_class.test_months - 20 - 60 * at)
            _test(
                house,
                piece,
                TestRequest(
                    max(tested_on, today - timedelta(days=700)), True, "Dieter Kolb", "Elektrofachkraft", "Gerätetester 1"
                ),
                by,
            )
            library.stock_piece(_whole(house, piece), by)
    return pieces


def _whole(house: House, piece: Piece) -> Piece:
    found = queries.managed_piece(house.id, piece.id)
    assert found is not None
    return found


def _part(house: House, piece: Piece, part: DemoPart, by: Actor) -> None:
    library.add_part(
        _whole(house, piece),
        PartRequest(part.name, count=part.count, essential=part.essential, replacement_cents=part.euro * 100),
        by,
    )


def _test(house: House, piece: Piece, request: TestRequest, by: Actor) -> None:
    library.record_test(_whole(house, piece), request, by)


def _what_happens(house: House, persons: dict[str, int], today: date, by: Actor) -> None:
    """What a real shelf always has: something to wash, something in repair, a failed test, a gift that waits, a neighbour's own."""
    first = {line.name: line.id for line in reversed(queries.piece_lines(house.id, queries.Wanted(), limit=500))}

    def piece(name: str) -> Piece:
        found = queries.managed_piece(house.id, first[name])
        assert found is not None
        return found

    library.set_condition(piece("Reisebett für Babys"), Condition.WASH, by)
    library.set_condition(
        piece("Sackkarre"), Condition.REPAIR, by, note="Ein Rad eiert", fit_on=today + timedelta(days=9)
    )  # fmt: skip
    library.record_test(
        piece("Raclette"),
        TestRequest(today - timedelta(days=3), False, "Dieter Kolb", "Elektrofachkraft", note="Kabel brüchig"),
        by,
    )
    _own_thing(house, persons, today, by)


def _own_thing(house: House, persons: dict[str, int], today: date, by: Actor) -> None:
    classes = {each.name: each for each in queries.classes(house.id)}
    washer = library.add_thing(
        house.id,
        ThingRequest("Hochdruckreiniger", classes["Garten und Transport"].id, "Gehört einer Nachbarin.", "Terrasse",
            replacement_cents=9000),
        by,
    )  # fmt: skip
    (made,) = library.add_pieces(washer, PieceRequest(origin=Origin.NEIGHBOUR, owner_id=persons["Förster"]), 1, by)
    library.keep_by_owner(_whole(house, made), today + timedelta(days=20), today + timedelta(days=23), by)
    mixer = library.add_thing(house.id, ThingRequest("Küchenmaschine", classes["Haushalt"].id, "Rührt und knetet."), by)
    library.add_pieces(
        mixer,
        PieceRequest(origin=Origin.GIFT, donor_id=persons["Overbeck"], note="Möchte nicht genannt werden."),
        1, by, intake=Intake.OFFERED,
    )  # fmt: skip
