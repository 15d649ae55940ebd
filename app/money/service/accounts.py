"""The chart of accounts: what the treasurer adds, renames and puts away."""

from __future__ import annotations

from dataclasses import dataclass

from app.core import clock
from app.core.db import session, take_turn
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.money import events
from app.money.models import AccountKind, Known, LedgerAccount
from app.money.queries import accounts as queries
from app.money.service.ledger import LEDGER


@dataclass(frozen=True)
class AccountRequest:
    """An account as somebody wants it; `code` and `kind` count only for a new one."""

    name: str
    datev_no: str = ""
    code: str = ""
    kind: str = ""


def add_account(house_id: int, request: AccountRequest, by: Actor) -> LedgerAccount:
    """A new account. Raises `Invalid` for a number that is taken or is none."""
    take_turn(LEDGER)
    code = request.code
    if not (code.isascii() and code.isdigit() and 4 <= len(code) <= 8):
        raise Invalid({"code": [_l("Please write a number of four to eight digits.")]})
    if queries.account(code) is not None:
        raise Invalid({"code": [_l("There is already an account with this number.")]})
    if request.kind not in set(AccountKind):
        raise Invalid({"kind": [_l("Please choose one of these.")]})
    _check(request)
    account = LedgerAccount(code=code, name=request.name, kind=request.kind, datev_no=request.datev_no)
    session().add(account)
    session().flush()
    _changed(house_id, account, by)
    return account


def change_account(house_id: int, account: LedgerAccount, request: AccountRequest, by: Actor) -> None:
    """Another name, another number for the tax adviser. What was posted stays as it is."""
    _check(request)
    account.name, account.datev_no = request.name, request.datev_no
    session().flush()
    _changed(house_id, account, by)


def put_account_away(house_id: int, account: LedgerAccount, by: Actor) -> None:
    """Offer it no longer. Raises `Invalid` for one the program itself posts to, or that still holds something."""
    if account.code in set(Known) or account.vat_bp is not None:
        raise Invalid(message=_l("The program itself posts to this account; it stays."))
    if account.kind not in queries.OF_A_YEAR and queries.balance_of_all(account.code):
        raise Invalid(message=_l("There is still something on this account. Post it elsewhere first."))
    account.archived_at = clock.now()
    session().flush()
    _changed(house_id, account, by)


def take_account_up(house_id: int, account: LedgerAccount, by: Actor) -> None:
    """Offer it again."""
    account.archived_at = None
    session().flush()
    _changed(house_id, account, by)


def _check(request: AccountRequest) -> None:
    if not request.name:
        raise Invalid({"name": [_l("Please give it a name.")]})
    if request.datev_no and not (request.datev_no.isascii() and request.datev_no.isdigit() and len(request.datev_no) <= 5):
        raise Invalid({"datev_no": [_l("Five digits at most.")]})


def _changed(house_id: int, account: LedgerAccount, by: Actor) -> None:
    publish(
        events.LedgerAccountChanged(
            house_id=house_id, by=by.person_id, account_no=int(account.code), archived=account.archived_at is not None
        )
    )
