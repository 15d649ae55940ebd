"""Everyone the centre knows, with or without e-mail or telephone.

*Person*: somebody the house deals with; contact may be mail, phone, letter or none, and none is normal. *Household*: people
who live together; a *child* is a first name and an age band, nothing more. *Organisation*: a group, club or partner with a
tariff class. *Consent*: what somebody agreed to, in which words, when and how, until withdrawn. *Card*: a number the
desk can type or scan.
"""
