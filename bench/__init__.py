"""Measuring the house beside a hello-world: ``make bench`` (``make bench ARGS=--quick`` in about three minutes)."""
