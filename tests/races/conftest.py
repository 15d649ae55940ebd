"""A house with a real web server of several processes; one for all races of an engine, each of them on days of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app import create_app
from app.accounts import service as accounts
from app.core import clock, db
from app.core.policy import THE_HOUSE, Role
from tests.conftest import ENGINES, THURSDAY, Template, settings_for
from tests.makers import a_house, a_person, a_room, a_tariff, open_daily
from tests.plumbing.server import running
from tests.races.crowd import Busy, Visitor

RESIDENTS, DESK = 50, 2
WORKERS = 2


@pytest.fixture(scope="package", params=ENGINES)
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """Fifty residents and two of the desk, each signed in; the clock of the server stands where that of the tests does."""
    template: Template = request.getfixturevalue(f"{request.param}_template")
    instance = tmp_path_factory.mktemp("busy") / "instance"
    instance.mkdir(mode=0o700)
    url = ""
    if template.cluster is None:
        shutil.copyfile(template.path, instance / "centre.db")
    else:
        url = template.cluster.make_database(template=template.name)
    environment = {
        "QR_INSTANCE_PATH": str(instance),
        "QR_DATABASE_URL": url,
        "QR_DEMO": "1",
        "QR_CLOCK": THURSDAY.isoformat(),
        "QR_LOG_LEVEL": "WARNING",
    }
    app = create_app(settings_for(instance, url))
    with clock.stopped_at(THURSDAY), app.app_context():
        house = a_house()
        open_daily(house)
        quiet = a_room(house, "lernraum", rule="instant")
        group = a_room(house, "gruppe", rule="request", tariff_code="group")
        a_tariff(house, "group", "C", 1200)
        hall = a_room(house, "saal", parts=("Ost", "West"), rule="instant")
        east = a_room(house, "saal-ost", parts=[hall.parts[0]], rule="instant")
        west = a_room(house, "saal-west", parts=[hall.parts[1]], rule="instant")
        roles = [(Role.RESIDENT, "mail")] * RESIDENTS + [(Role.DESK, "password")] * DESK
        persons = [
            a_person(f"Gast{number}", "Sander", (role, house), email=f"g{number}@example.org", contact_by="mail", language="en")
            for number, (role, _) in enumerate(roles)
        ]
        with db.transaction():
            keys = [
                (
                    accounts.open_sign_in(person, means=means, device="race").secret,
                    accounts.create_token(label="race", role=role, house_id=house, person_id=person, by=THE_HOUSE).token,
                )
                for person, (role, means) in zip(persons, roles, strict=True)
            ]
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    name = app.config["SESSION_COOKIE_NAME"]
    with running(environment, workers=WORKERS) as server:
        visitors = [
            Visitor(server, person, f"{name}={signer.dumps({'_user_id': secret, '_fresh': True})}", token)
            for person, (secret, token) in zip(persons, keys, strict=True)
        ]
        for visitor in visitors:
            visitor.open_form()
        yield Busy(app, server, house, quiet, group, hall, east, west, visitors[:RESIDENTS], visitors[RESIDENTS:])
        said = Path(server.log).read_text(errors="replace")
    with app.app_context():
        for each in db.db.engines.values():
            each.dispose()
    if template.cluster is not None:
        template.cluster.drop_database(url)
    assert "Traceback" not in said and '"level": "error"' not in said, said[-3000:]


@pytest.fixture(autouse=True)
def at_thursday() -> Iterator[None]:
    with clock.stopped_at(THURSDAY + timedelta(minutes=1)):
        yield
