"""What the clock does with old codes and sign-ins."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import service
from app.core import db
from app.core.jobs import Job


def forget_old() -> str:
    """Personal data leaves when its reason ends."""
    codes = db.run_transaction(service.forget_old_codes)
    sign_ins = db.run_transaction(service.forget_old_sign_ins)
    return f"codes {codes}, sign-ins {sign_ins}"


FORGET_OLD = Job("accounts-forget-old", every=timedelta(hours=1), run=forget_old, offset=timedelta(minutes=17))
