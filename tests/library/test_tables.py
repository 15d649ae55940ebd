"""Tables people bring: every shape they have, looked at first, the same twice changes nothing, hostile ones are refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import select

from app.core import clock, db
from app.core.errors import Invalid
from app.core.policy import THE_HOUSE, Role
from app.core.sheets import csv_sheet, xlsx_sheet
from app.core.tables import MOST_ROWS, rows_of
from app.library import queries, service
from app.library.models import Condition, Piece, Thing, ThingUpload, Whereabouts
from app.library.service import Report, What
from tests.conftest import THURSDAY
from tests.library.leihladen import Leihladen, do, read
from tests.makers import a_person
from tests.rooms.marten import signed_in

GERMAN = (
    "Inventar Leihladen;;;;;;;;;;\r\n"
    "Nr.;Bezeichnung;Kategorie;Leihgebühr (€);Kaution;Leihdauer (Tage);Zustand;Standort;Seriennummer;Neupreis;Farbe\r\n"
    '0147;Akku-Bohrer „Bosch“;Werkzeug;3,00 €;"30,00";7;gut;Keller, Regal 3;SN-1;1.234,50 €;blau\r\n'
    "148;Akku-Bohrer „Bosch“;Werkzeug;;;;defekt;Keller;;;grün\r\n"
    ";Bierbank;Feiern;kostenlos;40;3;;Garage;;;\r\n"
)
ROUND = "Nummer;Name;Anzahl;Gezählt;Kategorie\n0200;Teller;60;ja;Feiern\n;Stuhl;4;;Feiern\n"


def bring(laden: Leihladen, content: bytes | str, name: str = "liste.csv", **more: Any) -> Report:
    raw = content.encode() if isinstance(content, str) else content
    return do(lambda: service.import_things(laden.house, raw, name, more.get("by", THE_HOUSE)))


def look(laden: Leihladen, content: bytes | str, by: Any = THE_HOUSE) -> Report:
    raw = content.encode() if isinstance(content, str) else content
    return read(lambda: service.preview_things(laden.house, raw, "liste.csv", by))


def told(report: Report) -> list[tuple[int, str, str]]:
    return [(line.row, line.what.value, line.words) for line in report.lines]


def everything(laden: Leihladen) -> list[list[object]]:
    return read(lambda: service.table_of(laden.house))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_table_as_spreadsheets_write_it_is_understood_and_the_same_twice_changes_nothing(
    laden: Leihladen, encoding: str
) -> None:
    raw = GERMAN.encode(encoding)
    seen = look(laden, raw)
    assert [line.what for line in seen.lines] == [What.NEW] * 3 and seen.ignored == ["Farbe"]
    assert read(lambda: db.session().scalar(select(Thing.id))) is None, "looking changes nothing"
    assert told(bring(laden, raw)) == told(seen)
    drill, bench = read(lambda: list(db.session().scalars(select(Thing).order_by(Thing.name))))
    assert (drill.name, drill.replacement_cents, drill.loan_days) == ("Akku-Bohrer „Bosch“", 123450, None)
    tags = read(lambda: queries.price_tags([drill.id, bench.id], THURSDAY.date()))
    assert tags == {drill.id: queries.PriceTag(300, 3000), bench.id: queries.PriceTag(0, 4000)}
    pieces = read(lambda: {each.number: each for each in db.session().scalars(select(Piece))})
    assert sorted(pieces) == ["0147", "0148", "0149"]
    assert (pieces["0147"].place, pieces["0147"].serial_no) == ("Keller, Regal 3", "SN-1")
    assert pieces["0148"].condition == Condition.REPAIR
    before = everything(laden)
    again = bring(laden, raw)
    assert again.changes == 0 and again.counts == {"unchanged": 3} and everything(laden) == before


def test_counts_add_what_is_missing_and_counted_things_are_one_stack(laden: Leihladen) -> None:
    bring(laden, ROUND)
    pieces = read(lambda: {each.number: each.count for each in db.session().scalars(select(Piece).order_by(Piece.id))})
    assert pieces == {"0200": 60, "0201": 1, "0202": 1, "0203": 1, "0204": 1}
    more = ROUND.replace("Stuhl;4", "Stuhl;6").replace("Teller;60", "Teller;58")
    assert [what for _, what, _ in told(look(laden, more))] == ["changed", "new"]
    bring(laden, more)
    counts = [row[3] for row in everything(laden)[1:]]
    assert counts == [1] * 6 + [58]
    assert bring(laden, more).changes == 0


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_other_signs_quoted_lines_and_english_heads(laden: Leihladen, delimiter: str) -> None:
    rows = [
        ["name", "category", "description", "fee", "acquired"],
        ["Ladder", "Tools", '"Up to 4 m.\nNever the last ""step""."', "2.50", "2020"],
    ]
    content = "\n".join(delimiter.join(row) for row in rows)
    assert bring(laden, content).counts == {"new": 1}
    thing = read(lambda: db.session().scalar(select(Thing)))
    assert thing is not None and thing.about == 'Up to 4 m.\nNever the last "step".'
    assert read(lambda: db.session().scalar(select(Piece.acquired_on))) == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (";;Werkzeug;;;;", "It needs a name."),
        ("5;Säge;;;;;", "What class is it? New things need one."),
        ("1;Säge;Werkzeug;viel;;;", "“Price per loan”: viel is no amount."),
        ("1;Säge;Werkzeug;1,234;;;", "“Price per loan”: 1,234 is no amount."),
        ("1;Säge;Werkzeug;-3;;;", "“Price per loan”: -3 is no amount."),
        ("1;Säge;Werkzeug;;;0;", "“Count”: 0 is no number from 1 to 10000."),
        ("1;Säge;Werkzeug;;;5;", "A row with a number is one piece. Mark things that are counted in a column “Counted”."),
        ("1 2;Säge;Werkzeug;;;;", "A number has up to 12 digits and letters, without blanks."),
        ("1;Säge;Werkzeug;;;;31.02.2025", "“Bought on”: 31.02.2025 is no day."),
        ("0999;Säge;Werkzeug;;;;", "This number belongs to another thing."),
        ("9;Alt;Werkzeug;;;;", "This piece is retired."),
        ("2;Hammer;Werkzeug;9;;;", "Row 2 says something else about the same thing."),
        ("1;Hammer;Werkzeug;;;;", "This number stands in the table twice."),
    ],
)
def test_a_row_that_cannot_be_is_told_with_its_reason_and_the_others_come_in(laden: Leihladen, row: str, reason: str) -> None:
    laden.thing("Ladder", "0999")
    laden.thing("Alt", "0009", piece={"retired_at": THURSDAY, "retired_why": "x"})
    content = f"Nr;Name;Kategorie;Leihgebühr;Kaution;Anzahl;Kaufdatum\n0001;Hammer;Werkzeug;3;;;\n{row}\n"
    report = bring(laden, content)
    assert told(report)[0] == (2, "new", "new thing")
    assert told(report)[1] == (3, "refused", reason)
    assert read(lambda: len(list(db.session().scalars(select(Piece))))) == 3


def test_only_the_manager_makes_classes_by_a_table_and_states_are_not_set_back(laden: Leihladen) -> None:
    seen = look(laden, "Name;Kategorie\nZelt;Garten\n", laden.at_desk)
    assert told(seen) == [(2, "refused", "There is no class “Garten”. The manager adds it.")]
    bring(laden, "Nr;Name;Kategorie;Zustand\n1;Zelt;Garten;verloren\n2;Plane;Garten;zu waschen\n")
    pieces = read(lambda: {each.number: each for each in db.session().scalars(select(Piece))})
    assert pieces["0001"].whereabouts == Whereabouts.LOST and pieces["0002"].condition == Condition.WASH
    assert bring(laden, "Nr;Name;Kategorie;Zustand\n2;Plane;Garten;gut\n").counts == {"unchanged": 1}


def test_what_is_taken_away_comes_back_unchanged_and_runs_no_formula(laden: Leihladen) -> None:
    bring(laden, GERMAN + ";'=1+1;Feiern;;;;;;;;\r\n;+49 231;Feiern;;;;;;;;\r\n")
    rows = everything(laden)
    sheet = csv_sheet(rows)
    assert b";'=1+1;" in sheet and b";'+49 231;" in sheet
    for content in (sheet, xlsx_sheet(rows, name="things")):
        assert bring(laden, content).counts == {"unchanged": 5}, "either way"


def workbook(rows: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(line, column, value)
    return file.getvalue()


def test_excel_numbers_and_days_are_read_as_they_are_seen(laden: Leihladen) -> None:
    report = bring(
        laden, workbook([["Nr.", "Bezeichnung", "Kategorie", "Kaution", "Tage"], [12.0, "Beil", "Werkzeug", 12.5, 7]]), "a.xlsx"
    )
    assert report.counts == {"new": 1}
    assert [row[0] for row in everything(laden)[1:]] == ["0012"]
    assert read(lambda: [tag.deposit_cents for tag in queries.price_tags([1], THURSDAY.date()).values()]) == [1250]


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


HOSTILE = {
    "nothing": b"",
    "blanks": b";;;\n\n",
    "no names": b"Farbe;Form\nblau;rund\n",
    "binary": b"\x00\x01\x02" * 1000,
    "too large": b"x" * 5_000_001,
    "too many rows": b"Name\n" + b"x\n" * (MOST_ROWS + 1),
    "a torn workbook": workbook([["Name"]])[:400],
    "a zip of something else": packed(a_xml=b"x"),
    "a bomb": packed(xl__workbook_xml=b"x", xl__worksheets__sheet1_xml=b"0" * 70_000_000),
    "an old workbook that is none": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_table_is_refused_with_a_reason(name: str, laden: Leihladen) -> None:
    with pytest.raises(Invalid) as refusal:
        look(laden, HOSTILE[name])
    assert refusal.value.fields["file"]


def test_a_cell_far_from_all_others_does_not_fill_the_memory() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([["Name"], ["x"]]))) as old, zipfile.ZipFile(file, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename.startswith("xl/worksheets/"):
                content = content.replace(b'r="A2"', b'r="XFD1048576"').replace(b'r="2"', b'r="1048576"')
            new.writestr(info, content)
    with pytest.raises(Invalid):
        rows_of(file.getvalue())


def test_by_pages_what_was_looked_at_is_imported_for_a_day(app: Flask, laden: Leihladen) -> None:
    manager = signed_in(app, a_person("Miriam", "Sander", (Role.MANAGER, laden.house), language="en"))
    page = manager.get("/library/things/import")
    page = manager.submit("Look what it would do", file=(io.BytesIO(GERMAN.encode("cp1252")), "leih.csv"))
    assert page.h1 == "Look first: leih.csv" and "New: 3" in page.text and "Not used: Farbe" in page.text
    page = manager.submit("Bring it in")
    assert page.path == "/library/things" and "3 rows brought in" in page.alerts[0]
    assert "attachment" in str(manager.client.get("/library/things.csv").headers["Content-Disposition"])
    manager.get("/library/things/import")
    page = manager.submit("Look what it would do", file=(io.BytesIO(b"\x00\x00"), "x.bin"), expect=422)
    assert "This is not a table we can read" in page.errors["file"]
    manager.submit("Look what it would do", file=(io.BytesIO(ROUND.encode()), "r.csv"))
    kept = manager.page.main.one("input", name="upload")["value"]
    desk = signed_in(app, laden.desk)
    desk.get("/library/things/import")
    desk.post("/library/things/import", {"upload": kept}, expect=410)
    with clock.stopped_at(THURSDAY + timedelta(days=2)):
        assert do(service.forget_old_uploads) == 1
    assert read(lambda: db.session().scalar(select(ThingUpload.id))) is None
    manager.post("/library/things/import", {"upload": kept}, expect=410)


def test_the_command_tells_the_same(app: Flask, laden: Leihladen, tmp_path: Path) -> None:
    file = tmp_path / "things.csv"
    file.write_bytes(GERMAN.encode("cp1252") + b";;Feiern\r\n")
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["library", "import-things", str(file), "--house", "marten", "--dry-run"])
    assert dry.exit_code == 0 and "3 new, 0 changed, 0 unchanged, 1 refused" in dry.output, dry.output
    assert "row 6" in dry.output and "It needs a name." in dry.output
    assert runner.invoke(args=["library", "import-things", str(file)]).exit_code == 0
    again = runner.invoke(args=["library", "import-things", str(file), "--json"])
    assert '"unchanged": 3' in again.output
    assert runner.invoke(args=["library", "import-things", str(tmp_path / "none.csv")]).exit_code == 1
