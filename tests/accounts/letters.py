"""What the house has put into its outbox."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from app.core import db
from app.notices.models import Letter


def newest_letter(app: Flask, address: str) -> Letter | None:
    with app.app_context():
        return db.session().scalar(select(Letter).where(Letter.address == address).order_by(Letter.id.desc()).limit(1))


def mailed_code(app: Flask, address: str) -> str:
    """The six digits of the newest letter to `address`."""
    letter = newest_letter(app, address)
    assert letter is not None, f"no letter to {address}"
    assert letter.secret
    found = re.search(r"\b\d{6}\b", letter.body)
    assert found, letter.body
    return found[0]
