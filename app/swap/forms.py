"""What people fill in at the shelf and in the time bank."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.core import i18n
from app.core.forms import Day, Form, Line, Text, choices
from app.core.i18n import lazy as _l
from app.swap.models import Category, Listing, ListingKind, ThingKind
from app.swap.queries import AccountLine, ListingFilter
from app.swap.service import GroupRequest, HoursRequest, ListingRequest, ThingRequest

KINDS = {
    ThingKind.BOOK: _l("book"),
    ThingKind.CLOTHES: _l("clothes"),
    ThingKind.TOY: _l("toy or game"),
    ThingKind.HOUSEHOLD: _l("household"),
    ThingKind.OTHER: _l("something else"),
}
CATEGORIES = {
    Category.GARDEN: _l("Garden and balcony"),
    Category.REPAIR: _l("Small repairs"),
    Category.ERRANDS: _l("Errands and ways"),
    Category.COMPANY: _l("Company and walks"),
    Category.PAPERS: _l("Letters and forms"),
    Category.LANGUAGE: _l("Languages"),
    Category.DEVICES: _l("Phone and computer"),
    Category.COOKING: _l("Cooking and baking"),
    Category.TEXTILES: _l("Sewing and knitting"),
    Category.LEARNING: _l("Learning"),
    Category.MUSIC: _l("Music and crafts"),
    Category.ANIMALS: _l("Animals and plants"),
    Category.CARE: _l("Help for somebody who is ill or frail"),
    Category.CHILDREN: _l("Looking after children"),
    Category.OTHER: _l("Something else"),
}
FIELDS = choices([("", _l("please choose")), *CATEGORIES.items()])
LISTING_KINDS = {ListingKind.OFFER: _l("I offer"), ListingKind.WISH: _l("I wish for")}


class ThingForm(Form):
    """A thing for the shelf."""

    title = Line(_l("What is it?"), [InputRequired(), Length(min=2, max=80)])
    kind = RadioField(_l("Which kind?"), [InputRequired()], choices=choices(KINDS))
    about = Line(_l("Size, age, language …"), [Length(max=200)])

    def request(self, house_id: int) -> ThingRequest:
        return ThingRequest(house_id, self.kind.data, self.title.data or "", self.about.data or "")


class ReasonForm(Form):
    reason = Text(_l("Why? (the person reads this)"), [InputRequired(), Length(min=3, max=300)])


class CorrectForm(Form):
    reason = Line(_l("Why?"), [InputRequired(), Length(min=3, max=200)])


class JoinForm(Form):
    accepted = BooleanField(_l("I have read the rules and agree"), [InputRequired()])


class ListingForm(Form):
    """An offer or a wish, in the order in which it is said."""

    kind = RadioField(_l("What is it?"), [InputRequired()], choices=choices(LISTING_KINDS))
    title = Line(_l("In a few words"), [InputRequired(), Length(min=3, max=80)])
    about = Text(_l("A little more about it"), [InputRequired(), Length(min=3, max=1000)])
    category = SelectField(_l("Which field?"), [InputRequired()], choices=FIELDS)
    languages = SelectMultipleField(
        _l("Which languages do you speak?"), [Optional()], choices=choices(i18n.NAMES), widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )  # fmt: skip
    careful = BooleanField(_l("It is about care or about children"))
    not_a_living = BooleanField(_l("I do not live on this: it is not my trade or job"))

    def request(self, house_id: int, person_id: int) -> ListingRequest:
        return ListingRequest(
            house_id, person_id, self.kind.data, self.title.data or "", self.about.data or "", self.category.data,
            self.languages.data or (), self.not_a_living.data, self.careful.data,
        )  # fmt: skip

    def show(self, listing: Listing) -> None:
        """As it stands now."""
        for name in ("kind", "title", "about", "category", "languages", "careful"):
            self[name].data = getattr(listing, name)
        self.not_a_living.data = True


class FilterForm(Form):
    """What to look for among offers and wishes."""

    q = Line(_l("Words"), [Length(max=100)])
    kind = SelectField(_l("What?"), [Optional()])
    category = SelectField(_l("Field"), [Optional()])
    language = SelectField(_l("Language"), [Optional()])

    def __init__(self, formdata: Any = None, **more: Any) -> None:
        super().__init__(formdata, **more)
        kinds = [("", _l("offers and wishes")), (ListingKind.OFFER, _l("offers")), (ListingKind.WISH, _l("wishes"))]
        self.kind.choices = choices(kinds)
        self.category.choices = choices([("", _l("all fields")), *CATEGORIES.items()])
        self.language.choices = choices([("", _l("all languages")), *i18n.NAMES.items()])

    def filter(self) -> ListingFilter:
        """What cannot be understood is not looked for."""
        self.validate()
        known = {name: self[name].data or "" for name in ("kind", "category", "language") if not self[name].errors}
        return ListingFilter((self.q.data or "")[:100], **known)


class AnswerForm(Form):
    message = Text(_l("What do you want to say?"), [InputRequired(), Length(min=3, max=500)])


def _durations() -> list[tuple[int, str]]:
    return [(minutes, i18n.duration(minutes)) for minutes in (*range(15, 481, 15), *range(540, 1441, 60))]


class MinutesForm(Form):
    """How long, in quarters of an hour."""

    minutes = SelectField(_l("How long?"), [InputRequired()], coerce=int)

    def __init__(self, formdata: Any = None, **more: Any) -> None:
        super().__init__(formdata, **more)
        self.minutes.choices = choices(self.offered())

    def offered(self) -> list[tuple[int, str]]:
        return _durations()


class PotForm(Form):
    """What the pot pays; nothing takes an earlier yes back."""

    pot = SelectField(_l("The social pot pays"), [InputRequired()], coerce=int)

    def __init__(self, formdata: Any = None, **more: Any) -> None:
        super().__init__(formdata, **more)
        self.pot.choices = choices([(0, i18n.gettext("nothing")), *_durations()])


class HoursForm(MinutesForm):
    """Help of two who have agreed."""

    helped = RadioField(_l("Who helped?"), [InputRequired()])
    on_day = Day(_l("When?"), [InputRequired()])
    note = Line(_l("With what?"), [Length(max=200)])
    material = Line(_l("Material, in euro"), [Length(max=120)], description=_l("You settle this between you; it is never time."))


class DeskHoursForm(MinutesForm):
    """The same at the desk, on behalf of one of the two."""

    giver = SelectField(_l("Who helped?"), [InputRequired()], coerce=int)
    taker = SelectField(_l("Whom?"), [InputRequired()], coerce=int)
    said_by = RadioField(
        _l("Who says so?"), [InputRequired()],
        choices=choices({
            "giver": _l("who helped; the other one is asked"), "taker": _l("who was helped; the other one is asked"),
            "both": _l("both have signed the slip"),
        }),
    )  # fmt: skip
    category = SelectField(_l("Which field?"), [InputRequired()], choices=FIELDS)
    on_day = Day(_l("When?"), [InputRequired()])
    note = Line(_l("With what?"), [Length(max=200)])
    material = Line(_l("Material, in euro"), [Length(max=120)], description=_l("You settle this between you; it is never time."))

    def choose_from(self, people: list[AccountLine]) -> None:
        self.giver.choices = self.taker.choices = choices(
            [(0, _l("please choose")), *((each.person_id, each.name) for each in people)]
        )

    def request(self, house_id: int) -> HoursRequest:
        assert self.on_day.data is not None
        return HoursRequest(
            house_id=house_id, giver_id=self.giver.data, taker_id=self.taker.data,
            booked_for_id=self.taker.data if self.said_by.data == "taker" else self.giver.data, category=self.category.data,
            on_day=self.on_day.data, minutes=self.minutes.data, note=self.note.data or "", material=self.material.data or "",
            signed=self.said_by.data == "both",
        )  # fmt: skip


class GroupForm(MinutesForm):
    """Everybody who helped at one occasion."""

    note = Line(_l("At what?"), [InputRequired(), Length(min=3, max=200)])
    on_day = Day(_l("When?"), [InputRequired()])
    people = SelectMultipleField(
        _l("Who helped?"), [InputRequired()], coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def choose_from(self, people: list[AccountLine]) -> None:
        self.people.choices = choices([(each.person_id, each.name) for each in people])

    def request(self, house_id: int) -> GroupRequest:
        assert self.on_day.data is not None
        return GroupRequest(house_id, self.people.data or (), self.on_day.data, self.minutes.data, self.note.data or "")


class SweepForm(Form):
    """What goes to charity."""

    things = SelectMultipleField(
        _l("What goes?"), [InputRequired()], coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
