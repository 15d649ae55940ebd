"""Kinds of income: what takings are booked as."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.core import clock
from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.folding import slug
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.money import events
from app.money.models import AccountKind, IncomeKind, LedgerAccount
from app.offers.models import Offering, TaxCode


@dataclass(frozen=True)
class KindRequest:
    """An income kind; the fields are those of `models.IncomeKind`. Its code is made from the first name and stays."""

    name: str
    offering_code: str
    account_code: str
    tax_code: str
    counted: bool
    note: str = ""


def add_income_kind(house_id: int, request: KindRequest, by: Actor) -> IncomeKind:
    """Last in the order. Raises `Invalid`."""
    _check(house_id, request)
    known = set(session().scalars(select(IncomeKind.code)))
    wanted = slug(request.name)[:24] or "kind"
    code = next(each for each in (wanted, *(f"{wanted}-{number}" for number in range(2, len(known) + 3))) if each not in known)
    last = session().scalar(select(func.max(IncomeKind.position))) or 0
    made = IncomeKind(
        code=code, name=request.name, offering_code=request.offering_code, account_code=request.account_code,
        tax_code=request.tax_code, counted=request.counted, note=request.note, position=last + 1,
    )  # fmt: skip
    session().add(made)
    session().flush()
    publish(events.IncomeKindChanged(house_id=house_id, by=by.person_id))
    return made


def change_income_kind(house_id: int, kind: IncomeKind, request: KindRequest, by: Actor) -> None:
    """From now on takings are booked so; what is charged already stays as it was. Raises `Invalid`."""
    _check(house_id, request)
    kind.name, kind.offering_code, kind.account_code = request.name, request.offering_code, request.account_code
    kind.tax_code, kind.counted, kind.note = request.tax_code, request.counted, request.note
    session().flush()
    publish(events.IncomeKindChanged(house_id=house_id, by=by.person_id))


def archive_income_kind(house_id: int, kind: IncomeKind, by: Actor, *, archived: bool = True) -> None:
    """Put away, or back in use."""
    if (kind.archived_at is not None) == archived:
        return
    kind.archived_at = clock.now() if archived else None
    session().flush()
    publish(events.IncomeKindChanged(house_id=house_id, by=by.person_id))


def _check(house_id: int, request: KindRequest) -> None:
    if not 0 < len(request.name) <= 80:
        raise Invalid({"name": [_l("It needs a name.")]})
    if len(request.note) > 300:
        raise Invalid({"note": [_l("Please be shorter.")]})
    own = select(Offering.id).where(Offering.code == request.offering_code, Offering.house_id == house_id)
    if session().scalar(own) is None:
        raise Invalid({"offering_code": [_l("Please choose one of these.")]})
    account = session().get(LedgerAccount, request.account_code)
    if account is None or account.kind != AccountKind.INCOME:
        raise Invalid({"account_code": [_l("Please choose one of these.")]})
    if request.tax_code not in set(TaxCode):
        raise Invalid({"tax_code": [_l("Please choose one of these.")]})
