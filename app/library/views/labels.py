"""Labels: a code with a plain link, the number large, the name of thing and house. No personal data is on them."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, render_template, request, url_for

from app.core import clock, i18n, paper
from app.core.i18n import gettext
from app.houses.queries import HouseCard
from app.library import policy, queries
from app.library.forms.pieces import LabelsForm
from app.library.queries import PieceLine
from app.library.views.pages import house, pages
from app.library.views.things import wanted
from app.library.views.words import STATES

MOST = 240
"""Labels of one print."""


def _chosen(house: HouseCard) -> list[PieceLine]:
    """``?piece=1&piece=2``, or all that the list is narrowed to."""
    ids = [int(text) for text in request.args.getlist("piece")[:MOST] if text.isascii() and text.isdigit() and len(text) < 10]
    return queries.lines_of(house.id, ids) if ids else queries.piece_lines(house.id, wanted(), 0, MOST)


@pages.get("/library/labels", load=house, allow=policy.keep_things)
def choose_labels(house: HouseCard) -> Any:
    """Choose pieces, the kind of label, and where on the sheet to begin."""
    asked = wanted()
    return render_template(
        "library/choose_labels.html",
        form=LabelsForm(),
        lines=queries.piece_lines(house.id, asked, 0, MOST),
        asked=asked,
        most=MOST,
        classes=queries.classes(house.id),
        states=list(STATES.items()),
    )


@pages.get("/library/labels.pdf", load=house, allow=policy.keep_things)
def print_labels(house: HouseCard) -> Response:
    form = LabelsForm(request.args)
    form.validate()
    shape = form.shape.data if not form.shape.errors else "sheet"
    start = form.start.data if not form.start.errors and form.start.data else 1
    labels = [
        {
            "number": line.number,
            "name": line.name,
            "count": str(line.count) if line.count > 1 else "",
            "qr": paper.qr_svg(url_for("library.follow_label", number=line.number, _external=True)),
            "alt": gettext("QR code for no. %(number)s", number=line.number),
        }
        for line in _chosen(house)
    ]
    title = gettext("Labels")
    data = {
        "house": {"name": house.name},
        "shape": shape,
        "start": start,
        "labels": labels,
        "empty": gettext("No piece was chosen."),
    }
    document = paper.render("library/paper/labels.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")
