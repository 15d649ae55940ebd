"""The audit journal: who did what to what, when. Rows are written once and never changed; the database sees to it."""
