"""Derivatives as loops held against the same derivatives as calls of NumPy's, of everything: `python -m tests.nests`."""
