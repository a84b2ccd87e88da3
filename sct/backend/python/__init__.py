"""From SSA back to Python: expressions folded, names given, text written."""
