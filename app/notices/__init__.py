"""What the house tells people: the outbox of letters.

*Letter*: one message to one person; by *mail*, on the *call list* for people who are phoned, or on *paper* to be handed over.
A letter is a row first, written in the same transaction as the deed; a job sends it after the commit.
"""
