"""``flask --app wsgi tokens|accounts|demo …`` for whoever operates the house."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.accounts import queries, service
from app.accounts.models import Account
from app.core import db
from app.core.policy import STAFF, THE_HOUSE, Role
from app.houses import queries as houses
from app.houses.queries import HouseCard
from app.people import service as people

ROLES = click.Choice([role.value for role in Role])


def _house(slug: str | None) -> HouseCard:
    house = houses.house(slug)
    if house is None:
        known = ", ".join(each.slug for each in houses.houses())
        raise click.ClickException(
            f"there is no house {slug!r}; there are: {known}" if known else "the house has not been set up yet"
        )
    return house


def _person(person_id: int) -> queries.PersonCard:
    card = queries.person_card(person_id)
    if card is None:
        raise click.ClickException(f"nobody has the number {person_id}")
    return card


# Tokens ------------------------------------------------------------------------------------------------------------

tokens = AppGroup("tokens", help="Bearer tokens for other programs.")


@tokens.command("create")
@click.option("--role", type=ROLES, required=True, help="The one role it acts with.")
@click.option("--person", "person_id", type=int, help="Number of the person it acts for; without: nobody.")
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option("--house", "slug", help="Slug of the house; without: the first.")
def create_token(role: str, person_id: int | None, label: str, slug: str | None) -> None:
    """Print a new token, once and alone."""

    def act() -> str:
        house = _house(slug)
        if person_id is not None:
            _person(person_id)
        return service.create_token(label=label, role=Role(role), house_id=house.id, person_id=person_id, by=THE_HOUSE).token

    click.echo(db.run_transaction(act))


@tokens.command("list")
def list_tokens() -> None:
    """All tokens; the valid ones first."""
    for line in queries.tokens():
        state = f"revoked {line.revoked_at:%Y-%m-%d}" if line.revoked_at else "valid"
        click.echo(f"{line.id:>5}  {line.role.value:<10} {line.house:<24} {line.person or '-':<24} {state:<19} {line.label}")


@tokens.command("revoke")
@click.argument("token_id", type=int)
def revoke_token(token_id: int) -> None:
    """End the token TOKEN_ID."""

    def act() -> None:
        token = queries.token(token_id)
        if token is None:
            raise click.ClickException(f"there is no token {token_id}")
        try:
            service.revoke_token(token, by=THE_HOUSE)
        except service.TokenOver as refusal:
            raise click.ClickException(str(refusal)) from None

    db.run_transaction(act)
    click.echo(f"token {token_id} is revoked", err=True)


# Accounts ----------------------------------------------------------------------------------------------------------

accounts = AppGroup("accounts", help="Who signs in with password and second factor.")


@accounts.command("invite")
@click.argument("email")
@click.option("--role", type=ROLES, default=Role.MANAGER.value, show_default=True)
@click.option("--given-name", default="", help="Needed for somebody new.")
@click.option("--family-name", default="")
@click.option("--house", "slug", help="Slug of the house; without: the first.")
def invite(email: str, role: str, given_name: str, family_name: str, slug: str | None) -> None:
    """Give EMAIL a role and print the link with which they choose password and second factor."""

    def act() -> str:
        house = _house(slug)
        try:
            address = service.email_address(email)
        except service.NoAddress:
            raise click.ClickException(f"{email!r} is no e-mail address") from None
        known = queries.behind(address)
        if len(known) > 1:
            raise click.ClickException(f"several people share {address}; use `accounts reset` with the number of one of them")
        if known:
            person_id = known[0].person_id
        elif given_name or family_name:
            request = people.PersonRequest(given_name=given_name, family_name=family_name, email=address)
            person_id = people.create_person(request, by=THE_HOUSE).id
        else:
            raise click.ClickException(f"nobody has the address {address}; give --given-name to write somebody down")
        if queries.person_card(person_id) is not None and _person(person_id).has_account:
            raise click.ClickException(f"{address} has a password already; use `accounts reset {person_id}`")
        service.grant_role(person_id, house.id, Role(role), by=THE_HOUSE)
        return service.invite(_person(person_id), by=THE_HOUSE, mail=False).token

    click.echo(_link(db.run_transaction(act)))


@accounts.command("reset")
@click.argument("person_id", type=int)
def reset(person_id: int) -> None:
    """Take password and second factor from PERSON_ID, sign them out, print the link to choose new ones."""
    click.echo(_link(db.run_transaction(lambda: service.invite(_person(person_id), by=THE_HOUSE, mail=False).token)))


@accounts.command("disable")
@click.argument("person_id", type=int)
def disable(person_id: int) -> None:
    """Password and second factor of PERSON_ID open nothing any more."""

    def act() -> bool:
        return service.disable_account(_person(person_id).person_id, by=THE_HOUSE)

    if not db.run_transaction(act):
        raise click.ClickException(f"{person_id} has no password that could be disabled")
    click.echo(f"{person_id} is disabled", err=True)


def _link(token: str) -> str:
    return f"{current_app.extensions['settings'].public_url.rstrip('/')}/invitation/{token}"


# The demonstration -------------------------------------------------------------------------------------------------


@click.command("ways-in")
@with_appcontext
def ways_in() -> None:
    """Print one way in for each role. Only in a demonstration."""
    settings = current_app.extensions["settings"]
    if not settings.demo:
        raise click.ClickException("this house is no demonstration")
    secrets = {account.person_id: account.totp_secret for account in db.session().scalars(select(Account))}
    click.echo(f"Ways in, at {settings.public_url.rstrip('/')}/sign-in (every role also by one tap on that page):")
    for way in queries.demo_ways_in():
        secret = secrets.get(way.person_id)
        if way.role in STAFF and secret:
            how = f"{way.email}  password {service.DEMO_PASSWORD!r}  code now {service.current_totp(secret)}  (secret {secret})"
        elif way.role in service.DEMO_SLIP_CODES:
            how = f"slip {service.DEMO_SLIP_CODES[way.role]}" + (f"  or {way.email}" if way.email else "")
        else:
            how = "one tap on the sign-in page"
        click.echo(f"  {way.role.value:<10} {way.name:<22} {how}")
