"""The drawer: count it once a day, after closing time. There is no page that writes down a sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, current_app, render_template, request

from app.core import clock, i18n, paper
from app.core.errors import Invalid, Missing
from app.core.forms import blame
from app.core.i18n import gettext, ngettext
from app.core.sheets import sheet_answer
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, service
from app.money.forms.cash import ArrivedForm, CloseForm, CountForm, count_form, piece_name, rate_words
from app.money.models import CashDay
from app.money.queries import cash_days as queries
from app.money.queries.cash_days import Drawer, InTransit
from app.money.service import DENOMINATIONS, Count
from app.money.service.cash_days import COINS_FROM
from app.money.views.pages import house, pages


def own_cash_day(cash_day_id: int) -> CashDay | None:
    """A closed day of the house the reader is in."""
    here, found = house(), queries.cash_day(cash_day_id)
    return found if here is not None and found is not None and found.house_id == here.id else None


def own_transit(entry_id: int) -> InTransit | None:
    here, found = house(), queries.transit(entry_id)
    return found if here is not None and found is not None and found.house_id == here.id else None


@pages.get("/money/cash", load=house, allow=policy.count_cash)
def show_cash(house: HouseCard) -> Any:
    """Today's drawer, the closed days, and what is on its way to the bank."""
    days, following = queries.cash_days(house.id, before=_asked("before"))
    today = clock.today(i18n.zone())
    last = queries.last_closed(house.id)
    return render_template(
        "money/show_cash.html",
        today=today,
        last=last,
        closed_today=last is not None and last.day >= today,
        drawer=None if last is not None and last.day >= today else queries.drawer(house.id, today),
        days=days,
        following=following,
        earlier=_asked("before"),
        transits=queries.in_transit(house.id),
        may_keep_books=policy.keep_books(actor(), house),
    )


@pages.get("/money/cash/count", load=house, allow=policy.count_cash)
def show_count_form(house: HouseCard) -> Any:
    """The sheet for today, or for ``?day=`` that was forgotten."""
    today = clock.today(i18n.zone())
    day = _asked("day") or today
    form = _form(house, None, day=min(day, today))
    return _count_page(house, form)


@pages.post("/money/cash/count", load=house, allow=policy.count_cash)
def check_count(house: HouseCard) -> Any:
    """What the count says, before anything is written; with ``more`` or ``change`` back to the sheet."""
    form = _form(house, request.form, more="more" in request.form)
    if "more" in request.form or "change" in request.form:
        return _count_page(house, form)
    count = _counted(house, form)
    if count is None:
        return _count_page(house, form), 422
    people = queries.witnesses(house.id, actor().person_id)
    return _report_page(form, count, CloseForm(people, seen=count.fingerprint))


@pages.post("/money/cash/close", load=house, allow=policy.count_cash)
def close_cash_day(house: HouseCard) -> Any:
    """Make the day final. Whoever saw another state of the drawer looks again first."""
    form = _form(house, request.form)
    closing = CloseForm(queries.witnesses(house.id, actor().person_id), request.form)
    count = _counted(house, form)
    if count is None:
        return _count_page(house, form), 422
    if not closing.validate():
        return _report_page(form, count, closing), 422
    if closing.seen.data != count.fingerprint:
        closing.form_errors = [gettext("Since you looked, somebody wrote down cash for this day. Please look once more.")]
        return _report_page(form, count, closing), 409
    try:
        closed = service.close_day(form.request(house.id), closing.witness_id(), actor(), reason=closing.reason.data or "")
    except Invalid as refusal:
        blame(closing, refusal)
        return _report_page(form, count, closing), refusal.status
    say(gettext("The day is closed: %(no)s.", no=closed.no))
    return see_other("money.show_cash_day", cash_day_id=closed.id)


def _form(house: HouseCard, formdata: Any, *, more: bool = False, **values: Any) -> CountForm:
    offerings = [(code, name) for code, (name, _) in queries.offerings(house.id).items()]
    return count_form(formdata, queries.counted_kinds(house.id), queries.expense_accounts(), offerings, more=more, **values)


def _counted(house: HouseCard, form: CountForm) -> Count | None:
    """What the sheet says; None when it has to come back, with what is wrong at its fields."""
    if not form.validate():
        return None
    try:
        return service.count_day(form.request(house.id))
    except Invalid as refusal:
        blame(form, refusal, {"pieces": f"n{DENOMINATIONS[0]}", "tally": "t0"})
    except service.TooMuchTakenOut as refusal:
        form.form_errors = [str(refusal)]
    return None


def _count_page(house: HouseCard, form: CountForm) -> str:
    drawer = queries.drawer(house.id, form.day.data or clock.today(i18n.zone()))
    return render_template(
        "money/count_cash.html",
        form=form,
        drawer=drawer,
        notes=[each for each in form.pieces if each[0] > COINS_FROM],
        coins=[each for each in form.pieces if each[0] <= COINS_FROM],
        known=[(what, i18n.money(cents)) for what, cents in known_lines(drawer)],
    )


def _report_page(form: CountForm, count: Count, closing: CloseForm) -> str:
    carried = [(name, value) for name, value in request.form.items(multi=True) if name in form._fields]
    outgoing = [(what, -cents) for what, cents in known_lines(count.drawer) if cents < 0]
    outgoing += [(i18n.dotted(each.request.payee, each.request.reason), each.request.cents) for each in count.vouchers]
    return render_template(
        "money/check_cash.html",
        count=count,
        closing=closing,
        carried=carried,
        outgoing=outgoing,
        rate=rate_words,
        someone=closing.someone,
    )


def known_lines(drawer: Drawer) -> list[tuple[str, int]]:
    """What the books know of the drawer already: words and cents, above zero for what came in."""
    lines = []
    if drawer.receipts_in.cents:
        number = drawer.receipts_in.number
        lines.append((ngettext("One receipt for cash", "%(num)d receipts for cash", number), drawer.receipts_in.cents))
    if drawer.others_in:
        lines.append((gettext("Posted onto the drawer by hand"), drawer.others_in))
    if drawer.receipts_out.cents:
        number = drawer.receipts_out.number
        lines.append(
            (
                ngettext("Handed back once, with receipt", "Handed back %(num)d times, with receipt", number),
                -drawer.receipts_out.cents,
            )
        )
    lines += [(each.what, -each.cents) for each in drawer.expenses]
    if drawer.others_out:
        lines.append((gettext("Taken off the drawer by hand"), -drawer.others_out))
    return lines


def _asked(name: str) -> date | None:
    """A day from the address, None when missing or nonsense."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2199 else None


# Closed days ---------------------------------------------------------------------------------------------------------


@pages.get("/money/cash/<int:cash_day_id>", load=own_cash_day, allow=policy.count_cash)
def show_cash_day(closed: CashDay) -> Any:
    return render_template(
        "money/show_cash_day.html",
        closed=closed,
        pieces=_pieces(closed),
        vouchers=queries.vouchers_of(closed.id),
        entries=queries.entries_of(closed.id),
        rate=rate_words,
    )


@dataclass(frozen=True)
class Pieces:
    name: str
    number: int
    cents: int


def _pieces(closed: CashDay) -> list[Pieces]:
    counted = {int(value): number for value, number in closed.denominations.items()}
    return [Pieces(piece_name(value), counted[value], value * counted[value]) for value in DENOMINATIONS if value in counted]


@pages.get("/money/cash/days.<kind>", load=house, allow=policy.keep_books)
def take_cash_days(house: HouseCard, kind: str) -> Any:
    """The list of closed days to take away, as ``csv`` or ``xlsx``."""
    if kind not in ("csv", "xlsx"):
        raise Missing
    heads = [
        gettext("Number"), gettext("Day"), gettext("Opening"), gettext("Put in"), gettext("Paid out"), gettext("To the bank"),
        gettext("Counted"), gettext("Takings"), gettext("By receipts"), gettext("Tally"), gettext("Difference"), gettext("Reason"),
        gettext("Counted by"), gettext("Counted with"), gettext("Closed"),
    ]  # fmt: skip
    days, _ = queries.cash_days(house.id, most=queries.SHEET)
    rows = [
        [
            each.no, each.day, *(Decimal(cents) / 100 for cents in (
                each.opening_cents, each.put_in_cents, each.paid_out_cents, each.banked_cents, each.counted_cents,
                each.takings_cents, each.known_in_cents, each.tally_cents, each.difference_cents,
            )),
            each.reason, each.counted_by, each.witnessed_by, i18n.moment(each.closed_at),
        ]
        for each in days
    ]  # fmt: skip
    return sheet_answer("cash-days", [heads, *rows], kind)


# Paper ---------------------------------------------------------------------------------------------------------------


@pages.get("/money/cash/sheet.pdf", load=house, allow=policy.count_cash)
def print_blank_sheet(house: HouseCard) -> Any:
    """Count, tally and signatures to be filled in by hand, for when the network is down."""
    kinds = queries.counted_kinds(house.id)
    blank = [
        gettext("Counted"), gettext("Paid out"), gettext("Taken out for the bank"), gettext("less the opening"),
        gettext("less what was put in"), gettext("Takings"), gettext("Tally"), gettext("Difference"),
    ]  # fmt: skip
    return _paper(
        house,
        gettext("Cash report"),
        pieces=[{"name": piece_name(value), "number": "", "amount": ""} for value in DENOMINATIONS],
        sums=[{"name": name, "amount": ""} for name in blank],
        tally=[{"name": kind.name, "amount": ""} for kind in kinds],
        vouchers=[{"what": "", "amount": ""} for _ in range(5)],
        signatures=[{"role": gettext("Counted by"), "name": ""}, {"role": gettext("Counted with"), "name": ""}],
        day="",
        note=gettext("Takings = counted + paid out + for the bank − opening − put in. Write it into the program afterwards."),
        file="cash-sheet",
    )


@pages.get("/money/cash/<int:cash_day_id>/report.pdf", load=own_cash_day, allow=policy.count_cash)
def print_cash_report(closed: CashDay) -> Any:
    """The report of a closed day, to be signed and filed."""
    here = house()
    assert here is not None
    sums = [
        (gettext("Counted"), closed.counted_cents), (gettext("Paid out"), closed.paid_out_cents),
        (gettext("Taken out for the bank"), closed.banked_cents), (gettext("less the opening"), closed.opening_cents),
        (gettext("less what was put in"), closed.put_in_cents), (gettext("Takings"), closed.takings_cents),
        (gettext("of these by receipts"), closed.known_in_cents), (gettext("Tally"), closed.tally_cents),
        (gettext("Difference"), closed.difference_cents),
    ]  # fmt: skip
    reason = gettext("Reason for the difference: %(reason)s", reason=closed.reason) if closed.reason else ""
    return _paper(
        here,
        gettext("Cash report %(no)s", no=closed.no),
        pieces=[
            {"name": each.name, "number": str(each.number), "amount": i18n.money(each.cents)} for each in _pieces(closed)
        ],
        sums=[{"name": name, "amount": i18n.money(cents)} for name, cents in sums],
        tally=[
            {
                "name": i18n.dotted(
                    line["name"],
                    gettext("with %(rate)s tax: %(amount)s", rate=rate_words(line["rate_bp"]), amount=i18n.money(line["vat_cents"]))
                    if line["vat_cents"] else "",
                ),
                "amount": i18n.money(line["cents"]),
            }
            for line in closed.tally
        ],
        vouchers=[
            {"what": i18n.dotted(payee, reason_, no), "amount": i18n.money(cents)}
            for payee, reason_, no, cents, _ in queries.vouchers_of(closed.id)
        ],
        signatures=[
            {"role": gettext("Counted by"), "name": closed.counted_by.name},
            {"role": gettext("Counted with"), "name": closed.witnessed_by.name},
        ],
        day=i18n.day(closed.day),
        note=i18n.dotted(reason, gettext("Closed on %(when)s", when=i18n.moment(closed.closed_at))),
        file=closed.no,
    )  # fmt: skip


def _paper(house: HouseCard, heading: str, *, file: str, **data: Any) -> Response:
    columns = {
        "piece": gettext("Note or coin"), "number": gettext("How many"), "amount": gettext("Amount"), "count": gettext("Count"),
        "sum": gettext("Sum"), "report": gettext("Counted back"), "tally": gettext("Tally"), "vouchers": gettext("Vouchers"),
        "kind": gettext("What"), "day": gettext("Day"), "signed": gettext("Signatures"),
    }  # fmt: skip
    words = {"house": {"name": house.name, "address": house.address}, "heading": heading, "columns": columns, **data}
    document = paper.render(
        "money/paper/cash_report.typ", words, language=i18n.language(), title=f"{heading} · {house.name}", now=clock.now()
    )
    response: Response = current_app.response_class(document, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{file}.pdf"'
    return response


# What the bank says --------------------------------------------------------------------------------------------------


@pages.get("/money/cash/transit/<int:entry_id>", load=own_transit, allow=policy.keep_books)
def show_transit(on_way: InTransit) -> Any:
    return render_template("money/confirm_transit.html", on_way=on_way, form=ArrivedForm(on=clock.today(i18n.zone())))


@pages.post("/money/cash/transit/<int:entry_id>", load=own_transit, allow=policy.keep_books)
def confirm_transit(on_way: InTransit) -> Any:
    """The bank statement shows it."""
    form = ArrivedForm(request.form)
    if not form.validate():
        return render_template("money/confirm_transit.html", on_way=on_way, form=form), 422
    try:
        assert form.on.data is not None
        service.confirm_transit(on_way, form.on.data, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("money/confirm_transit.html", on_way=on_way, form=form), refusal.status
    say(gettext("Confirmed: %(amount)s.", amount=i18n.money(abs(on_way.cents))))
    return see_other("money.show_cash")
