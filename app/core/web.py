"""The web edge: every page is declared here, says what it loads and who may, and runs as one act.

``pages.get`` reads; the database refuses anything else. ``pages.post`` is one transaction: who acts, what is acted upon,
whether they may and the change itself see one state of the house; an answer of 400 and above undoes everything.
"""

from __future__ import annotations

import gzip
import hashlib
import inspect
import mimetypes
import re
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    abort,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_request_context,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager
from itsdangerous import URLSafeTimedSerializer
from markupsafe import escape
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from app.core import answers, clock, db, health, i18n, idempotency, memory
from app.core.answers import wants_json as wants_json
from app.core.errors import Forbidden, Missing, Refusal, SignInNeeded
from app.core.forms import is_page_token, page_token
from app.core.i18n import lazy as _l
from app.core.policy import ANONYMOUS, Actor, Rule, everyone
from config import ROOT, Settings

View = TypeVar("View", bound=Callable[..., Any])
STATIC = ROOT / "app" / "core" / "static"
ONE_YEAR = 31_536_000
LARGEST_ID = 2**31 - 1
ADDRESSES = 5_000
PLAIN = {str, int, date}
ELSEWHERE = {"_external", "_scheme", "_method"}


class PageTooOld(Refusal):
    """The form does not carry the secret of this browser's session: it expired, or another site sent it."""

    status = 400
    kind = "page-too-old"
    message = _l("This page was open for too long. Go back, reload it and send it again; nothing has been changed.")


class ForeignSite(Refusal):
    status = 403
    kind = "foreign-site"
    message = _l("Another website tried to send something in your name. Nothing has been changed.")


class Undo(Exception):
    """Carries an answer out of a transaction that must not be kept."""

    def __init__(self, response: Response) -> None:
        self.response = response


class Pages:
    """The pages of one feature. A route cannot be made without saying who may (`allow`)."""

    def __init__(self, name: str, import_name: str) -> None:
        self.blueprint = Blueprint(name, import_name, template_folder="templates")

    def get(self, path: str, *, allow: Rule, load: Callable[..., Any] | None = None) -> Callable[[View], View]:
        """A page that reads. `load` gets the path's values it names; the view gets what it found, and the other values."""
        return self._route(path, "GET", allow, load)

    def post(
        self, path: str, *, allow: Rule, load: Callable[..., Any] | None = None, turns: Sequence[str] = ()
    ) -> Callable[[View], View]:
        """An act: one transaction, repeated on the new state when it collided with another one.

        `turns`: tables it mostly adds to in turn (`db.take_turn`); to know them beforehand spares a second start.
        """
        return self._route(path, "POST", allow, load, turns)

    def _route(
        self, path: str, method: str, allow: Rule, load: Callable[..., Any] | None, turns: Sequence[str] = ()
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            answer = guarded(view, allow, load)
            endpoint = act(answer, turns) if method == "POST" else wraps(view)(answer)
            endpoint.allow = allow  # type: ignore[attr-defined]
            self.blueprint.add_url_rule(storable(path), view.__name__, endpoint, methods=[method])
            return view

        return declare


def storable(path: str) -> str:
    """Numbers in addresses are ids: one no column can hold is simply not found."""
    return path.replace("<int:", f"<int(max={LARGEST_ID}):")


def guarded(view: Callable[..., Any], allow: Rule, load: Callable[..., Any] | None) -> Callable[..., Any]:
    """`view` behind its `allow`, with what `load` finds; not found and not allowed look the same to a stranger."""
    wanted = frozenset(inspect.signature(load).parameters) if load else frozenset()

    def answer(**values: Any) -> Any:
        subject = None
        if load is not None:
            subject = load(**{key: values.pop(key) for key in wanted & values.keys()})
            if subject is None:
                raise Missing
        permit(allow, subject)
        return view(**values) if load is None else view(subject, **values)

    return answer


def permit(allow: Rule, subject: Any) -> None:
    """Raises unless the acting person may."""
    who = actor()
    if not allow(who, subject):
        if not who.is_authenticated:
            raise SignInNeeded
        raise Forbidden if subject is None else Missing


def act(answer: Callable[..., Any], turns: Sequence[str] = ()) -> Callable[..., Any]:
    """The edge of a page's POST."""

    @wraps(answer)
    def edge(**values: Any) -> Any:
        refuse_other_sites()
        before = dict(session)
        key = request.form.get("idempotency_key", "")

        def attempt() -> Response:
            session.clear()
            session.update(before)
            g.pop("_login_user", None)
            g.pop("keep", None)
            scope = _scope() if key else ""  # before the act: signing in changes who asks
            done = idempotency.earlier(scope, key) if key else None
            if done is not None:
                return make_response(redirect(done, 303))
            response = make_response(answer(**dict(values)))
            if response.status_code >= 400 and not g.pop("keep", False):
                raise Undo(response)
            if key:
                idempotency.remember(scope, key, response.headers.get("Location") or request.path)
            return response

        try:
            return db.run_transaction(attempt, turns=turns)
        except Undo as undone:
            g.pop("_login_user", None)
            return undone.response

    return edge


def keep_anyway() -> None:
    """What this act wrote stays although it answers 4xx: a failed sign-in is itself something to count."""
    g.keep = True


def _scope() -> str:
    return f"{request.endpoint}:{actor().person_id or session.get('csrf', '')}"


def refuse_other_sites() -> None:
    """A POST must come from our own pages: by what the browser says of its origin, and by the form's secret."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise ForeignSite
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        raise ForeignSite
    if not is_page_token(request.form.get("csrf_token", "")):
        raise PageTooOld


def actor() -> Actor:
    """Who is acting in this request; never None."""
    who: Actor | None = g.get("_login_user")  # where Flask-Login looks, too
    if who is None:
        who = g._login_user = current_app.extensions["recognise"]() or ANONYMOUS
    return who


def see_other(endpoint: str, **values: Any) -> BaseResponse:
    """To the page that shows what was done."""
    return redirect(url_for(endpoint, **values), 303)


def inner_address(target: str | None, default: str) -> str:
    """`target` if it stays inside this house, else `default`: never a way to lead people elsewhere."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target and target.isprintable():
        return target
    return default


def say(text: str, kind: str = "success") -> None:
    """A sentence on the next page: what was done."""
    flash(text, kind)


# Conditional GET ---------------------------------------------------------------------------------------------------


NAME, TOKEN, HERE, KEY = "\0name\0", "\0token\0", "\0here\0", "\0key\0"
"""Stand in a drawn page for what is a reader's own; no text that people type holds the sign."""


def kept_page(template: str, state: Hashable, values: Callable[[], Mapping[str, Any]]) -> Response:
    """A page drawn once for all readers of one kind, while all it shows stays the same; 304 for who holds it already.

    `state` names all that the page depends on: what was read (itself, not its number or age), what of the clock it shows, and
    the person where it shows something of theirs. Address, house, roles, language and brightness are added here; name and what
    forms carry are filled in afterwards. `values` are asked for when the page must be drawn.
    """
    if session.get("_flashes"):
        return make_response(render_template(template, **values()))
    key = (template, request.full_path, state, current_app.extensions["reader_kind"](), i18n.language())
    pieces, digest = memory.recent("pages", key, lambda: _drawn_for_all(template, values()))
    who = actor()
    g.etag = tag = hashlib.blake2s(repr((digest, who.name, session.get("csrf"))).encode(), digest_size=12).hexdigest()
    if tag in request.if_none_match:
        memory.until_written(_question(request.environ), lambda: (tag, request.endpoint))
        response = current_app.response_class(status=304)
        response.set_etag(tag)
        return response
    return current_app.response_class(b"".join(own(pieces)))


def _drawn_for_all(template: str, values: Mapping[str, Any]) -> tuple[list[bytes], bytes]:
    """The page in pieces, every other one a mark for what is a reader's own, and the digest of its content."""
    g.for_all = True
    try:
        html = render_template(template, **values).encode()
    finally:
        del g.for_all
    return pieces(html), hashlib.blake2s(html, digest_size=12).digest()


def is_for_all() -> bool:
    """Whether what is being drawn will be kept for other readers, too."""
    return "for_all" in g


def pieces(html: bytes) -> list[bytes]:
    """`html` cut at its marks."""
    return re.split(rb"(\0(?:name|token|here|key)\0)", html)


def own(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """`pieces` with what is this reader's own in place of the marks."""
    place = request.full_path.rstrip("?") if request.method == "GET" else "/"
    mine = {NAME: escape(actor().name), TOKEN: page_token(), HERE: escape(place)}
    marks = {mark.encode(): words.encode() for mark, words in mine.items()}
    for piece in pieces:
        if piece[:1] != b"\0":
            yield piece
        else:
            yield marks[piece] if piece in marks else idempotency.new_key().encode()


def _form_token() -> str:
    return TOKEN if is_for_all() else page_token()


def _form_key() -> str:
    return KEY if is_for_all() else idempotency.new_key()


def _question(environ: Mapping[str, Any]) -> Hashable:
    """All of a request that an answer depends on, in this minute."""
    asked = ("PATH_INFO", "QUERY_STRING", "HTTP_IF_NONE_MATCH", "HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE")
    return "unchanged", int(clock.now().timestamp()) // 60, *(environ.get(name) for name in asked)


def _unchanged_again(app: Flask, environ: Mapping[str, Any]) -> str | None:
    """The tag, when this very question has been answered 304 in this minute and nothing has been written since."""
    began = time.perf_counter()
    with app.app_context():
        found: tuple[str, str] | None = db.glance().get(_question(environ))
    if found is None:
        return None
    tag, endpoint = found
    health.measure(endpoint, 304, time.perf_counter() - began)
    return tag


@lru_cache(maxsize=1)
def version() -> str:
    """Changes when the program's code, texts or templates do."""
    digest = hashlib.blake2s(digest_size=6)
    for file in sorted((ROOT / "app").rglob("*")):
        if file.suffix in {".py", ".html", ".css", ".js", ".mo"}:
            stat = file.stat()
            digest.update(f"{file}{stat.st_mtime_ns}{stat.st_size}".encode())
    return digest.hexdigest()


# Static files ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def static_file(name: str) -> tuple[bytes, bytes | None, str, str]:
    """Content, gzipped content, type and hash of a browser file; raises FileNotFoundError outside the static folder."""
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC.resolve()) or not path.is_file():
        raise FileNotFoundError(name)
    raw = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    small = (
        gzip.compress(raw, 9, mtime=0) if kind.startswith("text/") or kind.endswith(("javascript", "svg+xml", "json")) else None
    )
    return raw, small, kind, hashlib.blake2s(raw, digest_size=6).hexdigest()


def static_url(name: str) -> str:
    """Address of a browser file, with its hash: may be kept forever. Raises FileNotFoundError for a missing one."""
    return f"/static/{static_file(name)[3]}/{name}"


def static(hash: str, name: str) -> Response:
    try:
        raw, small, kind, _ = static_file(name)
    except (FileNotFoundError, ValueError):
        raise Missing from None
    packed = small is not None and "gzip" in request.headers.get("Accept-Encoding", "")
    response = current_app.response_class(small if packed else raw, mimetype=kind)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
    return response


static.allow = everyone  # type: ignore[attr-defined]


# Assembly ----------------------------------------------------------------------------------------------------------

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def init_app(
    app: Flask, settings: Settings, identify: Callable[[str], Actor | None], identify_token: Callable[[str], Actor | None]
) -> None:
    """Put the edge around `app`: `identify` knows who acts by the key in the session cookie, `identify_token` by a bearer token.

    Pages know the cookie alone and the API the token alone: no other site can make a browser act through the API.
    """
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    secure = settings.public_url.startswith("https:")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-qr" if secure else "qr",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=60 * 60 * 24 * 60,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + 100_000,
        MAX_FORM_MEMORY_SIZE=1_000_000,
        MAX_FORM_PARTS=500,
        TRUSTED_HOSTS=_hosts(settings),
    )

    def recognise() -> Actor | None:
        if wants_json():
            return identify_token(token) if (token := _bearer()) else None
        return identify(key) if (key := session.get("_user_id")) else None

    app.extensions["recognise"] = recognise
    # Not by its init_app: that has every response look for a cookie that remembers readers, which nobody here is given.
    login = app.login_manager = LoginManager()  # type: ignore[attr-defined]
    login.session_protection = None  # phones change their network; the sign-in is a row that can be ended
    login.anonymous_user = lambda: ANONYMOUS
    login.request_loader(lambda request: recognise())
    app.session_interface = SignedCookies()
    app.wsgi_app = in_front(app, app.wsgi_app, secure)  # type: ignore[method-assign]
    app.jinja_env.globals.update(static_url=static_url, csrf_token=_form_token, idempotency_key=_form_key)
    app.add_url_rule("/static/<hash>/<path:name>", "static", static)
    app.before_request(_only_guarded)
    app.after_request(_finish)
    answers.init_app(app)


def _bearer() -> str:
    """The token of this request, empty when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _hosts(settings: Settings) -> list[str]:
    own = urlsplit(settings.public_url).hostname or "localhost"
    return [*settings.trusted_hosts, own, "localhost", "127.0.0.1", "[::1]", settings.host]


def _only_guarded() -> None:
    """Deny by default: a view that nobody decided about is not served."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and not hasattr(view, "allow"):
        abort(403)


def _finish(response: Response) -> Response:
    if request.endpoint != "static":
        tag = g.get("etag")
        if tag and response.status_code == 200:
            response.set_etag(tag)
        response.headers.setdefault("Cache-Control", "private, no-cache" if tag else "private, no-store")
        response.headers.add("Vary", "Cookie, Accept-Language")
    return response


def in_front(app: Flask, answer: Any, encrypted: bool) -> Any:
    """What costs nothing outside of Flask: the headers that every response carries, and 304 for a page that still is as it was."""
    headers = [*SECURITY.items()]
    if encrypted:
        headers.append(("Strict-Transport-Security", f"max-age={ONE_YEAR}"))
    for_pages = [("Cache-Control", "private, no-cache"), ("Vary", "Cookie, Accept-Language"), *headers]

    def application(environ: Any, start_response: Any) -> Any:
        if "HTTP_IF_NONE_MATCH" in environ and environ["REQUEST_METHOD"] == "GET":
            tag = _unchanged_again(app, environ)
            if tag is not None:
                start_response("304 NOT MODIFIED", [("ETag", f'"{tag}"'), *for_pages])
                return [b""]
        return answer(environ, lambda status, own, fault=None: start_response(status, [*own, *headers], fault))

    return application


class SignedCookies(SecureCookieSessionInterface):
    """Flask's sessions; what signs them is made once and not twice a request."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        keys = (app.secret_key, *app.config["SECRET_KEY_FALLBACKS"])
        if getattr(self, "_keys", None) != keys:
            self._keys, self._serializer = keys, super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What a cookie was proven to say is kept for some minutes, with the keys it was proven by: every page asks."""
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return self.session_class()
        self.get_signing_serializer(app)
        key = cookie, self._keys, int(time.time()) // 300
        said: str = memory.recent("cookies", key, lambda: self._said(app, request))
        return self.session_class(self.serializer.loads(said))

    def _said(self, app: Flask, request: Request) -> str:
        return str(self.serializer.dumps(dict(super().open_session(app, request) or {})))


class Application(Flask):
    """Flask without coroutines: no page is one, and asking that of every hook of every request takes a tenth of a small page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._addresses: dict[tuple[Any, ...], str] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def url_for(self, endpoint: str, /, **values: Any) -> str:  # type: ignore[override]
        """Addresses of pages are made once: a page has dozens."""
        values = {name: value for name, value in values.items() if value is not None}
        plain = {type(value) for value in values.values()} <= PLAIN and not values.keys() & ELSEWHERE
        if not plain or endpoint.startswith(".") or not has_request_context():
            return super().url_for(endpoint, **values)
        key = (request.root_path, endpoint, *((name, str(value)) for name, value in values.items()))
        found = self._addresses.get(key)
        if found is None:
            if len(self._addresses) >= ADDRESSES:
                self._addresses.clear()
            found = self._addresses[key] = super().url_for(endpoint, **values)
        return found


def flashes() -> Sequence[tuple[str, str]]:
    return get_flashed_messages(with_categories=True)  # type: ignore[return-value]
