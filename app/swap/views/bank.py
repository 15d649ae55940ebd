"""My time account, and the time bank at the desk."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame, clean_line
from app.core.i18n import gettext, ngettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.people import queries as people
from app.people.models import Person
from app.swap import policy, queries, service
from app.swap.forms import CorrectForm, DeskHoursForm, GroupForm, JoinForm, MinutesForm
from app.swap.models import AccountKind, Hours, TimeAccount, TimeEntry
from app.swap.views.pages import house, my_account, pages, words


@pages.get("/time/join", load=house, allow=policy.join)
def show_join_form(house: HouseCard) -> Any:
    """The rules in plain words; the desk comes here with somebody's number."""
    return _join_page(house, JoinForm())


@pages.post("/time/join", load=house, allow=policy.join)
def join(house: HouseCard) -> Any:
    form, who = JoinForm(request.form), _for_whom(house)
    if who is None or not form.validate():
        return _join_page(house, form), 422
    try:
        account = service.join(house.id, who.id, actor())
    except Refusal as refusal:
        return _join_page(house, form, refusal), refusal.status
    if who.id != actor().person_id:
        say(gettext("%(name)s is in the time bank now.", name=who.name))
        return see_other("swap.show_account", account_id=account.id)
    say(gettext("Welcome to the time bank."))
    return see_other("swap.show_my_account")


def _for_whom(house: HouseCard) -> Person | None:
    who, text = actor(), request.values.get("for", "")
    if policy.run_time_bank(who, house) and text.isascii() and text.isdigit() and len(text) < 10:
        return people.person(int(text))
    return people.person(who.person_id or 0)


def _join_page(house: HouseCard, form: JoinForm, refusal: Refusal | None = None) -> str:
    who = _for_whom(house)
    other = who if who is not None and who.id != actor().person_id else None
    return render_template("swap/join.html", form=form, other=other, rules=queries.rules(), refusal=refusal, **words())


@pages.get("/time/account", load=house, allow=policy.own_account)
def show_my_account(house: HouseCard) -> Any:
    """What is on it, what waits for me, my offers and wishes, everything that moved."""
    return _my_page(house, MinutesForm(minutes=60))


def _my_page(house: HouseCard, form: MinutesForm) -> str:
    me = actor().person_id or 0
    account = queries.account_of(house.id, me)
    matches = queries.matches_of(house.id, me)
    return render_template(
        "swap/show_my_account.html",
        account=account if account and account.is_open else None,
        lines=queries.moved(account) if account else [],
        hours=queries.hours_of(house.id, me),
        matches=[each for each in matches if each.state in ("answered", "agreed")],
        past=[each for each in matches if each.state not in ("answered", "agreed")][:5],
        listings=queries.listings_of(house.id, me),
        rules=queries.rules(),
        form=form,
        me_id=me,
        house_card=house,
        **words(),
    )


@pages.post("/time/account/give", load=house, allow=policy.own_account)
def give_minutes(house: HouseCard) -> Any:
    """A gift to the social pot."""
    form, account = MinutesForm(request.form), my_account(house.id)
    if account is None:
        return see_other("swap.show_join_form")
    if not form.validate():
        return _my_page(house, form), 422
    try:
        service.give_minutes(account, form.minutes.data, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _my_page(house, form), refusal.status
    say(gettext("Thank you. %(minutes)s are in the social pot now.", minutes=i18n.duration(form.minutes.data)))
    return see_other("swap.show_my_account")


@pages.get("/time/accounts/<int:account_id>/leave", load=queries.account, allow=policy.leave)
def show_leave_form(account: TimeAccount) -> Any:
    """Says what happens to what is on the account, and asks once more."""
    return _leave_page(account)


@pages.post("/time/accounts/<int:account_id>/leave", load=queries.account, allow=policy.leave)
def leave(account: TimeAccount) -> Any:
    try:
        service.leave(account, actor())
    except Refusal as refusal:
        return _leave_page(account, refusal), refusal.status
    if account.person_id != actor().person_id:
        say(gettext("The account is closed."))
        return see_other("swap.show_time_desk")
    say(gettext("You have left the time bank. Thank you for everything; you may come back any time."))
    return see_other("swap.show_my_account")


def _leave_page(account: TimeAccount, refusal: Refusal | None = None) -> str:
    own = account.person_id == actor().person_id
    back = url_for("swap.show_my_account") if own else url_for("swap.show_account", account_id=account.id)
    return render_template("swap/leave.html", account=account, own=own, back=back, refusal=refusal, **words())


# The desk ----------------------------------------------------------------------------------------------------------


@pages.get("/time/desk", load=house, allow=policy.run_time_bank)
def show_time_desk(house: HouseCard) -> Any:
    """What waits, and everybody's account; ``?q=`` is part of a name."""
    text = clean_line(request.args.get("q"))[:100]
    return render_template(
        "swap/show_time_desk.html",
        unsettled=queries.unsettled(house.id),
        query=text,
        accounts=queries.accounts(house.id, text),
        community=queries.house_account(house.id, AccountKind.COMMUNITY),
        pot=queries.house_account(house.id, AccountKind.POT),
        choose_url=url_for("people.choose_person", next=url_for("swap.show_join_form")),
        house_card=house,
        **words(),
    )


@pages.get("/time/accounts/<int:account_id>", load=queries.account, allow=policy.run_time_bank)
def show_account(account: TimeAccount) -> Any:
    """One account and everything that moved on it."""
    return render_template(
        "swap/show_account.html",
        account=account,
        lines=queries.moved(account),
        may_correct=policy.correct_minutes(actor(), account),
        **words(),
    )


@pages.get("/time/desk/hours", load=house, allow=policy.run_time_bank)
def show_desk_hours_form(house: HouseCard) -> Any:
    today = clock.today(i18n.zone())
    return _desk_hours_page(house, DeskHoursForm(on_day=today, minutes=60, said_by="both"))


@pages.post("/time/desk/hours", load=house, allow=policy.run_time_bank)
def book_hours_at_desk(house: HouseCard) -> Any:
    """On behalf of one of the two; with the slip both have signed it counts at once."""
    form = DeskHoursForm(request.form)
    form.choose_from(queries.accounts(house.id))
    if not form.validate():
        return _desk_hours_page(house, form), 422
    try:
        hours: Hours = service.book_hours(form.request(house.id), actor())
    except Invalid as refusal:
        blame(form, refusal, {"other": "taker"})
        return _desk_hours_page(house, form), refusal.status
    except Refusal as refusal:
        return _desk_hours_page(house, form, refusal), refusal.status
    say(gettext("Written down: %(minutes)s.", minutes=i18n.duration(hours.minutes)))
    return see_other("swap.show_hours", hours_id=hours.id)


def _desk_hours_page(house: HouseCard, form: DeskHoursForm, refusal: Refusal | None = None) -> str:
    form.choose_from(queries.accounts(house.id))
    return render_template("swap/book_hours_at_desk.html", form=form, refusal=refusal)


@pages.get("/time/desk/group", load=house, allow=policy.thank_group)
def show_group_form(house: HouseCard) -> Any:
    return _group_page(house, GroupForm(on_day=clock.today(i18n.zone()), minutes=120))


@pages.post("/time/desk/group", load=house, allow=policy.thank_group)
def thank_group(house: HouseCard) -> Any:
    """Everybody who helped, credited from the community in one act."""
    form = GroupForm(request.form)
    form.choose_from(queries.accounts(house.id))
    if not form.validate():
        return _group_page(house, form), 422
    try:
        entries = service.thank_group(form.request(house.id), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _group_page(house, form), refusal.status
    except Refusal as refusal:
        return _group_page(house, form, refusal), refusal.status
    say(ngettext("One person has been credited.", "%(num)d people have been credited.", len(entries)))
    return see_other("swap.show_time_desk")


def _group_page(house: HouseCard, form: GroupForm, refusal: Refusal | None = None) -> str:
    form.choose_from(queries.accounts(house.id))
    return render_template("swap/thank_group.html", form=form, refusal=refusal)


@pages.get("/time/entries/<int:entry_id>/correct", load=queries.entry, allow=policy.correct_minutes)
def show_correct_form(entry: TimeEntry) -> Any:
    return _correct_page(entry, CorrectForm())


@pages.post("/time/entries/<int:entry_id>/correct", load=queries.entry, allow=policy.correct_minutes)
def correct_minutes(entry: TimeEntry) -> Any:
    """By counter-entries; nothing is ever changed."""
    form = CorrectForm(request.form)
    if not form.validate():
        return _correct_page(entry, form), 422
    try:
        service.correct_minutes(entry, form.reason.data or "", actor())
    except Refusal as refusal:
        return _correct_page(entry, form, refusal), refusal.status
    say(gettext("Corrected by a counter-entry."))
    return see_other("swap.show_time_desk")


def _correct_page(entry: TimeEntry, form: CorrectForm, refusal: Refusal | None = None) -> str:
    return render_template(
        "swap/correct_minutes.html", entry=entry, form=form, refusal=refusal, rows=queries.entries_of_act(entry.act), **words()
    )
