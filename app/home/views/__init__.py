"""Pages across features: the front of the house, and what needs a hand today."""

from app.home.views import set_up, today  # noqa: F401 - they declare their pages
from app.home.views.frame import frame as frame
from app.home.views.frame import reader_kind as reader_kind
from app.home.views.pages import pages

blueprints = (pages.blueprint,)
