"""Neighbours, and what they look at it with."""

from __future__ import annotations

from datetime import time

import pytest
from flask import Flask

from app.core.policy import Role
from tests.browser_client import Reader
from tests.makers import a_house, a_person, open_daily
from tests.swap.neighbours import Neighbours


@pytest.fixture
def marten(bare_app: Flask) -> Neighbours:
    """Open on Monday, Tuesday and Thursday to Saturday from 10 to 18."""
    with bare_app.app_context():
        house = a_house()
        open_daily(house, time(10), time(18), "desk", (0, 1, 3, 4, 5))
        mail = {"contact_by": "mail", "language": "en"}
        return Neighbours(
            bare_app, house,
            desk=a_person("Sevgi", "Aydın", (Role.DESK, house), email="sevgi@example.org", **mail),
            manager=a_person("Miriam", "Sander", (Role.MANAGER, house), email="miriam@example.org", **mail),
            kemal=a_person("Kemal", "Yıldız", (Role.RESIDENT, house), email="kemal@example.org", phone="+49 231 4711", **mail),
            ruth=a_person("Ruth", "Weber", (Role.RESIDENT, house), email="ruth@example.org", phone="+49 231 4712", **mail),
            amal=a_person("Amal", "Haddad", (Role.RESIDENT, house), email="amal@example.org", **mail),
        )  # fmt: skip


@pytest.fixture
def bank(marten: Neighbours) -> Neighbours:
    """The same, all three members with their gift of three hours."""
    marten.join(marten.kemal, marten.ruth, marten.amal)
    return marten


@pytest.fixture
def desk(marten: Neighbours) -> Reader:
    return marten.signed_in(marten.desk)


@pytest.fixture
def kemal(marten: Neighbours) -> Reader:
    return marten.signed_in(marten.kemal)


@pytest.fixture
def ruth(marten: Neighbours) -> Reader:
    return marten.signed_in(marten.ruth)
