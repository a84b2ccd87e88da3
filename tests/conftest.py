"""What all tests share: single-threaded products, and one seed."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest


@pytest.fixture
def rng():
    """The same random numbers in every test."""
    return np.random.default_rng(20240229)
