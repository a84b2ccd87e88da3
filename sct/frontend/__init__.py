"""From a Python function to untyped structured SSA: read its source, refuse what is not supported, lower the rest."""

from sct.frontend.lower import lower

__all__ = ["lower"]
