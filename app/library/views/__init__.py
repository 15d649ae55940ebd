"""The pages of the lending library: the desk, loans, reservations and who borrows."""

from app.library.views import borrowers, desk, loans, reservations  # noqa: F401 - each declares its pages
from app.library.views.pages import pages

blueprint = pages.blueprint
