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
from app.notices.reactions.lending import borrower_blocked as borrower_blocked
from app.notices.reactions.lending import guardian_consent_ended as guardian_consent_ended
from app.notices.reactions.lending import lending_moved as lending_moved
from app.notices.reactions.lending import loan_due_soon as loan_due_soon
from app.notices.reactions.lending import loan_made as loan_made
from app.notices.reactions.lending import loan_overdue as loan_overdue
from app.notices.reactions.lending import loan_renewed as loan_renewed
from app.notices.reactions.lending import queue_lapsed as queue_lapsed
from app.notices.reactions.lending import queue_offered as queue_offered
from app.notices.reactions.lending import reservation_at_risk as reservation_at_risk
from app.notices.reactions.lending import reservation_cancelled as reservation_cancelled
from app.notices.reactions.lending import reservation_confirmed as reservation_confirmed
from app.notices.reactions.lending import reservation_lapsed as reservation_lapsed
from app.notices.reactions.lending import reservation_ready as reservation_ready
from app.notices.reactions.lending import reservation_refused as reservation_refused
from app.notices.reactions.lending import reservation_safe as reservation_safe
from app.notices.reactions.lending import reservation_wished as reservation_wished
from app.notices.reactions.lending import thing_reserved as thing_reserved
from app.notices.reactions.money import fund_ending as fund_ending
from app.notices.reactions.swap import claim_passed as claim_passed
from app.notices.reactions.swap import hours_accepted as hours_accepted
from app.notices.reactions.swap import hours_booked as hours_booked
from app.notices.reactions.swap import hours_changed as hours_changed
from app.notices.reactions.swap import hours_disputed as hours_disputed
from app.notices.reactions.swap import hours_dropped as hours_dropped
from app.notices.reactions.swap import hours_reminded as hours_reminded
from app.notices.reactions.swap import hours_stopped as hours_stopped
from app.notices.reactions.swap import listing_answered as listing_answered
from app.notices.reactions.swap import listing_changed as listing_changed
from app.notices.reactions.swap import listing_ended as listing_ended
from app.notices.reactions.swap import listing_ending as listing_ending
from app.notices.reactions.swap import listing_lapsed as listing_lapsed
from app.notices.reactions.swap import listing_published as listing_published
from app.notices.reactions.swap import match_agreed as match_agreed
from app.notices.reactions.swap import match_declined as match_declined
from app.notices.reactions.swap import match_ended as match_ended
from app.notices.reactions.swap import pot_granted as pot_granted
from app.notices.reactions.swap import thing_declined as thing_declined
from app.notices.reactions.ways_in import send_code as send_code
from app.notices.reactions.ways_in import send_invitation as send_invitation
