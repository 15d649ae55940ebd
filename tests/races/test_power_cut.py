"""Nothing acknowledged is lost, also when every process of the web server dies at the same moment."""

from __future__ import annotations

import http.client
import subprocess
import threading
import time
from datetime import timedelta

from sqlalchemy import select

from app.occupancy.models import Occupancy
from app.rooms.models import Booking
from tests.plumbing.server import ROOT
from tests.races.crowd import Busy, a_day, wanted
from tools.serve import flask_command


def test_after_kill_minus_nine_every_acknowledged_booking_is_there_and_the_check_is_clean(busy: Busy) -> None:
    acknowledged: list[int] = []
    for cut in range(2):
        over = threading.Event()

        def keep_booking(index: int, cut: int = cut, over: threading.Event = over) -> None:
            visitor = busy.people[index]
            for number in range(1000):
                if over.is_set():
                    return
                day = a_day(index * 12 + cut * 6) + timedelta(days=number // 28 % 6)
                starts = 8 * 60 + number % 28 * 30
                form = wanted(day, f"{starts // 60:02}:{starts % 60:02}", f"{(starts + 30) // 60:02}:{(starts % 60 and '00') or '30'}")
                try:
                    answer = visitor.post("/rooms/lernraum/book", idempotency_key=f"{cut}-{index}-{number}", **form)
                except (OSError, http.client.HTTPException):
                    return  # the moment of the cut
                if answer.status == 303:
                    acknowledged.append(int(answer.headers["location"].rpartition("/")[2]))
                else:
                    assert answer.status in (409, 422), answer.body[:500]

        threads = [threading.Thread(target=keep_booking, args=(index,)) for index in range(6)]
        before = len(acknowledged)
        for thread in threads:
            thread.start()
        until = time.monotonic() + 20
        while len(acknowledged) < before + 25 and time.monotonic() < until:
            time.sleep(0.01)
        busy.server.kill()
        over.set()
        for thread in threads:
            thread.join(30)
        assert len(acknowledged) >= before + 25
        busy.server.start()
        with busy.looking() as session:
            stored = set(session.scalars(select(Booking.id)))
            promised = set(session.scalars(select(Occupancy.source_id)))
        assert set(acknowledged) <= stored
        assert stored == promised
        checked = subprocess.run(
            flask_command("check"), env=busy.server.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
