"""What programs in Python's own constructs are made of: statements, by construct, with holes as in `constructs`.

They speak of functions and objects as well as of arrays and containers: `<fun>` is a function of a vector that gives one,
`<law>` one of a number, and the other kinds are objects of the classes in `HELPERS`.
"""

from __future__ import annotations

from . import constructs as of_memory

__all__ = ["CLASSES", "EXPRESSIONS", "HELPERS", "KINDS", "STATEMENTS", "TERMS"]

KINDS = {
    **of_memory.KINDS,
    "fun": ("g", "move"),  # functions of a vector that give one
    "law": ("law", "rule"),  # of a number
    "funs": ("funs", "moves"),  # lists of functions of a vector
    "point": ("o", "t0"),
    "pt": ("pt", "goal"),  # objects with operators
    "force": ("force", "pull"),  # of a class that inherits
    "state": ("state", "old"),  # named tuples
    "config": ("config", "other"),  # of a dataclass
    "stack": ("stack", "pile"),  # objects that hold a list
    "node": ("first", "link"),  # each with the next one
    "net": ("net", "params"),  # dicts of dicts of vectors
    "cases": ("cases", "records"),  # lists of dicts of vectors
    "model": ("model", "trained"),  # objects that are given
    "rate": ("rate", "slow"),
    "h": ("h", "h0"),
}
"""Kinds of what a name refers to, and names for what is made."""

CLASSES = {
    "Body": "body",
    "Point": "pt",
    "Spring": "force",
    "State": "state",
    "Config": "config",
    "Stack": "stack",
    "Node": "node",
    "Model": "model",
    "Rate": "rate",
    "SimpleNamespace": "h",
}
"""The kinds of objects, by their class."""

HELPERS = {
    **of_memory.HELPERS,
    "Point": """class Point:
    count = 3

    def __init__(self, v, w):
        self.v = v
        self.w = w

    def __add__(self, other):
        return Point(self.v + other.v, self.w + other.w)

    def __sub__(self, other):
        return Point(self.v - other.v, self.w)

    def __mul__(self, s):
        return Point(self.v * s, self.w * 0.9)

    __rmul__ = __mul__

    def __neg__(self):
        return Point(-self.v, self.w)

    def __getitem__(self, i):
        return self.v[i]

    def __setitem__(self, i, s):
        self.v[i] = s

    def __len__(self):
        return self.count

    def __call__(self, a):
        return self.v * a + self.w

    @property
    def size(self):
        return np.sum(self.v**2) * 0.3

    @property
    def head(self):
        return self.v[0]

    @head.setter
    def head(self, s):
        self.v[0] = s

    @classmethod
    def of(cls, v):
        return cls(v * 0.9, 0.4)

    @staticmethod
    def mix(a, b):
        return 0.5 * (a + b)

    def shift(self, s):
        self.w = self.w + 0.5 * s
        return self
""",
    "Spring": """class Force:
    scale = 0.7

    def __init__(self, v):
        self.v = v

    def at(self, a):
        return self.scale * self.v * a

    def total(self, a):
        return np.sum(self.at(a)) * 0.5


class Spring(Force):
    def __init__(self, v, w):
        super().__init__(v)
        self.w = w

    def at(self, a):
        return super().at(a) + self.w
""",
    "State": "from collections import namedtuple\n\nState = namedtuple('State', ['v', 'w'])\n",
    "Config": """import dataclasses


@dataclasses.dataclass
class Config:
    v: np.ndarray
    w: float = 0.5

    def scaled(self, s):
        return Config(self.v * s, w=self.w * 0.9)
""",
    "Stack": """class Stack:
    def __init__(self, *items):
        self.items = list(items)
        self.pushed = 0

    def push(self, v):
        self.items.append(v)
        self.pushed += 1

    def pop(self):
        return self.items.pop()

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)

    @property
    def top(self):
        return self.items[-1]
""",
    "Node": "class Node:\n    def __init__(self, v, then=None):\n        self.v = v\n        self.then = then\n",
    "Scope": """class Scope:
    def __init__(self, v):
        self.v = v

    def __enter__(self):
        self.v *= 0.9
        return self

    def __exit__(self, *exc):
        self.v[0] = 0.5
        return False
""",
    "ramp": "def ramp(a, n):\n    for i in range(n):\n        yield a * (0.5 * i)\n",
    "halves": "def halves(p):\n    for v in p:\n        yield v[:2]\n        yield v[1:]\n",
    "until": "def until(a, s):\n    while a[0] < s:\n        yield a\n        a = a + 0.4\n",
    "mean": "def mean(*vs):\n    return sum(vs) / len(vs)\n",
    "blend": "def blend(a, *, s=0.5, **more):\n    return a * s + more.get('w', 0.1)\n",
    "affine": "def affine(a, b, /, s=0.9, *more):\n    for v in more:\n        b = b + v\n    return s * a + b\n",
    "adder": "def adder(a):\n    def added(v):\n        return v + a\n\n    return added\n",
    "applied": "def applied(g, a, n):\n    for _ in range(n):\n        a = 0.5 * g(a)\n    return a\n",
    "composed": "def composed(g, k):\n    return lambda v: 0.7 * g(k(v))\n",
    "fading": (
        "def fading(s):\n    def step(v):\n        nonlocal s\n        s = s * 0.9\n        return v * s\n\n    return step\n"
    ),
    "partial": "from functools import partial\n",
    "reduce": "from functools import reduce\n",
    "itertools.": "import itertools\n",
    "operator.": "import operator\n",
    "math.": "import math\n",
}
"""Functions, classes and imports, by the name that calls for them."""

EXPRESSIONS: dict[str, tuple[str, ...]] = {
    **of_memory.EXPRESSIONS,
    "new": (
        "0.9 * <vec>",
        "<vec> + <vec2>",
        "<vec> * <value>",
        "np.sin(<vec>)",
        "<vec>.copy()",
        "np.array([<value>, <value>, 0.5])",
        "0.3 * <mat> @ <vec>",
        "mean(<vec>, <vec2>)",
        "blend(<vec>, s=<value>)",
        "0.5 * <fun>(<vec>)",
        "<pt>(<vec>)",
        "<force>.at(<vec>)",
        "applied(<fun>, <vec>, n)",
        "<state>.v * 0.9",
        "<config>.scaled(0.5).v",
        "np.zeros(3)",
    ),
    "ref": (
        "<vec>",
        "<vec>",
        "<vec>[::-1]",
        "<mat>[<at>]",
        "<vecs>[<k>]",
        "<named>['w']",
        "<body>.v",
        "<pt>.v",
        "<state>.v",
        "<config>.v",
        "<stack>.top",
        "<node>.v",
        "<net>['enc']['w']",
        "<cases>[<k>]['b']",
        "<vec> if <test> else <vec2>",
    ),
    "value": (
        "0.5",
        "0.3 * n",
        "<vec>[<at>]",
        "<vec>[<at>] * 0.8",
        "np.sum(<vec>) * 0.1",
        "<vec> @ <vec2> * 0.2",
        "<num>",
        "0.5 * <law>(0.3)",
        "<law>(<vec>[0]) * 0.5",
        "<pt>.size",
        "<pt>[<at>]",
        "<pt>.w",
        "<force>.total(<vec>)",
        "<force>.w",
        "<state>.w",
        "<config>.w",
        "<nums>[<k>]",
        "math.tanh(<vec>[1])",
        "float(<vec>[1])",
    ),
    "test": (
        "np.sum(<vec>) > 0.0",
        "<vec>[0] > 0.3",
        "n > 2",
        "<i> % 2 == 0",
        "0.0 < <vec>[1] < 0.8",
        "n > 1 and <vec>[0] > 0.1",
        "not <vec>[2] > 0.2 or n > 2",
        "len(<stack>) > 2",
        "'w' in <named>",
        "<pt>.size > 0.4",
    ),
}
"""What may stand in a hole, by its name."""

_BASE = (
    "arithmetic",
    "a third name",
    "a write",
    "a value kept while memory changes",
    "an entry replaced",
    "a list grows",
    "a loop",
    "while",
    "break",
    "an exception",
    "with, match or :=",
)

STATEMENTS: dict[str, tuple[str, ...]] = {
    **{name: of_memory.STATEMENTS[name] for name in _BASE},
    "a function inside": (
        "def g(v):  # whole\n    return v * <vec> + 0.1",
        "def g(v):  # whole\n    v = v * 0.9\n    v[<at>] = <value>\n    return v",
        "def g(v):\n    s = v * 0.5\n    return s + <vec>\n<VEC> = g(<vec2>)",
        "def g(v):  # whole\n    return v * <value>\n<vec> = 0.9 * <vec2>\n<VEC> = g(<vec>)",
        "def law(t):  # whole\n    return np.sin(t) * <vec>[0] + t\n<NUM> = law(<value>)",
        "def g(v):  # whole\n    if v[0] > 0.2:\n        return v * 0.8\n    return v + <vec>\n<VEC> = g(<ref>)",
        "def law(t, s=<value>):  # whole\n    return t * s\n<NUM> = law(0.7) + law(0.2, s=<value>)",
        "def g(v):  # whole\n    <vec>[<at>] *= 0.9\n    return v + <vec>\n<VEC> = g(<vec2>)",
        "for i in range(n):\n    def times(u, i=i):  # whole\n        return u * i\n    <vec> = <vec> + 0.1 * times(<vec2>)",
    ),
    "a lambda": (
        "g = lambda v: 0.8 * v + <vec>",
        "law = lambda t: t * <value>\n<NUM> = law(<value>)",
        "law = lambda t: np.tanh(t) if t > 0.1 else 0.5 * t",
        "<VECS> = list(map(lambda v: v * <value>, <vecs>))",
        "<NUM> = sum(map(lambda v: v[0], <vecs>))",
        "<NUM> = (lambda t, s: t * s)(<value>, <value>)",
    ),
    "nonlocal": (
        (
            "<NUM> = <value>\ndef step(v):  # whole\n    nonlocal <NUM>\n    <NUM> = <NUM> * 0.9\n    return v * <NUM>\n"
            "<VEC> = step(<vec>) + step(<vec2>)"
        ),
        "g = fading(<value>)\n<VEC> = g(<vec>) - g(<vec2>)",
        "<NUM> = 0.0\ndef add(t):  # whole\n    nonlocal <NUM>\n    <NUM> += t\nfor i in range(n):\n    add(<vec>[i % 3])",
        "<VEC> = <new>\ndef put_in(t):  # whole\n    <VEC>[n % 3] = t\nput_in(<value>)",
        (
            "count = 0\ndef tick():  # whole\n    nonlocal count\n    count += 1\n    return count\nfor i in range(n):\n"
            "    <vec>[tick() % 3] *= 0.9"
        ),
    ),
    "functions given and returned": (
        "<VEC> = applied(<fun>, <vec>, n)",
        "<VEC> = applied(lambda v: v * <value>, <vec>, n)",
        "g = adder(<vec>)\n<VEC> = g(<vec2>)",
        "g = adder(<vec>)\n<vec>[<at>] = <value>\n<VEC> = 0.5 * g(<vec2>)",
        "move = composed(<fun>, adder(<vec>))\n<VEC> = move(<vec2>)",
        "g = adder(<vec>) if <test> else adder(<vec2>)\n<VEC> = g(<new>)",
        "<VEC> = adder(<vec>)(<vec2>) * 0.5",
    ),
    "functions in containers": (
        "funs = [np.sin, lambda v: v * <vec>]\nfor g_i in funs:\n    <vec> = 0.8 * g_i(<vec>)",
        "funs = [adder(<vec>), <fun>]\n<VEC> = funs[0](<vec2>) * 0.5 + funs[1](<vec2>)",
        "ops = {'s': np.sin, 'c': lambda v: v * <value>}\n<VEC> = ops['c'](<vec>) + ops['s'](<vec2>)",
        "ops = {'s': np.sin, 'c': np.cos}\nfor key in ('s', 'c', 's'):\n    <vec> = 0.7 * ops[key](<vec>)",
        "<NUM> = sum([law_i(<value>) for law_i in (np.tanh, lambda t: t * <value>)])",
        "pair = (adder(<vec>), 0.5)\n<VEC> = pair[0](<vec2>) * pair[1]",
    ),
    "partial and reduce": (
        "<VEC> = reduce(lambda v, w: 0.5 * v + w, <vecs>)",
        "<NUM> = reduce(operator.mul, [<value>, <value>, 0.9])",
        "scaled = partial(blend, s=<value>)\n<VEC> = scaled(<vec>)",
        "shifted = partial(affine, <vec>)\n<VEC> = shifted(<vec2>, 0.5)",
        "<VEC> = reduce(operator.add, [v * 0.5 for v in <vecs>], <vec>)",
        "<NUM> = operator.itemgetter(1)(<vec>) * 0.5",
    ),
    "stars": (
        "<VEC> = mean(*<vecs>)",
        "<VEC> = mean(<vec>, *<vecs>)",
        "<VEC>, *rest = <vecs>\n<VEC>[<at>] = <value>",
        "*rest, <VEC> = <vecs>\n<NUM> = np.sum(rest[0]) * 0.2",
        "<VEC> = blend(<vec>, s=0.8, w=<value>)",
        "options = {'s': <value>, 'w': 0.3}\n<VEC> = blend(<vec>, **options)",
        "<VEC> = affine(<vec>, <vec2>, 0.5, <new>)",
        "<VECS> = [*<vecs>, <new>]",
        "<VEC> = blend(<vec>, **{'w': <value>})",
        "a0, (a1, a2) = <value>, (<value>, 0.5)\n<NUM> = a0 * a1 + a2",
    ),
    "a generator": (
        "for v in ramp(<vec>, n):\n    <vec2> = <vec2> + 0.2 * v",
        "<VECS> = list(ramp(<vec>, n + 1))\n<VECS>[0][<at>] = <value>",
        "<VEC> = sum(ramp(<vec>, n)) + <vec2>",
        "for v in halves(<vecs>):\n    v *= 0.9",
        "for i, v in enumerate(halves(<vecs>)):\n    <vec>[i % 3] += 0.2 * v[0]",
        "for v in until(<vec>, 0.5):\n    <vec2> = <vec2> + 0.1 * v",
        "<NUM> = sum(v[0] * 0.3 for v in <vecs>)",
        "<NUM> = max(v[0] for v in <vecs>) * 0.5",
        "for v, w in zip(ramp(<vec>, n), <vecs>):\n    <vec> = <vec> + 0.1 * v * w",
        "<VEC> = next(iter(<vecs>)) * 0.5",
        "for v in ramp(<vec>, 4):\n    if v[0] > 0.6:\n        break\n    <vec2> = <vec2> * 0.9 + 0.1 * v",
    ),
    "a comprehension": (
        "<VECS> = [v * w for v, w in zip(<vecs>, [0.5, <value>])]",
        "<VECS> = [v for v in [<vec>, <vec2>, <new>] if v is not <vec2>]",
        "<NAMED> = {key: v * 0.9 for key, v in <named>.items()}",
        "<NAMED> = {key: <vec> * i for i, key in enumerate(('w', 'b'))}",
        "<NUMS> = [v[i % 3] for i, v in enumerate(<vecs>)]",
        "<GRID> = [[v[i] * 0.5 for i in range(2)] for v in <vecs>]",
        "<NUM> = sum([v[i] * 0.2 for v in <vecs> for i in range(3) if i != 1])",
        "<NUMS> = [t if t > 0.0 else 0.1 * t for t in <vec>]",
        "<NAMED> = dict((key, <vec> + 0.1) for key in ['w', 'b'])",
    ),
    "sorting and iterators": (
        "<VECS> = sorted(<vecs>, key=lambda v: v[0])\n<VECS>[0][<at>] = <value>",
        "<VEC> = max(<vecs>, key=lambda v: v[1])\n<VEC>[<at>] = <value>",
        "<NUMS> = sorted(<vec>)",
        "<NUM> = min(<vec>[0], <value>, 0.9)",
        "for v, w in itertools.pairwise(<vecs>):\n    <vec> = <vec> + 0.1 * v * w",
        "for v in itertools.chain(<vecs>, [<vec>]):\n    <vec2> = <vec2> + 0.1 * v",
        "for i, j in itertools.product(range(2), range(n)):\n    <vec>[(i + j) % 3] *= 0.9",
        "<NUMS> = list(itertools.accumulate([<value>, <value>, 0.3]))",
        "for i, v in zip(range(n), reversed(<vecs>)):\n    <vec>[i % 3] = 0.5 * v[0]",
        "if any(v[0] > 0.4 for v in <vecs>):\n    <vec> *= 0.9",
        "for i in filter(lambda i: i != 1, range(n + 1)):\n    <vec>[i % 3] *= 0.8",
        "for i, j in np.ndindex(2, 2):\n    <mat>[i, j] *= 0.9",
    ),
    "a class with operators": (
        "<PT> = Point(<vec>, <value>)",
        "<PT> = Point(<ref>, <value>) + Point(<new>, 0.5)",
        "<PT> = <pt> * 0.5 + <pt2>",
        "<PT> = 0.8 * <pt> - <pt2>",
        "<PT> = -<pt>\n<PT>[<at>] = <value>",
        "<pt>[<at>] = <value>",
        "<pt>[<at>] *= 0.9",
        "<VEC> = <pt>(<vec>)",
        "<NUM> = <pt>[1] * len(<pt>) * 0.3",
        "for i in range(n):\n    <pt> = <pt> * 0.9",
        "for i in range(n):\n    <pt> = <pt> + Point(<vec>, 0.1 * i) * 0.3",
        "<pt> += Point(<new>, <value>)",
    ),
    "methods of classes and properties": (
        "<PT> = Point.of(<vec>)",
        "<VEC> = Point.mix(<vec>, <vec2>)",
        "<pt>.head = <value>",
        "<NUM> = <pt>.size + <pt>.head",
        "<pt>.shift(<value>).shift(0.3)",
        "<NUM> = Point.count * 0.2 * <value>",
        "for i in range(n):\n    <pt>.head = <pt>.head * 0.9\n    <pt>.shift(<pt>.size)",
        "<PT> = type(<pt>)(<new>, <value>)",
        "bound = <pt>.shift\nbound(<value>)",
    ),
    "inheritance": (
        "<FORCE> = Spring(<vec>, <value>)",
        "<FORCE> = Spring(<ref>, <value>)\n<VEC> = <FORCE>.at(<vec>)",
        "<VEC> = <force>.at(<vec>)\n<force>.v[<at>] = <value>",
        "<NUM> = <force>.total(<vec>)\n<force>.w *= 0.9",
        "<force>.v = <ref>\n<vec> = 0.9 * <force>.at(<vec2>)",
        "<force>.scale = 0.5\n<VEC> = <force>.at(<vec>)",
        "<NUM> = 0.5 if isinstance(<force>, Spring) else <value>",
    ),
    "a named tuple": (
        "<STATE> = State(<vec>, <value>)\n<NUM> = <STATE>.w * 0.5",
        "<STATE> = State(v=<ref>, w=<value>)\n<STATE>.v[<at>] = <value>",
        "<VEC>, <NUM> = State(<ref>, <value>)\n<VEC>[<at>] = <value>",
        "<STATE> = State(<vec>, 0.5)._replace(w=<value>)\n<vec2>[<at>] = <STATE>.w",
        "<STATE> = State(<vec>, <value>)._replace(v=<ref>)",
        "<STATE> = State(<vec>, 0.5)\nfor i in range(n):\n    <STATE> = State(<STATE>.v * 0.9, <STATE>.w + <STATE>.v[0])",
    ),
    "a data class": (
        "<CONFIG> = Config(<vec>)\n<CONFIG>.w = <value>",
        "<CONFIG> = Config(v=<new>, w=<value>)\n<vec>[<at>] = <CONFIG>.w",
        "<CONFIG> = Config(<ref>)\n<NUM> = <CONFIG>.w * <value>",
        "<CONFIG> = Config(<vec>, <value>).scaled(<value>)\n<CONFIG>.v[<at>] = <CONFIG>.w",
        "<CONFIG> = Config(<vec>)\nfor i in range(n):\n    <CONFIG>.v *= 0.9\n    <CONFIG>.w += <CONFIG>.v[1]",
    ),
    "an object that holds a list": (
        "<STACK> = Stack(<vec>, <vec2>)",
        "<STACK> = Stack(<ref>, <new>)\n<STACK>.push(<vec>)",
        "<stack>.push(<new>)",
        "<stack>.push(<ref>)\n<VEC> = <stack>.pop()\n<VEC>[<at>] = <value>",
        "for v in <stack>:\n    <vec> = <vec> + 0.1 * v",
        "<stack>.top[<at>] = <value>",
        "for i in range(n):\n    <stack>.push(<vec> * i)",
        "<NUM> = 0.1 * len(<stack>) * <stack>.items[0][1]",
        "while len(<stack>) > 2:\n    <vec> += 0.1 * <stack>.pop()",
    ),
    "objects linked": (
        "<NODE> = Node(<vec>, Node(<new>))",
        "<NODE> = Node(<ref>)\n<NODE>.then = Node(<vec>)\n<NODE>.then.v[<at>] = <value>",
        "<NODE> = Node(<new>, <node>)\n<VEC> = <NODE>.then.v * 0.5",
        "<NODE> = None\nfor v in [<vec>, <vec2>]:\n    <NODE> = Node(v, <NODE>)\n<NODE>.v[<at>] = <value>",
        "at = <node>\nwhile at is not None:\n    <vec> = <vec> + 0.1 * at.v\n    at = at.then",
        "<node>.v = <ref>",
        "<NODE> = None\nfor i in range(n + 1):\n    <NODE> = Node(<vec> * (0.5 + 0.2 * i), <NODE>)",
        "at = <node>\nwhile at.then is not None:\n    at = at.then\nat.then = Node(<ref>)",
        (
            "at = <node>\nwhile at:\n    at.v = at.v * 0.9\n    if at.then is not None:\n        at.then.v[<at>] = <value>\n"
            "    at = at.then"
        ),
        "if <node>.then:\n    <node>.then = <node>.then.then",
        "before, at = None, <node>\nwhile at is not None:\n    at.then, before, at = before, at, at.then\n<node> = before",
        (
            "new, at = Node(<vec>), <node>\nwhile at.then and at.then.v[0] < new.v[0]:\n    at = at.then\n"
            "new.then, at.then = at.then, new"
        ),
    ),
    "dicts of dicts": (
        "<NET> = {'enc': {'w': <vec>, 'b': <new>}, 'dec': {'w': <ref>, 'b': <vec2>}}",
        "<NET> = {key: {'w': <vec> * i, 'b': <new>} for i, key in enumerate(('enc', 'dec'))}",
        "<net>['enc']['w'][<at>] = <value>",
        "<net>['dec']['b'] = <ref>",
        "<net>['enc'], <net>['dec'] = <net>['dec'], <net>['enc']",
        "for name, part in <net>.items():\n    part['w'] *= 0.9",
        "for part in <net>.values():\n    for key in part:\n        part[key][<at>] = <value>",
        "<CASES> = [{'w': <vec>, 'b': <new>}, {'w': <ref>, 'b': <vec2>}]",
        "<cases>[<k>]['w'] = <ref>",
        "<cases>.append({'w': <new>, 'b': <ref>})\n<cases>[0]['b'][<at>] = <value>",
        "for case in <cases>:\n    case['w'] = case['b'] * 0.9",
    ),
    "strings": (
        "<NAMED> = {f'{key}': <vec> * 0.9 for key in 'wb'}",
        "for i in range(2):\n    <vec> = <vec> + 0.3 * {'k0': <vec2>, 'k1': <new>}[f'k{i}']",
        "label = 'big' if n > 2 else 'small'\nif label.startswith('b'):\n    <vec>[<at>] = <value>",
        "mode = '{}-{}'.format('a', n)\n<NUM> = <value> if mode == 'a-2' else 0.5 * <value>",
        "words = []\nfor i in range(n):\n    words.append(f'step {i}')\n<vec> *= 1.0 / (1 + len(words))",
        "for name, power in zip(['one', 'two'], [1, 2]):\n    if name == 'two':\n        <vec> = <vec> * 0.5 ** power",
    ),
    "else of a loop": (
        "for i in range(n):\n    if <vec>[i % 3] > 0.5:\n        break\nelse:\n    <vec>[<at>] = <value>",
        (
            "for i in range(n):  # whole\n    <vec>[i % 3] *= 0.9\n    if <test>:\n        break\n"
            "else:\n    <VEC> = <new>\n    <vec2> = <VEC>"
        ),
        (
            "k = 0\nwhile k < n:  # whole\n    k += 1\n    <vec> = 0.9 * <vec>\n    if <vec>[0] > 0.4:\n        break\nelse:\n"
            "    <vec2>[<at>] = <value>"
        ),
        "for v in <vecs>:  # whole\n    if v[0] > 0.6:\n        <NUM> = v[1]\n        break\nelse:\n    <NUM> = <value>",
    ),
    "None, then something": (
        "best = None\nfor v in <vecs>:\n    if best is None or v[0] > best[0]:\n        best = v\n<VEC> = best * 0.5",
        "<VEC> = None\nif <test>:\n    <VEC> = <ref>\n<VEC> = <new> if <VEC> is None else <VEC> * 0.9",
        "best = None\nfor i in range(n):\n    t = <value>\n    if best is None or t < best:\n        best = t\n<NUM> = best",
        (
            "def maybe(a, s=None):  # whole\n    if s is None:\n        s = <value>\n    return a * s\n"
            "<VEC> = maybe(<vec>) + maybe(<vec2>, 0.5)"
        ),
        "last = None\nfor i in range(n):\n    if last is not None:\n        <vec> = <vec> + 0.2 * last\n    last = <new>",
    ),
    "what and, or and chains give": (
        "<NUM> = <value> if 0.0 < <vec>[0] < 0.6 else <value>",
        "s0 = None\n<NUM> = s0 or <value>",
        "<VEC> = <vec> if n > 1 and <vec>[0] > 0.0 else <vec2>\n<VEC>[<at>] = <value>",
        "if <vec>[0] > 0.1 and <vec>[1] > 0.1 or n == 3:\n    <vec2>[<at>] = <value>",
        "if not (<vec>[0] > <vec>[1] > <vec>[2]):\n    <vec>[0] = <value>",
        "<NUM> = max(<value>, 0.1) if n in (1, 3) else <value>",
        "<VECS> = [] or [<vec>, <new>]",
    ),
    "recursion of a function inside": (
        (
            "def rec(v, k):  # whole\n    if k <= 0:\n        return v * <vec>\n    return rec(v * 0.8, k - 1)\n"
            "<VEC> = rec(<vec2>, 3)"
        ),
        "def rec(t, k):  # whole\n    return t if k == 0 else rec(t * <vec>[0] + 0.1, k - 1)\n<NUM> = rec(<value>, 2)",
        "def fill_in(k):  # whole\n    if k < 3:\n        <vec>[k] *= 0.9\n        fill_in(k + 1)\nfill_in(0)",
        (
            "def tree(k):  # whole\n    if k >= 3:\n        return 0.1\n    return <vec>[k] * 0.5"
            " + tree(2 * k + 1) * tree(2 * k + 2)\n"
            "<NUM> = tree(0)"
        ),
    ),
    "types asked": (
        "<NUM> = <value> if isinstance(<vec>, np.ndarray) else 0.1",
        "if hasattr(<pt>, 'v'):\n    <vec>[<at>] = <pt>.w",
        "<VEC> = getattr(<config>, 'v') * 0.9",
        "setattr(<config>, 'w', <value>)",
        "if callable(<fun>):\n    <vec> = <fun>(<vec2>) * 0.5",
        "<NUM> = getattr(<pt>, 'missing', <value>)",
        "assert <vec>.ndim == 1, 'a vector'\n<NUM> = <vec>.size * 0.1 * <value>",
        "tmp = <vec> * 0.5\ndel tmp\n<VEC> = <new>",
    ),
    "a context of a class": (
        "with Scope(<vec>) as scope:\n    <vec2>[<at>] = <value>",
        "with Scope(<vec>):\n    <NUM> = <value>",
        "for i in range(n):\n    with Scope(<new>) as scope:\n        <vec>[i % 3] = scope.v[1]",
        "with Scope(<vec>) as scope, np.errstate(all='ignore'):\n    <VEC> = scope.v * 0.5",
    ),
    "an object that is given": (
        "<h>.a[<at>] = <value>",
        "<h>.a = <ref>",
        "<h>.p[<k>] = <new>",
        "<vec> = <vec> + 0.3 * <h>.a",
        "<h>.p.append(<ref>)",
        "<h>.extra = <new>\n<VEC> = <h>.extra * 0.5",
        "<VEC> = <model>.predict(<vec>)",
        "<model>.update(<vec>)",
        "for i in range(n):\n    <model>.update(<vec>)\n<NUM> = <model>.norm",
        "<model>.decay().parts[<k>][<at>] = <value>",
        "<VEC> = <model>.w\n<model>.decay()\n<VEC>[<at>] = <value>",
        "<model>.rate *= 0.9\n<NUM> = <model>.rate * <model>.norm",
        "<model>.parts.append(<new>)\nfor part in <model>.parts:\n    <vec> = <vec> + 0.1 * part",
        "g = <model>.predict\n<VEC> = g(<vec>)",
        "<NUM> = <rate>.of(<value>)",
        "<rate>.s += <value>\n<NUM> = <rate>.of(0.5)",
        "<rate>.by[<at>] = <value>",
        "if <model>.steps == 0:\n    <vec>[<at>] = <model>.rate",
        "if <test>:\n    <model>.update(<vec>)",
    ),
    "a class that is changed": (
        "<BODY> = Body(<vec>, <value>)\n<VEC> = <BODY>.move(<vec2>)",
        "<body>.v[<at>] = <value>\n<body>.w *= 0.9",
        "<BODIES> = [Body(<vec>, <value>), Body(<ref>, 0.5)]\nfor g_i in <BODIES>:\n    g_i.w *= 0.9\n    g_i.v[<at>] += g_i.w",
        "<BODY> = <body> if <test> else Body(<new>, <value>)\n<BODY>.w = <value>",
        "<BODY> = Body(<vec>, <value>).turned()\n<BODY>.v[<at>] = <value>",
    ),
}
"""Statements, by the construct that they are an example of."""

TERMS: dict[str, tuple[str, ...]] = {
    **of_memory.TERMS,
    "fun": ("np.sum(<fun>(<vec>)) * 0.3", "<fun>(<vec>)[0]"),
    "law": ("<law>(<vec>[0])", "<law>(0.4) * 0.6"),
    "pt": ("<pt>.w * <pt>.v[0]", "np.sum(<pt>(<vec>))", "<pt>.size"),
    "force": ("<force>.total(<vec>)", "<force>.w * <force>.v[1]"),
    "state": ("<state>.w * <state>.v[0]", "np.sum(<state>[0])"),
    "config": ("<config>.w * <config>.v[1]", "np.sum(<config>.scaled(0.5).v)"),
    "stack": ("sum([v[0] * v[1] for v in <stack>])", "<stack>.top @ <vec>"),
    "node": ("<node>.v @ <vec>", "<node>.v[0]"),
    "net": ("np.sum(<net>['enc']['w'] * <net>['dec']['b'])", "sum([part['w'][0] for part in <net>.values()])"),
    "cases": ("np.sum(<cases>[<k>]['w'] * <cases>[0]['b'])", "sum([case['b'][1] for case in <cases>])"),
}
"""What is summed up at the end, of each kind."""
