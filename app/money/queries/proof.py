"""Is the ledger what it says it is? One pass over all lines, in constant memory, and the sub-ledgers against their accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import func, select

from app.core.check import Progress
from app.core.db import one_moment, session
from app.money.models import (
    FIRST_PREV,
    AccountBalance,
    Charge,
    Deposit,
    DepositMovement,
    Known,
    LedgerEntry,
    LedgerLine,
    Line,
    Refund,
    Settlement,
    digest,
)

AT_ONCE = 2_000
Balances = dict[tuple[str, int, str], list[int]]


def faults() -> Iterator[str | Progress]:
    """What is wrong with the books, the first broken entry by name; between that, how far the pass has come."""
    balances: Balances = defaultdict(lambda: [0, 0])
    chain_holds = True
    with one_moment():
        for finding in _chain(balances):
            chain_holds = chain_holds and isinstance(finding, Progress)
            yield finding
        if chain_holds:  # else every sum below would only repeat it
            yield from _kept_balances(balances)
            yield from _sub_ledgers(balances)


def _chain(balances: Balances) -> Iterator[str | Progress]:
    """Numbers, sums and hashes of every entry, in the order of the chain; ends at the first that is broken."""
    total = session().scalar(select(func.count()).select_from(LedgerEntry)) or 0
    numbers: dict[int, int] = defaultdict(int)
    prev, expected = FIRST_PREV, 1
    with closing(_entries()) as entries:
        for done, (entry, lines) in enumerate(entries, 1):
            numbers[entry.year] += 1
            fault = _fault(entry, lines, prev, expected, numbers[entry.year])
            if fault:
                yield f"ledger entry {entry.id} (J{entry.number:02} of {entry.year}): {fault}"
                return
            prev, expected = entry.hash, expected + 1
            month = entry.posted_on.isoformat()[:7]
            for line in lines:
                balance = balances[line.account_code, line.house_id or 0, month]
                balance[0] += line.debit_cents
                balance[1] += line.credit_cents
            if done % AT_ONCE == 0 or done == total:
                yield Progress(done, total)


def _entries() -> Generator[tuple[Any, list[Any]]]:
    """Every entry with its lines, streamed."""
    entry, line = LedgerEntry.__table__.c, LedgerLine.__table__.c
    statement = (
        select(
            entry.id, entry.year, entry.number, entry.posted_on, entry.text, entry.prev, entry.hash, entry.total_cents,
            line.account_code, line.debit_cents, line.credit_cents, line.sphere, line.offering_code, line.fund_code,
            line.house_id,
        )
        .select_from(LedgerEntry.__table__.outerjoin(LedgerLine.__table__, line.entry_id == entry.id))
        .order_by(entry.id, line.position)
    )  # fmt: skip
    current, lines = None, []
    with session().execute(statement, execution_options={"stream_results": True, "yield_per": AT_ONCE}) as rows:
        for row in rows:
            if current is not None and row.id != current.id:
                yield current, lines
                lines = []
            current = row
            if row.account_code is not None:
                lines.append(row)
    if current is not None:
        yield current, lines


def _fault(entry: Any, lines: list[Any], prev: str, expected: int, number: int) -> str:
    """Why this is not what was posted, empty when it is."""
    debit, credit = sum(line.debit_cents for line in lines), sum(line.credit_cents for line in lines)
    if entry.id != expected:
        return f"entry {expected} is missing before it"
    if entry.number != number or entry.posted_on.year != entry.year:
        return f"its number should be J{number:02} in the year of {entry.posted_on}"
    if debit != credit or debit != entry.total_cents or len(lines) < 2:
        return f"it is not balanced: debit {debit}, credit {credit}, total {entry.total_cents} cents"
    if entry.prev != prev:
        return "it is not chained to the entry before it"
    told = [
        Line(line.account_code, line.debit_cents, line.credit_cents, line.sphere, line.offering_code, line.fund_code)
        for line in lines
    ]
    if digest(prev, f"J{entry.number:02}", entry.posted_on, entry.text, told) != entry.hash:
        return "its content is not what was posted: the hash differs"
    return ""


def _kept_balances(balances: Balances) -> Iterator[str]:
    kept = {
        (row.account_code, row.house_id, row.month): [row.debit_cents, row.credit_cents]
        for row in session().execute(select(AccountBalance.__table__))
    }
    for key in sorted(kept.keys() | balances.keys()):
        if kept.get(key, [0, 0]) != balances.get(key, [0, 0]):
            yield f"the balance of account {key[0]} in {key[2]} (house {key[1]}) is not the sum of its lines"


def _sub_ledgers(balances: Balances) -> Iterator[str]:
    """Open items, deposits and refunds against the accounts that hold them, and their own rows against their sums."""

    def balance(account: str) -> int:
        return sum(debit - credit for (code, _, _), (debit, credit) in balances.items() if code == account)

    open_items = select(func.sum(Charge.total_cents - Charge.settled_cents)).where(Charge.cancelled_at.is_(None))
    checks = [
        ("open items", session().scalar(open_items) or 0, balance(Known.RECEIVABLES)),
        ("deposits held", session().scalar(select(func.sum(Deposit.held_cents))) or 0, -balance(Known.DEPOSITS)),
        (
            "refunds owed",
            session().scalar(select(func.sum(Refund.cents)).where(Refund.payment_id.is_(None))) or 0,
            -balance(Known.REFUNDS),
        ),
    ]
    for what, sub_ledger, account in checks:
        if int(sub_ledger) != account:
            yield f"{what} are {sub_ledger} cents, and their account says {account}"
    settled = select(func.sum(Settlement.cents)).where(Settlement.charge_id == Charge.id).scalar_subquery()
    wrong = select(Charge.id).where(func.coalesce(settled, 0) != Charge.settled_cents)
    for charge_id in session().scalars(wrong):
        yield f"charge {charge_id}: what is settled is not the sum of its settlements"
    moved = select(func.sum(DepositMovement.cents)).where(DepositMovement.deposit_id == Deposit.id).scalar_subquery()
    for deposit_id in session().scalars(select(Deposit.id).where(func.coalesce(moved, 0) != Deposit.held_cents)):
        yield f"deposit {deposit_id}: what is held is not the sum of its movements"
