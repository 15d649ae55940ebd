"""What the clock does with money."""

from __future__ import annotations

from datetime import timedelta

from app.core import clock, i18n
from app.core.db import run_transaction, session
from app.core.jobs import Job
from app.core.policy import THE_HOUSE
from app.money import service
from app.money.models import Fund
from app.money.queries import funds


def warn_of_ends() -> str:
    """Tell owners of funds that an end or a report is near, each in its own act and each once."""
    told = 0
    for fund_id in [fund.id for fund in funds.to_warn(clock.today(i18n.zone()))]:

        def act(fund_id: int = fund_id) -> int:
            fund = session().get(Fund, fund_id)
            return service.warn_owner(fund, THE_HOUSE) if fund is not None else 0

        told += run_transaction(act)
    return f"{told} warned"


def ends_are_near() -> bool:
    """Whether anybody is to be told; asked before a run is written down."""
    return bool(funds.to_warn(clock.today(i18n.zone())))


WARN_OF_ENDS = Job("warn of ends", timedelta(hours=1), warn_of_ends, wanted=ends_are_near)
