"""The first start of a real house: before it has been set up, every page leads here; afterwards there is nothing here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app, redirect, render_template, request, session, url_for

from app.accounts import views as accounts
from app.core import i18n, web
from app.core.errors import Invalid, Refusal
from app.home import policy, service
from app.home.forms import SetUpForm
from app.home.views.pages import pages
from app.houses.views import all_houses
from app.people.service import BadValue

OPEN_BEFORE = frozenset(
    {"static", "healthz", "readyz", "metrics", "home.set_up", "home.open_house", "accounts.choose_preferences"}
)


def _instance() -> Path:
    path: Path = current_app.extensions["settings"].instance_path
    return path


@pages.blueprint.before_app_request
def lead_to_set_up() -> Any:
    """Asks only until this process has seen a house."""
    if current_app.extensions.get("house_open") or request.endpoint in OPEN_BEFORE or web.wants_json():
        return None
    if not all_houses():
        return redirect(url_for("home.set_up"), 303)
    current_app.extensions["house_open"] = True
    service.forget_set_up_code(_instance())
    return None


def no_house_yet() -> bool | None:
    """None (nothing here) once there is a house."""
    return None if all_houses() else True


@pages.get("/set-up", allow=policy.set_up, load=no_house_yet)
def set_up(_: bool) -> Any:
    service.set_up_code(_instance())
    return _page(SetUpForm())


def _page(form: SetUpForm) -> str:
    return render_template("home/set_up.html", form=form, **accounts.keys_context(form.email.data or "Quartiersraum"))


@pages.post("/set-up", allow=policy.set_up, load=no_house_yet)
def open_house(_: bool) -> Any:
    form = SetUpForm(request.form)
    if not form.validate():
        return _page(form), 422
    try:
        service.check_set_up_code(form.set_up_code.data or "", _instance(), ip=accounts.address())
    except Refusal as refusal:
        web.keep_anyway()
        form.set_up_code.errors = [str(refusal)]
        return _page(form), refusal.status
    try:
        opened = service.open_house(_request(form), device=accounts.device())
    except Invalid as refusal:
        accounts.put_errors(form, refusal)
        return _page(form), 422
    except BadValue as refusal:
        form[refusal.field].errors = [str(refusal)]
        return _page(form), 422
    session.pop("totp", None)
    return accounts.enter(opened, "/")


def _request(form: SetUpForm) -> service.SetUpRequest:
    return service.SetUpRequest(
        name=form.name.data or "",
        street=form.street.data or "",
        postcode=form.postcode.data or "",
        city=form.city.data or "",
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        email=form.email.data or "",
        password=form.password.data or "",
        totp_secret=accounts.totp_secret(),
        totp_code=form.code.data or "",
        language=i18n.language(),
    )
