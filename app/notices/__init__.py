"""What the house tells people: the outbox of letters.

*Letter*: one message to one person; by *mail*, or on the *call list* for people who are phoned, or *printed* for those who get paper.
A letter is a row first, written in the same transaction as the deed; a job sends it after the commit.
"""
