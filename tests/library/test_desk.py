"""The desk of the library, through pages: scan, hand out, take back, and everything that can go wrong with it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from app.core import clock, db
from app.library import service
from app.library.models import Approval, Block, Damage, GuardianConsent, LendingTerms, Loan, LoanLine, Reservation
from app.money.models import Charge, Deposit
from app.people import service as people_service
from app.people.service import PersonRequest
from tests.browser_client import Page, Reader
from tests.library.leihladen import Leihladen, at, do, line, piece, read, reservation, wall
from tests.makers import a_part
from tests.rooms.marten import signed_in

THU = date(2026, 11, 26)
FRI, MON, TUE, WED, NEXT_THU = (THU + timedelta(days=count) for count in (1, 4, 5, 6, 7))


@dataclass(frozen=True)
class Theke:
    """The house that lends, with browsers for its people; Magda is known to the search."""

    app: Flask
    laden: Leihladen
    magda: int
    desk: Reader
    ayse: Reader
    jan: Reader

    def scan(self, *texts: str) -> Page:
        for text in texts:
            self.desk.submit("Go", q=text)
        return self.desk.page

    def again(self) -> None:
        """Everybody signs in anew after the clock has moved on."""
        for reader, person in ((self.desk, self.laden.desk), (self.ayse, self.laden.ayse), (self.jan, self.laden.jan)):
            reader.sign_in_as(person)

    @property
    def told(self) -> tuple[str, str]:
        """The sentence under the field, and its sound."""
        (told,) = [each for each in self.desk.page.html.all("p") if each["id"] == "desk-told"]
        return told.text, told["data-sound"]


def count(model: Any, *where: Any) -> int:
    return int(read(lambda: db.session().scalar(select(func.count()).select_from(model).where(*where))) or 0)


@pytest.fixture
def theke(app: Flask, laden: Leihladen) -> Iterator[Theke]:
    request = PersonRequest(given_name="Magda", family_name="Kowalczyk")
    magda = do(lambda: people_service.create_person(request, by=laden.at_desk).id)
    with clock.stopped_at(at(THU, "16:30")):
        yield Theke(app, laden, magda, *(signed_in(app, each) for each in (laden.desk, laden.ayse, laden.jan)))


def words_of(page: Page) -> str:
    return "\n".join(each.extract_text() for each in PdfReader(io.BytesIO(page.response.data)).pages)


# The field ---------------------------------------------------------------------------------------------------------


def test_what_is_scanned_or_typed_finds_its_pile_or_its_person_and_nothing_is_written(theke: Theke) -> None:
    drill, ladder = theke.laden.thing(), theke.laden.thing("Leiter", "0150")
    theke.laden.lend(ladder.piece, to=theke.laden.jan)
    loans = count(Loan)
    theke.desk.get("/library")
    theke.scan("147")
    assert theke.told == ("0147 Akkubohrer: can go out", "fine")
    theke.scan("https://quartiersraum.example/p/0150")
    assert theke.told == ("0150 Leiter: Jan Weber, in time", "fine")
    page = theke.scan("kowalczyk")
    assert theke.told == ("Magda Kowalczyk", "fine")
    assert page.has_button("Hand it out to Magda Kowalczyk") and page.has_button("Take it back")
    theke.scan("9999")
    assert theke.told == ("Nothing found for “9999”", "no")
    assert theke.desk.page.has_button("Hand it out to Magda Kowalczyk")  # what lay there still lies there
    theke.scan("-0150")
    page = theke.scan("-")
    assert not page.has_button("Hand it out") and not page.has_button("Take it back")
    page = theke.scan("bohrer")
    assert "0147 Akkubohrer" in page.text
    assert (count(Loan), piece(drill.piece).whereabouts, piece(ladder.piece).whereabouts) == (loans, "shelf", "out")


def test_of_several_a_digit_chooses(theke: Theke) -> None:
    theke.laden.thing("Stichsäge", "0220", "0221")
    theke.desk.get("/library")
    page = theke.scan("stichs")
    assert theke.told[1] == "look" and "0220 Stichsäge" in page.text
    theke.scan("2")
    assert theke.told[0].startswith("0221 Stichsäge")


def test_an_address_with_nonsense_is_an_empty_desk(theke: Theke) -> None:
    other = theke.laden.thing()
    for query in (
        "out=x.-1.99999999999999",
        "person=0&back=7",
        "out=4711&due-4711=gestern",
        "loan=999&got=1.2",
        f"out={other.piece}&due-{other.piece}=2020-01-01",
    ):
        theke.desk.get(f"/library?{query}")


# Handing out -------------------------------------------------------------------------------------------------------


def test_five_things_go_home_and_come_back_whoever_brings_them(theke: Theke) -> None:
    laden = theke.laden
    things = [laden.thing(f"Ding {number}", f"030{number}") for number in range(1, 6)]
    theke.desk.get("/library")
    page = theke.scan("0301", "0302", "0303", "0304", "0305", "Kowalczyk")
    assert theke.told[1] == "look" and "At most 3 things at a time" in theke.told[0]
    assert theke.desk.queries <= 75, theke.desk.queries
    page = theke.desk.submit("Hand all 5 out", identity_seen=True, expect=409)
    assert count(Loan) == 0 and "Nothing has been written down" in page.text
    page = theke.desk.submit("Hand all 5 out", identity_seen=False, override="Straßenfest", expect=422)
    assert count(Loan) == 0 and "identity_seen" in page.errors
    page = theke.desk.submit("Hand all 5 out", identity_seen=True, override="Straßenfest, mit Miriam besprochen")
    assert "Handed out to Magda Kowalczyk: 5 things." in page.text and page.has_link("Print a slip")
    lines = read(lambda: db.session().scalars(select(LoanLine).order_by(LoanLine.id)).all())
    assert [each.piece_id for each in lines] == [thing.piece for thing in things]
    assert {each.override for each in lines} == {"", "Straßenfest, mit Miriam besprochen"}
    slip = theke.desk.get(f"/library/loans/{lines[0].loan_id}/slip.pdf")
    assert "0305" in words_of(slip) and "Magda Kowalczyk" in words_of(slip) and "3 December" in words_of(slip)
    laden.lend(laden.thing("Leiter", "0150").piece, to=laden.jan)
    theke.desk.get("/library")
    page = theke.scan("0305", "0150", "0301", "0302", "0303", "0304")
    assert "Jan Weber" in page.text
    page = theke.desk.submit("Take all 6 back")
    assert "6 things are back." in page.text and page.text.count("Back to the shelf.") == 6
    assert count(LoanLine, LoanLine.returned_at.is_(None)) == 0


def test_a_double_tap_makes_one_loan(theke: Theke) -> None:
    drill = theke.laden.thing()
    theke.desk.get(f"/library?person={theke.magda}&out={drill.piece}")
    sent = {
        each["name"]: each["value"] for each in theke.desk.page.form("Hand it out")[0].all("input") if each["type"] == "hidden"
    }
    for _ in range(2):
        theke.desk.post("/library/hand-out", {**sent, "identity_seen": "y"})
    assert count(Loan) == 1


def test_what_is_reserved_warns_and_offers_a_shorter_loan_or_another_piece(theke: Theke) -> None:
    laden = theke.laden
    saw = laden.thing("Stichsäge", "0220")
    laden.reserve(saw, FRI, NEXT_THU)
    page = theke.desk.get(f"/library?person={laden.jan}&out={saw.piece}&last=o{saw.piece}")
    assert theke.told == ("0220 Stichsäge: needs a reason. It is reserved for somebody else.", "look")
    assert "Ayşe" not in page.text
    theke.desk.click("Until Fri, 27 Nov")
    assert theke.told == ("0220 Stichsäge: can go out", "fine")
    theke.desk.submit("Hand it out", identity_seen=True)
    assert wall(read(lambda: db.session().scalars(select(LoanLine.due_at)).one())) == "Fri 27 17:00"


def test_a_block_and_what_is_not_fit_stop_it_and_say_why(theke: Theke) -> None:
    laden = theke.laden
    drill, costume = laden.thing(), laden.thing("Kostüm", "0800", piece={"condition": "wash"})
    do(lambda: service.block_borrower(laden.house, service.BlockRequest(laden.jan, "Zweimal nicht gekommen", THU), laden.at_desk))
    page = theke.desk.get(f"/library?person={laden.jan}&out={drill.piece}.{costume.piece}&last=o{costume.piece}")
    assert theke.told[1] == "no" and "It is being washed." in theke.told[0]
    assert "Zweimal nicht gekommen" in page.text and not page.has_button("Hand all")
    theke.desk.post(
        "/library/hand-out",
        {"person": laden.jan, "out": f"{drill.piece}.{costume.piece}", "override": "bitte", "identity_seen": "y"},
        expect=409,
    )
    assert count(Loan) == 0


def test_terms_notices_parts_and_identity_are_asked_for_and_money_is_shown(theke: Theke) -> None:
    laden = theke.laden
    with db.transaction() as session:
        session.add(LendingTerms(house_id=laden.house, valid_from=date(2026, 1, 1), wording="Bring alles heil zurück."))
    machine = laden.thing("Nähmaschine", "0500", notice="Nadel prüfen.", fee=300, deposit=2000)
    a_part(machine.piece, "Pedal")
    page = theke.desk.get(f"/library?person={theke.magda}&out={machine.piece}")
    assert "Bring alles heil zurück." in page.text and "Nadel prüfen." in page.text and "€3.00" in page.text
    page = theke.desk.submit("Hand it out", collected_by="Karl", expect=422)
    assert f"whole-{machine.piece}" in page.errors
    ticks: dict[str, Any] = {f"whole-{machine.piece}": True, "notices_read": True, "terms_accepted": True, "identity_seen": True}
    page = theke.desk.submit("Hand it out", **ticks, reduction="hardship", expect=422)
    assert "reduction_reason" in page.errors and 'value="Karl"' in page.body  # nothing typed is lost
    page = theke.desk.submit("Hand it out", **ticks, reduction="city_card")
    assert page.has_link("Take money: €20.00")
    charge, deposit = read(lambda: (db.session().scalars(select(Charge)).one(), db.session().scalars(select(Deposit)).one()))
    assert (charge.total_cents, charge.normal_cents, charge.reason, deposit.cents) == (0, 300, "Dortmund-Karte", 2000)
    page = theke.desk.get(f"/library?person={theke.magda}&out={laden.thing('Leiter', '0150').piece}")
    assert "Bring alles heil" not in page.text and "A document was seen" not in page.text


# Taking back -------------------------------------------------------------------------------------------------------


def test_58_of_60_come_back_and_a_kit_without_its_pedal(theke: Theke) -> None:
    laden = theke.laden
    plates, machine = laden.thing("Teller", "0600", counted=60), laden.thing("Nähmaschine", "0500")
    pedal = a_part(machine.piece, "Pedal", replacement_cents=3500)
    (stack,) = laden.lend(plates.piece, quantity=60)
    (kit,) = laden.lend(machine.piece, to=laden.jan)
    theke.desk.get("/library")
    theke.scan("0600", "0500")
    theke.desk.submit("Take all 2 back", **{f"count-{stack}": "61"}, expect=422)
    theke.desk.submit("Take all 2 back", **{f"missing-{kit}-{pedal}": "2"}, expect=422)
    assert line(stack).returned == 0
    page = theke.desk.submit(
        "Take all 2 back", **{f"count-{stack}": "58", f"missing-{kit}-{pedal}": "1", f"damage-{kit}": "Nadel verbogen"}
    )
    assert "2 are still out" in page.text and "Still missing: Pedal" in page.text
    assert (line(stack).open_count, piece(machine.piece).condition) == (2, "check")
    page = theke.desk.get(f"/library/loans/{line(kit).loan_id}")
    theke.desk.click("What became of it?: Pedal")
    theke.desk.submit("Save", outcome="paid", cents="", expect=422)
    page = theke.desk.submit("Save", outcome="found")
    assert "(found)" in page.text
    theke.desk.click("What became of it?: Nadel verbogen")
    theke.desk.submit("Done", outcome="neue Nadel")
    assert piece(machine.piece).condition == "fine"
    theke.desk.get(f"/library/lines/{stack}/write-off")
    page = theke.desk.submit("Write it off", count="2", reason="zerbrochen", cents="3,00")
    assert line(stack).returned_at is not None and count(Charge, Charge.source == "loan_loss") == 1


def test_late_things_cost_what_is_told_first_unless_somebody_says_why_not(theke: Theke) -> None:
    laden = theke.laden
    saws = laden.thing("Säge", "0700", "0701", replacement_cents=800)
    waived, earlier = laden.lend(*saws.pieces, due=FRI)
    with clock.stopped_at(at(WED, "18:00")):
        theke.again()
        theke.desk.get("/library")
        theke.scan("0700", "0701")
        assert theke.told == ("0701 Säge: Ayşe Yilmaz, late. It was due on Friday, 27 November 2026. Late fee: €3.00", "look")
        page = theke.desk.submit("Take all 2 back", **{f"waive-{waived}": "war im Krankenhaus", f"on-{earlier}": "2026-11-30"})
        assert "Late fee let off: war im Krankenhaus" in page.text and "Late fee: €1.00" in page.text
    assert line(earlier).handed_in_at == at(MON, "23:59:59")


def test_what_lies_in_the_box_is_back_but_not_looked_at_and_what_is_waited_for_is_put_aside(theke: Theke) -> None:
    laden = theke.laden
    drill = laden.thing()
    (out,) = laden.lend(drill.piece, to=laden.jan, due=FRI)
    mine = laden.reserve(drill, MON, NEXT_THU)
    theke.desk.get("/library")
    theke.scan("0147")
    page = theke.desk.submit("Take it back", **{f"box-{out}": True})
    assert "return box" in page.text and piece(drill.piece).whereabouts == "box"
    theke.scan("0147")
    page = theke.desk.submit("Take it back")
    assert "Ayşe Yilmaz comes for it" in page.text
    page = theke.desk.submit("Put aside for Ayşe Yilmaz")
    assert reservation(mine).packed_at is not None
    with clock.stopped_at(at(MON, "17:45")):
        theke.again()
        page = theke.desk.get("/library/today")
        assert "To be picked up today" in page.text and "packed" in page.text
        theke.desk.click("Hand out: Akkubohrer")
        theke.desk.submit("Hand it out", identity_seen=True)
    assert reservation(mine).state == "collected"


def test_two_desks_take_the_same_thing_back_and_one_is_told(theke: Theke) -> None:
    drill = theke.laden.thing()
    (out,) = theke.laden.lend(drill.piece)
    theke.desk.get(f"/library?back={out}")
    theke.laden.back(out)
    page = theke.desk.submit("Take it back", expect=409)
    assert "This is already done." in page.text


# Reservations, lists, borrowers ------------------------------------------------------------------------------------


def test_a_reservation_that_wobbles_is_moved_by_its_person_and_by_nobody_else(theke: Theke) -> None:
    laden = theke.laden
    drill = laden.thing()
    (out,) = laden.lend(drill.piece, to=laden.jan, due=FRI)
    mine = laden.reserve(drill, MON, NEXT_THU)
    with clock.stopped_at(at(FRI, "18:30")):
        theke.again()
        do(lambda: service.tell_new_date(db.session().get_one(LoanLine, out), TUE, laden.at_desk))
        laden.run()
        page = theke.desk.get("/library/today")
        assert "At risk" in page.text and "Jan" not in page.html.one("main").text.partition("At risk")[2].partition("Overdue")[0]
        theke.jan.get(f"/library/reservations/{mine}", expect=404)
        page = theke.ayse.get(f"/library/reservations/{mine}")
        assert "It is not sure" in page.text and "Jan" not in page.text and "0147" not in page.text
        theke.ayse.post(f"/library/reservations/{mine}/move", {"day": "2026-11-28"}, expect=422)
        theke.jan.post(f"/library/reservations/{mine}/give-up", {}, expect=404)
        page = theke.ayse.submit("Take this day")
        assert "Reserved instead" in page.text
    assert reservation(mine).state == "cancelled"
    assert count(Reservation, Reservation.state == "confirmed") == 1


def test_the_desk_reserves_in_somebodys_name_or_puts_them_into_the_queue(theke: Theke) -> None:
    laden = theke.laden
    drill = laden.thing()
    theke.desk.get("/library/reserve?q=kowalczyk")
    theke.desk.click("Choose: Magda Kowalczyk")
    theke.desk.get(f"/library/reserve?person={theke.magda}&q=bohr")
    theke.desk.click("Choose: Akkubohrer")
    page = theke.desk.submit("Reserve", pick_up_on="2026-11-28", expect=422)
    assert "pick_up_on" in page.errors
    page = theke.desk.submit("Reserve", pick_up_on="30.11.2026")
    assert "Reserved for Magda Kowalczyk" in page.text
    page = theke.desk.get(f"/library/reserve?person={laden.jan}&thing={drill.id}&day=2026-11-30")
    assert page.has_link("Take this day")
    page = theke.desk.submit("Put them into the queue")
    assert "Jan Weber is in the queue" in page.text
    page = theke.desk.submit("Does not wait any more")
    assert "Nobody waits" in page.text
    page = theke.desk.get("/library/reservations?q=bohrer")
    assert "Magda Kowalczyk" in page.text
    theke.desk.click("Akkubohrer")
    theke.desk.click("Give it up")
    theke.desk.submit("Give it up")
    assert count(Reservation, Reservation.state == "cancelled", Reservation.person_id == theke.magda) == 1


def test_the_page_of_who_borrows_blocks_approves_and_writes_consent_down(theke: Theke) -> None:
    jan = f"/library/people/{theke.laden.jan}"
    theke.desk.get(f"{jan}/block")
    theke.desk.submit("Block", reason="", expect=422)
    theke.desk.submit("Block", reason="Zweimal nicht gekommen", until_on="2026-12-24")
    page = theke.desk.page
    assert "Blocked until Thursday, 24 December 2026" in page.text
    theke.desk.submit("Lift the block")
    theke.desk.get(f"{jan}/approve")
    page = theke.desk.submit("Approve", reason="kennt sich aus", class_id=str(theke.laden.tools))
    assert "Werkzeug" in page.text or "kennt sich aus" in page.text
    theke.desk.click("End: kennt sich aus")
    theke.desk.submit("End it", reason="zieht weg")
    theke.desk.get(f"{jan}/consent")
    theke.desk.submit("Write it down", guardian="Petra Weber", born_on="2000-01-01", expect=422)
    page = theke.desk.submit("Write it down", guardian="Petra Weber", born_on="2011-03-01")
    assert "Of age on Thursday, 1 March 2029" in page.text
    theke.desk.submit("End")
    ended = read(lambda: [db.session().scalars(select(model.ended_at)).one() for model in (Block, Approval, GuardianConsent)])
    assert None not in ended


def test_lists_find_by_name_number_and_state_and_ask_the_same_number_of_questions(theke: Theke) -> None:
    laden = theke.laden
    (late,) = laden.lend(laden.thing().piece, to=laden.jan, due=FRI)
    page = theke.desk.get("/library/loans?q=147")
    assert "0147 Akkubohrer" in page.text
    few = theke.desk.queries
    for number in range(8):
        laden.lend(laden.thing(f"Ding {number}", f"04{number:02}").piece, to=theke.magda, due=MON, override="viel")
    page = theke.desk.get("/library/loans?q=Kowalczyk")
    assert page.text.count("Magda Kowalczyk") == 8 and "Jan" not in page.text
    theke.desk.at_most(few + 1)
    with clock.stopped_at(at(TUE, "16:30")):
        theke.again()
        page = theke.desk.get("/library/loans?state=overdue")
        assert "overdue" in page.text
        sheet = theke.desk.get("/library/loans/list.csv?state=overdue")
        assert "Jan Weber" in sheet.body and "overdue" in sheet.body
        page = theke.desk.get("/library/today")
        theke.desk.at_most(30)
        assert "days late" in page.text
        assert "0147" in words_of(theke.desk.get("/library/today.pdf"))
        theke.desk.get("/")
        assert "should be back by now" in theke.desk.page.text
        theke.desk.get(f"/library/lines/{late}/new-date")
        theke.desk.submit("Note the day", expected_on="2026-12-04")
        theke.desk.get(f"/library/lines/{late}/renew")
        page = theke.desk.submit("Renew", due_on="2026-12-09")
        assert wall(line(late).due_at) == "Wed 09 17:00"


def test_residents_and_strangers_do_not_see_the_desk(theke: Theke) -> None:
    (out,) = theke.laden.lend(theke.laden.thing().piece, to=theke.laden.jan)
    loan = line(out).loan_id
    addresses = [
        "/library", "/library/today", "/library/loans", f"/library/loans/{loan}", "/library/reservations", "/library/queue",
        f"/library/people/{theke.laden.jan}", f"/library/lines/{out}/renew", "/library/reserve", "/library/loans/list.csv",
    ]  # fmt: skip
    for address in addresses:
        theke.ayse.get(address, expect=404)
    theke.ayse.post("/library/take-back", {"back": str(out)}, expect=404)
    assert line(out).returned_at is None
    theke.jan.get(f"/library/loans/{loan}/slip.pdf")
    theke.ayse.get(f"/library/loans/{loan}/slip.pdf", expect=404)
    assert count(Damage) == 0
