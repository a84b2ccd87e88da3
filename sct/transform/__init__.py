"""Differentiation, as a step from SSA to SSA."""
