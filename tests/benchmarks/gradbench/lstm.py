"""Long short-term memory with diagonal weights, which predicts each character of a text from those before it."""

import numpy as np

from .tasks import Task, function, gradient, number

__all__ = ["FUNCTIONS", "WRT", "objective"]

WRT = ("main_params", "extra_params")


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def layer(weight, bias, hidden, cell, x):
    """The next hidden and cell state of a layer whose input is `x`."""
    b = len(x)
    forget = sigmoid(x * weight[:b] + bias[:b])
    ingate = sigmoid(hidden * weight[b : 2 * b] + bias[b : 2 * b])
    outgate = sigmoid(x * weight[2 * b : 3 * b] + bias[2 * b : 3 * b])
    change = np.tanh(hidden * weight[3 * b :] + bias[3 * b :])
    cell = cell * forget + ingate * change
    return outgate * np.tanh(cell), cell


def objective(main_params, extra_params, state, sequence):
    """The mean loss; of `main_params` and `state` two rows belong to each layer."""
    state = state.copy()
    total = 0.0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra_params[0]
        for i in range(0, len(state), 2):
            state[i], state[i + 1] = layer(main_params[i], main_params[i + 1], state[i], state[i + 1], x)
            x = state[i]
        y = x * extra_params[1] + extra_params[2]
        total += np.sum(sequence[t + 1] * (y - np.log(np.sum(np.exp(y)) + 2.0)))
    return -total / (sequence.shape[1] * (len(sequence) - 1))


def _prepared(given):
    return tuple(np.array(given[name], float) for name in ("main_params", "extra_params", "state", "sequence"))


def _flat(values):
    return np.concatenate([np.ravel(v) for v in values]).tolist()


FUNCTIONS = {
    "objective": Task(_prepared, function(objective), number),
    "jacobian": Task(_prepared, gradient(objective, WRT), _flat),
}
