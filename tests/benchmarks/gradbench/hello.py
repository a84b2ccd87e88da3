"""A number squared, and the derivative of that."""

from .tasks import Task, function, gradient, number

__all__ = ["FUNCTIONS", "square"]


def square(x):
    return x * x


def _prepared(given):
    return (float(given),)


FUNCTIONS = {
    "square": Task(_prepared, function(square), number),
    "double": Task(_prepared, gradient(square, "x"), number),
}
