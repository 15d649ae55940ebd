"""Loans: all of them as a list, each as a page, and what can be done with a line after it went out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, current_app, render_template, request, url_for

from app.core import clock, i18n, paper
from app.core.errors import Invalid, Refusal
from app.core.forms import Form, blame, clean_line
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.sheets import sheet_answer
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, service
from app.library.forms.desk import NewDateForm, RenewForm, ResolveDamageForm, SettlePartForm, WriteOffForm, part_name
from app.library.models import Damage, Loan, LoanLine, MissingPart
from app.library.queries import desk as queries
from app.library.queries import lists
from app.library.queries.borrowers import terms
from app.library.views.pages import asked_id, house, pages
from app.money import policy as money_policy
from app.money import queries as money
from app.people import queries as people

KINDS = "<any(csv,xlsx):kind>"
STATES = {"out": _l("out"), "overdue": _l("overdue"), "returned": _l("returned"), "all": _l("all")}


def loan(loan_id: int) -> Loan | None:
    place = house()
    return queries.loan(place.id, loan_id) if place else None


def line(line_id: int) -> LoanLine | None:
    place = house()
    return queries.line(place.id, line_id) if place else None


@dataclass(frozen=True)
class LineSubject:
    """A row that belongs to a line of a loan."""

    line: LoanLine
    row: Any


def missing_part(line_id: int, missing_id: int) -> LineSubject | None:
    found = line(line_id)
    if found is None:
        return None
    row = next((each for each in queries.parts_of_line(found.id) if each.id == missing_id), None)
    return LineSubject(found, row) if row is not None else None


def line_damage(line_id: int, damage_id: int) -> LineSubject | None:
    found, row = line(line_id), lists.damage(damage_id)
    return LineSubject(found, row) if found is not None and row is not None and row.line_id == found.id else None


# Lists -------------------------------------------------------------------------------------------------------------


def _asked() -> tuple[str, str, int | None]:
    state = request.args.get("state", "out")
    return state if state in STATES else "out", clean_line(request.args.get("q"))[:200], asked_id("person")


@pages.get("/library/loans", load=house, allow=policy.lend)
def list_loans(house: HouseCard) -> Any:
    """What is out by its day due; what came back newest first."""
    state, text, person_id = _asked()
    page = min(max(1, asked_id("page") or 1), 10_000)
    lines = lists.loan_lines(house.id, state, text, person_id, (page - 1) * lists.PAGE, lists.PAGE + 1)
    kept: dict[str, Any] = {name: value for name, value in {"state": state, "q": text, "person": person_id}.items() if value}
    return render_template(
        "library/list_loans.html",
        lines=lines[: lists.PAGE],
        state=state,
        states=[(word, url_for("library.list_loans", **{**kept, "state": each}), each == state) for each, word in STATES.items()],
        query=text,
        person=people.person(person_id) if person_id else None,
        now=clock.now(),
        state_of=line_state,
        next_url=url_for("library.list_loans", **kept, page=page + 1) if len(lines) > lists.PAGE else None,
        previous_url=url_for("library.list_loans", **kept, page=page - 1) if page > 1 else None,
        sheets=[(kind, url_for("library.take_loans", kind=kind, **kept)) for kind in ("csv", "xlsx")],
    )


@pages.get(f"/library/loans/list.{KINDS}", load=house, allow=policy.lend)
def take_loans(house: HouseCard, kind: str) -> Response:
    """The same list as a sheet."""
    state, text, person_id = _asked()
    heads = [
        gettext("Loan"), gettext("Number"), gettext("Thing"), gettext("How many"), gettext("Name"), gettext("Group"),
        gettext("Telephone"), gettext("Handed out"), gettext("Due"), gettext("Back"), gettext("State"),
    ]  # fmt: skip
    rows = [_row(each) for each in lists.loan_lines(house.id, state, text, person_id, 0, lists.SHEET)]
    return sheet_answer("loans", [heads, *rows], kind)


def _row(line: LoanLine) -> list[object]:
    zone, loan = i18n.zone(), line.loan
    return [
        line.loan_id, line.piece.number, line.thing.name, line.quantity, loan.person.name if loan.person else "",
        loan.organisation.name if loan.organisation else "", loan.person.phone_shown if loan.person else "",
        line.handed_out_at.astimezone(zone).date(), line.due_at.astimezone(zone).date(),
        line.returned_at.astimezone(zone).date() if line.returned_at else None, line_state(line)[0],
    ]  # fmt: skip


def line_state(line: LoanLine) -> tuple[str, str]:
    """Word and tone."""
    if line.returned_at is not None:
        return (gettext("not brought back"), "brick") if line.written_off == line.quantity else (gettext("back"), "sage")
    if line.handed_in_at is not None and line.single:
        return gettext("in the return box"), "honey"
    if line.due_at < clock.now():
        return gettext("overdue"), "brick"
    return gettext("out"), "plain"


# One loan ----------------------------------------------------------------------------------------------------------

OUTCOMES = {
    "found": _l("found"),
    "replaced": _l("replaced"),
    "paid": _l("paid for"),
    "waived": _l("let go"),
}


@pages.get("/library/loans/<int:loan_id>", load=loan, allow=policy.lend)
def show_loan(loan: Loan) -> Any:
    """Its lines with what can be done, what is missing or broken, and its money."""
    ids = [each.id for each in loan.lines]
    return render_template(
        "library/show_loan.html",
        loan=loan,
        state_of=line_state,
        missing=queries.parts_of_lines(ids),
        damages=_by_line(lists.damages_of(ids)),
        sums=queries.money_of(ids),
        owed=money.owed_for("loan", loan.id),
        part_name=part_name,
        outcomes=OUTCOMES,
        now=clock.now(),
        may_take_money=money_policy.handle_money(actor(), loan),
    )


def _by_line(damages: Sequence[Damage]) -> Mapping[int, list[Damage]]:
    made: dict[int, list[Damage]] = {}
    for damage in damages:
        made.setdefault(damage.line_id or 0, []).append(damage)
    return made


@pages.get("/library/loans/<int:loan_id>/slip.pdf", load=loan, allow=policy.see_loan)
def print_loan(loan: Loan) -> Response:
    """What somebody took home, in large type, in the language of whoever prints it."""
    place, prices = house(), {each.id: each for each in loan.lines}
    wording = terms(loan.house_id, loan.terms_on) if loan.terms_on else None
    address = url_for("library.show_desk", _external=True).removesuffix("/library") + "/me/things"
    fees = sum(each.fee_cents for each in prices.values())
    deposits = sum(each.deposit_cents for each in prices.values())
    owed = money.owed_for("loan", loan.id)
    amounts = [
        (gettext("Price"), i18n.money(owed.total_cents) if owed.total_cents or fees else ""),
        (gettext("Paid"), i18n.money(owed.settled_cents) if owed.settled_cents else ""),
        (gettext("Deposit"), i18n.money(deposits) if deposits else ""),
    ]
    notices = list(dict.fromkeys(each.thing.notice for each in loan.lines if each.thing.notice))
    data = {
        "house": {"name": place.name if place else "", "address": place.address if place else ""},
        "heading": gettext("Borrowed"),
        "name": loan.person.name if loan.person else gettext("Loan %(number)s", number=loan.id),
        "day": i18n.day(loan.handed_out_at),
        "columns": {"number": gettext("Number"), "what": gettext("Thing"), "due": gettext("Due back")},
        "lines": [
            {
                "number": each.piece.number,
                "what": each.thing.name if each.quantity == 1 else f"{each.quantity} × {each.thing.name}",
                "due": i18n.day(each.due_at, "EEEE, d. MMMM"),
                "by": gettext("until %(time)s", time=i18n.clock_time(each.due_at)),
                "back": gettext("back") if each.returned_at else "",
            }
            for each in loan.lines
        ],
        "amounts": [{"label": label, "value": value} for label, value in amounts if value],
        "notices_label": gettext("Please mind"),
        "notices": notices,
        "terms_label": gettext("Lending terms"),
        "terms": wording.wording.splitlines() if wording else [],
        "qr": {
            "svg": paper.qr_svg(address),
            "alt": gettext("QR code with the address of your things"),
            "words": gettext("See what you have, and keep it longer"),
            "address": address,
        },
        "phone": gettext("Or call us: %(phone)s", phone=place.phone) if place and place.phone else "",
        "printed": gettext("Printed on %(when)s", when=i18n.moment(clock.now())),
    }
    title = gettext("Loan %(number)s", number=loan.id)
    document = paper.render("library/paper/loan_slip.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")


# What becomes of a line --------------------------------------------------------------------------------------------


def act_page(title: str, sub: str, back_url: str, form: Form, button: str, told: str = "", refusal: Refusal | None = None) -> str:
    """A page that asks one thing: its fields in order, one button."""
    return render_template(
        "library/act.html", title=title, sub=sub, back_url=back_url, form=form, button=button, told=told, refusal=refusal
    )


def run(form: Form, page: Callable[[Form, Refusal | None], str], act: Callable[[], Any], names: Any = None) -> Any:
    """Do `act` when `form` is fine; None, or the page once more with what was wrong."""
    if not form.validate():
        return page(form, None), 422
    try:
        act()
    except Invalid as refusal:
        blame(form, refusal, names)
        return page(form, None), refusal.status
    except Refusal as refusal:
        return page(form, refusal), refusal.status
    return None


def _what(line: LoanLine) -> str:
    loan = line.loan
    return i18n.together(f"{line.piece.number} {line.thing.name}", loan.person.name if loan.person else "")


def _page_of(line: LoanLine) -> str:
    return url_for("library.show_loan", loan_id=line.loan_id)


@pages.get("/library/lines/<int:line_id>/renew", load=line, allow=policy.lend)
def show_prolong_form(line: LoanLine) -> Any:
    return _prolong_page(line)(RenewForm(), None)


def _prolong_page(line: LoanLine) -> Callable[[Form, Refusal | None], str]:
    def page(form: Form, refusal: Refusal | None) -> str:
        told = ""
        if refusal is None:
            try:
                told = gettext("Without a day it is due on %(when)s.", when=i18n.moment(service.renewal(line, actor())))
            except Refusal as no:
                refusal = no
        return act_page(gettext("Keep it longer"), _what(line), _page_of(line), form, gettext("Renew"), told, refusal)

    return page


@pages.post("/library/lines/<int:line_id>/renew", load=line, allow=policy.lend)
def prolong_loan(line: LoanLine) -> Any:
    """The desk may do so more often than the person; never where others wait."""
    form = RenewForm(request.form)
    wrong = run(form, _prolong_page(line), lambda: service.renew_loan(line, actor(), form.due_on.data))
    if wrong is not None:
        return wrong
    say(gettext("Due on %(when)s now.", when=i18n.moment(line.due_at)))
    return see_other("library.show_loan", loan_id=line.loan_id)


@pages.get("/library/lines/<int:line_id>/new-date", load=line, allow=policy.lend)
def show_new_date_form(line: LoanLine) -> Any:
    return _new_date_page(line)(NewDateForm(expected_on=line.expected_on), None)


def _day(form: NewDateForm) -> date:
    assert form.expected_on.data is not None
    return form.expected_on.data


def _new_date_page(line: LoanLine) -> Callable[[Form, Refusal | None], str]:
    told = gettext("The day the person names counts for those after them. A late fee may still come.")
    phone = line.loan.person.phone_shown if line.loan.person else ""

    def page(form: Form, refusal: Refusal | None) -> str:
        return act_page(
            gettext("When will it be back?"), i18n.dotted(_what(line), phone), _page_of(line), form, gettext("Note the day"),
            told, refusal,
        )  # fmt: skip

    return page


@pages.post("/library/lines/<int:line_id>/new-date", load=line, allow=policy.lend)
def tell_new_date(line: LoanLine) -> Any:
    """Told on the telephone."""
    form = NewDateForm(request.form)
    wrong = run(form, _new_date_page(line), lambda: service.tell_new_date(line, _day(form), actor()))
    if wrong is not None:
        return wrong
    say(gettext("Noted: back on %(day)s.", day=i18n.day(_day(form))))
    return see_other("library.show_loan", loan_id=line.loan_id)


@pages.get("/library/lines/<int:line_id>/write-off", load=line, allow=policy.lend)
def show_write_off_form(line: LoanLine) -> Any:
    form = WriteOffForm(count=line.open_count, cents=service.replacement_of(line) or None)
    return _write_off_page(line)(form, None)


def _write_off_page(line: LoanLine) -> Callable[[Form, Refusal | None], str]:
    told = gettext("It will not come back: lost, or broken beyond repair. If it is found later, what was paid is owed back.")

    def page(form: Form, refusal: Refusal | None) -> str:
        return act_page(gettext("Not coming back"), _what(line), _page_of(line), form, gettext("Write it off"), told, refusal)

    return page


@pages.post("/library/lines/<int:line_id>/write-off", load=line, allow=policy.lend)
def write_off_line(line: LoanLine) -> Any:
    form = WriteOffForm(request.form)
    wrong = run(
        form, _write_off_page(line),
        lambda: service.write_off(line, form.count.data or 0, form.reason.data or "", actor(), form.cents.data or 0),
    )  # fmt: skip
    if wrong is not None:
        return wrong
    say(gettext("Written off: %(what)s.", what=f"{line.piece.number} {line.thing.name}"))
    return see_other("library.show_loan", loan_id=line.loan_id)


@pages.get("/library/lines/<int:line_id>/parts/<int:missing_id>", load=missing_part, allow=policy.lend)
def show_settle_part_form(subject: LineSubject) -> Any:
    part = subject.row.part
    return _settle_page(subject)(SettlePartForm(cents=part.replacement_cents * subject.row.count or None), None)


def _settle_page(subject: LineSubject) -> Callable[[Form, Refusal | None], str]:
    missing: MissingPart = subject.row

    def page(form: Form, refusal: Refusal | None) -> str:
        title = gettext("Missing: %(parts)s", parts=f"{missing.count} × {missing.part.name or part_name(missing.part)}")
        told = gettext("The amount counts only where it is paid for.")
        return act_page(title, _what(subject.line), _page_of(subject.line), form, gettext("Save"), told, refusal)

    return page


@pages.post("/library/lines/<int:line_id>/parts/<int:missing_id>", load=missing_part, allow=policy.lend)
def settle_part(subject: LineSubject) -> Any:
    """Found, replaced, paid for or let go; the kit can go out again when nothing it needs is missing."""
    form = SettlePartForm(request.form)
    cents = form.cents.data or 0
    wrong = run(
        form, _settle_page(subject), lambda: service.settle_part(subject.row, form.outcome.data, actor(), cents)
    )  # fmt: skip
    if wrong is not None:
        return wrong
    say(gettext("Settled."))
    return see_other("library.show_loan", loan_id=subject.line.loan_id)


@pages.get("/library/lines/<int:line_id>/damages/<int:damage_id>", load=line_damage, allow=policy.lend)
def show_resolve_damage_form(subject: LineSubject) -> Any:
    return _damage_page(subject)(ResolveDamageForm(), None)


def _damage_page(subject: LineSubject) -> Callable[[Form, Refusal | None], str]:
    damage: Damage = subject.row
    told = gettext("It is ordinary wear; nobody pays for it.") if damage.by_use else ""

    def page(form: Form, refusal: Refusal | None) -> str:
        title = gettext("Damage: %(what)s", what=damage.what)
        return act_page(title, _what(subject.line), _page_of(subject.line), form, gettext("Done"), told, refusal)

    return page


@pages.post("/library/lines/<int:line_id>/damages/<int:damage_id>", load=line_damage, allow=policy.lend)
def resolve_damage(subject: LineSubject) -> Any:
    """Repaired, or to be lived with; with an amount it is asked for."""
    form = ResolveDamageForm(request.form)
    wrong = run(
        form, _damage_page(subject),
        lambda: service.resolve_damage(subject.row, form.outcome.data or "", actor(), form.cents.data or 0),
    )  # fmt: skip
    if wrong is not None:
        return wrong
    say(gettext("Settled."))
    return see_other("library.show_loan", loan_id=subject.line.loan_id)
