"""What changes rarely (rooms, hours) is read once a process and kept under the *stamp* of its house.

Whoever changes such a thing raises the stamp in the same transaction. A reader learns the stamp first (`know`) and the content
afterwards, so content can be newer than its stamp, never older. Acts do not use the memory at all: they must see the
state they lock, and what they have not committed must not be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from flask import current_app

from app.core import db

T = TypeVar("T")


def know(stamps: dict[int, int]) -> None:
    """The stamps of the houses as this session has just read them, by house id."""
    db.session().info["stamps"] = stamps


def remembered(house_id: int, what: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, from memory while the house's stamp is the same and known in this session."""
    info = db.session().info
    stamp = None if info.get("writing") else info.get("stamps", {}).get(house_id)
    if stamp is None:
        return make()
    kept: dict[Hashable, tuple[int, Any]] = current_app.extensions.setdefault("memory", {})
    found = kept.get((house_id, what))
    if found is None or found[0] != stamp:
        found = kept[house_id, what] = (stamp, make())
    value: T = found[1]
    return value
