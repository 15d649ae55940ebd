"""Tables of things: brought in row by row with a look first, and taken away in the same shape.

One row is a piece with its number, or, without one, so many pieces of a thing. What a row does not say stays as it is; a second import
of the same table changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm.attributes import set_committed_value

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.folding import plain
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.core.money import cents_typed
from app.core.policy import Actor
from app.core.tables import MOST_ROWS, rows_of
from app.library import policy, queries
from app.library.events import ThingsImported
from app.library.models import Condition, Intake, Piece, Thing, ThingClass, ThingUpload, Whereabouts
from app.library.service.arranging import arrange
from app.library.service.pieces import PieceRequest, add_pieces, change_piece
from app.library.service.things import NUMBER, ClassRequest, ThingRequest, add_class, add_thing, change_thing, set_price

UPLOADS_KEPT = timedelta(days=1)
HEAD_WITHIN = 10
"""Rows in which the heads of the columns are looked for: many tables begin with a title."""

HEADS: Mapping[str, Any] = {
    "number": _l("Number"),
    "name": _l("Name"),
    "class": _l("Class"),
    "count": _l("Count"),
    "counted": _l("Counted"),
    "fee": _l("Price per loan"),
    "deposit": _l("Deposit"),
    "days": _l("Days"),
    "condition": _l("Condition"),
    "place": _l("Place"),
    "serial": _l("Serial number"),
    "replacement": _l("Value when new"),
    "about": _l("Description"),
    "keywords": _l("Other words for it"),
    "notice": _l("Read out at the hand-over"),
    "acquired": _l("Bought on"),
    "test_due": _l("Test holds until"),
}
"""Columns in the order of the table that is taken away."""
KNOWN: Mapping[str, str] = {
    "number": "nr|nummer|inventarnummer|inv nr|inventar nr|lfd nr|laufende nummer|artikelnummer|code|id|no|number|inventory number",
    "name": "bezeichnung|name|gegenstand|artikel|titel|ding|was|objekt|modell|item|thing|title|object",
    "class": "kategorie|klasse|gruppe|art|typ|warengruppe|bereich|category|class|type|group",
    "count": "anzahl|menge|stuck|stuckzahl|bestand|quantity|count|qty|pieces",
    "counted": "gezahlt|zahlware|counted",
    "fee": "leihgebuhr|gebuhr|leihpreis|nutzungsentgelt|entgelt|preis|preis pro ausleihe|miete|fee|price|loan fee|price per loan",
    "deposit": "kaution|pfand|sicherheit|deposit",
    "days": "leihdauer|leihfrist|tage|leihdauer tage|leihdauer in tagen|days|loan days|loan period",
    "condition": "zustand|status|condition|state",
    "place": "standort|ort|lagerort|platz|regal|lagerplatz|location|place|shelf",
    "serial": "seriennummer|seriennr|serien nr|sn|serial|serial number",
    "replacement": "neupreis|neuwert|wert|wiederbeschaffungswert|ersatzwert|anschaffungspreis|kaufpreis|value|replacement value|value when new",
    "about": "beschreibung|text|description|about",
    "keywords": "stichworte|schlagworte|suchworte|schlagworter|andere worter dafur|keywords|tags|other words for it",
    "notice": "hinweis|hinweise|bei der ausgabe|notice|note for hand over",
    "acquired": "angeschafft|angeschafft am|anschaffung|anschaffungsdatum|kaufdatum|gekauft am|acquired|purchased|bought on",
    "test_due": "prufung bis|prufung gilt bis|nachste prufung|prufung fallig|pruftermin|test due|next test|test holds until",
}
"""Heads as people write them, without marks and in small letters; the reader's own words for `HEADS` are known as well."""
CONDITIONS: Mapping[str, Condition] = {
    **dict.fromkeys(("defekt", "kaputt", "reparatur", "in reparatur", "broken", "in repair", "repair"), Condition.REPAIR),
    **dict.fromkeys(("prufen", "zu prufen", "check", "to check"), Condition.CHECK),
    **dict.fromkeys(("waschen", "zu waschen", "wash", "to wash"), Condition.WASH),
}
LOST = frozenset({"verloren", "vermisst", "weg", "lost", "missing"})
FINE = frozenset(
    {"", "gut", "sehr gut", "ok", "in ordnung", "neu", "neuwertig", "wie neu", "gebraucht", "fine", "good", "new", "used"}
)
YES = frozenset({"x", "ja", "j", "yes", "y", "1", "true", "wahr"})


class What(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class UploadOver(Refusal):
    """The table that was looked at is not kept any more."""

    status = 410
    kind = "upload-over"
    message = _l("This table is not kept any more. Please choose it again.")


@dataclass(frozen=True)
class Line:
    """A row of the table, numbered as on the screen, and what would become of it; `words` tell why not, or what changes."""

    row: int
    what: What
    number: str
    name: str
    words: str = ""


@dataclass
class Report:
    """What a table would do, or did."""

    name: str
    lines: list[Line]
    columns: list[str]
    ignored: list[str]
    """Heads of columns that say nothing to us."""

    def of(self, what: What) -> list[Line]:
        return [line for line in self.lines if line.what == what]

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(line.what.value for line in self.lines)

    @property
    def changes(self) -> int:
        return len(self.of(What.NEW)) + len(self.of(What.CHANGED))


# Reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row as it is meant; None is what it does not say."""

    row: int
    number: str
    name: str
    class_name: str
    count: int | None
    counted: bool | None
    fee: int | None
    deposit: int | None
    days: int | None
    condition: str
    place: str | None
    serial: str | None
    replacement: int | None
    about: str | None
    keywords: str | None
    notice: str | None
    acquired: date | None
    test_due: date | None


def _heads(table: Sequence[Sequence[str]]) -> tuple[int, dict[int, str], list[str]]:
    """Where the heads stand, which column means what, and those nobody knows. Raises `Invalid`."""
    words = {word: key for key, known in KNOWN.items() for word in known.split("|")}
    words |= {_bare(str(head)): key for key, head in HEADS.items()}
    for at, row in enumerate(table[:HEAD_WITHIN]):
        columns: dict[int, str] = {}
        for index, text in enumerate(row):
            key = words.get(_bare(text))
            if key is not None and key not in columns.values():
                columns[index] = key
        if "name" in columns.values():
            ignored = [text for index, text in enumerate(row) if text and index not in columns]
            return at, columns, ignored
    raise Invalid({"file": [_l("No column with names was found. Please call it “Bezeichnung” or “Name”.")]})


def _bare(head: str) -> str:
    """``Leihgebühr (€)`` is ``leihgebuhr``."""
    return " ".join(re.findall(r"[a-z0-9\u0600-\u06ff]+", plain(re.sub(r"\((?:€|eur|euro|in euro)\)|€", "", head))))


def _read(table: Sequence[Sequence[str]]) -> tuple[list[Row | Line], list[str], list[str]]:
    at, columns, ignored = _heads(table)
    found: list[Row | Line] = []
    for row, cells in enumerate(table[at + 1 :], start=at + 2):
        said = {key: cells[index] for index, key in columns.items() if index < len(cells)}
        if not any(said.values()):
            continue
        try:
            found.append(_row(row, said))
        except _Wrong as wrong:
            found.append(Line(row, What.REFUSED, said.get("number", ""), said.get("name", ""), str(wrong)))
    if len(found) > MOST_ROWS:
        raise Invalid({"file": [gettext("This table is too long. Up to %(num)d rows are possible.", num=MOST_ROWS)]})
    return found, [str(HEADS[key]) for key in columns.values()], ignored


class _Wrong(Exception):
    """Why a row cannot be taken."""


def _row(row: int, said: Mapping[str, str]) -> Row:
    def line(key: str, most: int) -> str | None:
        text = " ".join(said.get(key, "").split())
        if len(text) > most:
            raise _Wrong(gettext("“%(column)s” is too long: at most %(num)d letters.", column=str(HEADS[key]), num=most))
        return text or None

    number = (line("number", 40) or "").upper()
    number = number.zfill(4) if number.isascii() and number.isdigit() else number
    if number and not NUMBER.fullmatch(number):
        raise _Wrong(gettext("A number has up to 12 digits and letters, without blanks."))
    name = line("name", 120)
    if name is None:
        raise _Wrong(gettext("It needs a name."))
    count = _whole(said, "count", 10_000)
    if number and count not in (None, 1) and not _yes(said):
        raise _Wrong(gettext("A row with a number is one piece. Mark things that are counted in a column “Counted”."))
    return Row(
        row, number, name, line("class", 80) or "", count, _yes(said), _cents(said, "fee"), _cents(said, "deposit"),
        _whole(said, "days", 365), line("condition", 300) or "", line("place", 80), line("serial", 60), _cents(said, "replacement"),
        said.get("about") or None, line("keywords", 300), said.get("notice") or None, _day(said, "acquired"), _day(said, "test_due"),
    )  # fmt: skip


def _yes(said: Mapping[str, str]) -> bool | None:
    return plain(said["counted"]).strip() in YES if said.get("counted") else None


def _whole(said: Mapping[str, str], key: str, most: int) -> int | None:
    text = said.get(key, "").strip()
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,6})(?:[.,]0+)?(?:\s*(?:tage?|days?|st\.?|stk\.?|stück|x))?", text.casefold())
    if found is None or not 1 <= int(found[1]) <= most:
        raise _Wrong(
            gettext(
                "“%(column)s”: %(typed)s is no number from 1 to %(most)s.", column=str(HEADS[key]), typed=text[:40], most=most
            )
        )
    return int(found[1])


def _cents(said: Mapping[str, str], key: str) -> int | None:
    text = said.get(key, "").strip()
    if not text:
        return None
    if plain(text) in {"kostenlos", "frei", "keine", "-", "–", "free", "none"}:
        return 0
    cents = cents_typed(text)
    if cents is None or cents > 100_000_00:
        raise _Wrong(gettext("“%(column)s”: %(typed)s is no amount.", column=str(HEADS[key]), typed=text[:40]))
    return cents


def _day(said: Mapping[str, str], key: str) -> date | None:
    text = said.get(key, "").strip()
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        if 1950 <= day.year <= 2199:
            return day
    if re.fullmatch(r"(?:19|20)\d\d", text) and key == "acquired":
        return date(int(text), 1, 1)
    raise _Wrong(gettext("“%(column)s”: %(typed)s is no day.", column=str(HEADS[key]), typed=text[:40]))


# Planning ----------------------------------------------------------------------------------------------------------


@dataclass
class _Known:
    """What the house has, as far as the table is about it."""

    classes: dict[str, ThingClass]
    things: dict[str, Thing]
    pieces: dict[str, Piece]
    counts: dict[int, int]
    """Pieces of each thing, or how many of a counted one."""
    prices: Mapping[int, queries.PriceTag]
    first: dict[str, Row] = field(default_factory=dict)
    """The row of the table that has described a thing."""
    numbers: set[str] = field(default_factory=set)
    unnumbered: set[str] = field(default_factory=set)


def _known(house_id: int, rows: Iterable[Row]) -> _Known:
    """In five statements, however long the table is."""
    wanted = {row.name.casefold() for row in rows}
    things = {
        thing.name.casefold(): thing
        for thing in session().scalars(select(Thing).where(Thing.house_id == house_id, Thing.archived_at.is_(None)))
        if thing.name.casefold() in wanted
    }
    pieces = {
        piece.number: piece for piece in session().scalars(select(Piece).where(Piece.house_id == house_id).order_by(Piece.id))
    }
    by_id = {thing.id: thing for thing in things.values()}
    for piece in pieces.values():
        if piece.thing_id in by_id:
            set_committed_value(piece, "thing", by_id[piece.thing_id])
    counts = session().execute(
        select(Piece.thing_id, func.sum(Piece.count))
        .where(Piece.house_id == house_id, Piece.retired_at.is_(None), Piece.intake != Intake.DECLINED)
        .group_by(Piece.thing_id)
    )
    return _Known(
        {each.name.casefold(): each for each in queries.classes(house_id)},
        things,
        pieces,
        {thing_id: int(count) for thing_id, count in counts},
        queries.price_tags([thing.id for thing in things.values()], clock.today(i18n.zone())),
    )


SHARED = ("class_name", "counted", "fee", "deposit", "days", "replacement", "about", "keywords", "notice")
"""What a row says of the thing, not of the piece."""


def _judge(row: Row, known: _Known, *, may_add_classes: bool) -> tuple[What, str]:
    """What would become of a row, and why. Changes `known` as the import would."""
    key = row.name.casefold()
    thing, first = known.things.get(key), known.first.get(key)
    if row.number in known.numbers:
        raise _Wrong(gettext("This number stands in the table twice."))
    if not row.number and key in known.unnumbered:
        raise _Wrong(gettext("This thing stands in the table twice without a number. Write “Count” instead."))
    if first is not None:
        for name in SHARED:
            here, there = getattr(row, name), getattr(first, name)
            if here not in (None, "") and there not in (None, "") and here != there:
                raise _Wrong(gettext("Row %(num)d says something else about the same thing.", num=first.row))
    if row.class_name and row.class_name.casefold() not in known.classes and not may_add_classes:
        raise _Wrong(gettext("There is no class “%(name)s”. The manager adds it.", name=row.class_name))
    if thing is None and first is None and not row.class_name:
        raise _Wrong(gettext("What class is it? New things need one."))
    piece = known.pieces.get(row.number) if row.number else None
    if piece is not None and (thing is None or piece.thing_id != thing.id):
        raise _Wrong(gettext("This number belongs to another thing."))
    if piece is not None and (piece.retired_at is not None or piece.intake == Intake.DECLINED):
        raise _Wrong(gettext("This piece is retired."))
    if thing is not None and row.counted is not None and row.counted != thing.counted:
        raise _Wrong(gettext("There are pieces already: whether they are counted stays as it is."))
    known.numbers |= {row.number} - {""}
    if not row.number:
        known.unnumbered.add(key)
    known.first[key] = row if first is None else _joined(first, row)
    if thing is None:
        return (What.NEW, gettext("new thing") if first is None else gettext("one more piece"))
    words = [*_thing_changes(row, thing, known), *(_piece_changes(row, piece, thing) if piece is not None else [])]
    if piece is None:
        more = (row.count or 1) - (0 if row.number else known.counts.get(thing.id, 0))
        if row.number or more > 0:
            told = ngettext("one more piece", "%(num)d more pieces", 1 if row.number else more)
            return What.NEW, i18n.together(told, *words)
        if thing.counted and row.count and more < 0:
            words.append(gettext("count: %(num)d", num=row.count))
    return (What.CHANGED, i18n.together(*words)) if words else (What.UNCHANGED, "")


def _joined(first: Row, row: Row) -> Row:
    missing = {name: getattr(row, name) for name in SHARED if getattr(first, name) in (None, "")}
    return replace(first, **missing)


def _thing_changes(row: Row, thing: Thing, known: _Known) -> list[str]:
    tag = known.prices.get(thing.id, queries.PriceTag())
    thing_class = known.classes.get(row.class_name.casefold()) if row.class_name else None
    pairs = [
        ("class", bool(row.class_name) and (thing_class is None or thing_class.id != thing.class_id)),
        ("fee", row.fee is not None and row.fee != tag.fee_cents),
        ("deposit", row.deposit is not None and row.deposit != tag.deposit_cents),
        ("days", row.days is not None and row.days != (thing.loan_days or _class_days(thing, known))),
        ("replacement", row.replacement is not None and row.replacement != thing.replacement_cents),
        ("about", row.about is not None and row.about != thing.about),
        ("keywords", row.keywords is not None and row.keywords != thing.keywords),
        ("notice", row.notice is not None and row.notice != thing.notice),
    ]
    return [str(HEADS[name]) for name, differs in pairs if differs]


def _class_days(thing: Thing, known: _Known) -> int:
    return next((each.loan_days for each in known.classes.values() if each.id == thing.class_id), 0)


def _piece_changes(row: Row, piece: Piece, thing: Thing) -> list[str]:
    """Its condition is not among them: a table is older than what the desk has seen since."""
    pairs = [
        ("count", thing.counted and row.count is not None and row.count != piece.count),
        ("place", row.place is not None and row.place != piece.place),
        ("serial", row.serial is not None and row.serial != piece.serial_no),
        ("acquired", row.acquired is not None and row.acquired != piece.acquired_on),
    ]
    return [str(HEADS[name]) for name, differs in pairs if differs]


# Verbs -------------------------------------------------------------------------------------------------------------


def preview_things(house_id: int, content: bytes, name: str, by: Actor) -> Report:
    """What a table would do, row by row; nothing is written. Raises `Invalid` for what is no table of things."""
    return _work_through(house_id, content, name, by, write=False)


def import_things(house_id: int, content: bytes, name: str, by: Actor) -> Report:
    """Bring a table in; rows that are refused are left out. Raises `Invalid`."""
    report = _work_through(house_id, content, name, by, write=True)
    counts = report.counts
    publish(
        ThingsImported(
            house_id=house_id, by=by.person_id, created=counts.get("new", 0), changed=counts.get("changed", 0),
            unchanged=counts.get("unchanged", 0), refused=counts.get("refused", 0),
        )
    )  # fmt: skip
    return report


def _work_through(house_id: int, content: bytes, name: str, by: Actor, *, write: bool) -> Report:
    read, columns, ignored = _read(rows_of(content))
    rows = [row for row in read if isinstance(row, Row)]
    known = _known(house_id, rows)
    may_add = by.via == "house" or policy.manage_classes(by, _Here(house_id))
    lines, touched = [], set()
    for row in read:
        if isinstance(row, Line):
            lines.append(row)
            continue
        try:
            what, words = _judge(row, known, may_add_classes=may_add)
        except _Wrong as wrong:
            lines.append(Line(row.row, What.REFUSED, row.number, row.name, str(wrong)))
            continue
        lines.append(Line(row.row, what, row.number, row.name, words))
    if write:
        done = {line.row: line.what for line in lines}
        for row in rows:
            if done[row.row] in (What.NEW, What.CHANGED):
                touched.add(_write(house_id, row, known, by))
        arrange(touched, by)
    return Report(name, lines, columns, ignored)


@dataclass(frozen=True)
class _Here:
    house_id: int


def _write(house_id: int, row: Row, known: _Known, by: Actor) -> int:
    """Do what `_judge` has said; gives the thing."""
    key, today = row.name.casefold(), clock.today(i18n.zone())
    said = known.first[key]  # what all rows of the table say of the thing together
    thing_class = _class_of(house_id, said, known, by)
    thing = known.things.get(key)
    if thing is None:
        assert thing_class is not None
        days = said.days if said.days != thing_class.loan_days else None
        thing = add_thing(
            house_id,
            ThingRequest(
                row.name, thing_class.id, said.about or "", said.keywords or "", said.notice or "", bool(said.counted), days,
                said.replacement or 0,
            ),
            by,
        )  # fmt: skip
        set_committed_value(thing, "thing_class", thing_class)
        known.things[key] = thing
        known.counts[thing.id] = 0
    else:
        own_class = thing_class or next(each for each in known.classes.values() if each.id == thing.class_id)
        set_committed_value(thing, "thing_class", own_class)
        if any(name not in (str(HEADS["fee"]), str(HEADS["deposit"])) for name in _thing_changes(said, thing, known)):
            days = thing.loan_days if said.days is None else said.days if said.days != own_class.loan_days else None
            change_thing(
                thing,
                ThingRequest(
                    thing.name, own_class.id, said.about or thing.about, said.keywords or thing.keywords,
                    said.notice or thing.notice, thing.counted, days,
                    thing.replacement_cents if said.replacement is None else said.replacement, thing.share_percent,
                ),
                by,
            )  # fmt: skip
    tag = queries.price_tags([thing.id], today).get(thing.id, queries.PriceTag())
    fee, deposit = (
        tag.fee_cents if said.fee is None else said.fee,
        tag.deposit_cents if said.deposit is None else said.deposit,
    )  # fmt: skip
    set_price(thing, today, fee, deposit, by)
    known.prices = {**known.prices, thing.id: queries.PriceTag(fee, deposit)}
    _write_pieces(row, thing, known, by)
    return thing.id


def _class_of(house_id: int, said: Row, known: _Known, by: Actor) -> ThingClass | None:
    if not said.class_name:
        return None
    key = said.class_name.casefold()
    if key not in known.classes:
        days = said.days or 7
        known.classes[key] = add_class(house_id, ClassRequest(said.class_name, days, max(14, days)), by)
    return known.classes[key]


def _write_pieces(row: Row, thing: Thing, known: _Known, by: Actor) -> None:
    piece = known.pieces.get(row.number) if row.number else None
    if piece is None and not row.number and thing.counted:
        piece = next((each for each in known.pieces.values() if each.thing_id == thing.id and each.retired_at is None), None)
    if piece is not None:
        set_committed_value(piece, "thing", thing)
        if _piece_changes(row, piece, thing):
            change_piece(piece, _request(row, thing, piece), by)
        return
    more = 1 if row.number else (1 if thing.counted else (row.count or 1) - known.counts.get(thing.id, 0))
    for _ in range(max(0, more)):
        (made,) = add_pieces(thing, _request(row, thing, None), 1, by, settle=False)
        _note_condition(made, row, thing)
        known.pieces[made.number] = made
    known.counts[thing.id] = known.counts.get(thing.id, 0) + max(0, more)


def _request(row: Row, thing: Thing, piece: Piece | None) -> PieceRequest:
    count = (row.count or (piece.count if piece else 1)) if thing.counted else 1
    if piece is None:
        return PieceRequest(row.number, count, row.place or "", row.serial or "", acquired_on=row.acquired)
    return PieceRequest(
        piece.number, count, row.place or piece.place, row.serial or piece.serial_no, piece.origin, piece.owner_id, piece.donor_id,
        piece.donor_named, row.acquired or piece.acquired_on, piece.for_sale,
    )  # fmt: skip


def _note_condition(piece: Piece, row: Row, thing: Thing) -> None:
    """How a new piece is; words that are no state of ours are kept as a remark."""
    word = plain(row.condition).strip()
    if word in LOST:
        piece.whereabouts = Whereabouts.LOST
    elif word in CONDITIONS:
        piece.condition = CONDITIONS[word]
    elif word not in FINE:
        piece.condition_note = row.condition
    if row.test_due is not None:
        piece.test_due_on = row.test_due
        tested = thing.thing_class.test_months is not None
        if tested and row.test_due >= clock.today(i18n.zone()):
            piece.intake = Intake.STOCKED
            piece.condition = CONDITIONS.get(word, Condition.FINE)
    session().flush()


# Between preview and import ----------------------------------------------------------------------------------------


def keep_upload(house_id: int, content: bytes, name: str, by: Actor) -> ThingUpload:
    """Keep a table until it is imported; an earlier one of the same person goes."""
    session().execute(
        delete(ThingUpload).where(ThingUpload.house_id == house_id, ThingUpload.uploaded_by_id == by.person_id)
    )  # fmt: skip
    row = ThingUpload(house_id=house_id, name=" ".join(name.split())[:200], content=content, uploaded_by_id=by.person_id)
    session().add(row)
    session().flush()
    return row


def import_upload(house_id: int, upload_id: int, by: Actor) -> Report:
    """Import what was looked at. Raises `UploadOver` when it is not kept any more."""
    row = queries.upload(house_id, upload_id, by.person_id)
    if row is None:
        raise UploadOver
    report = import_things(house_id, row.content, row.name, by)
    session().delete(row)
    session().flush()
    return report


def forget_old_uploads() -> int:
    """Tables that were looked at and never imported."""
    result: Any = session().execute(delete(ThingUpload).where(ThingUpload.uploaded_at < clock.now() - UPLOADS_KEPT))
    return int(result.rowcount)


def table_of(house_id: int) -> list[list[object]]:
    """Everything the house lends, in the shape that can be brought in again; the heads first."""
    rows: list[list[object]] = [[str(head) for head in HEADS.values()]]
    today = clock.today(i18n.zone())
    found = session().execute(
        select(Piece, Thing, ThingClass)
        .join(Thing, Thing.id == Piece.thing_id)
        .join(ThingClass, ThingClass.id == Thing.class_id)
        .where(Piece.house_id == house_id, Piece.retired_at.is_(None), Piece.intake != Intake.DECLINED, Thing.archived_at.is_(None))
        .order_by(Thing.name, Piece.number)
    ).all()  # fmt: skip
    tags = queries.price_tags({row[1].id for row in found}, today)
    for piece, thing, thing_class in found:
        tag = tags.get(thing.id, queries.PriceTag())
        rows.append(
            [
                piece.number, thing.name, thing_class.name, piece.count, "x" if thing.counted else "",
                _euro(tag.fee_cents), _euro(tag.deposit_cents), thing.loan_days or thing_class.loan_days,
                piece.condition_note or _condition_word(piece), piece.place, piece.serial_no, _euro(thing.replacement_cents),
                thing.about, thing.keywords, thing.notice, piece.acquired_on, piece.test_due_on,
            ]
        )  # fmt: skip
    return rows


def _euro(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _condition_word(piece: Piece) -> str:
    if piece.whereabouts == Whereabouts.LOST:
        return "verloren"
    return {Condition.REPAIR: "Reparatur", Condition.CHECK: "prüfen", Condition.WASH: "waschen"}.get(
        Condition(piece.condition), ""
    )
