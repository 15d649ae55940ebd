"""Photos: each has its digest in its address, so that browsers keep it for ever."""

from __future__ import annotations

import re

from flask import Response, current_app

from app.core.web import ONE_YEAR
from app.library import policy, queries
from app.library.views.pages import pages

_NAME = re.compile(r"([0-9a-f]{64})(-small)?")


def picture(name: str) -> bytes | None:
    """The picture of this digest; ``-small`` behind it is for lists."""
    found = _NAME.fullmatch(name)
    return queries.photo_of(found[1], small=found[2] is not None) if found else None


@pages.get("/media/<name>.webp", load=picture, allow=policy.see_things)
def show_photo(content: bytes) -> Response:
    response: Response = current_app.response_class(content, mimetype="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
    return response
