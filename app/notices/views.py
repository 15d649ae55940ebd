"""*Postausgang*: who has to be called, what has to be handed over, which mail waits, has gone or has failed."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, render_template, request

from app.core import clock, i18n, paper
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.web import Pages, actor, say, see_other
from app.houses.queries import HouseCard
from app.houses.views import here
from app.notices import policy, queries, service
from app.notices.models import Letter, Way
from app.notices.queries import LetterLine, Shelf

pages = Pages("notices", __name__)

SHELVES = {
    Shelf.PHONE: _l("To phone"),
    Shelf.PAPER: _l("To hand over"),
    Shelf.FAILED: _l("Not delivered"),
    Shelf.WAITING: _l("Mail waiting"),
    Shelf.SENT: _l("Done"),
}
FAULTS = {
    service.Fault.TOO_LATE: _l("It could not be sent in time, and later it would have been of no use."),
    service.Fault.RESTORED: _l("The house was restored from a backup. This may have gone before: look before you send it again."),
}
WAYS = {Way.MAIL: _l("by e-mail"), Way.PHONE: _l("by telephone"), Way.LETTER: _l("on paper")}


def house() -> HouseCard | None:
    return here()


@pages.get("/outbox", load=house, allow=policy.see_outbox)
def show_outbox(house: HouseCard) -> Any:
    """One shelf of the outbox: ``?shelf=phone``, further pages by ``?before=``."""
    counts = queries.counts(house.id)
    try:
        shelf = Shelf(request.args.get("shelf", ""))
    except ValueError:
        shelf = next((each for each, number in counts.items() if number), Shelf.PHONE)
    before = request.args.get("before", "")
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    letters, following = queries.letters(house.id, shelf, before=cursor)
    return render_template(
        "notices/show_outbox.html",
        shelves=SHELVES,
        counts=counts,
        shelf=shelf,
        letters=letters,
        following=following,
        cursor=cursor,
        reason=reason,
        ways=WAYS,
        language_name=language_name,
    )


@pages.get("/outbox/calls.pdf", load=house, allow=policy.see_outbox)
def print_call_list(house: HouseCard) -> Any:
    """Everybody who has to be called, on paper."""
    letters, following = queries.letters(house.id, Shelf.PHONE, limit=queries.CALLS)
    heading = gettext("People to call")
    document = paper.render(
        "notices/paper/call_list.typ",
        {
            "house": {"name": house.name, "address": house.address, "phone": house.phone},
            "heading": heading,
            "intro": gettext("Tick off on the screen afterwards, so that nobody is called twice.")
            + (" " + gettext("There are more; print again when these are done.") if following else ""),
            "columns": {
                "person": gettext("Whom"),
                "about": gettext("What to say"),
                "done": gettext("Called"),
                "initials": gettext("By"),
            },
            "calls": [_call(letter) for letter in letters],
            "nobody": gettext("Nobody has to be called."),
            "as_of": gettext("As of %(when)s", when=i18n.moment(clock.now())),
        },
        language=i18n.language(),
        title=f"{heading} · {house.name}",
        now=clock.now(),
    )
    response: Response = current_app.response_class(document, mimetype="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="call-list.pdf"'
    return response


def _call(letter: LetterLine) -> dict[str, str]:
    speaks = gettext("speaks %(language)s", language=language_name(letter.language)) if letter.language != i18n.language() else ""
    return {"name": letter.name, "phone": letter.address, "about": letter.subject, "say": letter.body, "note": speaks}


@pages.get("/outbox/<int:letter_id>", load=queries.letter, allow=policy.see_outbox)
def show_letter(letter: Letter) -> Any:
    """One letter as it is sent, to read or to print."""
    return render_template(
        "notices/show_letter.html",
        letter=letter,
        reason=reason(letter.fault),
        way=WAYS[Way(letter.way)],
        language_name=language_name,
        shelf=_shelf(letter),
    )


@pages.post("/outbox/<int:letter_id>/tick-off", load=queries.letter, allow=policy.tick_off)
def tick_off(letter: Letter) -> Any:
    shelf = _shelf(letter)
    service.tick_off(letter, actor())
    say(gettext("Done: %(name)s.", name=_name(letter)))
    return see_other("notices.show_outbox", shelf=shelf)


@pages.post("/outbox/<int:letter_id>/put-back", load=queries.letter, allow=policy.put_back)
def put_back(letter: Letter) -> Any:
    service.put_back(letter, actor())
    say(gettext("Back on the list: %(name)s.", name=_name(letter)))
    return see_other("notices.show_outbox", shelf=_shelf(letter))


@pages.post("/outbox/<int:letter_id>/send-again", load=queries.letter, allow=policy.send_again)
def send_again(letter: Letter) -> Any:
    service.send_again(letter, actor())
    say(gettext("It goes out again: %(name)s.", name=_name(letter)))
    return see_other("notices.show_outbox", shelf=Shelf.FAILED)


@pages.post("/outbox/<int:letter_id>/tell-otherwise", load=queries.letter, allow=policy.tell_otherwise)
def tell_otherwise(letter: Letter) -> Any:
    service.tell_otherwise(letter, actor())
    say(
        gettext("Now on the call list: %(name)s.", name=_name(letter))
        if letter.way == Way.PHONE
        else gettext("Now to be handed over: %(name)s.", name=_name(letter))
    )
    return see_other("notices.show_outbox", shelf=_shelf(letter))


def _shelf(letter: Letter) -> Shelf:
    if letter.state == "failed":
        return Shelf.FAILED
    if letter.state == "waiting":
        return {Way.PHONE: Shelf.PHONE, Way.LETTER: Shelf.PAPER}.get(Way(letter.way), Shelf.WAITING)
    return Shelf.SENT


def _name(letter: Letter) -> str:
    return letter.person.name if letter.person else letter.address


def reason(fault: str) -> str:
    """Why it has not gone, in the reader's language where the words are ours."""
    own = FAULTS.get(service.Fault(fault)) if fault in set(service.Fault) else None
    return str(own) if own else fault


def language_name(code: str) -> str:
    return i18n.NAMES.get(code, code)
