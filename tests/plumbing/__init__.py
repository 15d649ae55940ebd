"""Real things for tests to run against: a PostgreSQL, a running house, a mail server. No pytest in here."""
