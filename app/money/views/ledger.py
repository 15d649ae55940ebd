"""The ledger: its entries, one of them, what the treasurer posts and takes back by hand, and closing the books."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, kept_page, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, service
from app.money.forms.ledger import Books, EntryForm, LockForm, ReasonForm, entry_form, free_accounts
from app.money.forms.terms import SOURCES, SPHERES
from app.money.models import LedgerEntry
from app.money.queries import accounts, funds
from app.money.queries import ledger as queries
from app.money.queries.funds import RECEIPTS
from app.money.queries.ledger import EntryFilter
from app.money.views import asked
from app.money.views.pages import house, pages
from app.offers import queries as offers


def entry(entry_id: int) -> LedgerEntry | None:
    """An entry of the house the reader is in."""
    here = house()
    return queries.entry(entry_id, here.id) if here else None


def books(house_id: int) -> Books:
    """What may be chosen on a line that is written by hand."""
    return Books(
        accounts=free_accounts(accounts.accounts()),
        offerings=[(each.code, f"{each.code} {each.name}") for each in offers.offerings(house_id)],
        funds=[(each.code, f"{each.code} {each.name}") for each in funds.funds(house_id)],
    )


@pages.get("/money/ledger", load=house, allow=policy.keep_books)
def list_entries(house: HouseCard) -> Any:
    """Newest first; the address says what is looked for."""
    wanted = _wanted()
    entries, before = queries.entries(house.id, wanted, asked.number("before"))
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    if "more" in request.args or _narrowed(wanted):
        choices = (
            ("accounts", tuple((each.code, f"{each.code} {each.name}") for each in accounts.accounts(archived=True))),
            ("offerings", tuple((code, f"{code} {name}") for code, name in offers.offering_names(house.id, archived=True))),
            ("funds", tuple((each.code, f"{each.code} {each.name}") for each in funds.funds(house.id, closed=True))),
        )
    return kept_page(
        "money/list_entries.html",
        (tuple(entries), before, choices),
        lambda: {
            "entries": entries,
            "wanted": wanted,
            "choices": dict(choices),
            "more_url": url_for("money.list_entries", **{**asked.kept(), "more": "1"}),
            "spheres": SPHERES,
            "sources": SOURCES,
            "next_url": url_for("money.list_entries", **asked.kept(), before=before) if before else None,
            "sheets": asked.sheets("money.take_entries"),
            "narrowed": _narrowed(wanted) or bool(wanted.text),
        },
    )


def _wanted() -> EntryFilter:
    return EntryFilter(
        text=asked.text(),
        account=request.args.get("account", "")[:8],
        offering=request.args.get("offering", "")[:8],
        sphere=asked.one_of("sphere", SPHERES),
        fund=request.args.get("fund", "")[:8],
        source=asked.one_of("source", SOURCES),
        first=asked.day("from"),
        last=asked.day("to"),
    )


def _narrowed(wanted: EntryFilter) -> bool:
    return wanted != EntryFilter(text=wanted.text)


@pages.get(f"/money/ledger.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_entries(house: HouseCard, kind: str) -> Any:
    """All lines of what is looked for, oldest first, with their chain."""
    heads = [
        gettext("Entry"), gettext("Day"), gettext("Text"), gettext("Account"), gettext("Name of the account"), gettext("Debit"),
        gettext("Credit"), gettext("Sphere"), gettext("Offering"), gettext("Fund"), gettext("Day of the voucher"),
        gettext("Takes back"), gettext("From"), gettext("By"), gettext("Posted at"), gettext("Hash"),
    ]  # fmt: skip
    zone = i18n.zone()
    rows = (
        [
            f"J{line.number:02}/{line.year}", line.posted_on, line.text, line.account, line.account_name,
            asked.euro(line.debit) if line.debit else None, asked.euro(line.credit) if line.credit else None, line.sphere,
            line.offering, line.fund, line.voucher_on, line.reverses, str(SOURCES.get(line.source, line.source)), line.by,
            f"{line.posted_at.astimezone(zone):%d.%m.%Y %H:%M:%S}", line.hash,
        ]
        for line in queries.lines_to_take(house.id, _wanted(), asked.SHEET + 1)
    )  # fmt: skip
    return asked.sheet("ledger", heads, rows, kind)


@pages.get("/money/ledger/<int:entry_id>", load=entry, allow=policy.keep_books)
def show_entry(entry: LedgerEntry) -> Any:
    page = queries.entry_page(entry)
    return render_template(
        "money/show_entry.html",
        entry=entry,
        page=page,
        spheres=SPHERES,
        source=SOURCES.get(entry.source, entry.source),
        maker_url=_maker_url(page.maker),
        may_reverse=entry.source in ("manual", RECEIPTS) and page.reverses is None and page.reversed_by is None,
    )


PLACES = {"charge": "charges", "payment": "payments", "deposit": "deposits", "expense": "expenses", "fund": "funds"}


def _maker_url(maker: queries.Maker | None) -> str | None:
    return f"/money/{PLACES[maker.kind]}/{maker.id}" if maker else None


# By hand -----------------------------------------------------------------------------------------------------------------


@pages.get("/money/ledger/new", load=house, allow=policy.keep_books)
def show_entry_form(house: HouseCard) -> Any:
    """The form; with ``more`` in the address it has more lines and everything that was typed."""
    if "account_1" in request.args:
        form = entry_form(books(house.id), request.args, more="more" in request.args)
    else:
        form = entry_form(books(house.id), on=clock.today(i18n.zone()))
    return _entry_page(form)


@pages.post("/money/ledger/new", load=house, allow=policy.keep_books)
def post_entry(house: HouseCard) -> Any:
    form = entry_form(books(house.id), request.form)
    wanted = form.request() if form.validate() else None
    if wanted is None:
        return _entry_page(form), 422
    try:
        posted = service.post_entry(house.id, wanted, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _entry_page(form), refusal.status
    except (service.Unbalanced, service.LockedPeriod) as refusal:
        form.form_errors = [str(refusal)]
        return _entry_page(form), refusal.status
    say(gettext("Posted as %(no)s.", no=f"{posted.no}/{posted.year}"))
    return see_other("money.show_entry", entry_id=posted.id)


def _entry_page(form: EntryForm) -> str:
    return render_template("money/post_entry.html", form=form, locked=queries.locked_through())


@pages.get("/money/ledger/<int:entry_id>/reverse", load=entry, allow=policy.keep_books)
def show_reverse_form(entry: LedgerEntry) -> Any:
    return _reverse_page(entry, ReasonForm())


@pages.post("/money/ledger/<int:entry_id>/reverse", load=entry, allow=policy.keep_books)
def reverse_entry(entry: LedgerEntry) -> Any:
    """Take back what was posted by hand, or money of a fund that was written down by mistake."""
    form = ReasonForm(request.form)
    if not form.validate():
        return _reverse_page(entry, form), 422
    reason = form.reason.data or ""
    fund = (
        funds.fund(entry.source_id, entry.house_id) if entry.source == RECEIPTS and entry.source_id and entry.house_id else None
    )
    try:
        if fund is not None:
            reversal_id = service.undo_fund_money(fund, entry, reason, actor())
        else:
            reversal_id = service.reverse_entry(entry, reason, actor()).id
    except Invalid as refusal:
        blame(form, refusal)
        return _reverse_page(entry, form), refusal.status
    except (service.AlreadyReversed, service.IsReversal, service.LockedPeriod) as refusal:
        form.form_errors = [str(refusal)]
        return _reverse_page(entry, form), refusal.status
    say(gettext("The entry has been taken back. Both stay in the books."))
    return see_other("money.show_entry", entry_id=reversal_id)


def _reverse_page(entry: LedgerEntry, form: ReasonForm) -> str:
    return render_template("money/reverse_entry.html", entry=entry, form=form, page=queries.entry_page(entry), spheres=SPHERES)


# Closing the books --------------------------------------------------------------------------------------------------------


@pages.get("/money/lock", load=house, allow=policy.keep_books)
def show_locks(house: HouseCard) -> Any:
    """What is closed; the end of the last month that is over is offered."""
    return _lock_page(LockForm(locked_through=_month_end()))


@pages.get("/money/lock/confirm", load=house, allow=policy.keep_books)
def confirm_lock(house: HouseCard) -> Any:
    """Really? There is no way back."""
    form = LockForm(request.args)
    if not form.validate() or form.locked_through.data is None:
        return _lock_page(form), 422
    day, before = form.locked_through.data, queries.locked_through()
    if day >= clock.today(i18n.zone()):
        form.locked_through.errors = [gettext("Only days that are over can be closed.")]
    elif before is not None and day <= before:
        form.locked_through.errors = [gettext("The books are already closed up to %(day)s.", day=i18n.day(before))]
    if form.errors:
        return _lock_page(form), 422
    return render_template("money/confirm_lock.html", day=day, count=queries.entries_between(house.id, before, day))


@pages.post("/money/lock", load=house, allow=policy.keep_books)
def lock_period(house: HouseCard) -> Any:
    form = LockForm(request.form)
    if not form.validate() or form.locked_through.data is None:
        return _lock_page(form), 422
    try:
        service.lock_period(form.locked_through.data, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _lock_page(form), refusal.status
    say(gettext("The books are closed up to %(day)s.", day=i18n.day(form.locked_through.data)))
    return see_other("money.show_locks")


def _lock_page(form: LockForm) -> str:
    return render_template("money/show_locks.html", form=form, locks=queries.locks(), suggested=_month_end())


def _month_end() -> date:
    """The last day of the last month that is over."""
    return clock.today(i18n.zone()).replace(day=1) - timedelta(days=1)
