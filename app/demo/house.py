"""Facts of the invented house: rooms, hours, prices, people. Names and prices are made up (near what such houses ask)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

from app.people.models import AgeBand, TariffClass
from app.rooms.models import Feature

NAME, SLUG = "Meilentreff Marten", "marten"
STREET, POSTCODE, CITY = "In der Musterzeile 7", "44379", "Dortmund"
PHONE, EMAIL = "+49 231 5550170", "hallo@meilentreff.example"

DESK_HOURS: list[tuple[int, time, time, str]] = [
    (0, time(9), time(13), ""),
    (1, time(10), time(18), ""),
    (2, time(9), time(13), ""),
    (2, time(15), time(20), ""),
    (3, time(10), time(18), ""),
    (4, time(10), time(16), ""),
    (5, time(11), time(15), "1,3"),
]
OFFICE_HOURS: list[tuple[int, time, time]] = [(3, time(14), time(17))]
USE_HOURS = (time(8), time(22))

A, B, C, D = TariffClass.FREE, TariffClass.REDUCED, TariffClass.PRIVATE, TariffClass.COMMERCIAL


@dataclass(frozen=True)
class DemoRoom:
    """`parts` names resources; several rooms may name the same. `prices` are euro per class; `flat` as a whole, else an hour."""

    slug: str
    name: str
    about: str
    capacity: int
    area_m2: int
    parts: tuple[str, ...]
    prices: dict[TariffClass, int]
    features: tuple[Feature, ...] = ()
    flat: bool = False
    more: dict[str, object] = field(default_factory=dict)


ROOMS = [
    DemoRoom(
        "saal", "Saal „Germania“", "Der große Raum zur Meile hin, mit Bühne und Theke. Lässt sich in zwei Hälften teilen.",
        60, 85, ("Saal Ost", "Saal West"), {A: 0, B: 10, C: 22, D: 38},
        (Feature.STEP_FREE, Feature.ACCESSIBLE_WC, Feature.HEARING_LOOP, Feature.PROJECTOR, Feature.PIANO, Feature.WIFI),
        more={"before_minutes": 30, "after_minutes": 30, "wishes_hold": False, "min_minutes": 60},
    ),
    DemoRoom(
        "saal-ost", "Saal-Hälfte Ost", "Die Hälfte mit Bühne und Klavier.",
        30, 42, ("Saal Ost",), {A: 0, B: 6, C: 13, D: 22},
        (Feature.STEP_FREE, Feature.ACCESSIBLE_WC, Feature.PIANO, Feature.WIFI),
        more={"before_minutes": 15, "after_minutes": 15},
    ),
    DemoRoom(
        "saal-west", "Saal-Hälfte West", "Die Hälfte mit Theke.",
        30, 43, ("Saal West",), {A: 0, B: 6, C: 13, D: 22},
        (Feature.STEP_FREE, Feature.ACCESSIBLE_WC, Feature.WIFI),
        more={"before_minutes": 15, "after_minutes": 15},
    ),
    DemoRoom(
        "gruppenraum", "Gruppenraum „Schmechting“", "Für Kurse, Treffen und kleine Feiern.",
        18, 32, ("Gruppenraum",), {A: 0, B: 6, C: 12, D: 20},
        (Feature.STEP_FREE, Feature.PROJECTOR, Feature.CHILD_CORNER, Feature.WIFI),
        more={"after_minutes": 15},
    ),
    DemoRoom(
        "lernraum", "Lernraum „Lampenstube“", "Zwölf Plätze, ruhig, mit Rechnern.",
        12, 28, ("Lernraum",), {A: 0},
        (Feature.STEP_FREE, Feature.QUIET, Feature.WIFI),
        more={"rule": "instant", "only_when_open": True, "max_minutes": 240},
    ),
    DemoRoom(
        "beratung", "Beratungszimmer", "Ein Tisch, vier Stühle, eine Tür, die schließt.",
        4, 12, ("Beratungszimmer",), {A: 0, B: 4, C: 8, D: 15},
        (Feature.STEP_FREE, Feature.QUIET),
        more={"rule": "instant", "only_when_open": True, "max_minutes": 240},
    ),
    DemoRoom(
        "werkstatt", "Werkstattecke", "Werkbank, Schraubstock, Lötplatz, Nähmaschine.",
        8, 24, ("Werkstattecke",), {A: 0, B: 5, C: 10, D: 18},
        (Feature.STEP_FREE, Feature.WORKBENCH),
        more={"only_when_open": True},
    ),
    DemoRoom(
        "kueche", "Küche", "Herd, zwei Öfen, Geschirr für sechzig. Zu einem Raum dazu.",
        6, 16, ("Küche",), {A: 0, B: 15, C: 30, D: 50},
        (Feature.STEP_FREE, Feature.KITCHEN),
        flat=True,
        more={"after_minutes": 30},
    ),
]  # fmt: skip

ORGANISATIONS = [
    ("Marten erzählt e. V.", A), ("Singkreis Germania", A), ("Nähtreff Bunte Naht", A), ("Martener Falken", A),
    ("Sprachbrücke Dortmund-West", A), ("Yogagruppe Mittwochsmatte", B), ("Theater Zeche Zwo", B), ("Wohnungsbau Musterzeile eG", D),
    ("Gründungslotsen West", D),
]  # fmt: skip


@dataclass(frozen=True)
class DemoPerson:
    given: str
    family: str
    role: str = "resident"
    mail: bool = True
    phone: str | None = None
    language: str = "de"
    tariff_class: TariffClass = C


PEOPLE = [
    DemoPerson("Miriam", "Sander", "manager", phone="0231 5550171"),
    DemoPerson("Sevgi", "Aydın", "desk", phone="0231 5550172"),
    DemoPerson("Aylin", "Kaya", "volunteer", phone="0231 5550173"),
    DemoPerson("Reinhard", "Möller", "treasurer", phone="0231 5550174"),
    DemoPerson("Johanna", "Peters", "partner", phone="0231 5550175"),
    DemoPerson("Nour", "Haddad", "resident", phone="0176 5550176", language="en"),
    DemoPerson("Karl-Heinz", "Böhmer", "volunteer", mail=False, phone="0231 5550177"),
    DemoPerson("Magda", "Nowak", "volunteer", phone="0231 5550178"),
    DemoPerson("Horst", "Lüdenscheid", "volunteer", mail=False, phone="0231 5550179"),
    DemoPerson("Emine", "Kaya", "resident", phone="0176 5550180"),
    DemoPerson("Erna", "Wischnewski", "resident", mail=False, phone="0231 5550181"),
    DemoPerson("Otto", "Grabowski", "resident", mail=False),
    DemoPerson("Thanh", "Nguyen", "resident", phone="0176 5550183"),
    DemoPerson("Oksana", "Kovalenko", "resident", phone="0176 5550184"),
    DemoPerson("Ibrahim", "Yıldız", "resident", phone="0176 5550185"),
    DemoPerson("Sabine", "Förster", "resident", phone="0231 5550186", tariff_class=B),
    DemoPerson("Jürgen", "Großkreutz", "resident", mail=False, phone="0231 5550187"),
    DemoPerson("Fatima", "El Amrani", "resident", phone="0176 5550188", tariff_class=B),
    DemoPerson("Piotr", "Wójcik", "resident", phone="0176 5550189"),
    DemoPerson("Lena", "Brandt", "resident"),
    DemoPerson("Mehmet", "Şahin", "resident", phone="0176 5550191"),
    DemoPerson("Gisela", "Overbeck", "resident", mail=False, phone="0231 5550192"),
    DemoPerson("Tobias", "Krüger", "resident"),
    DemoPerson("Amira", "Saleh", "resident", phone="0176 5550194", language="en"),
]

CHILDREN = {"Kaya": [("Deniz", AgeBand.UNDER_3), ("Elif", AgeBand.UNDER_10)], "El Amrani": [("Yassin", AgeBand.UNDER_14)]}


@dataclass(frozen=True)
class Regular:
    """A date that comes again: on `weekday`, in `weeks` of the month (empty: every week)."""

    room: str
    weekday: int
    starts: time
    ends: time
    purpose: str
    people: int
    organiser: str
    organisation: str = ""
    weeks: tuple[int, ...] = ()


REGULARS = [
    Regular("lernraum", 0, time(15), time(17), "Lernwerkstatt Klasse 5–10", 9, "Peters"),
    Regular("saal-west", 0, time(19), time(21), "Singkreis Germania", 22, "Overbeck", "Singkreis Germania"),
    Regular("beratung", 1, time(10), time(12), "Bewerbungs-Check", 3, "Peters", "Gründungslotsen West"),
    Regular("saal", 1, time(15), time(17), "Erzählcafé Zeche und Heute", 35, "Sander", "Marten erzählt e. V."),
    Regular("saal-ost", 1, time(18), time(19, 30), "Yoga auf der Matte", 16, "Förster", "Yogagruppe Mittwochsmatte"),
    Regular("gruppenraum", 2, time(10), time(12), "Deutschkurs am Vormittag", 14, "Peters", "Sprachbrücke Dortmund-West"),
    Regular("lernraum", 2, time(15), time(17), "Lernwerkstatt Klasse 5–10", 9, "Peters"),
    Regular("gruppenraum", 2, time(15), time(17), "Handy-Sprechstunde 60+", 8, "Aydın"),
    Regular("gruppenraum", 3, time(11), time(13), "Sprachkurs", 12, "Peters", "Sprachbrücke Dortmund-West"),
    Regular("beratung", 3, time(14), time(17), "Sprechstunde Quartiersmanagement", 3, "Sander"),
    Regular("saal-ost", 3, time(17, 30), time(19, 30), "Sprachcafé", 24, "Kaya"),
    Regular("werkstatt", 4, time(11), time(14), "Nähtreff", 6, "Nowak", "Nähtreff Bunte Naht"),
    Regular("saal", 4, time(9, 30), time(11, 30), "Frühstück der Meile", 40, "Aydın", weeks=(1,)),
    Regular("saal-west", 4, time(18), time(21), "Spieleabend", 20, "Nowak", weeks=(4,)),
    Regular("gruppenraum", 5, time(15), time(19), "E-Sport-Treff 14+", 12, "Peters", "Martener Falken"),
    Regular("werkstatt", 5, time(11), time(14), "Repair-Café", 8, "Böhmer", weeks=(2,)),
    Regular("saal", 5, time(11), time(14), "Repair-Café", 30, "Böhmer", weeks=(2,)),
]


@dataclass(frozen=True)
class Single:
    """A date `days` from today, if the room is free; a wish unless `firm`."""

    room: str
    days: int
    starts: time
    ends: time
    purpose: str
    people: int
    who: str
    firm: bool = False
    tariff_class: TariffClass = C


SINGLES = [
    Single("gruppenraum", 0, time(18), time(20), "Elternabend Kita Sonnenschein", 14, "Förster", True, A),
    Single("kueche", 0, time(16), time(18), "Plätzchen backen", 5, "El Amrani", True, A),
    Single("lernraum", 0, time(10), time(12), "Prüfung vorbereiten", 4, "Brandt", True, A),
    Single("gruppenraum", 2, time(17, 30), time(20), "Taufe Kaya", 18, "Kaya"),
    Single("saal", 8, time(14), time(20), "70. Geburtstag", 45, "Wischnewski"),
    Single("saal", 8, time(15), time(21), "Verlobung Yıldız", 55, "Yıldız"),
    Single("saal-ost", 8, time(16), time(18), "Kinderchor, Probe", 25, "Overbeck"),
    Single("gruppenraum", 5, time(17), time(19), "Mieterversammlung Haus 12", 15, "Krüger"),
    Single("werkstatt", 6, time(12), time(14), "Regal bauen", 2, "Wójcik"),
    Single("saal", 16, time(17), time(21, 30), "Adventsfeier der Hausgemeinschaft", 50, "Nguyen", True),
    Single("gruppenraum", 9, time(18), time(21), "Spieleabend mit Freunden", 10, "Haddad"),
    Single("beratung", 1, time(10), time(11), "Brief vom Amt verstehen", 2, "Haddad", True, A),
]
