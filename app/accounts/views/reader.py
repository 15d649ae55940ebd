"""Who reads, in which language and brightness: what the frame of every page is told."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request, session
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import queries
from app.core import db, i18n, web
from app.core.policy import ANONYMOUS, Actor
from app.houses.views import here

THEMES = ("light", "dark", "auto")


def identify(secret: str) -> Actor | None:
    """Who acts by the key in the session cookie."""
    return queries.identify(secret, demo=current_app.extensions["settings"].demo)


def language() -> str | None:
    """What was chosen in this browser, else the person's own language, else what the browser asks for."""
    known = current_app.extensions["languages"]
    chosen = None if web.wants_json() else session.get("language")
    if chosen in known:
        return str(chosen)
    own = _reader().language
    return own if own in known else request.accept_languages.best_match(known)


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


def context() -> dict[str, Any]:
    """Names that ``base.html`` needs, see docs/frontend.md."""
    me = _reader()
    theme = request.cookies.get("theme")
    return {
        "me": me if me.is_authenticated else None,
        "house": here(),
        "languages": i18n.languages(),
        "locale": i18n.language(),
        "text_direction": i18n.text_direction(),
        "theme": theme if theme in THEMES else "auto",
        "flashes": web.flashes(),
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }
