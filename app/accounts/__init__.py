"""Who signs in, as what, and how.

*Sign-in*: one device that is signed in; it can be ended. *One-time code*: six digits sent by mail. *Slip*: a secret code on
paper or a card, for people without mail. *Role*: what a person is in a house. *Account*: password and second factor of
somebody with a staff role. *Token*: the key of another program.
"""
