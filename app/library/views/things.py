"""The desk's pages of the inventory: the list, one thing with its pieces, price and photo."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.datastructures import CombinedMultiDict

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame, choices
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, queries, service
from app.library.forms.things import PhotoForm, PriceForm, ThingForm
from app.library.models import Thing
from app.library.queries import PAGE, Wanted
from app.library.views.pages import asked_id, asked_page, house, pages, thing
from app.library.views.words import STATES, piece_state, price_words

NAMES = {"replacement_cents": "replacement"}


def wanted() -> Wanted:
    """What the list is narrowed to: ``?q=``, ``?class=``, ``?state=``."""
    state = request.args.get("state", "")
    return Wanted(request.args.get("q", "")[:200], asked_id("class"), state if state in STATES else "")


@pages.get("/library/things", load=house, allow=policy.keep_things)
def list_things(house: HouseCard) -> Any:
    """Every piece of the house, by name and number."""
    asked, page = wanted(), asked_page()
    lines = queries.piece_lines(house.id, asked, (page - 1) * PAGE, PAGE + 1)
    kept: dict[str, Any] = {"q": asked.text or None, "class": asked.class_id, "state": asked.state or None}
    plain = not (asked.text or asked.class_id or asked.state)
    return render_template(
        "library/list_things.html",
        asked=asked,
        kept={name: value for name, value in kept.items() if value is not None},
        lines=[(line, piece_state(line)) for line in lines[:PAGE]],
        classes=queries.classes(house.id),
        states=list(STATES.items()),
        previous_url=url_for("library.list_things", **kept, page=page - 1) if page > 1 else None,
        next_url=url_for("library.list_things", **kept, page=page + 1) if len(lines) > PAGE else None,
        bare=queries.bare_things(house.id) if plain and page == 1 else [],
        archived=queries.archived_things(house.id) if asked.state == "retired" and page == 1 else [],
        due=len(queries.due_tests(house.id, clock.today(i18n.zone()), 100)) if plain else 0,
        may_manage=policy.manage_classes(actor(), house),
    )


@pages.get("/library/things/new", load=house, allow=policy.keep_things)
def show_new_thing_form(house: HouseCard) -> Any:
    return _form_page(house.id, None, _form(house.id, None))


@pages.post("/library/things/new", load=house, allow=policy.keep_things)
def add_thing(house: HouseCard) -> Any:
    form = _form(house.id, request.form)
    if not form.validate():
        return _form_page(house.id, None, form), 422
    try:
        made = service.add_thing(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, NAMES)
        return _form_page(house.id, None, form), refusal.status
    say(gettext("%(thing)s is written down. Now add its pieces.", thing=made.name))
    return see_other("library.show_new_pieces_form", thing_id=made.id)


@pages.get("/library/things/<int:thing_id>", load=thing, allow=policy.keep_things)
def show_kept_thing(found: Thing) -> Any:
    return _thing_page(found, PriceForm(valid_from=clock.today(i18n.zone())), PhotoForm())


def _thing_page(found: Thing, prices: PriceForm, photos: PhotoForm, refusal: Refusal | None = None) -> str:
    today = clock.today(i18n.zone())
    tag = queries.price_tags([found.id], today).get(found.id, queries.PriceTag())
    if not prices.errors:
        prices.fee.data, prices.deposit.data = tag.fee_cents, tag.deposit_cents
    lines = queries.piece_lines_of(found.id)
    return render_template(
        "library/show_kept_thing.html",
        thing=found,
        lines=[(line, piece_state(line)) for line in lines],
        price=price_words(tag),
        prices=[(row, price_words(queries.PriceTag(row.fee_cents, row.deposit_cents))) for row in queries.prices_of(found.id)],
        photo=queries.photo(found.photo_id),
        price_form=prices,
        photo_form=photos,
        refusal=refusal,
        today=today,
        may_price=policy.set_prices(actor(), found),
    )


@pages.get("/library/things/<int:thing_id>/edit", load=thing, allow=policy.keep_things)
def show_thing_form(found: Thing) -> Any:
    return _form_page(found.house_id, found, _form(found.house_id, None, found))


@pages.post("/library/things/<int:thing_id>/edit", load=thing, allow=policy.keep_things)
def change_thing(found: Thing) -> Any:
    form = _form(found.house_id, request.form, found)
    if not form.validate():
        return _form_page(found.house_id, found, form), 422
    try:
        service.change_thing(found, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, NAMES)
        return _form_page(found.house_id, found, form), refusal.status
    say(gettext("%(thing)s has been changed.", thing=found.name))
    return see_other("library.show_kept_thing", thing_id=found.id)


@pages.post("/library/things/<int:thing_id>/price", load=thing, allow=policy.set_prices)
def set_price(found: Thing) -> Any:
    """What is out keeps its price."""
    form = PriceForm(request.form)
    if not form.validate():
        return _thing_page(found, form, PhotoForm()), 422
    assert form.valid_from.data is not None
    try:
        changed = service.set_price(found, form.valid_from.data, form.fee.data or 0, form.deposit.data or 0, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _thing_page(found, form, PhotoForm()), refusal.status
    if changed:
        say(gettext("The new price is written down. What is out keeps its price."))
    else:
        say(gettext("This price holds anyway. Nothing has been changed."), "info")
    return see_other("library.show_kept_thing", thing_id=found.id)


@pages.post("/library/things/<int:thing_id>/photo", load=thing, allow=policy.keep_things)
def take_photo(found: Thing) -> Any:
    form = PhotoForm(CombinedMultiDict((request.form, request.files)))
    if not form.validate():
        return _thing_page(found, PriceForm(valid_from=clock.today(i18n.zone())), form), 422
    with form.photo.data.stream as stream:
        raw = stream.read()
    try:
        service.take_photo(found, raw, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _thing_page(found, PriceForm(valid_from=clock.today(i18n.zone())), form), refusal.status
    say(gettext("The photo is there. Where and when it was taken has been removed from it."))
    return see_other("library.show_kept_thing", thing_id=found.id)


@pages.post("/library/things/<int:thing_id>/photo/remove", load=thing, allow=policy.keep_things)
def remove_photo(found: Thing) -> Any:
    service.remove_photo(found, actor())
    say(gettext("The photo is gone."))
    return see_other("library.show_kept_thing", thing_id=found.id)


@pages.post("/library/things/<int:thing_id>/archive", load=thing, allow=policy.keep_things)
def archive_thing(found: Thing) -> Any:
    try:
        service.archive_thing(found, actor())
    except Refusal as refusal:
        return _thing_page(found, PriceForm(valid_from=clock.today(i18n.zone())), PhotoForm(), refusal), refusal.status
    say(gettext("%(thing)s is lent no more. Its past stays written down.", thing=found.name))
    return see_other("library.show_kept_thing", thing_id=found.id)


@pages.post("/library/things/<int:thing_id>/restore", load=thing, allow=policy.keep_things)
def restore_thing(found: Thing) -> Any:
    service.restore_thing(found, actor())
    say(gettext("%(thing)s is lent again.", thing=found.name))
    return see_other("library.show_kept_thing", thing_id=found.id)


def _form(house_id: int, data: Any, found: Thing | None = None) -> ThingForm:
    form = ThingForm(data, obj=found) if found is None else ThingForm(data, obj=found, replacement=found.replacement_cents)
    rows = queries.classes(house_id)
    if found is not None and found.thing_class.archived_at is not None:
        rows = [*rows, found.thing_class]
    form.class_id.choices = choices((row.id, row.name) for row in rows)
    return form


def _form_page(house_id: int, found: Thing | None, form: ThingForm) -> str:
    return render_template(
        "library/change_thing.html",
        thing=found,
        form=form,
        has_pieces=found is not None and bool(queries.piece_lines_of(found.id)),
    )
