"""Interpreters, trees and algorithms, with numbers that are differentiated by."""

import logging
import math
import operator

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(12)
normal = normal_of(RNG)
log = logging.getLogger(__name__)


class Number:
    def __init__(self, value):
        self.value = value

    def evaluate(self, env):
        return self.value


class Variable:
    def __init__(self, name):
        self.name = name

    def evaluate(self, env):
        return env[self.name]


class Binary:
    def __init__(self, op, left, right):
        self.op = op
        self.left = left
        self.right = right

    def evaluate(self, env):
        a, b = self.left.evaluate(env), self.right.evaluate(env)
        if self.op == "+":
            return a + b
        if self.op == "*":
            return a * b
        raise ValueError(self.op)


@program(
    Binary("+", Binary("*", Variable("x"), Variable("y")), Binary("*", Number(2.0), Variable("x"))),
    {"x": 1.5, "y": 0.5},
    refused=("checkpoint",),
)
def expression_tree(tree, env):
    return tree.evaluate(env) ** 2


@program({"a": 1.5, "b": 0.4, "c": 2.5})
def calculator(variables):
    """An expression in infix notation, by two stacks."""

    def apply_top(values, operators):
        op = operators.pop()
        right, left = values.pop(), values.pop()
        values.append(operations[op](left, right))

    precedence = {"+": 1, "-": 1, "*": 2, "/": 2}
    operations = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
    values, operators = [], []
    for token in "( a + b * c ) / ( b + 2 )".split():
        if token == "(":
            operators.append(token)
        elif token == ")":
            while operators[-1] != "(":
                apply_top(values, operators)
            operators.pop()
        elif token in operations:
            while operators and operators[-1] != "(" and precedence[operators[-1]] >= precedence[token]:
                apply_top(values, operators)
            operators.append(token)
        elif token in variables:
            values.append(variables[token])
        else:
            values.append(float(token))
    while operators:
        apply_top(values, operators)
    return values[0]


@program(np.array([0.1, -0.2, 0.3, 0.5]))
def stack_machine(x):
    """A program in reverse Polish notation; numbers stand for entries of x."""
    code = "0 1 + 2 * sin 3 -"
    stack = []
    operations = {"+": operator.add, "-": operator.sub, "*": operator.mul}
    for token in code.split():
        if token in operations:
            b = stack.pop()
            a = stack.pop()
            stack.append(operations[token](a, b))
        elif token == "sin":
            stack.append(np.sin(stack.pop()))
        else:
            stack.append(x[int(token)])
    return stack[0]


@program(np.array([3.0, 1.0, 2.0, 5.0]), refused=("checkpoint",))
def bubble_sort(x):
    a = list(x)
    n = len(a)
    for i in range(n):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return sum(k * v for k, v in enumerate(a))


def merge_sort(items):
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle]), merge_sort(items[middle:])
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]


@program([3.0, 1.5, 2.0, 5.0, 0.5], refused=("checkpoint",))
def median_of_sorted(x):
    ordered = merge_sort(x)
    return ordered[len(ordered) // 2] ** 2 + 0.1 * ordered[0]


class Dual:
    """A number with its derivative."""

    def __init__(self, value, derivative=0.0):
        self.value = value
        self.derivative = derivative

    @staticmethod
    def lift(other):
        return other if isinstance(other, Dual) else Dual(other)

    def __add__(self, other):
        other = self.lift(other)
        return Dual(self.value + other.value, self.derivative + other.derivative)

    __radd__ = __add__

    def __mul__(self, other):
        other = self.lift(other)
        return Dual(self.value * other.value, self.value * other.derivative + self.derivative * other.value)

    __rmul__ = __mul__

    def __pow__(self, n):
        return Dual(self.value**n, n * self.value ** (n - 1) * self.derivative)


@program(1.7)
def dual_numbers(x):
    def f(z):
        return 3 * z**2 + z * 2 + z**3 * z

    return f(Dual(x, 1.0)).derivative


class Scalar:
    """A node of a graph of operations that goes back through itself, as in small teaching libraries."""

    def __init__(self, data, parents=(), local=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.local = local

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return Scalar(t, (self,), (1 - t**2,))

    def backward(self, seed=1.0):
        self.grad += seed
        for parent, local in zip(self.parents, self.local):
            parent.backward(seed * local)


@program([0.7, -0.4], [1.5, 0.3], 0.2)
def small_autograd(weights, inputs, bias):
    """The gradients of a neuron by an engine that records scalars: what is differentiated here is the engine."""
    ws = [Scalar(w) for w in weights]
    xs = [Scalar(x) for x in inputs]
    total = Scalar(bias)
    for w, x in zip(ws, xs):
        total = total + w * x
    out = total.tanh()
    (out * out).backward()
    return sum(w.grad**2 for w in ws) + xs[0].grad


@program(np.array([0.2, 0.7, 0.1]), {"clip": None, "mode": "l2", "verbose": True})
def options_in_a_dict(x, options):
    if options.get("verbose"):
        log.debug("x=%s", x)
    scale = options.get("scale", 2.0)
    norm = {"l1": lambda v: np.abs(v).sum(), "l2": lambda v: np.sqrt((v**2).sum())}[options["mode"]]
    if options["clip"] is not None:
        x = np.clip(x, *options["clip"])
    return scale * norm(x)


@program(np.array([2.0, 1.0]), 3)
def series_from_a_generator(x, n):
    def terms():
        t = 1.0
        for k in range(n):
            yield t
            t = t * x[0] / (k + 1)

    return sum(terms()) * x[1]


@program([0.5, 1.2, 0.8, 2.0], [3.0, 2.0, 4.0, 1.0], 3.0)
def fractional_knapsack(weights, values, capacity):
    items = sorted(zip(weights, values), key=lambda item: item[1] / item[0], reverse=True)
    total = 0.0
    for weight, value in items:
        if capacity <= 0:
            break
        fraction = min(1.0, capacity / weight)
        total += fraction * value
        capacity -= fraction * weight
    return total


@program("kitten", "sitting", {"insert": 1.1, "delete": 0.9, "substitute": 1.3})
def edit_distance(a, b, costs):
    """The weighted distance of two words, by a table."""
    m, n = len(a), len(b)
    D = [[0.0] * (n + 1) for _ in range(m + 1)]
    for i in range(1, m + 1):
        D[i][0] = D[i - 1][0] + costs["delete"]
    for j in range(1, n + 1):
        D[0][j] = D[0][j - 1] + costs["insert"]
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            same = a[i - 1] == b[j - 1]
            D[i][j] = min(
                D[i - 1][j] + costs["delete"],
                D[i][j - 1] + costs["insert"],
                D[i - 1][j - 1] + (0.0 if same else costs["substitute"]),
            )
    return D[m][n]
