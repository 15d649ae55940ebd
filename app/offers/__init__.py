"""What the house offers, when it is open and what it costs: opening hours, holidays, dated tariffs, dated legal values.

*Opening hours*: per weekday; ``desk`` while somebody is there, ``use`` while rooms may be used.
*Exception*: one day that differs. *Tariff*: a price with the days it holds; old promises keep the old price.
*Rule value*: a number from law or council, dated, with its source.
"""
