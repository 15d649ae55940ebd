"""What other features' events make the house tell people: in the language of whoever reads it, in the way they want.

A mail's subject says as little as possible, because it is shown on locked screens: neither room nor purpose nor thing.
"""

from app.notices.reactions.bookings import booking_cancelled as booking_cancelled
from app.notices.reactions.bookings import booking_confirmed as booking_confirmed
from app.notices.reactions.bookings import booking_lapsed as booking_lapsed
from app.notices.reactions.bookings import booking_moved as booking_moved
from app.notices.reactions.bookings import booking_refused as booking_refused
from app.notices.reactions.bookings import booking_wished as booking_wished
from app.notices.reactions.bookings import change_refused as change_refused
from app.notices.reactions.bookings import change_wished as change_wished
from app.notices.reactions.money import fund_ending as fund_ending
from app.notices.reactions.ways_in import send_code as send_code
from app.notices.reactions.ways_in import send_invitation as send_invitation
