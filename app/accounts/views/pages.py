"""The blueprint of this feature, and what several of its pages share."""

from __future__ import annotations

import ipaddress
import json
import re
from datetime import datetime, timedelta

from flask import redirect, request, session
from flask_login import login_user
from werkzeug.wrappers import Response

from app.accounts import service
from app.accounts.views.reader import identify
from app.core import clock, crypto, web
from app.core.i18n import gettext
from app.core.web import Pages

pages = Pages("accounts", "app.accounts")
KEPT_OVER_SIGN_IN = ("language", "house")
SHOWN_FOR = timedelta(minutes=15)


def address() -> str:
    """Where the request comes from, for counting tries; of IPv6 the network, because everybody has 2**64 addresses there."""
    text = request.remote_addr or ""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return text
    return text if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def device() -> str:
    """Browser and system in words people know: ``Firefox · Android``."""
    said = request.headers.get("User-Agent", "")
    parts = [next((name for sign, name in known if sign in said), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(part for part in parts if part)


def enter(opened: service.Opened, target: str | None) -> Response:
    """Begin a fresh session for who has just signed in, and go on to `target`."""
    if "_user_id" in session:
        service.end_sign_in(str(session["_user_id"]))
    kept = {name: session[name] for name in KEPT_OVER_SIGN_IN if name in session}
    session.clear()
    session.update(kept)
    actor = identify(opened.secret)
    if actor is None:
        raise LookupError("a sign-in that has just been opened is unknown")
    login_user(actor)
    session.permanent = not actor.is_staff()
    web.say(gettext("Welcome, %(name)s.", name=actor.name))
    return redirect(web.inner_address(target, "/"), 303)


def show_once(kind: str, number: int, secret: str) -> None:
    """Keep `secret` readable for this browser alone for a quarter of an hour, so that its page can be printed and reloaded."""
    until = (clock.now() + SHOWN_FOR).isoformat()
    session["shown"] = crypto.seal(json.dumps({"kind": kind, "id": number, "secret": secret, "until": until}))


def shown(kind: str, number: int) -> str | None:
    """The secret that `show_once` kept for this thing, None when it is gone."""
    try:
        kept = json.loads(crypto.unseal(str(session.get("shown", ""))))
    except crypto.Unreadable:
        return None
    if (kept["kind"], kept["id"]) != (kind, number) or datetime.fromisoformat(kept["until"]) < clock.now():
        return None
    return str(kept["secret"])


def totp_secret() -> str:
    """The second factor this browser is being offered; made on first sight."""
    try:
        return crypto.unseal(str(session.get("totp", "")))
    except crypto.Unreadable:
        secret = service.new_totp_secret()
        session["totp"] = crypto.seal(secret)
        return secret


def in_fours(secret: str) -> str:
    return " ".join(re.findall(".{1,4}", secret))
