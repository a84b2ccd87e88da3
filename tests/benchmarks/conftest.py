"""Peers of the race are not needed by tests: what imports them is not looked through for doctests."""

collect_ignore_glob = ["*/*jax*.py", "*/*torch*.py"]
