"""The pages of people: the desk's, and everyone's own."""

from app.people.views import households, merging, organisations, own, persons  # noqa: F401 - they declare their pages
from app.people.views.pages import pages as pages

blueprint = pages.blueprint
