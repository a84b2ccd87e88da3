"""Modules that are generated from many functions, and what must hold of them."""
