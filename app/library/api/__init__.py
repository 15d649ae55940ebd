"""The lending library for other programs."""

from app.library.api.lending import blueprint as lending

blueprints = [lending]
