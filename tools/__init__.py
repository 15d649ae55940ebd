"""Programs behind the Makefile. What runs before anything is installed uses the standard library only."""
