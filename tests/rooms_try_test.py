import time as tm, cProfile, pstats
from tests.makers import a_house, a_room
from app.core import db
from app.core.policy import THE_HOUSE
from app.rooms import queries, service
from tests.rooms.calendar_files import *
from sqlalchemy import event as ev, Engine
def test_try(app):
    h=a_house(); r=a_room(h, parts=("a","b"))
    c=card(h)
    series = [event(f"s{hour}", f"20170102T{hour:02}0000", f"20170102T{hour:02}4500", "Open lab", "RRULE:FREQ=DAILY;COUNT=1250") for hour in (10, 12, 14, 16)]
    t0={}
    tot=[]
    def b(conn,cur,st,*a): t0[0]=tm.time()
    def a(conn,cur,st,*x): tot.append((round(tm.time()-t0[0],2), st[:40]))
    ev.listen(Engine,"before_cursor_execute",b); ev.listen(Engine,"after_cursor_execute",a)
    for i in range(2):
        tot.clear(); t=tm.time(); p0=tm.process_time()
        rep=bring(c, calendar(*series))
        print(rep.counts, tm.time()-t, tm.process_time()-p0)
        print([x for x in tot if x[0]>.05])
    ev.remove(Engine,"before_cursor_execute",b); ev.remove(Engine,"after_cursor_execute",a)
