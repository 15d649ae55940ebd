"""The pages of rooms: the day, a room's week, booking and what becomes of it, what desk and manager decide, sheets and feeds."""

from app.rooms.views import bookings, desk, feeds, imports, lists, manage, sheets, surcharges, times  # noqa: F401 - each declares its pages
from app.rooms.views.pages import pages

blueprint = pages.blueprint
