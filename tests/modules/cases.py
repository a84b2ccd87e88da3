"""What modules are generated of: the kernels, the whole programs, and functions of these tests' own, in every transform."""

import copy
import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from kernel_samples import NAMES, is_refused, sample
from programs import PEERS
from trees import random_like

import sct

from .functions import CASES, thresholded

TRANSFORMS = ("grad", "value_and_grad", "vjp", "pullback", "elementwise_grad", "adjoint", "jvp", "linearize")


@dataclass(frozen=True)
class Case:
    """A module: a derivative of a function for arguments of some types. "adjoint" is a vjp that adds to buffers."""

    name: str
    function: Any
    args: tuple[Any, ...]
    wrt: Any
    transform: str

    @property
    def file(self) -> str:
        return f"{self.name}_{self.transform}.py"

    def text(self) -> str:
        """The module."""
        options = {"accumulate": True} if self.transform == "adjoint" else {}
        transform = "vjp" if options else self.transform
        return sct.generate(self.function, transform, self.wrt, like=copy.deepcopy(self.args), name="derivative", **options)

    def cotangent(self) -> Any:
        """An adjoint of the result."""
        return random_like(self.function(*copy.deepcopy(self.args)), np.random.default_rng(1))

    def call(self) -> tuple[Any, ...]:
        """The arguments of the module's function; last what a pullback or a linearization is called with."""
        last = (self.cotangent(),) if self.transform in ("vjp", "pullback", "adjoint") else ()
        if self.transform == "jvp":
            last = self.tangents()
        if self.transform == "linearize":
            last = (self.tangents(),)
        return (*copy.deepcopy(self.args), *last, *(self.buffers() if self.transform == "adjoint" else ()))

    def tangents(self) -> tuple[Any, ...]:
        """A tangent for each parameter that it is differentiated by."""
        names = list(inspect.signature(self.function).parameters)
        wrt = self.wrt if isinstance(self.wrt, tuple) else (self.wrt,)
        places = [w if isinstance(w, int) else names.index(w) for w in wrt]
        return tuple(random_like(self.args[k], np.random.default_rng(3)) for k in places)

    def buffers(self) -> tuple[Any, ...]:
        return random_like(self.adjoints(), np.random.default_rng(2))

    def adjoints(self) -> tuple[Any, ...]:
        """What sct gives for the parameters, in a tuple."""
        wrt = self.wrt if isinstance(self.wrt, tuple) else (self.wrt,)
        return sct.vjp(self.function, wrt)(*copy.deepcopy(self.args), self.cotangent())[1]

    def expected(self) -> Any:
        """What sct gives."""
        if self.transform == "adjoint":
            return self.buffers(), self.adjoints()
        if self.transform == "pullback":
            value, pull = sct.pullback(self.function, self.wrt)(*copy.deepcopy(self.args))
            return value, pull(self.cotangent())
        if self.transform == "linearize":
            value, push = sct.linearize(self.function, self.wrt)(*copy.deepcopy(self.args))
            return value, push(*self.tangents())
        return getattr(sct, self.transform)(self.function, self.wrt)(*self.call())


def functions():
    """All functions: names, functions, arguments, what they are differentiated by, and whether they give a number."""
    for name in NAMES:
        if not is_refused(name):
            yield (f"kernel_{name}", *sample(name))
    for k, p in enumerate(sorted(PEERS, key=lambda p: p.name)):
        yield f"program_{k}_{p.name}", p.function, p.args, p.wrt
    for k, (f, args, wrt) in enumerate(CASES):
        bound = inspect.signature(f).bind(*args)
        bound.apply_defaults()
        yield f"own_{k}_{getattr(f, '__name__', 'partial')}", f, bound.args, wrt


def transforms_of(f, args):
    """The transforms that a function has."""
    y = f(*copy.deepcopy(args))
    number = not isinstance(y, (dict, tuple, list)) and np.ndim(y) == 0
    left_out = [] if number else ["grad", "value_and_grad"]
    return [t for t in TRANSFORMS if t not in (*left_out, *(() if f is thresholded else ("elementwise_grad",)))]


def every_case(match=""):
    """All functions with `match` in their names, in all transforms that they have."""
    for name, f, args, wrt in functions():
        if match not in name:
            continue
        for transform in transforms_of(f, args):
            yield Case(name, f, args, wrt, transform)


def one_case_each():
    """Every eighth function in one transform: all transforms have their turn."""
    for turn, (name, f, args, wrt) in enumerate(functions()):
        if turn % 8 == 0:
            own = transforms_of(f, args)
            yield Case(name, f, args, wrt, own[turn // 8 % len(own)])
