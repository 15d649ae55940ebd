"""One's own keys: devices, password; and the invitation with which staff choose theirs."""

from __future__ import annotations

from typing import Any

import segno
from flask import current_app, render_template, request, session

from app.accounts import policy, queries, service
from app.accounts.forms import KeysForm, PasswordForm
from app.accounts.models import Invitation, SignIn
from app.accounts.views.pages import device, enter, in_fours, pages, totp_secret
from app.core import web
from app.core.errors import Invalid, Refusal
from app.core.i18n import gettext
from app.houses.views import here


def own_device(sign_in_id: int) -> SignIn | None:
    return queries.own_device(web.actor(), sign_in_id)


@pages.get("/my/devices", allow=policy.keep_own_devices)
def devices() -> Any:
    return render_template("accounts/devices.html", devices=queries.devices(web.actor()))


@pages.post("/my/devices/<int:sign_in_id>/end", allow=policy.keep_own_devices, load=own_device)
def end_device(row: SignIn) -> Any:
    service.end_sign_ins(row.person_id, by=web.actor().person_id, reason="asked", only=row.id)
    web.say(gettext("This device is signed out."))
    return web.see_other("accounts.devices")


@pages.post("/my/devices/end", allow=policy.keep_own_devices)
def end_other_devices() -> Any:
    who = web.actor()
    if who.person_id is not None:
        service.end_sign_ins(who.person_id, by=who.person_id, reason="asked", but=who.session_key)
    web.say(gettext("All other devices are signed out."))
    return web.see_other("accounts.devices")


@pages.get("/my/password", allow=policy.change_own_password)
def change_password() -> Any:
    return render_template("accounts/change_password.html", form=PasswordForm())


@pages.post("/my/password", allow=policy.change_own_password)
def set_password() -> Any:
    form, who = PasswordForm(request.form), web.actor()
    if form.validate():
        try:
            card = queries.person_card(who.person_id or 0)
            own_words = [card.name, card.email] if card else []
            service.change_password(who, current=form.current.data or "", password=form.password.data or "", own_words=own_words)
        except Invalid as refusal:
            web.keep_anyway()
            put_errors(form, refusal)
        except Refusal as refusal:
            form.form_errors.append(str(refusal))
            return render_template("accounts/change_password.html", form=form), refusal.status
        else:
            web.say(gettext("Your new password is set. All other devices are signed out."))
            return web.see_other("accounts.devices")
    return render_template("accounts/change_password.html", form=form), 422


def put_errors(form: Any, refusal: Invalid) -> None:
    """The reasons at the fields they belong to."""
    for name, reasons in refusal.fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, *(str(reason) for reason in reasons)]


# The invitation ----------------------------------------------------------------------------------------------------


def invitation(token: str) -> Invitation:
    """Raises `InvitationOver`, which says what to do, instead of "nothing here"."""
    found = queries.open_invitation(token)
    if found is None:
        raise service.InvitationOver
    return found


def keys_context(name: str) -> dict[str, Any]:
    """What the page needs to show a second factor: picture, letters, address for the phone it is opened on."""
    secret, house = totp_secret(), here()
    target = service.totp_address(secret, name=name, issuer=house.name if house else "Quartiersraum")
    picture = segno.make(target, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    return {"qr": picture, "secret": in_fours(secret), "otp_address": target}


@pages.get("/invitation/<token>", allow=policy.sign_in, load=invitation)
def accept_invitation(row: Invitation) -> Any:
    return _keys_page(row, KeysForm())


def _keys_page(row: Invitation, form: KeysForm) -> str:
    card = queries.person_card(row.person_id)
    if card is None:
        raise service.InvitationOver
    return render_template("accounts/accept_invitation.html", form=form, card=card, **keys_context(card.email or card.name))


@pages.post("/invitation/<token>", allow=policy.sign_in, load=invitation)
def choose_keys(row: Invitation) -> Any:
    form = KeysForm(request.form)
    if not form.validate():
        return _keys_page(row, form), 422
    try:
        opened = service.accept_invitation(
            row,
            queries.person_card(row.person_id),
            password=form.password.data or "",
            totp_secret=totp_secret(),
            code=form.code.data or "",
            device=device(),
        )
    except Invalid as refusal:
        put_errors(form, refusal)
        return _keys_page(row, form), 422
    session.pop("totp", None)
    return enter(opened, "/")


def public_url() -> str:
    """The address that papers and letters carry."""
    return str(current_app.extensions["settings"].public_url).rstrip("/")
