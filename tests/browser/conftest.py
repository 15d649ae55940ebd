"""One furnished house for each test process, one Chromium for each file; a browser of one's own for every test."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.plumbing.demo_house import add_two_houses, bare, furnished, open_house, share_an_address
from tests.plumbing.postgres import Cluster
from tests.plumbing.server import Server
from tools.browser import launch

NewContext = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after each file: while it is open an event loop runs in this thread, which other tests cannot bear."""
    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[NewContext]:
    """Makes browsers that know nothing of each other: ``new_context(width=360, dark=True, java_script_enabled=False)``."""
    opened: list[BrowserContext] = []

    def make(width: int = 360, *, dark: bool = False, **more: object) -> BrowserContext:
        context = chromium.new_context(
            viewport={"width": width, "height": 780 if width < 700 else 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="de-DE",
            timezone_id="Europe/Berlin",
            **more,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def furnished_house(tmp_path_factory: pytest.TempPathFactory, worker: str) -> Path:
    """A furnished demonstration nobody is in: made by the first test process that wants one."""
    base = tmp_path_factory.getbasetemp()
    root = base if worker == "alone" else base.parent
    with (root / "demo-house.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = root / "demo-house-made"
        if not made.exists():
            furnished(root / "demo-house")
            made.touch()
    return root / "demo-house"


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """The name of this test process, ``alone`` when there is only one."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "alone"))


def _open(server: Server) -> Iterator[Server]:
    """The house for the tests, and afterwards its log, in which no fault may stand."""
    yield server
    said = server.log.read_text(errors="replace")
    assert "Traceback" not in said and '"level": "error"' not in said, server.tail(60)


@pytest.fixture(scope="session")
def house(furnished_house: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demonstration, open, on SQLite."""
    with open_house(furnished_house, tmp_path_factory.mktemp("house") / "instance", QR_LANGUAGES=languages()) as server:
        share_an_address(server)
        yield from _open(server)


@pytest.fixture(scope="session")
def postgresql_house(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demonstration, open, on PostgreSQL."""
    folder = tmp_path_factory.mktemp("house-pg")
    url = cluster.make_database()
    template = furnished(folder / "furnished", url)
    with open_house(template, folder / "instance", url, QR_LANGUAGES=languages()) as server:
        yield from _open(server)
    cluster.drop_database(url)


@pytest.fixture(scope="session")
def bare_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A house that nobody has set up."""
    folder = tmp_path_factory.mktemp("house-bare")
    with open_house(bare(folder / "bare"), folder / "instance", jobs=False) as server:
        yield from _open(server)


@pytest.fixture(scope="session")
def two_houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two houses with nothing in them."""
    folder = tmp_path_factory.mktemp("house-two")
    with open_house(bare(folder / "bare"), folder / "instance", jobs=False) as server:
        add_two_houses(server)
        yield from _open(server)


def languages() -> str:
    """All that there are translations for, and English."""
    found = {file.parent.parent.name for file in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")}
    return ",".join(["de", "en", *sorted(found - {"de", "en"})])


TRANSLATIONS = Path(__file__).resolve().parents[2] / "app" / "translations"
