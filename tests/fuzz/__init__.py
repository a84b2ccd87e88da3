"""Programs made at random, and what must hold of their derivatives."""
