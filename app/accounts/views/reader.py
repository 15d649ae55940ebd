"""Who reads, in which language and brightness: what the frame of every page is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request, session, url_for
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import queries
from app.core import db, i18n, web
from app.core.i18n import gettext
from app.core.policy import ANONYMOUS, Actor, Role
from app.houses.views import all_houses, here

THEMES = ("light", "dark", "auto")


def identify(secret: str) -> Actor | None:
    """Who acts by the key in the session cookie."""
    return queries.identify(secret, demo=current_app.extensions["settings"].demo)


def language() -> str | None:
    """What was chosen in this browser, else the person's own language, else what the browser asks for.

    A program that asks for a language gets it, whoever its token belongs to.
    """
    known = current_app.extensions["languages"]
    chosen = None if web.wants_json() else session.get("language")
    if chosen in known:
        return str(chosen)
    own = _reader().language
    if own in known and not (web.wants_json() and request.accept_languages):
        return own
    return request.accept_languages.best_match(known)


def _reader() -> Actor:
    """Who reads; nobody and no house while the database is away, so that an error page can still be shown."""
    try:
        who = web.actor()
        here()
    except SQLAlchemyError:
        if db.in_transaction():
            raise
        db.session().rollback()
        who = g._login_user = ANONYMOUS
        g.houses = ()
    return who


@dataclass(frozen=True)
class Link:
    """A line of the menu."""

    label: str
    url: str
    current: bool


def me_links(me: Actor) -> list[Link]:
    """What the menu offers about one's own keys and, for managers, those of others."""
    wanted: list[tuple[str, str]] = []
    if me.person_id is not None:
        wanted.append((gettext("My devices"), "accounts.devices"))
    if me.is_staff():
        wanted.append((gettext("Change password"), "accounts.change_password"))
    if me.has(None, Role.MANAGER):
        wanted.append((gettext("Tokens for other programs"), "accounts.tokens"))
    if len(all_houses()) > 1:
        wanted.append((gettext("Another house"), "houses.choose_house"))
    return [Link(label, url_for(endpoint), request.endpoint == endpoint) for label, endpoint in wanted]


def context() -> dict[str, Any]:
    """Names that every template knows, see docs/frontend.md."""
    me = _reader()
    return {
        "me": me if me.is_authenticated else None,
        "house": here(),
        "locale": i18n.language(),
        "text_direction": i18n.text_direction(),
        "theme": theme(),
        "flashes": web.flashes(),
    }


def theme() -> str:
    chosen = request.cookies.get("theme")
    return chosen if chosen in THEMES else "auto"
