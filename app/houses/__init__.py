"""The houses one operator runs. With one house nobody ever sees the word.

*House*: a place with an address, rooms, opening hours and a desk. People belong to the operator and hold roles per house.
"""
