"""What a new house begins with: offerings, and the kinds of income that belong to them. All of it can be changed afterwards.

Sphere and tax of each are a careful guess that the tax adviser confirms (finance.md c); the note of each kind says so.
"""

from __future__ import annotations

from sqlalchemy import insert, select

from app.core.db import session
from app.money.models import IncomeKind
from app.offers.models import Offering, Sphere, TaxCode

OFFERINGS = [
    ("O01", "Raumnutzung", Sphere.ASSETS, "Stunde", True),
    ("O02", "Feiern und Veranstaltungen", Sphere.BUSINESS, "Veranstaltung", True),
    ("O03", "Begegnungscafé", Sphere.BUSINESS, "Bon", True),
    ("O04", "Post und Pakete", Sphere.BUSINESS, "Sendung", True),
    ("O05", "Bibliothek der Dinge", Sphere.PURPOSE, "Ausleihe", True),
    ("O06", "Kurse", Sphere.PURPOSE, "Teilnahme", True),
    ("O07", "Co-Learning", Sphere.IDEAL, "Besuch", False),
    ("O08", "Hausbesuche", Sphere.IDEAL, "Besuch", False),
    ("O09", "Beratung", Sphere.IDEAL, "Gespräch", False),
    ("O10", "Tauschen und Reparieren", Sphere.IDEAL, "Teilnahme", False),
    ("O11", "Mittagstisch", Sphere.PURPOSE, "Essen", True),
    ("O12", "Jugend und Hausaufgaben", Sphere.IDEAL, "Besuch", False),
]
"""Code, name, sphere, unit, paid."""
KINDS = [
    ("room", "Raumnutzung", "O01", "4000", TaxCode.EXEMPT, False),
    ("room-extra", "Nebenleistungen zum Raum", "O01", "4020", TaxCode.STANDARD, False),
    ("cleaning", "Reinigung", "O02", "4020", TaxCode.STANDARD, False),
    ("damages", "Schadenersatz", "O01", "4900", TaxCode.NONE, False),
    ("cafe-food", "Café: Speisen", "O03", "4100", TaxCode.FOOD, True),
    ("cafe-drinks", "Café: Getränke", "O03", "4110", TaxCode.DRINKS, True),
    ("lunch", "Mittagstisch", "O11", "4100", TaxCode.FOOD, True),
    ("lending", "Leihgebühren", "O05", "4200", TaxCode.REDUCED, True),
    ("course", "Kursentgelte", "O06", "4300", TaxCode.EXEMPT, True),
    ("post", "Post und Pakete", "O04", "4500", TaxCode.STANDARD, True),
    ("visit-fee", "Vermittlung und Hausbesuche", "O08", "4400", TaxCode.EXEMPT, False),
    ("donation-box", "Spendendose", "O10", "4610", TaxCode.NONE, True),
]
"""Code, name, offering, income account, tax, on the tally of the cash day."""
NOTE = "Vorgabe des Programms; mit der Steuerberatung klären."


def furnish_books(house_id: int) -> None:
    """Make the ready offerings and income kinds of a house. Those of a second house carry its id: ``O01-2``, ``room-2``."""
    others = session().scalar(select(Offering.id).where(Offering.house_id != house_id).limit(1)) is not None
    end = f"-{house_id}" if others else ""
    session().execute(
        insert(Offering),
        [
            {"house_id": house_id, "code": code + end, "name": name, "sphere": sphere, "unit": unit, "paid": paid}
            for code, name, sphere, unit, paid in OFFERINGS
        ],
    )
    session().execute(
        insert(IncomeKind),
        [
            {
                "code": code + end, "name": name, "offering_code": offering + end, "account_code": account, "tax_code": tax,
                "counted": counted, "position": position, "note": NOTE,
            }
            for position, (code, name, offering, account, tax, counted) in enumerate(KINDS)
        ],
    )  # fmt: skip


def furnish_if_bare(house_id: int) -> bool:
    """For a house from before there were books: it begins with the ready ones. Gives whether it had none."""
    if session().scalar(select(Offering.id).where(Offering.house_id == house_id).limit(1)) is not None:
        return False
    furnish_books(house_id)
    return True
