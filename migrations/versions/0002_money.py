"""money: offerings, the ledger and its guards, charges, deposits, cash days, funds."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# What is written once is refused any change, by whoever and by whatever way.
WRITTEN_ONCE = (
    "ledger_entry", "ledger_line", "period_lock", "charge_line", "settlement", "deposit_movement", "invoice", "cash_day",
)  # fmt: skip
# Of these only what comes later may be written: that it was cancelled, undone, given back.
FROZEN = {
    "charge": "house_id, title, supplied_from, supplied_until, total_cents, normal_cents, entry_id, source, source_id, replaces_id",
    "payment": "house_id, year, number, direction, method, cents, on_day, entry_id",
    "deposit": "house_id, kind, cents, source, source_id",
    "refund": "house_id, charge_id, cents, entry_id",
    "expense": "house_id, year, number, paid_on, method, cents, vat_cents, account_code, sphere, entry_id, fund_code",
}
FIRST_PREV = "0" * 64

# The conditions under which a row may become the next entry of the ledger: text of the refusal, and what must not be.
# Lines come first, their entry seals them: so the database itself can see that they are balanced.
ENTRY = {
    "ledger entry out of order": "NEW.id <> COALESCE((SELECT max(id) FROM ledger_entry), 0) + 1",
    "ledger number out of order": ("NEW.number <> COALESCE((SELECT max(number) FROM ledger_entry WHERE year = NEW.year), 0) + 1"),
    "ledger entry in another year": "NEW.year <> {year}",
    "ledger chain broken": (
        f"NEW.prev <> COALESCE((SELECT hash FROM ledger_entry WHERE id = NEW.id - 1), '{FIRST_PREV}') "
        "OR EXISTS (SELECT 1 FROM ledger_entry WHERE hash = NEW.hash)"
    ),
    "ledger period locked": "NEW.posted_on <= (SELECT max(locked_through) FROM period_lock)",
    "ledger entry not balanced": (
        "(SELECT count(*) FROM ledger_line WHERE entry_id = NEW.id) < 2 "
        "OR (SELECT sum(debit_cents) FROM ledger_line WHERE entry_id = NEW.id) <> NEW.total_cents "
        "OR (SELECT sum(credit_cents) FROM ledger_line WHERE entry_id = NEW.id) <> NEW.total_cents"
    ),
    "ledger reversal of a reversal": (
        "EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.reverses_id AND reverses_id IS NOT NULL)"
    ),
    "ledger entry reversed twice": "EXISTS (SELECT 1 FROM ledger_entry WHERE reverses_id = NEW.reverses_id)",
}
LINE = {"ledger entry is sealed": "EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.entry_id)"}
LOCK = {"ledger lock moves forward only": "NEW.locked_through <= (SELECT max(locked_through) FROM period_lock)"}

BALANCE = """
    INSERT INTO account_balance (account_code, house_id, month, debit_cents, credit_cents)
    SELECT account_code, COALESCE(house_id, 0), {month}, sum(debit_cents), sum(credit_cents)
    FROM ledger_line WHERE entry_id = NEW.id GROUP BY account_code, COALESCE(house_id, 0)
    ON CONFLICT (account_code, house_id, month) DO UPDATE SET
        debit_cents = account_balance.debit_cents + excluded.debit_cents,
        credit_cents = account_balance.credit_cents + excluded.credit_cents
"""
SETTLED = "UPDATE charge SET settled_cents = settled_cents + NEW.cents WHERE id = NEW.charge_id"
HELD = "UPDATE deposit SET held_cents = held_cents + NEW.cents WHERE id = NEW.deposit_id"


def sqlite_guards() -> list[str]:
    def refuse(table: str, reasons: dict[str, str], name: str) -> str:
        checks = "".join(f"SELECT RAISE(ABORT, '{reason}') WHERE {wrong}; " for reason, wrong in reasons.items())
        return f"CREATE TRIGGER {name} BEFORE INSERT ON {table} BEGIN {checks} END"

    year, month = "CAST(strftime('%Y', NEW.posted_on) AS INTEGER)", "strftime('%Y-%m', NEW.posted_on)"
    statements = [
        refuse("ledger_entry", {text: wrong.format(year=year) for text, wrong in ENTRY.items()}, "ledger_entry_sealed"),
        refuse("ledger_line", LINE, "ledger_line_unsealed"),
        refuse("period_lock", LOCK, "period_lock_forward"),
        f"CREATE TRIGGER ledger_entry_balance AFTER INSERT ON ledger_entry BEGIN {BALANCE.format(month=month)}; END",
        f"CREATE TRIGGER settlement_settles AFTER INSERT ON settlement BEGIN {SETTLED}; END",
        f"CREATE TRIGGER deposit_movement_moves AFTER INSERT ON deposit_movement BEGIN {HELD}; END",
    ]
    for table in WRITTEN_ONCE:
        statements += [
            f"CREATE TRIGGER {table}_no_{moment} BEFORE {moment} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
            for moment in ("update", "delete")
        ]
    for table, columns in FROZEN.items():
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is written once'); END",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is written once'); END",
        ]
    return statements


def postgresql_guards() -> list[str]:
    def refuse(table: str, reasons: dict[str, str], name: str) -> list[str]:
        checks = "".join(f"IF {wrong} THEN RAISE EXCEPTION '{reason}'; END IF; " for reason, wrong in reasons.items())
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {checks} RETURN NEW; END $$",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]

    def follow(table: str, statement: str, name: str) -> list[str]:
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$",
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]

    year, month = "extract(year FROM NEW.posted_on)", "to_char(NEW.posted_on, 'YYYY-MM')"
    statements = [
        *refuse("ledger_entry", {text: wrong.format(year=year) for text, wrong in ENTRY.items()}, "ledger_entry_sealed"),
        *refuse("ledger_line", LINE, "ledger_line_unsealed"),
        *refuse("period_lock", LOCK, "period_lock_forward"),
        *follow("ledger_entry", BALANCE.format(month=month), "ledger_entry_balance"),
        *follow("settlement", SETTLED, "settlement_settles"),
        *follow("deposit_movement", HELD, "deposit_movement_moves"),
    ]
    for table in WRITTEN_ONCE:
        statements.append(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
    for table, columns in FROZEN.items():
        statements.append(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE OF {columns} OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
    statements += [
        f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        for table in (*WRITTEN_ONCE, *FROZEN)
    ]
    return statements


# A ready chart: our short codes, and beside them numbers in the shape of SKR 42, which the tax adviser checks before the first export.
CHART = [
    ("0400", "Einrichtung und Geräte", "asset", "04200", None),
    ("1000", "Kasse", "asset", "16000", None),
    ("1200", "Bank", "asset", "18000", None),
    ("1400", "Forderungen", "asset", "12000", None),
    ("1500", "Geldtransit", "asset", "14600", None),
    ("1577", "Vorsteuer 7 %", "asset", "14010", 700),
    ("1579", "Vorsteuer 19 %", "asset", "14060", 1900),
    ("2000", "Vereinskapital und Ergebnisvortrag", "equity", "29000", None),
    ("2050", "Freie Rücklagen", "equity", "29600", None),
    ("2100", "Geschäftsguthaben", "equity", "29100", None),
    ("2110", "Kündigungsguthaben", "liability", "35600", None),
    ("2200", "Verbindlichkeiten", "liability", "33000", None),
    ("2300", "nicht verbrauchte zweckgebundene Mittel", "liability", "36300", None),
    ("2400", "Kautionen", "liability", "35500", None),
    ("2460", "Rückzahlungen an Gäste und Gruppen", "liability", "35000", None),
    ("2507", "USt 7 %", "liability", "38010", 700),
    ("2519", "USt 19 %", "liability", "38060", 1900),
    ("2600", "Lohn, Steuern und Sozialabgaben", "liability", "37200", None),
    ("4000", "Mieterlöse steuerfrei", "income", "41000", None),
    ("4010", "Mieterlöse und Pakete 19 %", "income", "44000", None),
    ("4020", "Nebenleistungen der Räume", "income", "44010", None),
    ("4090", "Nachlass und Erlass", "income", "47300", None),
    ("4100", "Erlöse Speisen 7 %", "income", "43000", None),
    ("4110", "Erlöse Getränke 19 %", "income", "44020", None),
    ("4200", "Leihgebühren und Nutzungsentgelte 7 %", "income", "43010", None),
    ("4300", "Kurse und Veranstaltungen", "income", "41200", None),
    ("4400", "Vermittlung und Hausbesuche", "income", "41300", None),
    ("4500", "Post und Pakete", "income", "44030", None),
    ("4600", "Zuschüsse", "income", "40200", None),
    ("4610", "Spenden", "income", "40400", None),
    ("4620", "Crowdfunding", "income", "40410", None),
    ("4630", "Sponsoring", "income", "44040", None),
    ("4640", "Mitgliedsbeiträge", "income", "40000", None),
    ("4651", "Spenden (Aufwandsverzicht)", "income", "40450", None),
    ("4900", "Schadenersatz und sonstige Erträge", "income", "48300", None),
    ("4990", "Kassenüberschuss", "income", "48390", None),
    ("5000", "Wareneinsatz", "expense", "52000", None),
    ("6000", "Personal", "expense", "60200", None),
    ("6100", "Miete", "expense", "63100", None),
    ("6110", "Energie und Wasser", "expense", "63250", None),
    ("6120", "Reinigung", "expense", "63300", None),
    ("6130", "Instandhaltung", "expense", "63350", None),
    ("6200", "Ehrenamt: Pauschalen und Dank", "expense", "68100", None),
    ("6210", "Fahrtkosten Ehrenamt", "expense", "66500", None),
    ("6220", "Honorare", "expense", "63030", None),
    ("6300", "Versicherungen und Beiträge", "expense", "64000", None),
    ("6400", "Büro, Porto, Telefon", "expense", "68150", None),
    ("6410", "IT und Software", "expense", "68370", None),
    ("6500", "Veranstaltungen und Material", "expense", "68500", None),
    ("6600", "Öffentlichkeitsarbeit", "expense", "66000", None),
    ("6700", "Geringwertige Geräte", "expense", "62600", None),
    ("6800", "Bankgebühren", "expense", "68550", None),
    ("6900", "Sonstiger Aufwand", "expense", "63000", None),
    ("6990", "Kassenfehlbetrag", "expense", "69690", None),
]

# Numbers of law, with the days they hold. `valid_until` is the first day on which a value holds no longer.
USTG, ESTG, AO = "UStG § 12", "EStG § 3", "AO § 64 (3)"
RULES = [
    ("vat.standard", "1900", "bp", f"{USTG} (1)", "2007-01-01", None),
    ("vat.reduced", "700", "bp", f"{USTG} (2)", "2007-01-01", None),
    ("vat.drinks", "1900", "bp", f"{USTG} (1)", "2007-01-01", None),
    ("vat.food", "1900", "bp", f"{USTG} (1)", "2024-01-01", "2026-01-01"),
    ("vat.food", "700", "bp", f"{USTG} (2) 15", "2026-01-01", None),
    ("vat.combined_drinks", "3000", "bp", "UStAE 10.1 (12), BMF 22.12.2025", "2026-01-01", None),
    ("vat.small_business", "0", "yes/no", "UStG § 19", "2000-01-01", None),
    ("vat.small_business.last_year", "2500000", "cents", "UStG § 19 (1)", "2025-01-01", None),
    ("vat.small_business.this_year", "10000000", "cents", "UStG § 19 (1)", "2025-01-01", None),
    ("invoice.small_amount", "25000", "cents", "UStDV § 33", "2017-01-01", None),
    ("tax.business_income", "4500000", "cents", AO, "2020-12-29", "2026-01-01"),
    ("tax.business_income", "5000000", "cents", f"{AO}, BGBl. I 2025 Nr. 363", "2026-01-01", None),
    ("tax.timely_use", "4500000", "cents", "AO § 55 (1) 5", "2020-12-29", "2026-01-01"),
    ("tax.timely_use", "10000000", "cents", "AO § 55 (1) 5, BGBl. I 2025 Nr. 363", "2026-01-01", None),
    ("allowance.trainer", "300000", "cents", f"{ESTG} Nr. 26", "2021-01-01", "2026-01-01"),
    ("allowance.trainer", "330000", "cents", f"{ESTG} Nr. 26", "2026-01-01", None),
    ("allowance.volunteer", "84000", "cents", f"{ESTG} Nr. 26a", "2021-01-01", "2026-01-01"),
    ("allowance.volunteer", "96000", "cents", f"{ESTG} Nr. 26a", "2026-01-01", None),
    ("wage.minimum", "1390", "cents", "MiLoG", "2026-01-01", "2027-01-01"),
    ("wage.minimum", "1460", "cents", "MiLoG", "2027-01-01", None),
    ("wage.minijob", "60300", "cents", "SGB IV § 8 (1a)", "2026-01-01", "2027-01-01"),
    ("wage.minijob", "63300", "cents", "SGB IV § 8 (1a)", "2027-01-01", None),
    ("keep.books", "10", "years", "AO § 147 (3)", "2000-01-01", None),
    ("keep.vouchers", "10", "years", "AO § 147 (3)", "2000-01-01", "2025-01-01"),
    ("keep.vouchers", "8", "years", "AO § 147 (3), BEG IV", "2025-01-01", None),
    ("rooms.cancellation", "14:0 3:50 0:100", "days:percent", "Entgeltordnung des Hauses", "2026-01-01", None),
]


def fill() -> None:
    """The chart and the values of law every house begins with."""
    connection = op.get_bind()
    names = ("code", "name", "kind", "datev_no", "vat_bp")
    account = sa.table("ledger_account", *(sa.column(name) for name in names))
    connection.execute(account.insert(), [dict(zip(names, row, strict=True)) for row in CHART])
    columns = ("key", "value", "unit", "source", "valid_from", "valid_until")
    value = sa.table("rule_value", *(sa.column(name, sa.Date() if name.startswith("valid") else sa.String()) for name in columns))
    rows = []
    for *words, valid_from, valid_until in RULES:
        until = None if valid_until is None else date.fromisoformat(valid_until)
        rows.append(dict(zip(columns, (*words, date.fromisoformat(valid_from), until), strict=True)))
    connection.execute(value.insert(), rows)


def unfill() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # Dropping the tables takes their triggers along, not the functions.
        for name in (
            "ledger_entry_sealed", "ledger_line_unsealed", "period_lock_forward",
            "ledger_entry_balance", "settlement_settles", "deposit_movement_moves",
        ):  # fmt: skip
            op.execute(f"DROP FUNCTION {name}() CASCADE")
    connection.execute(sa.text("DELETE FROM rule_value"))


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "ledger_account",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("datev_no", sa.String(length=5), nullable=False),
        sa.Column("vat_bp", sa.Integer(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name=op.f("ck_ledger_account_kind")),
        sa.CheckConstraint("length(code) BETWEEN 4 AND 8", name=op.f("ck_ledger_account_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("kind", "vat_bp", name=op.f("uq_ledger_account_kind_vat_bp")),
    )
    op.create_table(
        "operator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=70), nullable=False),
        sa.Column("street", sa.String(length=120), nullable=False),
        sa.Column("postcode", sa.String(length=12), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("tax_no", sa.String(length=30), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_operator_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
    )
    op.create_table(
        "account_balance",
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("house_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_code"], ["ledger_account.code"], name=op.f("fk_account_balance_account_code_ledger_account")
        ),
        sa.PrimaryKeyConstraint("account_code", "house_id", "month", name=op.f("pk_account_balance")),
    )
    op.create_table(
        "offering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sphere", sa.String(length=1), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sphere IN ('1', '2', '3', '4')", name=op.f("ck_offering_sphere")),
        sa.CheckConstraint("length(code) > 0 AND length(name) > 0", name=op.f("ck_offering_named")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_offering_house_id_house")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offering")),
        sa.UniqueConstraint("code", name=op.f("uq_offering_code")),
    )
    with op.batch_alter_table("offering", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offering_house_id"), ["house_id"], unique=False)

    op.create_table(
        "cash_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opening_cents", sa.BigInteger(), nullable=False),
        sa.Column("counted_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_out_cents", sa.BigInteger(), nullable=False),
        sa.Column("banked_cents", sa.BigInteger(), nullable=False),
        sa.Column("put_in_cents", sa.BigInteger(), nullable=False),
        sa.Column("takings_cents", sa.BigInteger(), nullable=False),
        sa.Column("known_in_cents", sa.BigInteger(), nullable=False),
        sa.Column("tally_cents", sa.BigInteger(), nullable=False),
        sa.Column("difference_cents", sa.BigInteger(), nullable=False),
        sa.Column("denominations", sa.JSON(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("counted_by_id", sa.Integer(), nullable=False),
        sa.Column("witnessed_by_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("difference_cents = 0 OR reason <> ''", name=op.f("ck_cash_day_difference_with_reason")),
        sa.CheckConstraint("counted_by_id <> witnessed_by_id", name=op.f("ck_cash_day_two_people")),
        sa.CheckConstraint(
            "difference_cents = takings_cents - known_in_cents - tally_cents", name=op.f("ck_cash_day_difference")
        ),
        sa.CheckConstraint("opening_cents >= 0 AND counted_cents >= 0", name=op.f("ck_cash_day_drawer")),
        sa.CheckConstraint(
            "paid_out_cents >= 0 AND banked_cents >= 0 AND put_in_cents >= 0 AND known_in_cents >= 0",
            name=op.f("ck_cash_day_moved"),
        ),
        sa.CheckConstraint(
            "takings_cents = counted_cents + paid_out_cents + banked_cents - opening_cents - put_in_cents",
            name=op.f("ck_cash_day_counted_back"),
        ),
        sa.ForeignKeyConstraint(["counted_by_id"], ["person.id"], name=op.f("fk_cash_day_counted_by_id_person")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_cash_day_house_id_house")),
        sa.ForeignKeyConstraint(["witnessed_by_id"], ["person.id"], name=op.f("fk_cash_day_witnessed_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_day")),
        sa.UniqueConstraint("house_id", "day", name=op.f("uq_cash_day_house_id_day")),
        sa.UniqueConstraint("house_id", "year", "number", name=op.f("uq_cash_day_house_id_year_number")),
    )
    op.create_table(
        "fund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("sphere", sa.String(length=1), nullable=False),
        sa.Column("offering_code", sa.String(length=8), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("funder", sa.String(length=120), nullable=False),
        sa.Column("notice_no", sa.String(length=60), nullable=False),
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("rule", sa.String(length=6), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("inkind_rate_cents", sa.BigInteger(), nullable=False),
        sa.Column("inkind_cap_bp", sa.Integer(), nullable=False),
        sa.Column("inkind_minutes", sa.Integer(), nullable=False),
        sa.Column("covered_cents", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("warn_days", sa.Integer(), nullable=False),
        sa.Column("report_due_on", sa.Date(), nullable=True),
        sa.Column("end_warned_for", sa.Date(), nullable=True),
        sa.Column("report_warned_for", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('grant', 'donation', 'crowdfunding', 'sponsoring', 'dues', 'fees')", name=op.f("ck_fund_kind")
        ),
        sa.CheckConstraint("rule IN ('direct', 'flat', 'share', 'gap')", name=op.f("ck_fund_rule")),
        sa.CheckConstraint("sphere IN ('1', '2', '3', '4', '9')", name=op.f("ck_fund_sphere")),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_fund_amount")),
        sa.CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_fund_period")),
        sa.ForeignKeyConstraint(["account_code"], ["ledger_account.code"], name=op.f("fk_fund_account_code_ledger_account")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_fund_house_id_house")),
        sa.ForeignKeyConstraint(["offering_code"], ["offering.code"], name=op.f("fk_fund_offering_code_offering")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_fund_owner_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("code", name=op.f("uq_fund_code")),
    )
    op.create_table(
        "income_kind",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("offering_code", sa.String(length=8), nullable=False),
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("tax_code", sa.String(length=10), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_code"], ["ledger_account.code"], name=op.f("fk_income_kind_account_code_ledger_account")
        ),
        sa.ForeignKeyConstraint(["offering_code"], ["offering.code"], name=op.f("fk_income_kind_offering_code_offering")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_income_kind")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=True),
        sa.Column("voucher_on", sa.Date(), nullable=True),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(hash) = 64 AND length(prev) = 64", name=op.f("ck_ledger_entry_hashes")),
        sa.CheckConstraint("number > 0 AND id > 0", name=op.f("ck_ledger_entry_numbers")),
        sa.CheckConstraint("total_cents > 0", name=op.f("ck_ledger_entry_total")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_ledger_entry_created_by_id_person")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_ledger_entry_house_id_house")),
        sa.ForeignKeyConstraint(["reverses_id"], ["ledger_entry.id"], name=op.f("fk_ledger_entry_reverses_id_ledger_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_ledger_entry_hash")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_entry_reverses_id")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_ledger_entry_year_number")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entry_posted_on", ["posted_on", "id"], unique=False)
        batch_op.create_index("ix_ledger_entry_source", ["source", "source_id"], unique=False)

    op.create_table(
        "period_lock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locked_through", sa.Date(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_period_lock_created_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_lock")),
        sa.UniqueConstraint("locked_through", name=op.f("uq_period_lock_locked_through")),
    )
    op.create_table(
        "room_surcharge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("income_kind", sa.String(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("how IN ('always', 'chosen', 'deposit', 'key')", name=op.f("ck_room_surcharge_how")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_surcharge_room_id_room")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_surcharge")),
        sa.UniqueConstraint("room_id", "code", name=op.f("uq_room_surcharge_room_id_code")),
    )
    with op.batch_alter_table("room_surcharge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_surcharge_room_id"), ["room_id"], unique=False)

    op.create_table(
        "charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("supplied_from", sa.Date(), nullable=False),
        sa.Column("supplied_until", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("normal_cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("settled_cents", sa.BigInteger(), nullable=False),
        sa.Column("reduction", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by_id", sa.Integer(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(total_cents = 0) = (entry_id IS NULL)", name=op.f("ck_charge_posted")),
        sa.CheckConstraint("cancelled_at IS NULL OR settled_cents = 0", name=op.f("ck_charge_cancelled_is_empty")),
        sa.CheckConstraint("normal_cents >= total_cents", name=op.f("ck_charge_normal")),
        sa.CheckConstraint("person_id IS NOT NULL OR organisation_id IS NOT NULL", name=op.f("ck_charge_debtor")),
        sa.CheckConstraint("settled_cents BETWEEN 0 AND total_cents", name=op.f("ck_charge_settled")),
        sa.CheckConstraint("supplied_from <= supplied_until", name=op.f("ck_charge_supplied")),
        sa.ForeignKeyConstraint(["cancelled_by_id"], ["person.id"], name=op.f("fk_charge_cancelled_by_id_person")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_charge_created_by_id_person")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_charge_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_charge_house_id_house")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_charge_organisation_id_organisation")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_charge_person_id_person")),
        sa.ForeignKeyConstraint(["replaces_id"], ["charge.id"], name=op.f("fk_charge_replaces_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charge_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index("ix_charge_house", ["house_id", "id"], unique=False)
        batch_op.create_index(
            "ix_charge_open",
            ["house_id", "due_on", "id"],
            unique=False,
            sqlite_where=sa.text("settled_cents < total_cents AND cancelled_at IS NULL"),
            postgresql_where=sa.text("settled_cents < total_cents AND cancelled_at IS NULL"),
        )
        batch_op.create_index("ix_charge_organisation", ["organisation_id", "id"], unique=False)
        batch_op.create_index("ix_charge_person", ["person_id", "id"], unique=False)
        batch_op.create_index("ix_charge_source", ["source", "source_id"], unique=False)

    op.create_table(
        "deposit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("back_on", sa.Date(), nullable=True),
        sa.Column("held_cents", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('room', 'key', 'thing', 'other')", name=op.f("ck_deposit_kind")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_deposit_cents")),
        sa.CheckConstraint("closed_at IS NULL OR held_cents = 0", name=op.f("ck_deposit_closed_is_empty")),
        sa.CheckConstraint("held_cents BETWEEN 0 AND cents", name=op.f("ck_deposit_held")),
        sa.CheckConstraint("person_id IS NOT NULL OR organisation_id IS NOT NULL", name=op.f("ck_deposit_owner")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_deposit_created_by_id_person")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_deposit_house_id_house")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_deposit_organisation_id_organisation")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_deposit_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
    )
    with op.batch_alter_table("deposit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deposit_not_done",
            ["house_id", "due_on"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index("ix_deposit_person", ["person_id", "id"], unique=False)
        batch_op.create_index("ix_deposit_source", ["source", "source_id"], unique=False)

    op.create_table(
        "expense",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=4), nullable=False),
        sa.Column("payee", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=160), nullable=False),
        sa.Column("voucher_no", sa.String(length=40), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("sphere", sa.String(length=1), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.Column("offering_code", sa.String(length=8), nullable=True),
        sa.Column("fund_code", sa.String(length=8), nullable=True),
        sa.Column("eligible_cents", sa.BigInteger(), nullable=False),
        sa.Column("release_entry_id", sa.Integer(), nullable=True),
        sa.Column("cash_day_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("method IN ('cash', 'bank')", name=op.f("ck_expense_method")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_expense_cents")),
        sa.CheckConstraint("eligible_cents >= 0", name=op.f("ck_expense_eligible")),
        sa.CheckConstraint("vat_cents BETWEEN 0 AND cents", name=op.f("ck_expense_vat")),
        sa.ForeignKeyConstraint(["account_code"], ["ledger_account.code"], name=op.f("fk_expense_account_code_ledger_account")),
        sa.ForeignKeyConstraint(["cash_day_id"], ["cash_day.id"], name=op.f("fk_expense_cash_day_id_cash_day")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_expense_created_by_id_person")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_expense_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name=op.f("fk_expense_fund_code_fund")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_expense_house_id_house")),
        sa.ForeignKeyConstraint(["offering_code"], ["offering.code"], name=op.f("fk_expense_offering_code_offering")),
        sa.ForeignKeyConstraint(["release_entry_id"], ["ledger_entry.id"], name=op.f("fk_expense_release_entry_id_ledger_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_expense_year_number")),
    )
    with op.batch_alter_table("expense", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expense_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_expense_cash_day_id"), ["cash_day_id"], unique=False)
        batch_op.create_index("ix_expense_fund", ["fund_code", "paid_on"], unique=False)
        batch_op.create_index("ix_expense_house_day", ["house_id", "paid_on", "method"], unique=False)

    op.create_table(
        "ledger_line",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.Column("sphere", sa.String(length=1), nullable=False),
        sa.Column("offering_code", sa.String(length=8), nullable=True),
        sa.Column("fund_code", sa.String(length=8), nullable=True),
        sa.Column("house_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("sphere IN ('1', '2', '3', '4', '9')", name=op.f("ck_ledger_line_sphere")),
        sa.CheckConstraint("(debit_cents > 0) <> (credit_cents > 0)", name=op.f("ck_ledger_line_one_side")),
        sa.CheckConstraint("debit_cents >= 0 AND credit_cents >= 0", name=op.f("ck_ledger_line_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_code"], ["ledger_account.code"], name=op.f("fk_ledger_line_account_code_ledger_account")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["ledger_entry.id"],
            name=op.f("fk_ledger_line_entry_id_ledger_entry"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name=op.f("fk_ledger_line_fund_code_fund")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_ledger_line_house_id_house")),
        sa.ForeignKeyConstraint(["offering_code"], ["offering.code"], name=op.f("fk_ledger_line_offering_code_offering")),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_ledger_line")),
    )
    with op.batch_alter_table("ledger_line", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_line_account", ["account_code", "entry_id"], unique=False)
        batch_op.create_index("ix_ledger_line_fund", ["fund_code", "account_code"], unique=False)

    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("method", sa.String(length=4), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=160), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_payment_direction")),
        sa.CheckConstraint("method IN ('cash', 'bank')", name=op.f("ck_payment_method")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_payment_cents")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_payment_created_by_id_person")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_payment_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_payment_house_id_house")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_payment_organisation_id_organisation")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_payment_person_id_person")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["person.id"], name=op.f("fk_payment_undone_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_payment_year_number")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index("ix_payment_house_day", ["house_id", "on_day", "method"], unique=False)
        batch_op.create_index("ix_payment_person", ["person_id", "id"], unique=False)

    op.create_table(
        "charge_line",
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind_code", sa.String(length=30), nullable=False),
        sa.Column("text", sa.String(length=160), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("normal_cents", sa.BigInteger(), nullable=False),
        sa.Column("tax_code", sa.String(length=10), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents >= 0 AND normal_cents >= cents", name=op.f("ck_charge_line_cents")),
        sa.CheckConstraint("vat_cents BETWEEN 0 AND cents", name=op.f("ck_charge_line_vat")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_line_charge_id_charge")),
        sa.ForeignKeyConstraint(["kind_code"], ["income_kind.code"], name=op.f("fk_charge_line_kind_code_income_kind")),
        sa.PrimaryKeyConstraint("charge_id", "position", name=op.f("pk_charge_line")),
    )
    op.create_table(
        "deposit_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind <> 'kept' OR reason <> ''", name=op.f("ck_deposit_movement_kept_with_reason")),
        sa.CheckConstraint("kind IN ('taken', 'returned', 'kept', 'undone')", name=op.f("ck_deposit_movement_kind")),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_deposit_movement_cents")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_deposit_movement_created_by_id_person")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_movement_deposit_id_deposit")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_deposit_movement_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_deposit_movement_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_movement")),
    )
    with op.batch_alter_table("deposit_movement", schema=None) as batch_op:
        batch_op.create_index("ix_deposit_movement_deposit", ["deposit_id"], unique=False)
        batch_op.create_index("ix_deposit_movement_payment", ["payment_id"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'correction')", name=op.f("ck_invoice_kind")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_invoice_charge_id_charge")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoice.id"], name=op.f("fk_invoice_corrects_id_invoice")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_invoice_created_by_id_person")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_invoice_house_id_house")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("charge_id", "kind", name=op.f("uq_invoice_charge_id_kind")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_invoice_year_number")),
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_refund_cents")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_refund_charge_id_charge")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_refund_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["house_id"], ["house.id"], name=op.f("fk_refund_house_id_house")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_refund_organisation_id_organisation")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_refund_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index("ix_refund_charge", ["charge_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_refund_unpaid",
            ["house_id", "id"],
            unique=False,
            sqlite_where=sa.text("payment_id IS NULL"),
            postgresql_where=sa.text("payment_id IS NULL"),
        )

    op.create_table(
        "settlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("deposit_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('payment', 'waiver', 'deposit', 'moved', 'undone')", name=op.f("ck_settlement_kind")),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_settlement_cents")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_settlement_charge_id_charge")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_settlement_created_by_id_person")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_settlement_deposit_id_deposit")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_settlement_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_settlement_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
    )
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.create_index("ix_settlement_charge", ["charge_id"], unique=False)
        batch_op.create_index("ix_settlement_payment", ["payment_id"], unique=False)

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extras", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.add_column(sa.Column("income_kind", sa.String(length=30), nullable=False, server_default="room"))

    with op.batch_alter_table("tariff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("season", sa.String(length=11), nullable=False, server_default=""))

    # ### end Alembic commands ###
    fill()
    for statement in postgresql_guards() if op.get_bind().dialect.name == "postgresql" else sqlite_guards():
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    unfill()
    # ### commands auto generated by Alembic - please adjust! ###
    with op.batch_alter_table("tariff", schema=None) as batch_op:
        batch_op.drop_column("season")

    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_column("income_kind")

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_column("extras")

    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.drop_index("ix_settlement_payment")
        batch_op.drop_index("ix_settlement_charge")

    op.drop_table("settlement")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_refund_unpaid", sqlite_where=sa.text("payment_id IS NULL"), postgresql_where=sa.text("payment_id IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_refund_person_id"))
        batch_op.drop_index("ix_refund_charge")

    op.drop_table("refund")
    op.drop_table("invoice")
    with op.batch_alter_table("deposit_movement", schema=None) as batch_op:
        batch_op.drop_index("ix_deposit_movement_payment")
        batch_op.drop_index("ix_deposit_movement_deposit")

    op.drop_table("deposit_movement")
    op.drop_table("charge_line")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_entry_id"))
        batch_op.drop_index("ix_payment_person")
        batch_op.drop_index("ix_payment_house_day")

    op.drop_table("payment")
    with op.batch_alter_table("ledger_line", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_line_fund")
        batch_op.drop_index("ix_ledger_line_account")

    op.drop_table("ledger_line")
    with op.batch_alter_table("expense", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_expense_entry_id"))
        batch_op.drop_index("ix_expense_house_day")
        batch_op.drop_index("ix_expense_fund")
        batch_op.drop_index(batch_op.f("ix_expense_cash_day_id"))

    op.drop_table("expense")
    with op.batch_alter_table("deposit", schema=None) as batch_op:
        batch_op.drop_index("ix_deposit_source")
        batch_op.drop_index("ix_deposit_person")
        batch_op.drop_index(
            "ix_deposit_not_done", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )

    op.drop_table("deposit")
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_charge_entry_id"))
        batch_op.drop_index("ix_charge_source")
        batch_op.drop_index("ix_charge_person")
        batch_op.drop_index("ix_charge_organisation")
        batch_op.drop_index(
            "ix_charge_open",
            sqlite_where=sa.text("settled_cents < total_cents AND cancelled_at IS NULL"),
            postgresql_where=sa.text("settled_cents < total_cents AND cancelled_at IS NULL"),
        )
        batch_op.drop_index("ix_charge_house")

    op.drop_table("charge")
    with op.batch_alter_table("room_surcharge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_surcharge_room_id"))

    op.drop_table("room_surcharge")
    op.drop_table("period_lock")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_source")
        batch_op.drop_index("ix_ledger_entry_posted_on")

    op.drop_table("ledger_entry")
    op.drop_table("income_kind")
    op.drop_table("fund")
    op.drop_table("cash_day")
    with op.batch_alter_table("offering", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offering_house_id"))

    op.drop_table("offering")
    op.drop_table("account_balance")
    op.drop_table("operator")
    op.drop_table("ledger_account")
    # ### end Alembic commands ###
