"""Paper: what is printed is tagged, capped, literal, and the same every time."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject

from app.core import paper

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
HOUSE = {"name": "Meilentreff Marten", "address": "An der Wasserburg 6, 44379 Dortmund"}
ADDRESS = "meilentreff-marten.example/raeume/saal"
QR = {
    "svg": paper.qr_svg(f"https://{ADDRESS}"),
    "alt": "QR-Code zur Seite des Raums",
    "words": "Frei? Hier nachsehen und buchen:",
    "address": ADDRESS,
}
WISHED = {"word": "angefragt", "tone": "honey"}
CONFIRMED = {"word": "bestätigt", "tone": "sage"}

ROOM_SHEET = {
    "house": HOUSE,
    "room": "Saal „Germania“",
    "facts": ["bis 60 Personen", "stufenfrei", "Küche"],
    "date": "Donnerstag, 26. November 2026",
    "columns": {"time": "Zeit", "what": "Was", "state": "Stand"},
    "bookings": [
        {"time": "10–12 Uhr", "what": "Frühstück der Meile", "note": "offen für alle", "state": CONFIRMED},
        {"time": "17:30–19 Uhr", "what": "Taufe Kaya", "state": WISHED},
    ],
    "free": "Heute ist der Raum frei.",
    "qr": QR,
    "as_of": "Stand: Do 26. November 2026, 10:30 Uhr",
}
WEEK_SHEET = {
    "house": HOUSE,
    "room": "Saal „Germania“",
    "dates": "23. bis 24. November 2026",
    "hours": {"from": 8, "to": 22},
    "columns": {"day": "Tag", "bookings": "Belegt"},
    "free": "frei",
    "days": [
        {
            "name": "Montag",
            "date": "23. November",
            "today": True,
            "bookings": [{"time": "9–12 Uhr", "what": "Sprachkurs", "state": CONFIRMED, "from": 9, "to": 12}],
        },
        {"name": "Dienstag", "date": "24. November", "bookings": []},
    ],
    "qr": QR,
    "as_of": "Stand: Mo 23. November 2026",
}
SIGN_IN_SLIP = {
    "house": HOUSE,
    "slips": [
        {
            "heading": "Anmeldung",
            "name": "Magda Kowalczyk",
            "lines": ["Räume buchen.", "Sachen ausleihen.", "Den Zettel bitte niemandem zeigen."],
            "code_label": "Dein Code",
            "code": "K7PMX42Q",
            "qr": QR,
            "valid": "Gültig bis Do 10. Dezember 2026",
        }
    ],
}
BOOKING_SLIP = {
    "house": HOUSE,
    "slips": [
        {
            "heading": "Deine Buchung",
            "name": "Saal „Germania“",
            "state": WISHED,
            "rows": [
                {"label": "Wann", "value": "Do 26. November 2026"},
                {"label": "Für", "value": "Ayşe Kaya"},
            ],
            "code_label": "Dein Code",
            "code": "482913",
            "qr": QR,
            "valid": "Wir melden uns bis Montag.",
        }
    ],
}
CALL_LIST = {
    "house": HOUSE,
    "heading": "Anrufen am Donnerstag",
    "columns": {"person": "Wer", "about": "Worum es geht", "done": "Erledigt", "initials": "Kürzel"},
    "calls": [
        {
            "name": "Horst Wieczorek",
            "phone": "0231 / 55 01 12",
            "about": "Saal ist bestätigt",
            "say": "Deine Buchung ist bestätigt.",
        }
    ],
    "nobody": "Heute ist niemand anzurufen.",
    "as_of": "Stand: Do 26. November 2026",
}
RECEIPT = {
    "house": HOUSE,
    "heading": "Quittung",
    "no": "Q-2026-0001",
    "amount": "216,00 €",
    "undone": "Zurückgenommen: Diese Quittung gilt nicht.",
    "rows": [{"label": "Erhalten von", "value": "Ayşe Kaya"}, {"label": "Wie", "value": "bar"}],
    "lines_label": "Für",
    "lines": [{"text": "Saal am Donnerstag", "amount": "66,00 €"}, {"text": "Kaution: Saal", "amount": "150,00 €"}],
    "total_label": "Summe",
    "sign": "Unterschrift",
    "printed": "Gedruckt am Do 26. November 2026",
}
INVOICE = {
    "house": HOUSE,
    "seller": {"name": "Nachbarschaftshaus Marten eG", "line": "Steinhammerstraße 3, 44379 Dortmund"},
    "buyer": ["Ayşe Kaya", "Bärenbruch 7", "44379 Dortmund"],
    "heading": "Rechnung",
    "title": "Saal am Donnerstag",
    "rows": [{"label": "Nummer", "value": "R-2026-031"}],
    "columns": {"text": "Leistung", "rate": "USt", "net": "Netto", "gross": "Betrag"},
    "lines": [{"text": "1 × Reinigung", "rate": "19 %", "net": "37,82 €", "gross": "45,00 €"}],
    "sums": [{"label": "Netto 19 %", "amount": "37,82 €"}, {"label": "Umsatzsteuer 19 %", "amount": "7,18 €"}],
    "total": {"label": "Gesamtbetrag", "amount": "45,00 €"},
    "wordings": ["Steuerfrei nach § 4 Nr. 12 Buchst. a UStG."],
    "pay": {
        "words": "Bitte überweise den Betrag.",
        "rows": [{"label": "IBAN", "value": "DE89 3704 0044 0532 0130 00"}],
        "qr": {"svg": QR["svg"], "alt": "GiroCode"},
    },
}
DOCUMENTS: dict[str, tuple[Mapping[str, object], tuple[str, ...]]] = {
    "rooms/paper/room_sheet.typ": (
        ROOM_SHEET,
        ("Saal „Germania“", "17:30–19 Uhr", "Taufe Kaya", "angefragt", ADDRESS),
    ),
    "rooms/paper/week_sheet.typ": (WEEK_SHEET, ("Montag", "9–12 Uhr", "Sprachkurs", "frei", ADDRESS)),
    "rooms/paper/booking_slip.typ": (BOOKING_SLIP, ("Ayşe Kaya", "482 913", "angefragt", "Wir melden uns")),
    "accounts/paper/sign_in_slip.typ": (
        SIGN_IN_SLIP,
        ("Magda Kowalczyk", "K7PM X42Q", "Gültig bis Do 10. Dezember 2026"),
    ),
    "money/paper/receipt.typ": (RECEIPT, ("Q-2026-0001", "216,00 €", "Kaution: Saal", "gilt nicht", "Ayşe Kaya")),
    "money/paper/invoice.typ": (INVOICE, ("R-2026-031", "Bärenbruch 7", "37,82 €", "§ 4 Nr. 12", "DE89 3704 0044 0532 0130 00")),
    "notices/paper/call_list.typ": (
        CALL_LIST,
        ("Horst Wieczorek", "0231 / 55 01 12", "Deine Buchung ist bestätigt."),
    ),
}
each_document = pytest.mark.parametrize("template", DOCUMENTS)


def printed(template: str, data: Mapping[str, object], language: str = "de", title: str = "Probe") -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(paper.render(template, data, language=language, title=title, now=NOW)))


def words_of(document: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in document.pages).split())


def root_of(document: pypdf.PdfReader) -> Any:
    return document.root_object


def tags_of(document: pypdf.PdfReader) -> list[Any]:
    """The structure elements in reading order."""

    def walk(node: Any) -> Iterator[DictionaryObject]:
        node = node.get_object()
        if isinstance(node, ArrayObject):
            for child in node:
                yield from walk(child)
        elif isinstance(node, DictionaryObject):
            if "/S" in node:
                yield node
            if "/K" in node:
                yield from walk(node["/K"])

    return list(walk(root_of(document)["/StructTreeRoot"]))


@each_document
def test_every_document_is_tagged_and_says_language_title_and_author(template: str) -> None:
    document = printed(template, DOCUMENTS[template][0], title="Papier der Meile")
    root = root_of(document)
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "de"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata is not None
    assert document.metadata.title == "Papier der Meile"
    assert document.metadata.author == "Meilentreff Marten"
    assert document.metadata.creation_date == NOW
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    assert [tag["/S"] for tag in tags_of(document)].count("/H1") == 1


@each_document
def test_every_document_carries_its_words(template: str) -> None:
    data, expected = DOCUMENTS[template]
    text = words_of(printed(template, data))
    for words in expected:
        assert words in text


def test_a_table_has_header_cells_and_a_picture_says_what_it_is() -> None:
    tags = tags_of(printed("rooms/paper/room_sheet.typ", ROOM_SHEET))
    kinds = [tag["/S"] for tag in tags]
    assert kinds.count("/TH") == 3
    assert kinds.count("/TR") == 3
    assert [tag["/Alt"] for tag in tags if tag["/S"] == "/Figure"] == [QR["alt"]]


def test_equal_data_give_equal_bytes() -> None:
    first, second = (
        paper.render("rooms/paper/room_sheet.typ", ROOM_SHEET, language="de", title="Probe", now=NOW) for _ in range(2)
    )
    assert first == second


def test_arabic_is_declared_printed_and_extracted() -> None:
    data = {**ROOM_SHEET, "room": "القاعة الكبيرة", "free": "القاعة متاحة اليوم", "bookings": []}
    document = printed("rooms/paper/room_sheet.typ", data, language="ar")
    assert root_of(document)["/Lang"] == "ar"
    text = words_of(document)
    assert "القاعة" in text
    assert "□" not in text


def test_a_free_day_says_so_instead_of_an_empty_table() -> None:
    document = printed("rooms/paper/room_sheet.typ", {**ROOM_SHEET, "bookings": []})
    assert "Heute ist der Raum frei." in words_of(document)
    assert "/Table" not in [tag["/S"] for tag in tags_of(document)]


def test_an_empty_call_list_says_so() -> None:
    assert "Heute ist niemand anzurufen." in words_of(printed("notices/paper/call_list.typ", {**CALL_LIST, "calls": []}))


def test_many_slips_are_a_page_each() -> None:
    slips = SIGN_IN_SLIP["slips"] * 3  # type: ignore[operator]
    assert len(printed("accounts/paper/sign_in_slip.typ", {**SIGN_IN_SLIP, "slips": slips}).pages) == 3


@pytest.mark.parametrize("size", ["a5", "a6"])
def test_a_slip_is_one_small_page(size: str) -> None:
    document = printed("accounts/paper/sign_in_slip.typ", {**SIGN_IN_SLIP, "size": size})
    assert len(document.pages) == 1
    assert round(float(document.pages[0].mediabox.width)) == {"a5": 420, "a6": 298}[size]


@pytest.mark.parametrize(
    "hostile",
    [
        '#read("/etc/passwd")',
        "$ x^2 $",
        "@anker <marke>",
        "`roh` *fett* _schief_",
        "#{panic()} #import x",
        "= keine Überschrift",
        "\\u{1f600} \\",
        "-- ... ~ 'a'",
        "<b>&amp;</b>",
    ],
)
def test_markup_in_data_is_printed_as_it_was_written(hostile: str) -> None:
    bookings = [{"time": "10 Uhr", "what": hostile}]
    document = printed("rooms/paper/room_sheet.typ", {**ROOM_SHEET, "bookings": bookings}, title=hostile)
    assert hostile in words_of(document)
    assert document.metadata is not None
    assert document.metadata.title == hostile


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Party 🎉👨‍👩‍👧", "Party"),
        ("🎉", "□"),
        ("汉字 Kurs", "□□ Kurs"),
        ("日本語のとても長い題", "□□□"),
        ("a\x00\x07\x1bb", "ab"),
        ("x\ud800y", "xy"),
        ("\u202egnafel\u202c", "gnafel"),
        ("Łódź Ğ ş Ґ є ђ", "Łódź Ğ ş Ґ є ђ"),
    ],
)
def test_what_no_font_can_show_costs_a_sign_and_not_the_paper(given: str, shown: str) -> None:
    bookings = [{"time": "10 Uhr", "what": given}]
    assert shown in words_of(printed("rooms/paper/room_sheet.typ", {**ROOM_SHEET, "bookings": bookings}))


def test_a_german_name_keeps_its_quotation_mark_on_an_arabic_sheet() -> None:
    shown = words_of(printed("rooms/paper/room_sheet.typ", {**ROOM_SHEET, "room": "Saal „Germania“"}, language="ar"))
    # The mark behind the quotation mark holds it on the side of its name.
    assert "Saal „Germania“\u200e" in shown


@pytest.mark.parametrize("word", ["Wort ", "W"])
def test_endless_text_is_cut_and_quick(word: str) -> None:
    endless = word * 100_000
    bookings = [{"time": endless, "what": endless, "note": endless, "state": {"word": endless}}]
    data = {**ROOM_SHEET, "room": endless, "bookings": bookings}
    began = time.process_time()
    text = words_of(printed("rooms/paper/room_sheet.typ", data, title=endless))
    assert time.process_time() - began < 5
    assert "…" in text
    assert len(text) < 8 * paper.LONGEST_TEXT


def test_a_long_list_is_cut_and_the_paper_says_by_how_much() -> None:
    bookings = [{"time": "10 Uhr", "what": "Treff"}] * (paper.LONGEST_LIST + 37)
    document = printed("rooms/paper/room_sheet.typ", {**ROOM_SHEET, "bookings": bookings})
    text = words_of(document)
    assert text.count("Treff") == paper.LONGEST_LIST
    assert "… + 37" in text


def test_too_much_for_one_paper_is_refused_before_it_is_set() -> None:
    calls = [{"name": "n" * 300, "phone": "1", "about": "x", "say": "s" * 300}] * 300
    with pytest.raises(paper.PaperFailed, match="too much"):
        printed("notices/paper/call_list.typ", {**CALL_LIST, "calls": calls})


@pytest.mark.parametrize(
    ("template", "data", "language"),
    [
        ("rooms/paper/room_sheet.typ", {"house": HOUSE}, "de"),
        ("rooms/paper/room_sheet.typ", {**ROOM_SHEET, "date": NOW}, "de"),
        ("rooms/paper/room_sheet.typ", ROOM_SHEET, "deutsch!"),
        ("rooms/paper/no_such.typ", ROOM_SHEET, "de"),
        ("../config.py", ROOM_SHEET, "de"),
    ],
)
def test_what_cannot_be_printed_fails_with_a_message_for_the_log(
    template: str, data: Mapping[str, object], language: str
) -> None:
    with pytest.raises(paper.PaperFailed) as failure:
        printed(template, data, language)
    assert str(failure.value)


def test_a_qr_code_keeps_its_quiet_zone_and_refuses_what_no_phone_reads() -> None:
    svg = paper.qr_svg("https://meilentreff-marten.example/")
    # 25 or 29 modules and four of quiet on each side
    assert 'viewBox="0 0 33 33"' in svg or 'viewBox="0 0 37 37"' in svg
    for unreadable in ("", "x" * (paper.LONGEST_QR + 1)):
        with pytest.raises(paper.PaperFailed):
            paper.qr_svg(unreadable)
