"""Forms of money, by drawer."""
