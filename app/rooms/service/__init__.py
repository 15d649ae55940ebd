"""What can be done with rooms, bookings and imported calendars."""

from app.rooms.service.bookings import LATE_ENTRY as LATE_ENTRY
from app.rooms.service.bookings import AlreadyDecided as AlreadyDecided
from app.rooms.service.bookings import BookingRequest as BookingRequest
from app.rooms.service.bookings import ChangeRequest as ChangeRequest
from app.rooms.service.bookings import NotOpenAnyMore as NotOpenAnyMore
from app.rooms.service.bookings import RoomClosed as RoomClosed
from app.rooms.service.bookings import RoomTaken as RoomTaken
from app.rooms.service.bookings import book_room as book_room
from app.rooms.service.bookings import cancel_booking as cancel_booking
from app.rooms.service.bookings import change_booking as change_booking
from app.rooms.service.bookings import check_hours as check_hours
from app.rooms.service.bookings import check_people as check_people
from app.rooms.service.bookings import check_times as check_times
from app.rooms.service.bookings import class_of as class_of
from app.rooms.service.bookings import confirm_booking as confirm_booking
from app.rooms.service.bookings import lapse_booking as lapse_booking
from app.rooms.service.bookings import quote as quote
from app.rooms.service.bookings import quoted as quoted
from app.rooms.service.bookings import refuse_booking as refuse_booking
from app.rooms.service.bookings import refuse_if_taken as refuse_if_taken
from app.rooms.service.bookings import renew_feed as renew_feed
from app.rooms.service.bookings import revoke_feed as revoke_feed
