"""What is going on in the lending library of the invented house: things out and late, reserved, waited for, and brought back.

Every act stands at the moment at which it would have happened. What costs something is lent today only: the books have their days in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from app.core import clock, i18n
from app.core.policy import Actor
from app.library import queries
from app.library import service as library
from app.library.service import BlockRequest, ConsentRequest, LineRequest, LoanRequest, ReservationRequest, ReturnRequest

ONE_DAY = timedelta(days=1)
LOANS = 8
ALL_OF_IT = ReturnRequest()


def furnish_lending(house_id: int, persons: Mapping[str, int], by: Actor) -> int:
    """Loans, reservations, a queue, a block and a consent; gives how many loans there have been."""
    now, today = clock.now(), clock.today(i18n.zone())
    pieces = {line.name: line.id for line in reversed(queries.piece_lines(house_id, queries.Wanted(), limit=500))}
    things = {line.name: line.thing_id for line in queries.piece_lines(house_id, queries.Wanted(), limit=500)}

    def lend(name: str, who: str, days_ago: int) -> None:
        moment = now - timedelta(days=days_ago)
        with clock.stopped_at(moment):
            request = LoanRequest(
                house_id,
                persons[who],
                [LineRequest(pieces[name])],
                notices_read=True,
                terms_accepted=True,
                identity_seen=True,
            )
            library.hand_out(request, by)

    def back(name: str, days_ago: int, request: ReturnRequest = ALL_OF_IT) -> None:
        with clock.stopped_at(now - timedelta(days=days_ago)):
            line = library.line_out(pieces[name])
            assert line is not None
            library.return_piece(line, request, by)

    for name, who, taken, brought in (
        ("Ukulele", "Nguyen", 60, 47), ("Fahrrad-Reparaturset", "Wójcik", 40, 38), ("Brettspiel-Kiste", "Krüger", 33, 20),
    ):  # fmt: skip
        lend(name, who, taken)
        back(name, brought)
    lend("Brettspiel-Kiste", "Şahin", 16)  # should have been back two days ago
    lend("Fahrrad-Reparaturset", "Kovalenko", 2)
    lend("Rollator", "Grabowski", 12)
    lend("Leiter", "Haddad", 0)
    lend("Ukulele", "Saleh", 12)
    ukulele = queries.managed_piece(house_id, pieces["Ukulele"])
    assert ukulele is not None
    back("Ukulele", 1, ReturnRequest(missing={part.id: 1 for part in ukulele.parts}, damage="Eine Saite ist gerissen"))
    library.join_queue(things["Brettspiel-Kiste"], persons["Förster"], by)
    library.join_queue(things["Brettspiel-Kiste"], persons["Brandt"], by)
    _reserve(house_id, things["Akkuschrauber"], persons["Haddad"], today + ONE_DAY, by)
    _reserve(house_id, things["Pavillon 3×3"], persons["Wischnewski"], today + 8 * ONE_DAY, by)
    _reserve(house_id, things["Partygeschirr für 30"], persons["Yıldız"], today + 8 * ONE_DAY, by)
    _reserve(house_id, things["Fahrrad-Reparaturset"], persons["Nguyen"], today + 9 * ONE_DAY, by)
    library.block_borrower(
        house_id, BlockRequest(persons["Krüger"], "Dreimal nicht abgeholt", today - 3 * ONE_DAY, today + 11 * ONE_DAY), by
    )
    library.record_consent(house_id, ConsentRequest(persons["Brandt"], _fifteen(today), "Petra Brandt"), by)
    library.arrange(set(things.values()), by)
    return LOANS


def _reserve(house_id: int, thing_id: int, person_id: int, day: date, by: Actor) -> None:
    openings = queries.openings(house_id, day, day)
    library.reserve_thing(ReservationRequest(thing_id, person_id, openings.next_day(day), origin="desk"), by)


def _fifteen(today: date) -> date:
    return date(today.year - 15, 3, 1)
