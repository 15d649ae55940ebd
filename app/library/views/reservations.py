"""Reservations: the day with everything that waits, all of them as a list, each as a page, and the queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Response, current_app, render_template, request, url_for

from app.core import clock, i18n, paper
from app.core.errors import Invalid, Refusal
from app.core.forms import Form, blame, clean_line
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.core.sheets import sheet_answer
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, service
from app.library import queries as supplies
from app.library.forms.desk import NoteForm, ReasonForm
from app.library.forms.reserving import ReserveForForm
from app.library.models import LoanLine, Piece, QueueEntry, QueueState, Reservation, ReservationState, Thing, Whereabouts
from app.library.queries import Why, lists
from app.library.service import WHY, ReservationRequest, ThingTaken
from app.library.views.loans import KINDS, act_page, run
from app.library.views.pages import asked_day, asked_id, house, id_in, pages
from app.people import queries as people
from app.people.models import Person

STATES = {"open": _l("to come"), "risk": _l("at risk"), "wished": _l("to decide"), "all": _l("all")}
WORDS = {
    ReservationState.WISHED: (_l("to decide"), "honey"),
    ReservationState.CONFIRMED: (_l("reserved"), "sage"),
    ReservationState.REFUSED: (_l("refused"), "plain"),
    ReservationState.CANCELLED: (_l("cancelled"), "plain"),
    ReservationState.LAPSED: (_l("not collected"), "plain"),
    ReservationState.COLLECTED: (_l("collected"), "plain"),
}


def reservation(reservation_id: int) -> Reservation | None:
    found, place = lists.reservation(reservation_id), house()
    return found if found is not None and place is not None and found.house_id == place.id else None


def queue_entry(entry_id: int) -> QueueEntry | None:
    place = house()
    return lists.queue_entry(place.id, entry_id) if place else None


def what(reservation: Reservation) -> str:
    name = reservation.thing.name
    return name if reservation.quantity == 1 else f"{reservation.quantity} × {name}"


def reservation_state(reservation: Reservation) -> tuple[str, str]:
    """Word and tone."""
    if reservation.is_open and reservation.at_risk_since is not None:
        return gettext("at risk"), "brick"
    if reservation.is_open and reservation.packed_at is not None:
        return gettext("packed"), "sage"
    word, tone = WORDS[ReservationState(reservation.state)]
    return str(word), tone


def risk_words(reservation: Reservation) -> str:
    return str(WHY[Why(reservation.risk)]) if reservation.risk in set(Why) else ""


# The day -----------------------------------------------------------------------------------------------------------


@pages.get("/library/today", load=house, allow=policy.lend)
def show_day(house: HouseCard) -> Any:
    """One calm page: who comes, what is due, what is late, what is at risk, what has to be decided, washed and checked."""
    today = clock.today(i18n.zone())
    day = lists.library_day(house.id, today)
    return render_template(
        "library/show_day.html",
        day=day,
        today=today,
        now=clock.now(),
        what=what,
        risk_words=risk_words,
        others=alternatives(day.at_risk),
        piece_need=piece_need,
        overdue_days=_overdue_days,
        ready=_ready,
    )


def _ready(reservation: Reservation) -> bool:
    """All of it stands on the shelf and is fine, so that it can be packed."""
    pieces = list(reservation.allocations)
    there = sum(
        each.quantity
        for each in pieces
        if each.piece.condition == "fine" and (reservation.thing.counted or each.piece.whereabouts == Whereabouts.SHELF)
    )
    return there >= reservation.quantity


def _overdue_days(line: LoanLine) -> str:
    zone = i18n.zone()
    days = (clock.today(zone) - line.due_at.astimezone(zone).date()).days
    return ngettext("one day late", "%(num)d days late", days)


def piece_need(piece: Piece) -> tuple[str, str]:
    """What somebody has to do with it, and its tone."""
    if piece.whereabouts == Whereabouts.BOX:
        return gettext("in the return box"), "honey"
    return (gettext("to wash"), "honey") if piece.condition == "wash" else (gettext("to check"), "honey")


def alternatives(reservations: Any) -> dict[int, list[tuple[date, date]]]:
    """Other days for each of these, by its id."""
    known = list(reservations)
    if not known:
        return {}
    supply = service.supply_of({each.thing_id for each in known}, known[0].house_id)
    made = {}
    for each in known:
        stock = supply.get(each.thing_id)
        day = each.starts_at.astimezone(i18n.zone()).date()
        made[each.id] = supplies.nearest(stock, day, each.quantity, each.ends_at) if stock is not None else []
    return made


@pages.get("/library/today.pdf", load=house, allow=policy.lend)
def print_day(house: HouseCard) -> Response:
    """The same on paper, for who works without a screen."""
    today = clock.today(i18n.zone())
    day = lists.library_day(house.id, today)

    def reserved(each: Reservation) -> dict[str, str]:
        numbers = i18n.together(*(one.piece.number for one in each.allocations))
        place = i18n.together(*dict.fromkeys(one.piece.place for one in each.allocations if one.piece.place))
        return {
            "when": i18n.clock_time(each.starts_at), "what": what(each), "number": numbers,
            "who": i18n.dotted(each.person.name if each.person else "", each.person.phone_shown if each.person else ""),
            "note": gettext("packed") if each.packed_at else place,
        }  # fmt: skip

    def lent(line: LoanLine) -> dict[str, str]:
        person = line.loan.person
        return {
            "when": i18n.clock_time(line.due_at) if line in day.due else i18n.day(line.due_at, "EE, d. MMM"),
            "what": line.thing.name if line.open_count == 1 else f"{line.open_count} × {line.thing.name}",
            "number": line.piece.number, "who": i18n.dotted(person.name if person else "", person.phone_shown if person else ""),
            "note": gettext("back on %(day)s", day=i18n.day(line.expected_on)) if line.expected_on else "",
        }  # fmt: skip

    data = {
        "house": {"name": house.name, "address": house.address},
        "heading": gettext("Library"),
        "date": i18n.day(today),
        "columns": {
            "when": gettext("When"), "number": gettext("Number"), "what": gettext("Thing"), "who": gettext("Who"),
            "note": gettext("Note"),
        },
        "parts": [
            {"title": gettext("To be picked up today"), "rows": [reserved(each) for each in day.pick_ups]},
            {"title": gettext("Due today"), "rows": [lent(line) for line in day.due]},
            {"title": gettext("Overdue"), "rows": [lent(line) for line in day.overdue]},
            {"title": gettext("To be picked up tomorrow"), "rows": [reserved(each) for each in day.tomorrow]},
            {
                "title": gettext("To wash and to check"),
                "rows": [
                    {"when": "", "what": piece.thing.name, "number": piece.number, "who": piece_need(piece)[0], "note": piece.condition_note}
                    for piece in day.upkeep
                ],
            },
        ],
        "nothing": gettext("Nothing."),
        "as_of": gettext("As of %(when)s", when=i18n.moment(clock.now())),
    }  # fmt: skip
    title = i18n.together(gettext("Library"), i18n.day(today))
    document = paper.render("library/paper/library_day.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")


# Lists -------------------------------------------------------------------------------------------------------------


def _asked() -> tuple[str, str, int | None]:
    state = request.args.get("state", "open")
    return state if state in STATES else "open", clean_line(request.args.get("q"))[:200], asked_id("person")


@pages.get("/library/reservations", load=house, allow=policy.lend)
def list_reservations(house: HouseCard) -> Any:
    """By pick-up; all of them newest first."""
    state, text, person_id = _asked()
    page = min(max(1, asked_id("page") or 1), 10_000)
    rows = lists.reservations(house.id, state, text, person_id, (page - 1) * lists.PAGE, lists.PAGE + 1)
    kept: dict[str, Any] = {name: value for name, value in {"state": state, "q": text, "person": person_id}.items() if value}
    return render_template(
        "library/list_reservations.html",
        reservations=rows[: lists.PAGE],
        states=[
            (word, url_for("library.list_reservations", **{**kept, "state": each}), each == state)
            for each, word in STATES.items()
        ],
        state=state,
        query=text,
        person=people.person(person_id) if person_id else None,
        what=what,
        state_of=reservation_state,
        next_url=url_for("library.list_reservations", **kept, page=page + 1) if len(rows) > lists.PAGE else None,
        previous_url=url_for("library.list_reservations", **kept, page=page - 1) if page > 1 else None,
        sheets=[(kind, url_for("library.take_reservations", kind=kind, **kept)) for kind in ("csv", "xlsx")],
    )


@pages.get(f"/library/reservations/list.{KINDS}", load=house, allow=policy.lend)
def take_reservations(house: HouseCard, kind: str) -> Response:
    """The same list as a sheet."""
    state, text, person_id = _asked()
    zone = i18n.zone()
    heads = [
        gettext("Number"), gettext("Thing"), gettext("How many"), gettext("Name"), gettext("Group"), gettext("Telephone"),
        gettext("Pick-up"), gettext("Due"), gettext("State"),
    ]  # fmt: skip
    rows = [
        [
            each.id, each.thing.name, each.quantity, each.person.name if each.person else "",
            each.organisation.name if each.organisation else "", each.person.phone_shown if each.person else "",
            each.starts_at.astimezone(zone).date(), each.ends_at.astimezone(zone).date(), reservation_state(each)[0],
        ]
        for each in lists.reservations(house.id, state, text, person_id, 0, lists.SHEET)
    ]  # fmt: skip
    return sheet_answer("reservations", [heads, *rows], kind)


# One reservation ---------------------------------------------------------------------------------------------------


@pages.get("/library/reservations/<int:reservation_id>", load=reservation, allow=policy.see_reservation)
def show_reservation(reservation: Reservation) -> Any:
    """For the desk and for its person: what is reserved, whether it is sure, and other days where it is not."""
    return _page(reservation)


def _page(reservation: Reservation, refusal: Refusal | None = None) -> str:
    staff = policy.lend(actor(), reservation)
    wobbles = reservation.is_open and reservation.at_risk_since is not None
    return render_template(
        "library/show_reservation.html",
        reservation=reservation,
        staff=staff,
        what=what(reservation),
        state=reservation_state(reservation),
        why=risk_words(reservation) if wobbles else "",
        others=alternatives([reservation]).get(reservation.id, []) if wobbles else [],
        refusal=refusal,
        ready=_ready(reservation),
        now=clock.now(),
    )


@pages.post("/library/reservations/<int:reservation_id>/move", load=reservation, allow=policy.cancel_reservation)
def move_reservation(reservation: Reservation) -> Any:
    """Choose one of the other days that are offered instead."""
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        return _page(reservation, Invalid(message=_l("Please choose one of these days."))), 422
    offered = dict(alternatives([reservation]).get(reservation.id, []))
    if day not in offered or reservation.person_id is None:
        return _page(reservation, Invalid(message=_l("This day is not free any more. Please choose another one."))), 422
    try:
        service.cancel_reservation(reservation, "", actor())
        made = service.reserve_thing(
            ReservationRequest(
                reservation.thing_id, reservation.person_id, day, offered[day], reservation.quantity,
                reservation.organisation_id,
            ),
            actor(),
        )  # fmt: skip
    except Refusal as refusal:
        return _page(reservation, refusal), refusal.status
    say(gettext("Reserved instead: from %(when)s.", when=i18n.moment(made.starts_at)))
    return see_other("library.show_reservation", reservation_id=made.id)


def _back(reservation: Reservation) -> str:
    return url_for("library.show_reservation", reservation_id=reservation.id)


def _give_up_page(reservation: Reservation) -> Callable[[Form, Refusal | None], str]:
    def page(form: Form, refusal: Refusal | None) -> str:
        told = gettext("It costs nothing. Others can have it then.")
        title = gettext("Give up this reservation?")
        return act_page(title, what(reservation), _back(reservation), form, gettext("Give it up"), told, refusal)

    return page


@pages.get("/library/reservations/<int:reservation_id>/give-up", load=reservation, allow=policy.cancel_reservation)
def show_give_up_form(reservation: Reservation) -> Any:
    return _give_up_page(reservation)(NoteForm(), None)


@pages.post("/library/reservations/<int:reservation_id>/give-up", load=reservation, allow=policy.cancel_reservation)
def give_up_reservation(reservation: Reservation) -> Any:
    """By the desk or by its person."""
    form = NoteForm(request.form)
    wrong = run(
        form, _give_up_page(reservation), lambda: service.cancel_reservation(reservation, form.reason.data or "", actor())
    )
    if wrong is not None:
        return wrong
    say(gettext("Given up: %(what)s.", what=what(reservation)))
    return see_other("library.show_reservation", reservation_id=reservation.id)


@pages.post("/library/reservations/<int:reservation_id>/pack", load=reservation, allow=policy.lend)
def pack_reservation(reservation: Reservation) -> Any:
    """It stands ready with a name on it: these pieces are kept, and it does not lapse any more."""
    try:
        service.pack_reservation(reservation, actor())
    except Refusal as refusal:
        return _page(reservation, refusal), refusal.status
    name = reservation.person.name if reservation.person else ""
    say(gettext("Put aside for %(name)s: %(what)s.", name=name, what=what(reservation)))
    return see_other("library.show_reservation", reservation_id=reservation.id)


@pages.post("/library/reservations/<int:reservation_id>/confirm", load=reservation, allow=policy.lend)
def confirm_reservation(reservation: Reservation) -> Any:
    """Say yes to a wish."""
    try:
        service.confirm_reservation(reservation, actor())
    except Refusal as refusal:
        return _page(reservation, refusal), refusal.status
    say(gettext("Confirmed: %(what)s. The person is being told.", what=what(reservation)))
    return see_other("library.show_reservation", reservation_id=reservation.id)


def _refuse_page(reservation: Reservation) -> Callable[[Form, Refusal | None], str]:
    def page(form: Form, refusal: Refusal | None) -> str:
        told = gettext("The person reads what you write here.")
        return act_page(gettext("Say no"), what(reservation), _back(reservation), form, gettext("Refuse"), told, refusal)

    return page


@pages.get("/library/reservations/<int:reservation_id>/refuse", load=reservation, allow=policy.lend)
def show_refuse_form(reservation: Reservation) -> Any:
    return _refuse_page(reservation)(ReasonForm(), None)


@pages.post("/library/reservations/<int:reservation_id>/refuse", load=reservation, allow=policy.lend)
def refuse_reservation(reservation: Reservation) -> Any:
    form = ReasonForm(request.form)
    wrong = run(form, _refuse_page(reservation), lambda: service.refuse_reservation(reservation, form.reason.data or "", actor()))
    if wrong is not None:
        return wrong
    say(gettext("Refused: %(what)s. The person is being told.", what=what(reservation)))
    return see_other("library.show_reservation", reservation_id=reservation.id)


# On behalf ---------------------------------------------------------------------------------------------------------


@pages.get("/library/reserve", load=house, allow=policy.lend)
def show_reserve_for(house: HouseCard) -> Any:
    """Who? What? When? Each answer stands in the address."""
    person, thing = _who_and_what(house)
    if person is None or thing is None:
        return _choose_page(house, person, thing)
    day = asked_day("day") or clock.today(i18n.zone())
    form = ReserveForForm(None, pick_up_on=day, return_on=asked_day("back"))
    return _reserve_page(house, person, thing, form.offer(person.id))


def _who_and_what(house: HouseCard) -> tuple[Person | None, Thing | None]:
    person_id, thing_id = id_in(request.values.get("person")), id_in(request.values.get("thing"))
    return (
        people.person(person_id) if person_id else None,
        lists.thing(house.id, thing_id) if thing_id else None,
    )


def _choose_page(house: HouseCard, person: Person | None, thing: Thing | None) -> str:
    query = clean_line(request.args.get("q"))[:200]
    return render_template(
        "library/choose_for.html",
        person=person,
        thing=thing,
        query=query,
        people=people.search_people(query, 8) if query and person is None else [],
        things=lists.things_called(house.id, query) if query and person is not None else [],
    )


def _reserve_page(
    house: HouseCard, person: Person, thing: Thing, form: ReserveForForm, refusal: Refusal | None = None
) -> str:  # fmt: skip
    offer = None
    if refusal is None and not form.errors:
        try:
            offer = service.look_up(form.request(person.id, thing.id), actor())
        except Invalid as wrong:
            blame(form, wrong)
        except Refusal as no:
            refusal = no
    others = list(refusal.facts.get("alternatives", [])) if isinstance(refusal, ThingTaken) else []
    return render_template(
        "library/reserve_for.html",
        person=person,
        thing=thing,
        form=form,
        offer=offer,
        refusal=refusal,
        others=others,
        firm=bool(refusal.facts.get("firm", False)) if refusal is not None else False,
        rules=refusal is not None and refusal.kind == "may-not-borrow",
        may_wait=isinstance(refusal, ThingTaken),
        ahead=clock.today(i18n.zone()) + timedelta(days=supplies.rule(house.id, "ahead_days")),
    )


@pages.post("/library/reserve", load=house, allow=policy.lend)
def reserve_for(house: HouseCard) -> Any:
    """At the counter or on the telephone, in somebody's name."""
    person, thing = _who_and_what(house)
    if person is None or thing is None:
        return _choose_page(house, person, thing), 422
    form = ReserveForForm(request.form).offer(person.id)
    if not form.validate():
        return _reserve_page(house, person, thing, form), 422
    try:
        made = service.reserve_thing(form.request(person.id, thing.id), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _reserve_page(house, person, thing, form), refusal.status
    except Refusal as refusal:
        return _reserve_page(house, person, thing, form, refusal), refusal.status
    say(gettext("Reserved for %(name)s: from %(when)s.", name=person.name, when=i18n.moment(made.starts_at)))
    return see_other("library.show_reservation", reservation_id=made.id)


# The queue ---------------------------------------------------------------------------------------------------------


@pages.get("/library/queue", load=house, allow=policy.lend)
def show_queue(house: HouseCard) -> Any:
    """Who waits for what, in the order of their turn."""
    entries = lists.queue(house.id)
    things: dict[int, tuple[Thing, list[QueueEntry]]] = {}
    for entry in entries:
        things.setdefault(entry.thing_id, (entry.thing, []))[1].append(entry)
    return render_template("library/show_queue.html", things=list(things.values()), offered=QueueState.OFFERED)


@pages.post("/library/queue/join", load=house, allow=policy.lend)
def wait_for(house: HouseCard) -> Any:
    """The desk puts somebody into the queue."""
    person, thing = _who_and_what(house)
    if person is None or thing is None:
        return _choose_page(house, person, thing), 422
    try:
        service.join_queue(thing.id, person.id, actor())
    except Refusal as refusal:
        form = ReserveForForm(None, pick_up_on=clock.today(i18n.zone())).offer(person.id)
        return _reserve_page(house, person, thing, form, refusal), refusal.status
    say(gettext("%(name)s is in the queue for %(what)s.", name=person.name, what=thing.name))
    return see_other("library.show_queue")


@pages.post("/library/queue/<int:entry_id>/take-out", load=queue_entry, allow=policy.lend)
def take_out_of_queue(entry: QueueEntry) -> Any:
    """Somebody said they do not wait any more."""
    name, thing = entry.person.name if entry.person else "", entry.thing.name
    service.leave_queue(entry, actor())
    say(gettext("%(name)s does not wait for %(what)s any more.", name=name, what=thing))
    return see_other("library.show_queue")
