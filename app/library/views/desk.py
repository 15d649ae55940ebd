"""The desk of the library: one field, two piles. What lies on them stands in the address; nothing is written before it is confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame, clean_line
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, service
from app.library.forms.desk import HandOutForm, ReturnForm, hand_out_form, part_name, return_form
from app.library.models import Condition, LoanLine, Piece, Thing, Whereabouts
from app.library.queries import desk as queries
from app.library.queries.borrowers import Standing, standing, terms
from app.library.service import Checked, LoanRequest, Price, Verdict
from app.library.views.pages import house, id_in, pages
from app.money import policy as money_policy
from app.money import queries as money
from app.people import queries as people
from app.people.models import Person

MOST = 30
"""Things on one pile."""
TYPED = re.compile(r"(?:due|many|whole|count|damage|wear|on|box|waive)-\d{1,10}|missing-\d{1,10}-\d{1,10}", re.ASCII)
SAID = frozenset(
    {
        "override", "notices_read", "terms_accepted", "identity_seen", "guarantor", "group", "collected_by", "note",
        "handed_out_on", "reduction", "reduction_reason", "no_deposit",
    }
)  # fmt: skip
OUT_KINDS = ("due-", "many-", "whole-")
BACK_KINDS = ("count-", "damage-", "wear-", "on-", "box-", "waive-", "missing-")
"""How fields of lines begin."""
NEEDS = {
    Condition.CHECK: _l("Look at it before it goes out again."),
    Condition.WASH: _l("Wash it."),
    Condition.REPAIR: _l("It has to be repaired."),
    Condition.QUARANTINED: _l("It stays away until a safety test is passed."),
}


# What lies there ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piles:
    """Whom it is for, pieces to hand out, lines of loans to take back, and what was typed about them."""

    person_id: int | None = None
    out: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    last: str = ""
    """What was added last: ``o`` or ``b`` and its number, ``p`` for the person."""
    typed: Mapping[str, str] = field(default_factory=dict)

    def url(self, **more: Any) -> str:
        return url_for("library.show_desk", **self.values(), **more)

    def values(self) -> dict[str, Any]:
        """As they stand in the address."""
        told = {
            "person": self.person_id,
            "out": ".".join(map(str, self.out)) or None,
            "back": ".".join(map(str, self.back)) or None,
            "last": self.last or None,
        }
        return {**{name: value for name, value in told.items() if value is not None}, **self.typed}

    def with_piece(self, piece_id: int) -> Piles:
        return replace(self, out=(*self.out, piece_id)[-MOST:], last=f"o{piece_id}")

    def with_line(self, line_id: int) -> Piles:
        return replace(self, back=(*self.back, line_id)[-MOST:], last=f"b{line_id}")

    def without(self, what: str) -> Piles:
        """Less one piece, one line or the person, and what was typed about it."""
        number = id_in(what[1:])
        if what == "p":
            typed = {name: value for name, value in self.typed.items() if name not in SAID}
            return replace(self, person_id=None, last="", typed=typed)
        kinds = OUT_KINDS if what[:1] == "o" else BACK_KINDS
        typed = {
            name: value
            for name, value in self.typed.items()
            if not (name.startswith(kinds) and name.split("-")[1] == str(number))
        }
        if what[:1] == "o":
            return replace(self, out=tuple(each for each in self.out if each != number), last="", typed=typed)
        return replace(self, back=tuple(each for each in self.back if each != number), last="", typed=typed)

    def newest(self) -> str:
        """What the minus key takes away."""
        if self.last and (self.last == "p" or id_in(self.last[1:]) in (self.out if self.last[0] == "o" else self.back)):
            return self.last
        if self.out:
            return f"o{self.out[-1]}"
        return f"b{self.back[-1]}" if self.back else "p"


def asked(data: MultiDict[str, str]) -> Piles:
    """The piles as an address or a form names them; nonsense is as if it had not been said."""
    typed = {
        name: clean_line(value)[:300]
        for name, value in list(data.items())[:400]
        if (name in SAID or TYPED.fullmatch(name)) and value.strip()
    }
    return Piles(
        id_in(data.get("person")), _ids(data.get("out", "")), _ids(data.get("back", "")),
        data.get("last", "") if re.fullmatch(r"p|[ob]\d{1,10}", data.get("last", ""), re.ASCII) else "", typed,
    )  # fmt: skip


def _ids(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for each in text.split(".") if (number := id_in(each)) is not None))[:MOST]


# What it says ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OutLine:
    """A piece on the hand-out pile with its verdict; `tone` is ``sage``, ``honey`` or ``brick``."""

    piece: Piece
    verdict: Verdict | None
    price: Price
    tone: str
    word: str
    words: tuple[str, ...]
    until: date | None
    until_words: str
    others: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def what(self) -> str:
        return f"{self.piece.number} {self.piece.thing.name}"


@dataclass(frozen=True)
class BackLine:
    """A line of a loan on the return pile: what is to be known before it is confirmed."""

    line: LoanLine
    late_cents: int
    tone: str
    word: str
    words: tuple[str, ...]

    @property
    def what(self) -> str:
        return f"{self.line.piece.number} {self.line.thing.name}"

    @property
    def whose(self) -> str:
        """Names for staff only."""
        loan = self.line.loan
        name = loan.person.name if loan.person is not None else ""
        return i18n.together(name, loan.organisation.name if loan.organisation is not None else "")


@dataclass(frozen=True)
class Told:
    """The sentence under the field, and what it sounds like."""

    text: str
    tone: str
    sound: str


SOUNDS = {"sage": "fine", "honey": "look", "brick": "no", "sky": "fine"}


# The page ----------------------------------------------------------------------------------------------------------


@pages.get("/library", load=house, allow=policy.lend)
def show_desk(house: HouseCard) -> Any:
    """The field, what lies there, and what is to be done with it."""
    piles = asked(request.args)
    text = clean_line(request.args.get("q"))[:200]
    if text:
        return _resolve(house, piles, text)
    return _page(house, piles, drop=request.args.get("drop", ""))


def _resolve(house: HouseCard, piles: Piles, text: str) -> Any:
    """Put what was typed or scanned where it belongs."""
    if text.startswith("-"):
        what = _dropped(house, piles, text[1:].strip())
        return see_other("library.show_desk", **piles.without(what).values()) if what else _page(house, piles, text=text)
    if (choice := _chosen(house, text)) is not None:
        found = choice
    else:
        found = queries.found(house.id, text)
    if found.person is not None:
        return see_other("library.show_desk", **replace(piles, person_id=found.person.id, last="p").values())
    if found.piece is not None:
        return see_other("library.show_desk", **_with_piece(piles, found.piece).values())
    return _page(house, piles, text=text, found=found)


def _chosen(house: HouseCard, text: str) -> queries.Found | None:
    """A single digit after a question with several answers is the one that is meant."""
    before = clean_line(request.args.get("find"))[:200]
    if not before or not re.fullmatch("[1-9]", text):
        return None
    found = queries.found(house.id, before)
    at, persons = int(text) - 1, len(found.people)
    if at < persons:
        return queries.Found(person=people.person(found.people[at].id))
    return queries.Found(piece=found.pieces[at - persons]) if at - persons < len(found.pieces) else None


def _dropped(house: HouseCard, piles: Piles, number: str) -> str:
    """What ``-`` or ``-0147`` takes away again; empty when there is no such thing."""
    if not number:
        return piles.newest()
    known = queries.number_in(number)
    piece = queries.piece_numbered(house.id, known) if known else None
    if piece is None:
        return ""
    if piece.id in piles.out:
        return f"o{piece.id}"
    line = next((each for each in queries.lines_of(house.id, piles.back) if each.piece_id == piece.id), None)
    return f"b{line.id}" if line is not None else ""


def _with_piece(piles: Piles, piece: Piece) -> Piles:
    """What is out comes back; what is here goes out. Of a counted thing: back first from whoever stands there, or when nobody does."""
    lines = queries.lines_out(piece.id)
    if piece.thing.counted and lines:
        own = [each for each in lines if each.loan.person_id == piles.person_id]
        lines = own if piles.person_id is not None else lines
    waiting = [each for each in lines if each.id not in piles.back]
    if waiting:
        return piles.with_line(waiting[0].id)
    if lines:
        return replace(piles, last=f"b{lines[0].id}")
    return replace(piles, last=f"o{piece.id}") if piece.id in piles.out else piles.with_piece(piece.id)


def _page(
    house: HouseCard, piles: Piles, *, text: str = "", found: queries.Found | None = None, drop: str = "",
    out_form: HandOutForm | None = None, back_form: ReturnForm | None = None, refusal: Refusal | None = None,
) -> str:  # fmt: skip
    if drop:
        piles = piles.without(drop)
    person = people.person(piles.person_id) if piles.person_id else None
    piles = replace(piles, person_id=person.id if person is not None else None)
    typed: MultiDict[str, str] = MultiDict(piles.typed)
    groups = people.organisations_of(person.id) if person is not None else []
    checked: Checked | None = None
    verdicts: dict[int, Verdict] = {}
    fault: Refusal | None = None
    known = queries.pieces_of(house.id, piles.out)
    out_form = out_form or hand_out_form(known, groups, typed or None)
    try:
        checked, verdicts = _check(house, person, out_form)
    except Refusal as no:
        fault = no
    pieces = queries.pieces_of(house.id, [piece.id for piece in known])  # anew: checking has read them afresh
    out = _out_lines(pieces, verdicts)
    lines = queries.lines_of(house.id, piles.back)
    back_form = back_form or return_form(lines, typed or None)
    back = _back_lines(house, lines)
    piles = _cleared(replace(piles, out=tuple(each.piece.id for each in out), back=tuple(each.line.id for each in back)))
    who = checked.who if checked is not None else standing(person.id, house.id) if person is not None else None
    fee, deposit = _sums(out, out_form)
    return render_template(
        "library/show_desk.html",
        piles=piles,
        text=text,
        found=found,
        person=person,
        who=who,
        out=out,
        back=back,
        out_form=out_form,
        back_form=back_form,
        checked=checked,
        wording=terms(house.id) if checked is not None and checked.needs_terms is not None else None,
        fault=fault,
        refusal=refusal,
        insists=checked is not None and bool(checked.reasons) and not any(each.firm for each in checked.reasons),
        stopped=any(each.tone == "brick" for each in out),
        told=_told(piles, person, who, out, back, text, found),
        confirm="q" in request.args and not text,
        has=queries.out_with(house.id, person.id) if person is not None else [],
        reserved=queries.reserved_for(house.id, person.id) if person is not None else [],
        done=_done(house),
        fee=fee,
        deposit=deposit,
        now=clock.now(),
        today=clock.today(i18n.zone()),
        counts=_counts(house) if person is None and not out and not back else None,
        may_take_money=money_policy.handle_money(actor(), house),
        back_kinds=BACK_KINDS,
    )


def _cleared(piles: Piles) -> Piles:
    """Without what was typed about things that do not lie here any more."""

    def here(name: str) -> bool:
        if name in SAID:
            return bool(piles.out)
        return id_in(name.split("-")[1]) in (piles.out if name.startswith(OUT_KINDS) else piles.back)

    return replace(piles, typed={name: value for name, value in piles.typed.items() if here(name)})


def _counts(house: HouseCard) -> tuple[int, int, int]:
    tonight = clock.midnight(clock.today(i18n.zone()) + timedelta(days=1), i18n.zone())
    return queries.counts_of(house.id, tonight, clock.now())


def _check(house: HouseCard, person: Person | None, form: HandOutForm) -> tuple[Checked | None, dict[int, Verdict]]:
    lines = form.lines()
    if not lines:
        return None, {}
    if person is None:
        return None, {each.piece.id: each for each in service.check_pieces(house.id, lines, actor())}
    checked = service.check_loan(form.request(house.id, person.id), actor())
    return checked, {each.piece.id: each for each in checked.verdicts}


def _out_lines(pieces: Sequence[Piece], verdicts: Mapping[int, Verdict]) -> list[OutLine]:
    prices = service.prices({piece.thing_id for piece in pieces}, clock.today(i18n.zone()))
    made = []
    for piece in pieces:
        verdict = verdicts.get(piece.id)
        tone, word, words = "plain", gettext("not looked at yet"), []
        until: date | None = None
        until_words = ""
        others: tuple[str, ...] = ()
        if verdict is not None:
            words = [each.words for each in verdict.against]
            if verdict.missing:
                words.append(gettext("Missing: %(parts)s", parts=i18n.together(*verdict.missing)))
            tone = "brick" if verdict.firm else "honey" if verdict.against else "sage"
            word = {"brick": gettext("cannot go out"), "honey": gettext("needs a reason"), "sage": gettext("can go out")}[tone]
            others = verdict.others[:4]
            if verdict.until is not None:
                until, until_words = verdict.until.astimezone(i18n.zone()).date(), i18n.moment(verdict.until)
        parts = tuple(part_name(part) for part in piece.parts)
        made.append(
            OutLine(piece, verdict, prices[piece.thing_id], tone, word, tuple(words), until, until_words, others, parts)
        )  # fmt: skip
    return made


def _back_lines(house: HouseCard, lines: Sequence[LoanLine]) -> list[BackLine]:
    now, zone = clock.now(), i18n.zone()
    soon = queries.promised_next([line.piece_id for line in lines], now + timedelta(days=3)) if lines else {}
    made = []
    for line in lines:
        words = []
        back = line.handed_in_at or now
        if line.returned_at is not None:
            made.append(BackLine(line, 0, "brick", gettext("is back already"), (gettext("Somebody has taken it back."),)))
            continue
        late = service.expected_late_fee(line, back) if back > line.due_at else 0
        overdue = back.astimezone(zone).date() > line.due_at.astimezone(zone).date()
        if overdue:
            words.append(gettext("It was due on %(day)s.", day=i18n.day(line.due_at)))
        if line.piece.whereabouts == Whereabouts.BOX and line.handed_in_at is not None:
            words.append(gettext("In the return box since %(when)s.", when=i18n.moment(line.handed_in_at)))
        if late:
            words.append(gettext("Late fee: %(amount)s", amount=i18n.money(late)))
        if (after := soon.get(line.piece_id)) is not None:
            words.append(gettext("%(name)s waits for it: %(when)s.", name=after.name, when=i18n.moment(after.starts_at)))
        tone = "honey" if overdue else "sage"
        made.append(BackLine(line, late, tone, gettext("late") if overdue else gettext("in time"), tuple(words)))
    return made


def _sums(out: Sequence[OutLine], form: HandOutForm) -> tuple[int, int]:
    """Cents to pay, and of deposits, as the hand-over would ask for them."""
    fee = 0 if form.reduction.data else sum(each.price.fee_cents for each in out)
    deposit = 0 if form.no_deposit.data else sum(each.price.deposit_cents for each in out)
    return fee, deposit


def _told(
    piles: Piles, person: Person | None, who: Standing | None, out: Sequence[OutLine], back: Sequence[BackLine], text: str,
    found: queries.Found | None,
) -> Told | None:  # fmt: skip
    """About what was added last, or why nothing was."""
    if found is not None and not found.nothing:
        return Told(gettext("Several fit “%(query)s”. Who or what is meant?", query=text), "honey", "look")
    if text:
        return Told(gettext("Nothing found for “%(query)s”", query=text), "brick", "no")
    if piles.last == "p" and person is not None:
        tone = "honey" if who is not None and (who.blocks or who.overdue) else "sage"
        worst = max((each.tone for each in out), key=("plain", "sage", "honey", "brick").index, default="sage")
        words = list(dict.fromkeys(words for each in out if each.tone == worst for words in each.words))
        if worst in ("honey", "brick"):
            return Told(" ".join((f"{person.name}:", *words)), worst, SOUNDS[worst])
        return Told(i18n.together(person.name, *_about(who)), tone, SOUNDS[tone])
    for each in out:
        if piles.last == f"o{each.piece.id}":
            tone = each.tone if each.tone in SOUNDS else "sky"
            return Told(f"{each.what}: {_sentences(each.word, *each.words)}", tone, SOUNDS[tone])
    for line in back:
        if piles.last == f"b{line.line.id}":
            told = _sentences(i18n.together(line.whose, line.word), *line.words)
            return Told(f"{line.what}: {told}", line.tone, SOUNDS[line.tone])
    return None


def _sentences(first: str, *others: str) -> str:
    return " ".join((f"{first}." if others else first, *others))


def _about(who: Standing | None) -> list[str]:
    if who is None:
        return []
    told = [gettext("blocked")] if who.blocks else []
    if who.overdue:
        told.append(ngettext("one thing overdue", "%(num)d things overdue", who.overdue))
    return told


# What was done -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Next:
    """What a thing that came back needs now."""

    line: LoanLine
    thing: Thing
    steps: tuple[str, ...]
    promised: queries.Promised | None
    money: queries.Money
    still_out: int


@dataclass(frozen=True)
class Done:
    """What the last act came to."""

    loan: Any
    back: tuple[Next, ...]
    open_cents: int
    payer: Mapping[str, int]


def _done(house: HouseCard) -> Done | None:
    loan_id, back = id_in(request.args.get("loan")), _ids(request.args.get("got", ""))
    loan = queries.loan(house.id, loan_id) if loan_id else None
    lines = queries.lines_of(house.id, back)
    if loan is None and not lines:
        return None
    promised = queries.promised_next([line.piece_id for line in lines], clock.now() + timedelta(days=60)) if lines else {}
    sums = queries.money_of([line.id for line in lines]) if lines else {}
    missing = queries.missing_of([line.id for line in lines]) if lines else {}
    made = []
    for line in lines:
        steps = []
        if line.piece.whereabouts == Whereabouts.BOX:
            steps.append(gettext("It lies in the return box. Scan it again when somebody looks at it."))
        elif line.piece.condition != Condition.FINE:
            steps.append(i18n.together(str(NEEDS[Condition(line.piece.condition)]), line.piece.condition_note))
        steps += [
            gettext("Still missing: %(part)s", part=i18n.together(part_name(each.part), str(each.count)))
            for each in missing.get(line.id, ())
        ]
        fits = line.piece.condition == Condition.FINE and line.piece.whereabouts == Whereabouts.SHELF
        after = promised.get(line.piece_id) if fits or not line.single else None
        if fits and after is None and not line.open_count:
            steps.append(
                gettext("Back to its place: %(place)s", place=line.piece.place)
                if line.piece.place
                else gettext("Back to the shelf.")
            )
        made.append(Next(line, line.thing, tuple(steps), after, sums[line.id], line.open_count))
    payer: dict[str, int] = {}
    open_cents = 0
    number = (loan.organisation_id or loan.person_id) if loan is not None else None
    if loan is not None and number is not None:
        kind = "organisation" if loan.organisation_id else "person"
        payer = {kind: number}
        open_cents = money.open_sums(
            house.id, [number] if kind == "person" else [], [number] if kind == "organisation" else []
        ).get((kind, number), 0)
    return Done(loan, tuple(made), open_cents, payer)


# Acts --------------------------------------------------------------------------------------------------------------


@pages.post("/library/take-back", load=house, allow=policy.lend)
def return_pieces(house: HouseCard) -> Any:
    """Everything on the return pile comes back, whosever it was; what is to be handed out stays where it is."""
    piles = asked(request.form)
    lines = queries.lines_of(house.id, piles.back)
    form = return_form(lines, request.form)
    if not lines:
        return _page(house, piles, back_form=form, refusal=Invalid(message=_l("What came back?"))), 422
    if not form.validate():
        return _page(house, piles, back_form=form), 422
    try:
        for line in lines:
            if form.in_box(line):
                service.put_in_box(line, actor())
            else:
                _return(line, form)
    except Invalid as refusal:
        return _page(house, piles, back_form=form, refusal=None if form.errors else refusal), refusal.status
    except Refusal as refusal:
        return _page(house, piles, back_form=form, refusal=refusal), refusal.status
    say(ngettext("One thing is back.", "%(num)d things are back.", len(lines)))
    left = piles
    for line in lines:
        left = left.without(f"b{line.id}")
    return see_other("library.show_desk", **left.values(), got=".".join(str(line.id) for line in lines))


def _return(line: LoanLine, form: ReturnForm) -> None:
    try:
        service.return_piece(line, form.request(line), actor())
    except Invalid as refusal:
        blame(form, refusal, {"count": f"count-{line.id}", "handed_in_at": f"on-{line.id}"})
        raise


@pages.post("/library/hand-out", load=house, allow=policy.lend)
def hand_out(house: HouseCard) -> Any:
    """Everything on the hand-out pile goes home with one person."""
    piles = asked(request.form)
    person = people.person(piles.person_id) if piles.person_id else None
    pieces = queries.pieces_of(house.id, piles.out)
    form = hand_out_form(pieces, people.organisations_of(person.id) if person is not None else [], request.form)
    if person is None or not pieces:
        nobody = _l("For whom is it?") if person is None else _l("What is handed out?")
        return _page(house, piles, out_form=form, refusal=Invalid(message=nobody)), 422
    if not form.validate():
        return _page(house, piles, out_form=form), 422
    asked_for: LoanRequest = form.request(house.id, person.id)
    try:
        loan = service.hand_out(asked_for, actor())
    except Invalid as refusal:
        blame(form, refusal, {"handed_out_at": "handed_out_on", "reason": "reduction_reason"})
        return _page(house, piles, out_form=form), refusal.status
    except Refusal as refusal:
        return _page(house, piles, out_form=form, refusal=refusal), refusal.status
    said = ngettext(
        "Handed out to %(name)s: one thing.", "Handed out to %(name)s: %(num)d things.", len(pieces), name=person.name
    )
    say(said)
    left = replace(piles, person_id=None, out=(), last="", typed={})
    return see_other("library.show_desk", **left.values(), loan=loan.id)
