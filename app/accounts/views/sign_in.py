"""Residents sign in with one field; staff with password and second factor; everybody can leave."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, render_template, request, session

from app.accounts import policy, queries, service
from app.accounts.forms import ROLE_WORDS, CodeForm, JoinForm, SignInForm, StaffForm
from app.accounts.views.pages import address, device, enter, pages
from app.accounts.views.reader import THEMES
from app.core import i18n, web
from app.core.errors import Refusal
from app.core.i18n import gettext
from app.houses.views import here
from config import Settings

ONE_YEAR = 31_536_000


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _again(form: Any, field: str, refusal: Refusal, show: Any) -> Any:
    """The form with the refusal at its field; what was counted stays counted."""
    web.keep_anyway()
    form[field].errors = [*form[field].errors, str(refusal)]
    headers = {"Retry-After": str(refusal.facts["retry_after"])} if "retry_after" in refusal.facts else {}
    return show(form), refusal.status, headers


# One field ---------------------------------------------------------------------------------------------------------


@pages.get("/sign-in", allow=policy.sign_in)
def sign_in() -> Any:
    target = web.inner_address(request.args.get("next"), "")
    if web.actor().is_authenticated:
        return redirect(target or "/", 303)
    return _sign_in_page(SignInForm(data={"key": request.args.get("key", "")[:40], "next": target}))


def _sign_in_page(form: SignInForm) -> str:
    ways = queries.demo_ways_in() if _settings().demo else []
    return render_template("accounts/sign_in.html", form=form, ways=ways, words=ROLE_WORDS)


@pages.post("/sign-in", allow=policy.sign_in)
def begin_sign_in() -> Any:
    """Whether an address is known changes nothing that can be seen here."""
    form = SignInForm(request.form)
    if not form.validate():
        return _sign_in_page(form), 422
    typed, target = form.key.data or "", web.inner_address(form.next.data, "")
    try:
        if "@" not in typed:
            if not 8 <= len(service.normal_code(typed)) <= 20:
                raise service.NoAddress
            return enter(service.sign_in_by_slip(typed, ip=address(), device=device()), target)
        email = service.email_address(typed)
        service.request_code(email, language=i18n.language(), ip=address())
    except Refusal as refusal:
        return _again(form, "key", refusal, _sign_in_page)
    session["code_for"] = {"email": email, "next": target}
    session.pop("proven", None)
    return web.see_other("accounts.enter_code")


@pages.get("/sign-in/code", allow=policy.sign_in)
def enter_code() -> Any:
    if "code_for" not in session:
        return web.see_other("accounts.sign_in")
    return _code_page(CodeForm())


def _code_page(form: CodeForm) -> str:
    return render_template("accounts/enter_code.html", form=form, email=session["code_for"]["email"])


@pages.post("/sign-in/code", allow=policy.sign_in)
def redeem_code() -> Any:
    if "code_for" not in session:
        return web.see_other("accounts.sign_in")
    form = CodeForm(request.form)
    if not form.validate():
        return _code_page(form), 422
    email, target = session["code_for"]["email"], session["code_for"]["next"]
    try:
        proven = service.redeem_code(email, form.code.data or "", ip=address())
    except Refusal as refusal:
        return _again(form, "code", refusal, _code_page)
    if len(proven.known) == 1:
        return enter(service.enter(proven, proven.known[0].person_id, device=device()), target)
    session.pop("code_for")
    session["proven"] = {"code": proven.code_id, "email": email, "next": target}
    return web.see_other("accounts.choose_person" if proven.known else "accounts.join")


def _proven() -> service.Proven:
    """What this browser has shown; raises `TooLate`."""
    kept = session.get("proven") or {}
    found = service.proven(kept["code"], kept["email"]) if kept else None
    if found is None:
        raise service.TooLate
    return found


@pages.get("/sign-in/who", allow=policy.sign_in)
def choose_person() -> Any:
    return render_template("accounts/choose_person.html", proven=_proven())


@pages.post("/sign-in/who", allow=policy.sign_in)
def enter_as() -> Any:
    chosen = request.form.get("person", "")
    person_id = int(chosen) if chosen.isdecimal() and len(chosen) < 12 else 0
    return enter(service.enter(_proven(), person_id, device=device()), session["proven"]["next"])


@pages.get("/sign-in/join", allow=policy.sign_in)
def join() -> Any:
    return render_template("accounts/join.html", form=JoinForm(), email=_proven().email)


@pages.post("/sign-in/join", allow=policy.sign_in)
def become_resident() -> Any:
    proven, form, house = _proven(), JoinForm(request.form), here()
    if not form.validate():
        return render_template("accounts/join.html", form=form, email=proven.email), 422
    opened = service.join(
        proven,
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        language=i18n.language(),
        house_id=house.id if house else None,
        device=device(),
    )
    return enter(opened, session["proven"]["next"])


# Staff -------------------------------------------------------------------------------------------------------------


@pages.get("/sign-in/staff", allow=policy.sign_in)
def sign_in_as_staff() -> Any:
    return _staff_page(StaffForm(data={"next": web.inner_address(request.args.get("next"), "")}))


def _staff_page(form: StaffForm) -> str:
    return render_template("accounts/sign_in_as_staff.html", form=form)


@pages.post("/sign-in/staff", allow=policy.sign_in)
def enter_with_password() -> Any:
    form = StaffForm(request.form)
    if not form.validate():
        return _staff_page(form), 422
    try:
        opened = service.sign_in_with_password(
            form.email.data or "", form.password.data or "", form.code.data or "", ip=address(), device=device()
        )
    except Refusal as refusal:
        return _again(form, "code", refusal, _staff_page)
    return enter(opened, form.next.data)


# A demonstration's ways in -----------------------------------------------------------------------------------------


def _demo_ways() -> dict[str, queries.WayIn] | None:
    """None (nothing here) unless this house is a demonstration."""
    return {way.role.value: way for way in queries.demo_ways_in()} if _settings().demo else None


@pages.post("/sign-in/demo", allow=policy.sign_in, load=_demo_ways)
def enter_demo(ways: dict[str, queries.WayIn]) -> Any:
    way = ways.get(request.form.get("role", ""))
    if way is None:
        return web.see_other("accounts.sign_in")
    return enter(service.open_sign_in(way.person_id, means="demo", device=device()), request.form.get("next"))


# Leaving, and what everybody may choose ----------------------------------------------------------------------------


@pages.post("/sign-out", allow=policy.sign_out)
def sign_out() -> Any:
    service.end_sign_in(str(session.get("_user_id", "")))
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    web.say(gettext("You are signed out."))
    return redirect("/", 303)


@pages.post("/preferences", allow=policy.choose_preferences)
def choose_preferences() -> Any:
    """Language and brightness of this browser; both in one because the menu is one form."""
    answer = redirect(web.inner_address(request.form.get("next"), "/"), 303)
    if request.form.get("language") in current_app.extensions["languages"]:
        session["language"] = request.form["language"]
        if not web.actor().is_authenticated:
            session.permanent = True
    theme = request.form.get("theme")
    if theme in THEMES:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        answer.set_cookie("theme", theme, max_age=ONE_YEAR, secure=secure, httponly=True, samesite="Lax")
    return answer
