"""Nothing acknowledged is lost, also when every process of the web server dies at the same moment."""

from __future__ import annotations

import http.client
import subprocess
import threading
import time

from sqlalchemy import select

from app.occupancy.models import Occupancy
from app.rooms.models import Booking
from tests.plumbing.server import ROOT
from tests.races.crowd import Busy, wanted
from tools.serve import flask_command

WRITERS = 6
ENOUGH = 25
"""Acknowledged bookings before the cut."""


class Stream:
    """People who book one half hour after the other, each on days of their own, until the line goes dead."""

    def __init__(self, busy: Busy, cut: int) -> None:
        self.busy = busy
        self.cut = cut
        self.days = [[busy.next_day() for _ in range(4)] for _ in range(WRITERS)]
        self.acknowledged: list[int] = []
        self.odd: list[str] = []

    def keep_booking(self, index: int) -> None:
        visitor = self.busy.people[index]
        for day in self.days[index]:
            for half in range(28):
                starts, ends = (f"{8 + each // 2:02}:{each % 2 * 30:02}" for each in (half, half + 1))
                key = f"cut-{self.cut}-{day}-{half}"
                try:
                    answer = visitor.post("/rooms/lernraum/book", idempotency_key=key, **wanted(day, starts, ends))
                except (OSError, http.client.HTTPException):
                    return
                if answer.status == 303:
                    self.acknowledged.append(int(answer.headers["location"].rpartition("/")[2]))
                else:
                    self.odd.append(f"{answer.status} {answer.body[:300]}")


def test_after_kill_minus_nine_every_acknowledged_booking_is_there_and_the_check_is_clean(busy: Busy) -> None:
    for cut in range(2):
        stream = Stream(busy, cut)
        threads = [threading.Thread(target=stream.keep_booking, args=(index,)) for index in range(WRITERS)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 30
        while len(stream.acknowledged) < ENOUGH and time.monotonic() < until:
            time.sleep(0.005)
        busy.server.kill()
        for thread in threads:
            thread.join(60)
        assert len(stream.acknowledged) >= ENOUGH and not stream.odd, stream.odd
        busy.server.start()
        with busy.looking() as session:
            stored = set(session.scalars(select(Booking.id)))
            promised = set(session.scalars(select(Occupancy.source_id)))
        assert set(stream.acknowledged) <= stored
        assert stored == promised
        checked = subprocess.run(
            flask_command("check"),
            env=busy.server.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
