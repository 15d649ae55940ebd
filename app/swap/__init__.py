"""The swap shelf, and the time bank of the neighbours. Nothing here is ever lent: no due date, no fee, no deposit.

*ShelfThing*: a piece of the shelf; *announced* by somebody at home until it comes, then *lying*, in the end *taken* or *swept* (to charity).
*Claim*: somebody wants it and has until closing of the next open day; others wait behind. *ShelfMove*: one piece came or went, counted
without a name.

*Member*: a person with an account in minutes. *Community*: the account that gives starts and group thanks and bears what leavers owe. *Pot*:
the social pot, which pays for those who cannot help back. *Entry*: minutes go from one account to another, never changed. *Listing*: an
offer or a wish. *Match*: somebody answered a listing; contact is shown while both agree. *Hours*: help that is to be credited, once the
other side has said yes.
"""
