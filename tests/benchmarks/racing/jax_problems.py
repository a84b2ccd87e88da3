"""The problems of `gradbench` as users of JAX write them; each has the name of its module there, and gives what is raced."""

import jax
import jax.numpy as jnp
from jax import lax


def hello(x):
    return jax.grad(lambda x: x * x)(x)


def llsq(x, n):
    def objective(x):
        t = jnp.linspace(-1.0, 1.0, n)
        fit, _ = lax.scan(lambda fit, coefficient: (fit * t + coefficient, None), jnp.zeros(n), x[::-1])
        return 0.5 * jnp.sum((jnp.sign(t) - fit) ** 2)

    return jax.grad(objective)(x)


def lse(x):
    def objective(x):
        largest = jnp.max(x)
        return largest + jnp.log(jnp.sum(jnp.exp(x - largest)))

    return jax.grad(objective)(x)


def det(A, columns, signs):
    return jax.grad(lambda A: signs @ jnp.prod(A[jnp.arange(len(A)), columns], axis=1))(A)


def kmeans(points, centroids):
    def cost(centroids):
        return jnp.sum(jnp.min(jnp.sum((points[:, None, :] - centroids) ** 2, axis=2), axis=1))

    gradient, curvature = jax.jvp(jax.grad(cost), (centroids,), (jnp.ones_like(centroids),))
    return gradient / curvature


def gmm(alpha, mu, q, below, x, m, gamma, apart):
    k, d = mu.shape
    columns, rows = jnp.triu_indices(d, 1)
    diagonal = jnp.arange(d)

    def objective(alpha, mu, q, below):
        factors = jnp.zeros((k, d, d)).at[:, rows, columns].set(below).at[:, diagonal, diagonal].set(jnp.exp(q))
        z = jnp.einsum("kij,knj->nki", factors, x - mu[:, None, :])
        scales = jnp.sum(q, axis=1)
        likelihood = jnp.sum(jax.nn.logsumexp(alpha + scales - 0.5 * jnp.sum(z**2, axis=2), axis=1))
        prior = m * jnp.sum(scales) - 0.5 * gamma**2 * jnp.sum(factors**2)
        return likelihood - len(x) * jax.nn.logsumexp(alpha) + prior + apart

    return jax.grad(objective, (0, 1, 2, 3))(alpha, mu, q, below)


def ba(cams, points, weights, camera_of, point_of, features):
    def rotated(turn, v):
        angle2 = turn @ turn
        still = angle2 == 0.0
        angle = jnp.sqrt(jnp.where(still, 1.0, angle2))
        axis = turn / angle
        turned = v * jnp.cos(angle) + jnp.cross(axis, v) * jnp.sin(angle) + axis * (axis @ v) * (1.0 - jnp.cos(angle))
        return jnp.where(still, v + jnp.cross(turn, v), turned)

    def error(given, feature):
        cam, point, weight = given[:11], given[11:14], given[14]
        seen = rotated(cam[:3], point - cam[3:6])
        flat = seen[:2] / seen[2]
        r2 = flat @ flat
        return weight * (flat * (1.0 + cam[9] * r2 + cam[10] * r2 * r2) * cam[6] + cam[7:9] - feature)

    given = jnp.concatenate((cams[camera_of], points[point_of], weights[:, None]), axis=1)
    return jax.vmap(jax.jacrev(error))(given, features), jax.vmap(jax.grad(lambda w: 1.0 - w * w))(weights)


def ht(theta, us, parents, base, inverse_base, vertices, weights, mirrored, triangles, points):
    bones = len(parents)
    ones, none = jnp.ones(bones), jnp.zeros(bones)

    def by_angles(a, b):
        sx, cx, sz, cz = jnp.sin(a), jnp.cos(a), jnp.sin(b), jnp.cos(b)
        rows = [[cz, -sz * cx, sz * sx, none], [sz, cz * cx, -cz * sx, none], [none, sx, cx, none], [none, none, none, ones]]
        return jnp.array(rows).transpose(2, 0, 1)

    def about_axis(turn):
        angle = jnp.sqrt(turn @ turn)
        x, y, z = turn / angle
        across = jnp.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        return jnp.eye(3) + jnp.sin(angle) * across + (1.0 - jnp.cos(angle)) * across @ across

    def errors(both):
        moved, theta = both[:2], both[2:]
        fingers = theta[6:].reshape(5, 4)
        first = 2 + 4 * jnp.arange(5)
        flexed = none.at[first].set(fingers[:, 0]).at[first + 1].set(fingers[:, 2]).at[first + 2].set(fingers[:, 3])
        relative = base @ by_angles(flexed, none.at[first].set(fingers[:, 1]))
        absolute = []
        for i, parent in enumerate(parents):
            absolute.append(relative[i] if parent < 0 else absolute[parent] @ relative[i])
        transforms = (jnp.array(absolute) @ inverse_base)[:, :3]
        skin = jnp.einsum("vb,bij,vj->vi", weights, transforms, vertices)
        if mirrored:
            skin = skin * jnp.array([-1.0, 1.0, 1.0])
        skin = skin @ about_axis(theta[:3]).T + theta[3:6]
        u, v = us[:, :1] + moved[0], us[:, 1:] + moved[1]
        a, b, c = skin[triangles[:, 0]], skin[triangles[:, 1]], skin[triangles[:, 2]]
        return (points - (u * a + v * b + (1.0 - u - v) * c)).ravel()

    return jax.jacfwd(errors)(jnp.concatenate((jnp.zeros(2), theta)))


def lstm(main_params, extra_params, state, sequence):
    def objective(main_params, extra_params):
        def step(state, both):
            x, following = both
            x = x * extra_params[0]
            found = []
            for i in range(0, len(state), 2):
                (wf, wi, wo, wc), (bf, bi, bo, bc) = jnp.split(main_params[i], 4), jnp.split(main_params[i + 1], 4)
                hidden, cell = state[i], state[i + 1]
                forget, ingate, outgate = map(jax.nn.sigmoid, (x * wf + bf, hidden * wi + bi, x * wo + bo))
                cell = cell * forget + ingate * jnp.tanh(hidden * wc + bc)
                x = outgate * jnp.tanh(cell)
                found += [x, cell]
            y = x * extra_params[1] + extra_params[2]
            return jnp.stack(found), jnp.sum(following * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2.0)))

        losses = lax.scan(step, state, (sequence[:-1], sequence[1:]))[1]
        return -jnp.sum(losses) / (sequence.shape[1] * (len(sequence) - 1))

    return jax.grad(objective, (0, 1))(main_params, extra_params)


def ode(x, s):
    h = 2.0 / s

    def rate(x, y):
        return x.at[1:].multiply(y[:-1])

    def step(_, both):
        x, y = both
        k1 = rate(x, y)
        k2 = rate(x, y + 0.5 * h * k1)
        k3 = rate(x, y + 0.5 * h * k2)
        k4 = rate(x, y + h * k3)
        return x, y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    return jax.grad(lambda x: lax.fori_loop(0, s, step, (x, jnp.zeros_like(x)))[1][-1])(x)


def _argmin(f, gradient, x):
    """Gradient descent as in gradbench/descent.py."""

    def length(x):
        return jnp.sqrt(jnp.sum(x * x))

    def goes_on(state):
        _, _, slope, _, _, ended = state
        return ~ended & (length(slope) > 1e-5)

    def step(state):
        x, value, slope, eta, good, _ = state
        grown = good == 10
        eta, good = jnp.where(grown, 2.0 * eta, eta), jnp.where(grown, 0, good)
        ended = length(eta * slope) <= 1e-5
        new = x - eta * slope
        tried = f(new)
        better = ~ended & (tried < value)
        x, value = jnp.where(better, new, x), jnp.where(better, tried, value)
        slope = lax.cond(better, gradient, lambda _: slope, new)
        eta, good = jnp.where(better | ended, eta, 0.5 * eta), jnp.where(better, good + 1, 0)
        return x, value, slope, eta, good, ended

    return lax.while_loop(goes_on, step, (x, f(x), gradient(x), 1e-5, 0, False))[0]


def particle(w):
    def potential(position, w):
        x, y = position
        return 1.0 / jnp.sqrt((10.0 - x) ** 2 + (10.0 - w - y) ** 2) + 1.0 / jnp.sqrt((10.0 - x) ** 2 + y**2)

    def fall(w):
        def step(state):
            position, speed = state
            slope = jax.grad(potential)(position, w)
            position = position + 0.1 * speed
            return position, jnp.where(position[1] > 0.0, speed - 0.1 * slope, speed)

        start = jnp.array([0.0, 8.0]), jnp.array([0.75, 0.0])
        (x, y), (speed_x, speed_y) = lax.while_loop(lambda state: state[0][1] > 0.0, step, start)
        return (x - y / speed_y * speed_x) ** 2

    return _argmin(fall, jax.jacfwd(fall), w)


def saddle(start):
    def height(x, y):
        return jnp.sum(x * x) - jnp.sum(y * y)

    def top(x):
        return _argmin(lambda y: -height(x, y), jax.grad(lambda y: -height(x, y)), start)

    def ridge(x):
        return height(x, top(x))

    x = _argmin(ridge, jax.jacfwd(ridge), start)
    return jnp.concatenate((x, top(x)))
