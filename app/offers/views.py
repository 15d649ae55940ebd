"""When the house is open: the week, the days that differ, the holidays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.forms import blame, clean_line
from app.core.i18n import gettext
from app.core.web import Pages, actor, say, see_other
from app.houses.queries import HouseCard
from app.houses.views import here
from app.offers import policy, queries, service
from app.offers.forms import KIND_HINTS, KINDS, WEEKS, ClosingForm, EndHoursForm, HoursForm, OpenDayForm
from app.offers.models import HoursKind, OpeningHours
from app.offers.queries import ONE_DAY

pages = Pages("offers", __name__)
ONE_YEAR = timedelta(days=365)


def house() -> HouseCard | None:
    return here()


@dataclass(frozen=True)
class HolidayLine:
    """A holiday as it applies: `told` are the hours of an exception or its reason, empty when it is simply closed."""

    day: date
    name: str
    told: str
    opened: bool


@pages.get("/house/hours", load=house, allow=policy.change_hours)
def show_hours(house: HouseCard) -> Any:
    """The usual week, the days that differ, and the holidays of this year, as far as they lie ahead, and of the next."""
    today = clock.today(i18n.zone())
    weekly = queries.weekly_hours(house.id, today)
    rows = queries.exceptions(house.id, today, date(2199, 12, 31))
    differing = queries.differing(rows)
    known = {line.first: line for line in differing if line.windows}
    closed = {row.on_day: row.reason for row in rows if row.opens is None}
    holidays = []
    for year in (today.year, today.year + 1):
        lines = []
        for day, name in queries.holidays_of(house.subdivision, year).items():
            if day < today:
                continue
            opened = known.get(day)
            told = windows_words(opened.windows) if opened else closed.get(day, "")
            lines.append(HolidayLine(day, name, told, opened is not None))
        if lines:
            holidays.append((year, lines))
    return render_template(
        "offers/show_hours.html",
        kinds=[
            (kind.value, word, KIND_HINTS[kind], _days_of([row for row in weekly if row.kind == kind]))
            for kind, word in KINDS.items()
        ],
        words=hours_words,
        limits=lambda row: limits_words(row, today),
        differing=[(line, windows_words(line.windows)) for line in differing],
        holidays=holidays,
        no_use=not any(row.kind == HoursKind.USE for row in weekly),
    )


def _days_of(rows: list[OpeningHours]) -> list[tuple[str, list[OpeningHours]]]:
    """Monday to Sunday, each with its windows."""
    return [(i18n.weekday(number), [row for row in rows if row.weekday == number]) for number in range(7)]


def hours_words(row: OpeningHours) -> str:
    return i18n.wall_hours(row.opens, row.closes)


def limits_words(row: OpeningHours, today: date) -> str:
    """``first and third in the month · from 1 January 2027``, empty for hours without a limit."""
    words = []
    if row.weeks:
        weeks = i18n.together(*(WEEKS[int(week)] for week in row.weeks.split(",") if week in {"1", "2", "3", "4", "5"}))
        words.append(gettext("%(weeks)s in the month", weeks=weeks))
    if row.valid_from is not None and row.valid_from > today:
        words.append(gettext("from %(day)s", day=i18n.day(row.valid_from, "d. MMMM y")))
    if row.valid_until is not None:
        words.append(gettext("until %(day)s", day=i18n.day(row.valid_until - ONE_DAY, "d. MMMM y")))
    return i18n.dotted(*words)


def windows_words(windows: tuple[tuple[time, time], ...]) -> str:
    return i18n.together(*(i18n.wall_hours(opens, closes) for opens, closes in windows))


# The week ----------------------------------------------------------------------------------------------------------


@pages.get("/house/hours/new", load=house, allow=policy.change_hours)
def show_hours_form(house: HouseCard) -> Any:
    kind = request.args.get("kind", "")
    return render_template("offers/add_hours.html", form=HoursForm(kind=kind if kind in set(HoursKind) else HoursKind.DESK.value))


@pages.post("/house/hours/new", load=house, allow=policy.change_hours)
def add_hours(house: HouseCard) -> Any:
    """The same hours on the chosen weekdays."""
    form = HoursForm(request.form)
    if not form.validate():
        return render_template("offers/add_hours.html", form=form), 422
    try:
        service.add_hours(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("offers/add_hours.html", form=form), refusal.status
    say(gettext("The hours are written down."))
    return see_other("offers.show_hours")


@pages.get("/house/hours/<int:hours_id>/end", load=queries.hours, allow=policy.change_hours)
def show_end_hours_form(hours: OpeningHours) -> Any:
    today = clock.today(i18n.zone())
    return _end_hours_page(hours, EndHoursForm(from_day=max(today, hours.valid_from or today)))


@pages.post("/house/hours/<int:hours_id>/end", load=queries.hours, allow=policy.change_hours)
def end_hours(hours: OpeningHours) -> Any:
    """From a day on these hours hold no longer; bookings that then lie outside become a work list."""
    form = EndHoursForm(request.form)
    if not form.validate():
        return _end_hours_page(hours, form), 422
    try:
        service.end_hours(hours, day := form.day(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _end_hours_page(hours, form), refusal.status
    say(gettext("From %(day)s on these hours hold no longer.", day=i18n.day(day)))
    return see_other("rooms.show_affected", first=day, last=day + ONE_YEAR)


def _end_hours_page(hours: OpeningHours, form: EndHoursForm) -> str:
    return render_template(
        "offers/end_hours.html",
        form=form,
        hours_id=hours.id,
        about=i18n.together(i18n.weekday(hours.weekday), hours_words(hours)),
        kind=KINDS[HoursKind(hours.kind)],
        limits=limits_words(hours, clock.today(i18n.zone())),
    )


# Days that differ --------------------------------------------------------------------------------------------------


@pages.get("/house/days/close", load=house, allow=policy.change_hours)
def show_closing_form(house: HouseCard) -> Any:
    return render_template("offers/close_days.html", form=ClosingForm(first=_asked_day()))


@pages.post("/house/days/close", load=house, allow=policy.change_hours)
def close_days(house: HouseCard) -> Any:
    """Close one day or several; bookings that lie there become a work list."""
    form = ClosingForm(request.form)
    if not form.validate():
        return render_template("offers/close_days.html", form=form), 422
    first, last = form.days()
    try:
        service.close_days(house.id, first, last, form.reason.data or "", actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("offers/close_days.html", form=form), refusal.status
    say(gettext("The house is closed: %(days)s.", days=days_words(first, last)))
    return see_other("rooms.show_affected", first=first, last=last)


@pages.get("/house/days/open", load=house, allow=policy.change_hours)
def show_open_day_form(house: HouseCard) -> Any:
    """Filled in for the day that is asked for, with the usual hours of its weekday."""
    day = _asked_day()
    form = OpenDayForm(first=day)
    if day is not None:
        usual = [row for row in queries.weekly_hours(house.id, day) if row.weekday == day.weekday()]
        usual = [row for row in usual if row.kind == HoursKind.DESK] or [row for row in usual if row.kind == HoursKind.USE]
        if usual:
            form.opens.data, form.closes.data = min(row.opens for row in usual), max(row.closes for row in usual)
        name = queries.holiday(house.subdivision, day)
        if name:
            form.reason.data = clean_line(gettext("open on %(holiday)s", holiday=name))
    return render_template("offers/open_day.html", form=form)


@pages.post("/house/days/open", load=house, allow=policy.change_hours)
def open_day(house: HouseCard) -> Any:
    """One day with hours of its own, such as a holiday on which the house opens anyway."""
    form = OpenDayForm(request.form)
    if not form.validate():
        return render_template("offers/open_day.html", form=form), 422
    try:
        day, opens, closes = form.window()
        service.open_day(house.id, day, opens, closes, form.reason.data or "", actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("offers/open_day.html", form=form), refusal.status
    say(gettext("%(day)s has hours of its own.", day=i18n.day(day)))
    return see_other("rooms.show_affected", first=day, last=day)


@pages.get("/house/days/remove", load=house, allow=policy.change_hours)
def show_remove_form(house: HouseCard) -> Any:
    first, last = _asked_days()
    lines = queries.differing(queries.exceptions(house.id, max(first, clock.today(i18n.zone())), last))
    return render_template(
        "offers/remove_days.html",
        first=first,
        last=last,
        about=days_words(first, last),
        lines=[(days_words(line.first, line.last), line.reason, windows_words(line.windows)) for line in lines],
    )


@pages.post("/house/days/remove", load=house, allow=policy.change_hours)
def remove_exceptions(house: HouseCard) -> Any:
    """The usual hours hold again; where that means fewer hours, bookings outside become a work list."""
    first, last = _asked_days()
    service.remove_exceptions(house.id, first, last, actor())
    say(gettext("The usual hours hold again: %(days)s.", days=days_words(first, last)))
    return see_other("rooms.show_affected", first=first, last=last)


def _asked_day(name: str = "day") -> date | None:
    """A day from the address or the form, None when missing or nonsense."""
    try:
        day = date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2199 else None


def _asked_days() -> tuple[date, date]:
    first, last = _asked_day("first"), _asked_day("last")
    if first is None or last is None or last < first:
        raise Invalid
    return first, last


def days_words(first: date, last: date) -> str:
    if first == last:
        return i18n.day(first)
    return gettext("%(first)s to %(last)s", first=i18n.day(first), last=i18n.day(last))
