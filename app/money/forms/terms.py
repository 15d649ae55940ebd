"""What the columns of the books are called, for forms and pages alike."""

from __future__ import annotations

from app.core.i18n import lazy as _l
from app.money.models import AccountKind, DepositKind, Direction, FundKind, FundRule, Method
from app.offers.models import Sphere

SPHERES = {
    Sphere.IDEAL: _l("ideal sphere"),
    Sphere.ASSETS: _l("asset management"),
    Sphere.PURPOSE: _l("purpose operation"),
    Sphere.BUSINESS: _l("business operation"),
    Sphere.COMMON: _l("all together"),
}
ACCOUNT_KINDS = {
    AccountKind.ASSET: _l("What we have"),
    AccountKind.LIABILITY: _l("What we owe"),
    AccountKind.EQUITY: _l("Capital"),
    AccountKind.INCOME: _l("Income"),
    AccountKind.EXPENSE: _l("Cost"),
}
SOURCES = {
    "manual": _l("posted by hand"),
    "charge": _l("Charge"),
    "payment": _l("Payment"),
    "deposit": _l("Deposit"),
    "cash_day": _l("Cash day"),
    "expense": _l("Expense"),
    "fund": _l("Money of a fund"),
    "release": _l("Fund used"),
}
FUND_KINDS = {
    FundKind.GRANT: _l("Grant"),
    FundKind.DONATION: _l("Donations"),
    FundKind.CROWDFUNDING: _l("Crowdfunding"),
    FundKind.SPONSORING: _l("Sponsoring"),
    FundKind.DUES: _l("Membership dues"),
    FundKind.FEES: _l("Fees"),
}
FUND_RULES = {
    FundRule.DIRECT: _l("All direct cost"),
    FundRule.FLAT: _l("Direct cost and a flat part for overhead"),
    FundRule.SHARE: _l("A share of direct cost and volunteer time"),
    FundRule.GAP: _l("What own income and others do not bear"),
}
METHODS = {Method.BANK: _l("Transfer"), Method.CASH: _l("Cash")}
DIRECTIONS = {Direction.IN: _l("to the house"), Direction.OUT: _l("from the house")}
DEPOSIT_KINDS = {
    DepositKind.ROOM: _l("for a room"),
    DepositKind.KEY: _l("for a key"),
    DepositKind.THING: _l("for a thing"),
    DepositKind.OTHER: _l("for something else"),
}
