"""Ways into a demonstration: fixed on purpose, so that they can be printed. A real house never calls this."""

from __future__ import annotations

from datetime import timedelta

from app.accounts.service.slips import IssuedSlip, issue_slip
from app.accounts.service.staff import give_account, new_totp_secret
from app.core.policy import THE_HOUSE, Role

PASSWORD = "Kohle und Kaffee 1909"
SLIP_CODES = {Role.VOLUNTEER: "HEFER-24689", Role.PARTNER: "PARTN-35792", Role.RESIDENT: "NACHB-46824"}


def give_demo_account(person_id: int, totp_secret: str | None = None) -> str:
    """`PASSWORD` and a second factor for somebody with a staff role. Returns the secret of the second factor."""
    secret = totp_secret or new_totp_secret()
    give_account(person_id, password=PASSWORD, totp_secret=secret)
    return secret


def give_demo_slip(person_id: int, role: Role) -> IssuedSlip:
    """The fixed slip of this role for a year; for the first of the volunteers, partners and residents only."""
    return issue_slip(person_id, by=THE_HOUSE, valid=timedelta(days=365), code=SLIP_CODES[role])
