"""The pages of the lending library: the catalogue, one's own things, the desk, and what it looks after."""

from app.library.views import (  # noqa: F401 - each declares its pages
    borrowers,
    catalogue,
    classes,
    desk,
    labels,
    loans,
    own,
    photos,
    pieces,
    reservations,
    tables,
    tests,
    things,
)
from app.library.views.pages import pages

blueprint = pages.blueprint
