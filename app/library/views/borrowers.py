"""Who borrows: what they have and had, and what the desk has decided about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Refusal
from app.core.forms import Form
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.web import actor, say, see_other
from app.library import policy, service
from app.library.forms.borrowers import ApprovalForm, BlockForm, ConsentForm
from app.library.forms.desk import ReasonForm
from app.library.models import Approval, Block, GuardianConsent
from app.library.queries import borrower_pages as queries
from app.library.queries import rule
from app.library.views.loans import act_page, line_state, run
from app.library.views.pages import house, pages
from app.library.views.reservations import reservation_state, what
from app.people import queries as people
from app.people.models import Person

ENDED = {"withdrawn": _l("withdrawn"), "of_age": _l("is of age now")}


def borrower(person_id: int) -> Person | None:
    return people.person(person_id) if house() is not None else None


def block(block_id: int) -> Block | None:
    place = house()
    return queries.block(place.id, block_id) if place else None


def approval(approval_id: int) -> Approval | None:
    place = house()
    return queries.approval(place.id, approval_id) if place else None


def consent(consent_id: int) -> GuardianConsent | None:
    place = house()
    return queries.consent(place.id, consent_id) if place else None


def _here() -> int:
    place = house()
    assert place is not None
    return place.id


@pages.get("/library/people/<int:person_id>", load=borrower, allow=policy.lend)
def show_borrower(person: Person) -> Any:
    """Has, had, reserved; blocks, approvals, consents, agreement."""
    house_id = _here()
    return render_template(
        "library/show_borrower.html",
        page=queries.borrower_page(house_id, person),
        person=person,
        now=clock.now(),
        today=clock.today(i18n.zone()),
        line_state=line_state,
        reservation_state=reservation_state,
        what=what,
        needed=rule(house_id, "proven_returns"),
        most=rule(house_id, "most_things"),
        ended=ENDED,
        stops=stops,
    )


def stops(block: Block) -> str:
    """What a block stops, in words."""
    words = [
        gettext("borrowing") if block.loans else "",
        gettext("reserving") if block.reservations else "",
        gettext("keeping longer") if block.renewals else "",
    ]
    return i18n.together(*words)


def _page_of(person_id: int) -> str:
    return url_for("library.show_borrower", person_id=person_id)


def _back(person_id: int) -> Any:
    return see_other("library.show_borrower", person_id=person_id)


def _ask(title: str, name: str, person_id: int, button: str, told: str) -> Callable[[Form, Refusal | None], str]:
    def page(form: Form, refusal: Refusal | None) -> str:
        return act_page(title, name, _page_of(person_id), form, button, told, refusal)

    return page


# Blocks ------------------------------------------------------------------------------------------------------------


def _block_page(person: Person) -> Callable[[Form, Refusal | None], str]:
    told = gettext("Bringing things back is always possible. Without a last day it stays until somebody lifts it.")
    return _ask(gettext("Stop lending for a time"), person.name, person.id, gettext("Block"), told)


@pages.get("/library/people/<int:person_id>/block", load=borrower, allow=policy.lend)
def show_block_form(person: Person) -> Any:
    return _block_page(person)(BlockForm(from_on=clock.today(i18n.zone())), None)


@pages.post("/library/people/<int:person_id>/block", load=borrower, allow=policy.lend)
def block_borrower(person: Person) -> Any:
    """The person is told, with the reason and the end."""
    form = BlockForm(request.form)
    wrong = run(
        form, _block_page(person), lambda: service.block_borrower(_here(), form.request(person.id), actor())
    )  # fmt: skip
    if wrong is not None:
        return wrong
    say(gettext("Blocked: %(name)s. The person is being told why.", name=person.name))
    return _back(person.id)


@pages.post("/library/blocks/<int:block_id>/end", load=block, allow=policy.lend)
def end_block(block: Block) -> Any:
    """Lift it before its day."""
    service.end_block(block, actor())
    say(gettext("The block is lifted."))
    return _back(block.person_id)


# Approvals ---------------------------------------------------------------------------------------------------------


def _approval_page(person: Person) -> Callable[[Form, Refusal | None], str]:
    told = gettext("For things that not everybody may borrow. It holds until somebody ends it, and can be looked up.")
    return _ask(gettext("Approve"), person.name, person.id, gettext("Approve"), told)


@pages.get("/library/people/<int:person_id>/approve", load=borrower, allow=policy.lend)
def show_approval_form(person: Person) -> Any:
    return _approval_page(person)(ApprovalForm().offer(queries.lending_classes(_here())), None)


@pages.post("/library/people/<int:person_id>/approve", load=borrower, allow=policy.lend)
def approve_borrower(person: Person) -> Any:
    form = ApprovalForm(request.form).offer(queries.lending_classes(_here()))
    wrong = run(
        form, _approval_page(person),
        lambda: service.approve_borrower(_here(), person.id, form.chosen, form.reason.data or "", actor()),
    )  # fmt: skip
    if wrong is not None:
        return wrong
    say(gettext("Approved: %(name)s.", name=person.name))
    return _back(person.id)


def _end_approval_page(approval: Approval) -> Callable[[Form, Refusal | None], str]:
    subject = approval.thing_class.name if approval.thing_class else gettext("all things")
    return _ask(gettext("End the approval?"), subject, approval.person_id, gettext("End it"), "")


@pages.get("/library/approvals/<int:approval_id>/end", load=approval, allow=policy.lend)
def show_end_approval_form(approval: Approval) -> Any:
    return _end_approval_page(approval)(ReasonForm(), None)


@pages.post("/library/approvals/<int:approval_id>/end", load=approval, allow=policy.lend)
def end_approval(approval: Approval) -> Any:
    form = ReasonForm(request.form)
    wrong = run(form, _end_approval_page(approval), lambda: service.end_approval(approval, form.reason.data or "", actor()))
    if wrong is not None:
        return wrong
    say(gettext("The approval has ended."))
    return _back(approval.person_id)


# Minors ------------------------------------------------------------------------------------------------------------


def _consent_page(person: Person) -> Callable[[Form, Refusal | None], str]:
    told = gettext(
        "Whoever answers for a young person agrees in writing. It ends by itself on the 18th birthday; only that day is kept."
    )
    return _ask(gettext("A parent agrees"), person.name, person.id, gettext("Write it down"), told)


@pages.get("/library/people/<int:person_id>/consent", load=borrower, allow=policy.lend)
def show_guardian_form(person: Person) -> Any:
    return _consent_page(person)(ConsentForm().offer(queries.lending_classes(_here())), None)


@pages.post("/library/people/<int:person_id>/consent", load=borrower, allow=policy.lend)
def record_consent(person: Person) -> Any:
    form = ConsentForm(request.form).offer(queries.lending_classes(_here()))
    wrong = run(form, _consent_page(person), lambda: service.record_consent(_here(), form.request(person.id), actor()))
    if wrong is not None:
        return wrong
    say(gettext("Written down: %(name)s may borrow.", name=person.name))
    return _back(person.id)


@pages.post("/library/consents/<int:consent_id>/end", load=consent, allow=policy.lend)
def end_consent(consent: GuardianConsent) -> Any:
    """The parent has withdrawn it."""
    service.end_consent(consent, "withdrawn", actor())
    say(gettext("The consent has ended."))
    return _back(consent.person_id)
