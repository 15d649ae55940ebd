"""The one set of pages of this folder."""

from app.core.web import Pages

pages = Pages("home", "app.home")
