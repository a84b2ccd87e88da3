"""What a value without a name may be called, the best first."""

import pytest

from sct.analysis.wording import wordings
from sct.ir.parser import parse

HEAD = "def f(%x: float64[x.0], %w: float64[w.0, x.0], %s: float, %i: int=i, %k: int64[x.0]):\n"


def names(statement):
    (s,) = parse(f"{HEAD}    {statement}\n    yield %t\n").block.body
    return list(wordings(s, lambda v: v.name))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("%t = np.exp(%x)  # float64[x.0]", ["exp", "exp_x"]),
        ("%t = np.sqrt(%x)  # float64[x.0]", ["root", "root_x"]),
        ("%t = np.sum(%x)  # float64[]", ["total", "total_x"]),
        ("%t = np.max(%x)  # float64[]", ["largest", "largest_x"]),
        ("%t = operator.truediv(%x, %s)  # float64[x.0]", ["ratio", "ratio_x", "ratio_x_s", "ratio_s"]),
        ("%t = operator.truediv(1.0, %s)  # float", ["inverse", "inverse_s"]),
        ("%t = operator.mul(%x, %x)  # float64[x.0]", ["square", "square_x"]),
        ("%t = operator.mul(2.0, %x)  # float64[x.0]", ["twice", "twice_x"]),
        ("%t = operator.matmul(%w, %x)  # float64[w.0]", ["product", "product_w", "product_w_x", "product_x"]),
        ("%t = operator.sub(1.0, %x)  # float64[x.0]", ["rest", "rest_x"]),
        ("%t = operator.gt(%x, %s)  # bool[x.0]", ["above", "above_x", "above_x_s", "above_s"]),
        ("%t = operator.add(%i, 1)  # int=i + 1", ["next_i", "shifted", "shifted_i"]),
        ("%t = operator.sub(%i, 1)  # int=i - 1", ["previous_i", "shifted", "shifted_i"]),
        ("%t = operator.getitem(%x, %i)  # float64[]", ["x_i", "x_entry", "entry"]),
        ("%t = operator.getitem(%x, 0)  # float64[]", ["x_first", "x_entry", "entry"]),
        ("%t = operator.getitem(%w, (%i, ::))  # float64[x.0]", ["w_i", "w_part", "part"]),
        ("%t = operator.getitem(%x, %k)  # float64[x.0]", ["x_k", "x_picked", "picked"]),
    ],
)
def test_names(statement, expected):
    found = list(dict.fromkeys(names(statement)))
    assert found[: len(expected)] == expected


def test_no_name_hides_a_builtin():
    assert not {"sum", "max", "abs", "len"} & {
        n for op in ("sum", "max", "abs") for n in names(f"%t = np.{op}(%x)  # float64[]")
    }
