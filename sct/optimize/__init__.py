"""Passes from SSA to SSA that keep the meaning: the driver is a list."""
