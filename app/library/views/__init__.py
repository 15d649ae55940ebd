"""The pages of the lending library: the catalogue, one's own things, and what the desk looks after."""

from app.library.views import catalogue, classes, labels, own, photos, pieces, tables, tests, things  # noqa: F401 - each declares its pages
from app.library.views.pages import pages

blueprint = pages.blueprint
