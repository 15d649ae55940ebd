"""What desk and manager do for others: slips, roles, invitations, tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import segno
from flask import Response, render_template, request

from app.accounts import policy, queries, service
from app.accounts.forms import ROLE_WORDS, WAYS, InvitationForm, RoleForm, SlipForm, TokenForm, choices
from app.accounts.models import ApiToken, RoleGrant, Slip
from app.accounts.queries import PersonCard
from app.accounts.views.own import public_url
from app.accounts.views.pages import pages, show_once, shown
from app.core import clock, i18n, paper, web
from app.core.errors import Missing
from app.core.i18n import gettext
from app.core.policy import Role
from app.houses.queries import HouseCard
from app.houses.views import all_houses, here

# Slips -------------------------------------------------------------------------------------------------------------


@pages.get("/people/<int:person_id>/slip", allow=policy.keep_slips, load=queries.person_card)
def slips(card: PersonCard) -> Any:
    return render_template("accounts/slips.html", card=card, slips=queries.valid_slips(card.person_id), form=SlipForm())


@pages.post("/people/<int:person_id>/slip", allow=policy.keep_slips, load=queries.person_card)
def issue_slip(card: PersonCard) -> Any:
    form = SlipForm(request.form)
    if not form.validate():
        return render_template("accounts/slips.html", card=card, slips=queries.valid_slips(card.person_id), form=form), 422
    issued = service.issue_slip(card.person_id, by=web.actor(), valid=timedelta(days=form.days.data))
    show_once("slip", issued.slip_id, issued.code)
    return web.see_other("accounts.show_slip", person_id=card.person_id, slip_id=issued.slip_id)


@pages.get("/people/<int:person_id>/slip/<int:slip_id>", allow=policy.keep_slips, load=queries.slip_of)
def show_slip(slip: Slip) -> Any:
    """The one time that the code can be read."""
    card, code = queries.person_card(slip.person_id), shown("slip", slip.id)
    if card is None or code is None:
        raise Missing
    return render_template(
        "accounts/show_slip.html", card=card, slip=slip, code=service.in_groups(code), address=f"{public_url()}/sign-in"
    )


@pages.get("/people/<int:person_id>/slip/<int:slip_id>.pdf", allow=policy.keep_slips, load=queries.slip_of)
def slip_pdf(slip: Slip) -> Any:
    card, code, house = queries.person_card(slip.person_id), shown("slip", slip.id), here()
    if card is None or code is None or house is None:
        raise Missing
    with i18n.speaking(card.language):
        pdf = slip_paper(card, slip, code, house)
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="slip-{slip.id}.pdf"'
    return answer


def slip_paper(card: PersonCard, slip: Slip, code: str, house: HouseCard) -> bytes:
    """The slip as PDF in the language that is being spoken."""
    target = f"{public_url()}/sign-in?key={code}"
    one = {
        "heading": gettext("Sign in"),
        "name": card.name,
        "lines": [gettext("Open the address below, or scan the picture."), gettext("Type this code. Please show it to nobody.")],
        "code_label": gettext("Your code"),
        "code": code,
        "qr": {
            "svg": paper.qr_svg(target),
            "alt": gettext("QR code that opens the sign-in page"),
            "words": gettext("Sign in here:"),
            "address": f"{public_url()}/sign-in",
        },
        "valid": gettext("Valid until %(day)s", day=i18n.day(slip.expires_at)),
    }
    data = {"house": {"name": house.name, "address": house.address}, "slips": [one]}
    return paper.render(
        "accounts/paper/sign_in_slip.typ", data, language=i18n.language(), title=gettext("Sign in"), now=clock.now()
    )


@pages.post("/people/<int:person_id>/slip/<int:slip_id>/withdraw", allow=policy.keep_slips, load=queries.slip_of)
def withdraw_slip(slip: Slip) -> Any:
    service.withdraw_slip(slip, by=web.actor())
    web.say(gettext("The slip opens nothing any more."))
    return web.see_other("accounts.slips", person_id=slip.person_id)


# Roles -------------------------------------------------------------------------------------------------------------


def _own_houses() -> list[HouseCard]:
    """The houses this manager may decide about."""
    return [house for house in all_houses() if web.actor().has(house.id, Role.MANAGER)]


def _house_choices() -> list[Any]:
    return choices({house.id: house.name for house in _own_houses()})


def _roles_page(card: PersonCard, form: RoleForm, fault: str = "") -> str:
    form.house.choices = _house_choices()
    may_invite = bool(card.role_houses) and policy.invite(web.actor(), card)
    return render_template(
        "accounts/roles.html",
        card=card,
        form=form,
        grants=queries.roles_of(card.person_id),
        words=ROLE_WORDS,
        fault=fault,
        own={house.id for house in _own_houses()},
        may_invite=may_invite,
        several=len(all_houses()) > 1,
    )


@pages.get("/people/<int:person_id>/roles", allow=policy.keep_roles, load=queries.person_card)
def roles(card: PersonCard) -> Any:
    return _roles_page(card, RoleForm(data={"role": Role.VOLUNTEER}))


@pages.post("/people/<int:person_id>/roles", allow=policy.keep_roles, load=queries.person_card)
def grant_role(card: PersonCard) -> Any:
    form = RoleForm(request.form)
    form.house.choices = _house_choices()
    if not form.validate():
        return _roles_page(card, form), 422
    service.grant_role(card.person_id, form.house.data, Role(form.role.data), by=web.actor())
    web.say(gettext("%(name)s is now: %(role)s", name=card.name, role=ROLE_WORDS[form.role.data]))
    return web.see_other("accounts.roles", person_id=card.person_id)


@pages.post("/roles/<int:grant_id>/withdraw", allow=policy.keep_roles, load=queries.grant)
def withdraw_role(grant: RoleGrant) -> Any:
    """The rule asks for a manager of the house that the role is in."""
    person_id, role = grant.person_id, grant.role
    try:
        service.withdraw_role(grant, by=web.actor())
    except service.LastManager as refusal:
        card = queries.person_card(person_id)
        if card is None:
            raise
        return _roles_page(card, RoleForm(), str(refusal)), refusal.status
    web.say(gettext("This role has been withdrawn: %(role)s", role=ROLE_WORDS[role]))
    return web.see_other("accounts.roles", person_id=person_id)


# Invitations -------------------------------------------------------------------------------------------------------


@pages.get("/people/<int:person_id>/invitation", allow=policy.invite, load=queries.person_card)
def invitation(card: PersonCard) -> Any:
    return render_template("accounts/invitation.html", card=card, form=_way_form(card, InvitationForm()))


def _way_form(card: PersonCard, form: InvitationForm) -> InvitationForm:
    """Mail is offered to people with an address only."""
    form.way.choices = choices({way: word for way, word in WAYS.items() if way != "mail" or card.email})
    return form


@pages.post("/people/<int:person_id>/invitation", allow=policy.invite, load=queries.person_card)
def invite(card: PersonCard) -> Any:
    form = _way_form(card, InvitationForm(request.form))
    if not form.validate():
        return render_template("accounts/invitation.html", card=card, form=form), 422
    if not card.role_houses:
        refusal = gettext("Only people with a staff role need a password. Give a role first.")
        return render_template("accounts/invitation.html", card=card, form=form, fault=refusal), 409
    invited = service.invite(card, by=web.actor(), mail=form.way.data == "mail")
    if invited.mailed:
        web.say(gettext("The link is on its way to %(email)s.", email=card.email))
        return web.see_other("accounts.roles", person_id=card.person_id)
    show_once("invitation", card.person_id, invited.token)
    return web.see_other("accounts.show_invitation", person_id=card.person_id)


@pages.get("/people/<int:person_id>/invitation/link", allow=policy.invite, load=queries.person_card)
def show_invitation(card: PersonCard) -> Any:
    token = shown("invitation", card.person_id)
    found = queries.open_invitation(token) if token else None
    if token is None or found is None:
        raise Missing
    target = f"{public_url()}/invitation/{token}"
    return render_template("accounts/show_invitation.html", card=card, target=target, invitation=found, qr=_picture(target))


def _picture(text: str) -> str:
    return segno.make(text, error="m").svg_data_uri(scale=5, border=4, light="#fff")


# Tokens ------------------------------------------------------------------------------------------------------------


def _tokens_page(form: TokenForm) -> str:
    own = _own_houses()
    form.house.choices = _house_choices()
    found = queries.tokens(frozenset(house.id for house in own))
    return render_template("accounts/tokens.html", form=form, tokens=found, words=ROLE_WORDS, several=len(all_houses()) > 1)


@pages.get("/tokens", allow=policy.keep_tokens)
def tokens() -> Any:
    return _tokens_page(TokenForm())


@pages.post("/tokens", allow=policy.keep_tokens)
def create_token() -> Any:
    form = TokenForm(request.form)
    form.house.choices = _house_choices()
    if not form.validate():
        return _tokens_page(form), 422
    number = (form.person.data or "").lstrip("#")
    card = queries.person_card(int(number)) if number.isdecimal() and len(number) < 10 else None
    if number and card is None:
        form.person.errors = [gettext("Nobody has this number.")]
        return _tokens_page(form), 422
    created = service.create_token(
        label=form.label.data or "",
        role=Role(form.role.data),
        house_id=form.house.data,
        person_id=card.person_id if card else None,
        by=web.actor(),
    )
    show_once("token", created.token_id, created.token)
    return web.see_other("accounts.show_token", token_id=created.token_id)


@pages.get("/tokens/<int:token_id>", allow=policy.keep_tokens, load=queries.token)
def show_token(token: ApiToken) -> Any:
    secret = shown("token", token.id)
    if secret is None:
        raise Missing
    return render_template(
        "accounts/show_token.html",
        token=token,
        header=f"Authorization: Bearer {secret}",
        secret=secret,
        api=f"{public_url()}/api/v1",
    )


@pages.post("/tokens/<int:token_id>/revoke", allow=policy.keep_tokens, load=queries.token)
def revoke_token(token: ApiToken) -> Any:
    service.revoke_token(token, by=web.actor())
    web.say(gettext("The token opens nothing any more."))
    return web.see_other("accounts.tokens")
