"""What is filled in while things lie on the desk. Fields of a line carry the number of its piece, or of the line of the loan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core import clock, i18n
from app.core.forms import Day, Euro, Form, Line, Whole, choices
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.library.models import LoanLine, Part, Piece
from app.library.service import LineRequest, LoanReduction, LoanRequest, ReturnRequest
from app.money.models import Reduction

REDUCTIONS = {
    "": _l("no reduction"),
    Reduction.CITY_CARD: _l("Dortmund-Karte"),
    Reduction.HARDSHIP: _l("hardship"),
    Reduction.FREE: _l("free on application"),
}
ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)


def part_name(part: Part) -> str:
    """What a part is called: its own name, or number and name of the piece it is."""
    if part.component is not None:
        return f"{part.component.number} {part.name or part.component.thing.name}"
    return part.name if part.count == 1 else f"{part.count} × {part.name}"


# Handing out -------------------------------------------------------------------------------------------------------


class HandOutForm(Form):
    """What is said about all that goes out; see `hand_out_form` for the lines."""

    override = Line(_l("Why it goes out all the same"), [Optional(), Length(max=300)])
    notices_read = BooleanField(_l("I have read it out"))
    terms_accepted = BooleanField(_l("The lending terms are accepted"))
    identity_seen = BooleanField(_l("A document was seen"))
    guarantor = Line(_l("Or: who answers for this person"), [Optional(), Length(max=120)])
    group = SelectField(_l("For a group"), [Optional()], validate_choice=True)
    collected_by = Line(_l("Somebody else collects it"), [Optional(), Length(max=120)])
    note = Line(_l("Note"), [Optional(), Length(max=300)])
    handed_out_on = Day(_l("Handed out earlier, on"), [Optional()])
    reduction = RadioField(_l("Reduction"), [Optional()], choices=choices(REDUCTIONS), default="")
    reduction_reason = Line(_l("Why reduced"), [Optional(), Length(max=300)])
    no_deposit = Line(_l("Why without a deposit"), [Optional(), Length(max=300)])
    pieces: Sequence[Piece] = ()

    def lines(self) -> list[LineRequest]:
        """Nonsense in a field counts as if nothing had been said there; `validate` complains about it."""
        made = []
        for piece in self.pieces:
            many = self[f"many-{piece.id}"].data if piece.thing.counted else 1
            due = self[f"due-{piece.id}"]
            made.append(LineRequest(piece.id, many or 1, None if due.errors else due.data))
        return made

    def request(self, house_id: int, person_id: int) -> LoanRequest:
        earlier = None
        if self.handed_out_on.data is not None:
            noon = clock.midnight(self.handed_out_on.data, i18n.zone()) + ONE_DAY / 2
            earlier = min(noon, clock.now())
        return LoanRequest(
            house_id, person_id, self.lines(), int(self.group.data) if self.group.data else None, self.collected_by.data or "",
            self.note.data or "", bool(self.notices_read.data), bool(self.terms_accepted.data), bool(self.identity_seen.data),
            self.guarantor.data or "", self.override.data or "", earlier, self.reduced(), self.no_deposit.data or "",
        )  # fmt: skip

    def reduced(self) -> LoanReduction:
        """The card alone is reason enough."""
        kind = self.reduction.data or ""
        card = str(REDUCTIONS[Reduction.CITY_CARD]) if kind == Reduction.CITY_CARD else ""
        return LoanReduction(kind, self.reduction_reason.data or card)

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        for piece in self.pieces:
            if piece.parts and not self[f"whole-{piece.id}"].data:
                self[f"whole-{piece.id}"].errors = [gettext("Please look whether everything is there, and tick it.")]
                fine = False
        if self.reduction.data and not self.reduced().reason:
            self.reduction_reason.errors = [gettext("Please say why.")]
            fine = False
        return fine


def hand_out_form(pieces: Iterable[Piece], groups: Iterable[tuple[int, str]], data: Any) -> HandOutForm:
    """The form for these pieces; with `groups` somebody may borrow for."""
    known = list(pieces)
    fields: dict[str, Any] = {"pieces": known}
    for piece in known:
        what = f"{piece.number} {piece.thing.name}"
        fields[f"due-{piece.id}"] = Day(gettext("Due: %(what)s", what=what), [Optional()])
        if piece.thing.counted:
            limits = NumberRange(1, piece.count, gettext("Between 1 and %(most)s.", most=piece.count))
            fields[f"many-{piece.id}"] = Whole(gettext("How many: %(what)s", what=what), [InputRequired(), limits], default=1)
        if piece.parts:
            fields[f"whole-{piece.id}"] = BooleanField(gettext("Everything is there: %(what)s", what=what))
    made: HandOutForm = type("HandOutFormOfPieces", (HandOutForm,), fields)(data)
    made.group.choices = [("", gettext("for themselves")), *((str(number), name) for number, name in groups)]
    return made


# Taking back -------------------------------------------------------------------------------------------------------


class ReturnForm(Form):
    """See `return_form` for the lines."""

    back: Sequence[LoanLine] = ()

    def in_box(self, line: LoanLine) -> bool:
        return bool(self[f"box-{line.id}"].data)

    def request(self, line: LoanLine) -> ReturnRequest:
        missing = {}
        for part in line.piece.parts:
            if count := self[f"missing-{line.id}-{part.id}"].data:
                missing[part.id] = int(count)
        return ReturnRequest(
            count=self[f"count-{line.id}"].data if not line.single else None, handed_in_at=self.handed_in(line), missing=missing,
            damage=self[f"damage-{line.id}"].data or "", by_use=bool(self[f"wear-{line.id}"].data),
            waive=self[f"waive-{line.id}"].data or "",
        )  # fmt: skip

    def handed_in(self, line: LoanLine) -> datetime | None:
        """The end of the day it was really handed in, never before it was handed out; None: as it is known."""
        day = self[f"on-{line.id}"].data
        if day is None:
            return None
        evening = clock.midnight(day + ONE_DAY, i18n.zone()) - ONE_SECOND
        return min(evening, clock.now()) if evening >= line.handed_out_at else evening

    def touched(self, line: LoanLine) -> bool:
        """Whether something is said about this line, so that it is shown."""
        return any(
            field.errors or (field.data and name.endswith(f"-{line.id}"))
            for name, field in self._fields.items()
            if name.startswith(("damage-", "wear-", "on-", "box-", f"missing-{line.id}-"))
        ) or any(self[f"missing-{line.id}-{part.id}"].data for part in line.piece.parts)


def return_form(lines: Iterable[LoanLine], data: Any) -> ReturnForm:
    """The form for these lines of loans."""
    known = list(lines)
    fields: dict[str, Any] = {"back": known}
    for line in known:
        what = f"{line.piece.number} {line.thing.name}"
        if not line.single:
            limits = NumberRange(1, line.open_count, gettext("Between 1 and %(most)s.", most=line.open_count))
            asked = gettext("How many came back: %(what)s", what=what)
            fields[f"count-{line.id}"] = Whole(asked, [InputRequired(), limits], default=line.open_count)
        for part in line.piece.parts:
            there = part.count - part.missing
            limits = NumberRange(0, there, gettext("Between 0 and %(most)s.", most=there))
            asked = gettext("Missing: %(parts)s", parts=part_name(part))
            fields[f"missing-{line.id}-{part.id}"] = Whole(asked, [Optional(), limits])
        fields[f"damage-{line.id}"] = Line(gettext("What is broken"), [Optional(), Length(max=300)])
        fields[f"wear-{line.id}"] = BooleanField(gettext("It is ordinary wear"))
        fields[f"on-{line.id}"] = Day(gettext("Handed in earlier, on"), [Optional()])
        fields[f"box-{line.id}"] = BooleanField(gettext("It lies in the return box, nobody has looked at it"))
        fields[f"waive-{line.id}"] = Line(gettext("Let them off the late fee, because"), [Optional(), Length(max=300)])
    made: ReturnForm = type("ReturnFormOfLines", (ReturnForm,), fields)(data)
    return made


# One loan and one reservation --------------------------------------------------------------------------------------


class ReasonForm(Form):
    """A sentence that has to be said."""

    reason = Line(_l("Why?"), [InputRequired(), Length(min=2, max=300)])


class NoteForm(Form):
    """A sentence that may be said."""

    reason = Line(_l("Why?"), [Optional(), Length(max=300)])


class NewDateForm(Form):
    expected_on = Day(_l("Back on"), [InputRequired()])


class RenewForm(Form):
    due_on = Day(_l("Due on"), [Optional()])


class WriteOffForm(Form):
    """It will not come back."""

    count = Whole(_l("How many"), [InputRequired(), NumberRange(1, 99_999)], default=1)
    reason = Line(_l("Why?"), [InputRequired(), Length(min=2, max=300)])
    cents = Euro(_l("To be paid for it"), [Optional()])


class SettlePartForm(Form):
    """What became of a missing part."""

    outcome = RadioField(
        _l("What became of it?"),
        [InputRequired()],
        choices=choices(
            {
                "found": _l("it was found"),
                "replaced": _l("it was replaced"),
                "paid": _l("it is paid for"),
                "waived": _l("it is let go"),
            }
        ),
    )
    cents = Euro(_l("To be paid for it"), [Optional()])


class ResolveDamageForm(Form):
    """What became of a damage."""

    outcome = Line(_l("What became of it?"), [InputRequired(), Length(min=2, max=200)])
    cents = Euro(_l("To be paid for it"), [Optional()])
