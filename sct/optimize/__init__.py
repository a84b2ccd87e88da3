"""Passes from SSA to SSA that keep the meaning; `passes` has the lists of them, which are all that the driver is.

No passes, but what passes are made of: `rewriter`, the walk of most; `arithmetic`, in which numbers an operation computes;
`products`, chains of products; `polynomials` and `meaning`, what a value is as a polynomial.
"""
