"""Promises across features, kept through pages only."""
