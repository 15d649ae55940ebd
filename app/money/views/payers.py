"""Whose money it is: the step before most pages of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from app.core.forms import clean_line
from app.core.web import LARGEST_ID, actor
from app.houses.queries import HouseCard
from app.money import queries
from app.money.queries import Payer
from app.people import policy as people_policy
from app.people import queries as people

AT_ONCE = 8


@dataclass(frozen=True)
class PayerLine:
    """Somebody found; `way` names them in an address, `open_cents` is what they have to pay."""

    name: str
    hint: str
    way: dict[str, int]
    open_cents: int


def asked() -> str:
    return clean_line(request.args.get("q"))[:200]


def id_in(text: str | None) -> int | None:
    """The number of a row as it stands in an address or a hidden field; None for anything else."""
    if text and text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= LARGEST_ID:
        return int(text)
    return None


def chosen() -> Payer | None:
    """Whom the address, or the form, names as ``person`` or ``organisation``."""
    return queries.payer(id_in(request.values.get("person")), id_in(request.values.get("organisation")))


def found(house: HouseCard, text: str) -> list[PayerLine]:
    """People and groups that fit, with what is open."""
    if not text:
        return []
    persons = people.search_people(text, AT_ONCE)
    groups = people.organisations(text, limit=AT_ONCE)
    sums = queries.open_sums(house.id, [each.id for each in persons], [each.id for each in groups])
    return [
        *(PayerLine(each.name, each.hint, {"person": each.id}, sums.get(("person", each.id), 0)) for each in persons),
        *(
            PayerLine(each.name, each.contact, {"organisation": each.id}, sums.get(("organisation", each.id), 0))
            for each in groups
        ),
    ]


def choose_page(house: HouseCard, title: str, endpoint: str) -> str:
    """Search, then go on to `endpoint` with whoever was chosen."""
    query = asked()
    target = url_for(endpoint)
    may_write = people_policy.create_person(actor(), house)
    return render_template(
        "money/choose_payer.html",
        title=title,
        query=query,
        target=target,
        endpoint=endpoint,
        lines=found(house, query),
        new_url=url_for("people.show_new_person", q=query or None, next=target) if may_write else None,
    )


def payer_of(subject: Any) -> Payer:
    """The owner of a charge, payment, deposit or refund that was loaded with them."""
    name = subject.organisation.name if subject.organisation is not None else subject.person.name if subject.person else ""
    return Payer(subject.person_id, subject.organisation_id, name)
