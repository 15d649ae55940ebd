"""The lending library.

*Class* of things (tools, games, textiles): the rules they share. *Thing*: what people reserve, "cordless drill", of which the house has
numbered *pieces*; a *counted* thing has one piece of many alike (60 plates). A *kit* is a piece made of *parts*: *tracked* ones are pieces
with a number of their own, *loose* ones only a name and a count. *Condition* (fine, to check, to wash, in repair, quarantined) and
*whereabouts* (on the shelf, out, in the drop box, with its owner, lost) are kept apart.

*Reservation*: a thing and how many, from a *pick-up* to a day *due*; pieces are *set aside* for it and may be exchanged until they are
handed out. *At risk*: a reservation no piece is left for. *Loan*: what one person carried home in one go; each of its *lines* is a piece,
due and returned by itself. *Queue*: who waits for a thing; the first in it gets a reservation when a piece comes in.
"""
