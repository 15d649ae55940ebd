"""A process of its own that charges and takes cash, one act after the other, and says each one once it is committed.

python -m tests.races.charging INSTANCE DATABASE_URL HOUSE PERSON
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from app import create_app
from app.core import clock, db, i18n
from app.core.policy import THE_HOUSE
from app.money import service
from tests.conftest import settings_for


def charge(house: int, person: int) -> int:
    line = service.ChargeLineRequest("cleaning", "Reinigung", 4500)
    request = service.ChargeRequest(house, person, "Saal", [line], clock.today(i18n.zone()))
    return service.charge(request, THE_HOUSE).id


def pay(house: int, charge_id: int, cents: int = 4500) -> int:
    return service.take_payment(service.PaymentRequest(house, "cash", {charge_id: cents}), THE_HOUSE).id


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main(instance: str, database_url: str, house: int, person: int) -> None:
    app = create_app(settings_for(Path(instance), database_url))
    with app.app_context():
        while True:
            owed = db.run_transaction(partial(charge, house, person))
            say(f"charge {owed}")
            paid = db.run_transaction(partial(pay, house, owed))
            say(f"payment {paid}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
