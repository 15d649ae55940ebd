"""What people fill in about things: residents in `own`, the desk in `things` and `pieces`, the manager in `classes`."""
