"""Pages across features: the front of the house, and what needs a hand today."""

from app.home.views import today  # noqa: F401 - declares its pages
from app.home.views.pages import pages

blueprints = (pages.blueprint,)
