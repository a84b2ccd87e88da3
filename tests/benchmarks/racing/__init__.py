"""What `race.py` runs: problems, the peers' versions of them, what is measured of both, and how it is told."""
