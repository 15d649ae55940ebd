"""What there is, what is free, who has what; and when the desk is open for it."""

from app.library.queries.supply import BLACKOUT as BLACKOUT
from app.library.queries.supply import BUFFER as BUFFER
from app.library.queries.supply import FAR as FAR
from app.library.queries.supply import LINE as LINE
from app.library.queries.supply import RESERVATION as RESERVATION
from app.library.queries.supply import Stock as Stock
from app.library.queries.supply import Supply as Supply
from app.library.queries.supply import Taken as Taken
from app.library.queries.supply import Why as Why
from app.library.queries.supply import nearest as nearest
from app.library.queries.supply import supply as supply
from app.library.queries.times import NoOpenDay as NoOpenDay
from app.library.queries.times import Openings as Openings
from app.library.queries.times import openings as openings
from app.library.queries.times import rule as rule
