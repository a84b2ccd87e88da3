"""Circuits, networks and queues."""

import heapq
from collections import defaultdict, deque

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(11)
normal = normal_of(RNG)


class Resistor:
    def __init__(self, a, b, resistance):
        self.a, self.b = a, b
        self.resistance = resistance

    def stamp(self, G, I):  # noqa: E741
        g = 1 / self.resistance
        for i, j, value in ((self.a, self.a, g), (self.b, self.b, g), (self.a, self.b, -g), (self.b, self.a, -g)):
            if i > 0 and j > 0:
                G[i - 1, j - 1] += value


class CurrentSource:
    def __init__(self, node, current):
        self.node = node
        self.current = current

    def stamp(self, G, I):  # noqa: E741
        I[self.node - 1] += self.current


class Circuit:
    """Components between nodes, of which 0 is the ground, solved by nodal analysis."""

    def __init__(self, n_nodes):
        self.n_nodes = n_nodes
        self.components = []

    def add(self, component):
        self.components.append(component)
        return self

    def solve(self):
        G = np.zeros((self.n_nodes, self.n_nodes))
        I = np.zeros(self.n_nodes)  # noqa: E741
        for component in self.components:
            component.stamp(G, I)
        return np.linalg.solve(G, I)


@program(np.array([1.0, 2.0, 3.0]), 0.5)
def circuit_of_components(R, current):
    circuit = Circuit(2)
    circuit.add(CurrentSource(1, current)).add(Resistor(1, 0, R[0])).add(Resistor(1, 2, R[1])).add(Resistor(2, 0, R[2]))
    v = circuit.solve()
    return v[1] ** 2 / R[2]


@program(1.2, 5.0, 0.4, np.array([0.02, 0.3]))
def rectifier(amplitude, R, C, diode):
    """A diode that charges a capacitor, in V, kΩ, µF and mA: implicit Euler steps, each solved by Newton's method."""
    I_s, V_t = diode
    dt, v = 0.1, 0.0
    for n in range(1, 6):
        source = amplitude * np.sin(2 * np.pi * 0.5 * n * dt)
        v_old = v
        for _ in range(60):
            current = I_s * (np.exp(np.clip((source - v) / V_t, -40, 40)) - 1)
            f = C * (v - v_old) / dt + v / R - current
            df = C / dt + 1 / R + (current + I_s) / V_t
            step = np.clip(f / df, -0.1, 0.1)
            v = v - step
            if abs(step) < 1e-14:
                break
    return v


@program(np.array([1.0, 1.73, 0.61]), 0.3, refused=("checkpoint",))
def events_on_a_heap(intervals, discount):
    """Three sources that make events, each at its interval; the next event is the earliest."""
    queue = []
    for source in range(3):
        heapq.heappush(queue, (intervals[source], source))
    total = 0.0
    for _ in range(8):
        time, source = heapq.heappop(queue)
        total += np.exp(-discount * time) * (source + 1)
        heapq.heappush(queue, (time + intervals[source], source))
    return total


@program(np.array([0.3, 0.5, 0.2, 0.9, 0.4]), np.array([0.8, 0.6, 0.7, 0.5, 0.9]), refused=("checkpoint",))
def single_server_queue(gaps, services):
    """The mean time that customers wait, who come one after another."""
    waiting = deque()
    arrival = free = total = 0.0
    for gap, service in zip(gaps, services):
        arrival += gap
        while waiting and waiting[0] <= arrival:
            waiting.popleft()
        start = max(arrival, free)
        free = start + service
        waiting.append(free)
        total += (start - arrival) * (1 + 0.1 * len(waiting))
    return total / len(gaps)


@program(np.array([0.2, 0.5, 0.3]))
def page_rank(w):
    """Ranks on a graph whose edges have weights."""
    edges = [(0, 1), (1, 2), (2, 0), (0, 2)]
    adjacent = defaultdict(list)
    for k, (a, b) in enumerate(edges):
        adjacent[a].append((b, w[k % 3]))
    rank = np.ones(3) / 3
    for _ in range(4):
        new = [0.1] * 3
        for a in adjacent:
            out = sum(weight for _, weight in adjacent[a])
            for b, weight in adjacent[a]:
                new[b] += rank[a] * weight / out
        rank = new
    return rank[0] * rank[1]


GRAPH = {"a": {"b": 0, "c": 1}, "b": {"d": 2}, "c": {"b": 3, "d": 4}, "d": {}}


@program({"S": 0.9, "I": 0.1, "R": 0.0}, 0.6, 0.2)
def epidemic(state, beta, gamma):
    """A model with three compartments; what flows is named by where from and where to."""
    history = [state]
    for _ in range(6):
        flows = {("S", "I"): beta * state["S"] * state["I"], ("I", "R"): gamma * state["I"]}
        new = dict(state)
        for (source, target), flow in flows.items():
            new[source] -= flow
            new[target] += flow
        state = new
        history.append(state)
    return max(s["I"] for s in history) + history[-1]["R"]


@program(np.array([0.5, 0.3, 0.8]), np.array([1.0, 0.2]))
def hopfield_and_hebb(pattern, cue):
    """A network of units that settle; the weights are of what was learnt."""
    W = np.outer(pattern, pattern)
    np.fill_diagonal(W, 0.0)
    x = np.append(cue, 0.0)
    for _ in range(3):
        for i in range(len(x)):
            x[i] = np.tanh(W[i] @ x)
    return x @ pattern
