"""One truth about time: every promise of something for a span is a row in one table, and the database refuses an overlap.

*Resource*: something that cannot be in two places: an indivisible part of a room, a seat, a lendable piece, a person.
*Occupancy*: a resource is promised for a half-open span ``[starts_at, ends_at)``, set-up and clean-up included.
*Share*: so many of a resource that consists of many alike (its *capacity*) are promised for a span.
"""
