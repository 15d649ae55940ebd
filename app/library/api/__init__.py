"""The lending library for other programs."""

from app.library.api.lending import blueprint as lending
from app.library.api.things import blueprint as things

blueprints = [lending, things]
