"""The ground every feature stands on: clock, database, web edge, jobs, languages. It knows no feature."""
