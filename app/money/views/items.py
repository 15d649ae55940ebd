"""Lists to look through and to take away: open items, deposits, payments. Each of them has its page at the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.core.web import kept_page
from app.houses.queries import HouseCard
from app.money import policy
from app.money.forms.terms import DEPOSIT_KINDS, DIRECTIONS, METHODS
from app.money.models import DepositKind, Direction, Known, Method
from app.money.queries import accounts
from app.money.queries import items as queries
from app.money.queries.items import DepositShelf, ItemFilter, PaymentFilter
from app.money.views import asked
from app.money.views.pages import house, pages
from app.offers import queries as offers

ITEM_SOURCES = ("booking", "desk")


def _items_wanted() -> ItemFilter:
    return ItemFilter(
        text=asked.text(),
        overdue=request.args.get("overdue") == "1",
        person_id=asked.number("person"),
        organisation_id=asked.number("group"),
        offering=request.args.get("offering", "")[:8],
        source=asked.one_of("source", ITEM_SOURCES),
    )


@pages.get("/money/items", load=house, allow=policy.keep_books)
def list_items(house: HouseCard) -> Any:
    """What people owe, the longest due first."""
    today, wanted = clock.today(i18n.zone()), _items_wanted()
    items, after = queries.open_items(house.id, wanted, today, _after())
    sums, owner = queries.sums(house.id, wanted, today), queries.owners(wanted.person_id, wanted.organisation_id)
    offerings = tuple((code, f"{code} {name}") for code, name in offers.offering_names(house.id))
    return kept_page(
        "money/list_items.html",
        (tuple(items), after, sums, owner, offerings),
        lambda: {
            "items": items,
            "wanted": wanted,
            "sums": sums,
            "owner": owner,
            "offerings": offerings,
            "age": age_words,
            "next_url": url_for("money.list_items", **asked.kept(), after=f"{after[0]}.{after[1]}") if after else None,
            "sheets": asked.sheets("money.take_items"),
            "narrowed": wanted != ItemFilter(),
        },
    )


def _after() -> tuple[str, int] | None:
    day, _, number = request.args.get("after", "").partition(".")
    try:
        date.fromisoformat(day)
    except ValueError:
        return None
    last = asked.whole(number)
    return None if last is None else (day, last)


def age_words(late: int) -> tuple[str, str]:
    """How a due day is said, and in which tone."""
    if late > 0:
        return ngettext("one day overdue", "%(num)d days overdue", late), "brick" if late > 14 else "honey"
    if late == 0:
        return gettext("due today"), "honey"
    return ngettext("due tomorrow", "due in %(num)d days", -late), "plain"


@pages.get(f"/money/items.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_items(house: HouseCard, kind: str) -> Any:
    heads = [
        gettext("Number"), gettext("What for"), gettext("Person"), gettext("Group"), gettext("Day of supply"), gettext("Due"),
        gettext("Days overdue"), gettext("Amount"), gettext("Open"),
    ]  # fmt: skip
    today = clock.today(i18n.zone())
    items, _ = queries.open_items(house.id, _items_wanted(), today, most=asked.SHEET + 1)
    rows = (
        [
            item.id, item.title, item.owner.person, item.owner.organisation, item.supplied_from, item.due_on, max(0, item.late),
            asked.euro(item.total), asked.euro(item.open),
        ]
        for item in items
    )  # fmt: skip
    return asked.sheet("open-items", heads, rows, kind)


# Deposits --------------------------------------------------------------------------------------------------------------


def _shelf() -> DepositShelf:
    return DepositShelf(asked.one_of("shelf", set(DepositShelf)) or DepositShelf.HELD)


@pages.get("/money/deposits", load=house, allow=policy.keep_books)
def list_deposits(house: HouseCard) -> Any:
    """Held, asked for or settled; what is held must stand on its account."""
    shelf = _shelf()
    deposits, before = queries.deposits(house.id, shelf, asked.text(), asked.number("before"))
    shelves = [
        (DepositShelf.HELD, gettext("In our hands")), (DepositShelf.ASKED, gettext("Asked for")),
        (DepositShelf.CLOSED, gettext("Settled")),
    ]  # fmt: skip
    return render_template(
        "money/list_deposits.html",
        deposits=deposits,
        shelf=shelf,
        shelves=[(word, url_for("money.list_deposits", shelf=each.value), each == shelf) for each, word in shelves],
        kinds=DEPOSIT_KINDS,
        query=asked.text(),
        today=clock.today(i18n.zone()),
        held=queries.held(house.id),
        on_account=-accounts.balance(Known.DEPOSITS, house.id),
        account=Known.DEPOSITS.value,
        first_page="before" not in request.args,
        next_url=url_for("money.list_deposits", **asked.kept(), before=before) if before else None,
        sheets=asked.sheets("money.take_deposits"),
    )


@pages.get(f"/money/deposits.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_deposits(house: HouseCard, kind: str) -> Any:
    heads = [
        gettext("Number"), gettext("What for"), gettext("Kind"), gettext("Person"), gettext("Group"), gettext("Due"),
        gettext("To be given back from"), gettext("Amount"), gettext("Held"),
    ]  # fmt: skip
    deposits, _ = queries.deposits(house.id, _shelf(), asked.text(), most=asked.SHEET + 1)
    rows = (
        [
            each.id, each.title, str(DEPOSIT_KINDS[DepositKind(each.kind)]),
            each.owner.person, each.owner.organisation, each.due_on, each.back_on, asked.euro(each.cents), asked.euro(each.held),
        ]
        for each in deposits
    )  # fmt: skip
    return asked.sheet("deposits", heads, rows, kind)


# Payments --------------------------------------------------------------------------------------------------------------


def _payments_wanted() -> PaymentFilter:
    return PaymentFilter(
        text=asked.text(),
        direction=asked.one_of("direction", DIRECTIONS),
        method=asked.one_of("method", METHODS),
        first=asked.day("from"),
        last=asked.day("to"),
    )


@pages.get("/money/payments", load=house, allow=policy.keep_books)
def list_payments(house: HouseCard) -> Any:
    wanted = _payments_wanted()
    payments, before = queries.payments(house.id, wanted, asked.number("before"))
    return render_template(
        "money/list_payments.html",
        payments=payments,
        wanted=wanted,
        methods=METHODS,
        directions=DIRECTIONS,
        first_page="before" not in request.args,
        next_url=url_for("money.list_payments", **asked.kept(), before=before) if before else None,
        sheets=asked.sheets("money.take_payments"),
        narrowed=wanted != PaymentFilter(),
    )


@pages.get(f"/money/payments.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_payments(house: HouseCard, kind: str) -> Any:
    heads = [
        gettext("Receipt"), gettext("Day"), gettext("Person"), gettext("Group"), gettext("Direction"), gettext("How"),
        gettext("Amount"), gettext("State"), gettext("Note"),
    ]  # fmt: skip
    payments, _ = queries.payments(house.id, _payments_wanted(), most=asked.SHEET + 1)
    rows = (
        [
            each.no, each.on_day, each.owner.person, each.owner.organisation, str(DIRECTIONS[Direction(each.direction)]),
            str(METHODS[Method(each.method)]), asked.euro(each.cents if each.direction == Direction.IN else -each.cents),
            gettext("taken back") if each.undone else "", each.note,
        ]
        for each in payments
    )  # fmt: skip
    return asked.sheet("payments", heads, rows, kind)
