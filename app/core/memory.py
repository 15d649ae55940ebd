"""What changes rarely (rooms, hours) is read once a process and kept under the *stamp* of its house.

Whoever changes such a thing raises the stamp in the same transaction. A reader learns the stamp first (`know`) and the content
afterwards, so content can be newer than its stamp, never older. An act uses the memory by the stamp it has read itself, which
stands for the content where acts collide, and only until it writes for the first time; it never adds to it, because what it
has not committed must not be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
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
    stamp = info.get("stamps", {}).get(house_id)
    if stamp is None:
        return make()
    kept: dict[Hashable, tuple[int, Any]] = current_app.extensions.setdefault("memory", {})
    found = kept.get((house_id, what))
    if found is None or found[0] != stamp:
        if info.get("writing"):
            return make()
        found = kept[house_id, what] = (stamp, make())
    value: T = found[1]
    return value


MOST = 2_000


def until_written(what: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, from memory until anything at all is written to the database; see `db.still`.

    For what every page asks and a single cheap question can answer (who is it, which house, has the day changed). `what` must
    name the function and all it depends on besides the database: reader, language, hour. An act always makes it anew.
    """
    kept = db.still()
    if kept is None:
        return make()
    if what not in kept:
        if len(kept) >= MOST:
            kept.clear()
        kept[what] = make()
    value: T = kept[what]
    return value


SHELVES = {"cookies": 1_024, "heads": 128, "pages": 256, "pieces": 4_096}
"""How many of each are kept; a page has some 40 kB, a piece of one some 3 kB."""
_putting = Lock()


def recent(shelf: str, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, from memory when it was made for the same `key` a while ago; the newest of the `shelf` are kept.

    `key` must name all it depends on (content, language, hour, what the reader may see), so nothing ever has to be thrown away for
    being untrue. Above all the content itself: rows as they were just read, not their number or age.
    """
    kept: dict[Hashable, Any] = current_app.extensions.setdefault(f"recent {shelf}", {})
    found = kept.get(key)
    if found is None:
        found = make()
        with _putting:
            kept[key] = found
            while len(kept) > SHELVES[shelf]:
                del kept[next(iter(kept))]  # first made, first gone
    value: T = found
    return value
