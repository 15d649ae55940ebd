"""Rooms, and the bookings of them.

*Room*: what people book; made of indivisible *parts* (the hall of two halves), which are resources. *Booking*: somebody uses a room for
a purpose; *wished* until the desk decides, then *confirmed* or *refused*; *cancelled* by whoever it is for or by the desk; *lapsed* when a
wish was not decided in time. *Rivals*: wishes that want the same time. *Imported date*: one date of a calendar file and the booking it became,
or the reason why not.
"""
