"""Kernels of tests/kernels as users of JAX write them: no writes into arguments, `lax.scan` and `fori_loop`, masks for parts
of arrays whose length changes, and one product or convolution where loops come to that. Each takes what the kernel takes.
"""

import jax
import jax.numpy as jnp
from jax import lax


def _thomas(r, d):
    """The solutions of -r x[i-1] + (1 + 2r) x[i] - r x[i+1] = d[i], one a column."""

    def forward(carry, row):
        w, x = carry
        pivot = 1.0 + 2.0 * r + r * w
        found = -r / pivot, (row + r * x) / pivot
        return found, found

    def backward(after, both):
        w, x = both
        found = x - w * after
        return found, found

    start = jnp.zeros(d.shape[1])
    _, both = lax.scan(forward, (0.0, start), d)
    return lax.scan(backward, start, both, reverse=True)[1]


def adi(u, alpha, dt, dx, dy, steps):
    rx = alpha * dt / (2.0 * dx * dx)
    ry = alpha * dt / (2.0 * dy * dy)

    def step(_, fields):
        u, half = fields
        d = u[1:-1, 1:-1] + ry * (u[1:-1, :-2] - 2.0 * u[1:-1, 1:-1] + u[1:-1, 2:])
        d = d.at[0].add(rx * u[0, 1:-1]).at[-1].add(rx * u[-1, 1:-1])
        half = half.at[1:-1, 1:-1].set(_thomas(rx, d))
        d = half[1:-1, 1:-1] + rx * (half[:-2, 1:-1] - 2.0 * half[1:-1, 1:-1] + half[2:, 1:-1])
        d = d.at[:, 0].add(ry * u[1:-1, 0]).at[:, -1].add(ry * u[1:-1, -1])
        return u.at[1:-1, 1:-1].set(_thomas(ry, d.T).T), half

    return lax.fori_loop(0, steps, step, (u, u))[0]


def _momentum(w, u, v, dp, rho, nu, dt, dx, dy):
    here = w[1:-1, 1:-1]
    moved = (
        here
        - dt / rho * dp
        - u[1:-1, 1:-1] * dt / dx * (here - w[1:-1, :-2])
        - v[1:-1, 1:-1] * dt / dy * (here - w[:-2, 1:-1])
        + nu * dt / dx**2 * (w[1:-1, 2:] - 2.0 * here + w[1:-1, :-2])
        + nu * dt / dy**2 * (w[2:, 1:-1] - 2.0 * here + w[:-2, 1:-1])
    )
    return jnp.zeros_like(w).at[1:-1, 1:-1].set(moved)


def cavity_flow(u, v, p, lid, rho, nu, dt, dx, dy, steps, sweeps):
    dx2, dy2 = dx * dx, dy * dy

    def step(_, fields):
        u, v, p = fields
        ux = (u[1:-1, 2:] - u[1:-1, :-2]) / (2.0 * dx)
        uy = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2.0 * dy)
        vx = (v[1:-1, 2:] - v[1:-1, :-2]) / (2.0 * dx)
        vy = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2.0 * dy)
        b = rho * ((ux + vy) / dt - ux**2 - 2.0 * uy * vx - vy**2)

        def sweep(_, p):
            around = (p[1:-1, 2:] + p[1:-1, :-2]) * dy2 + (p[2:, 1:-1] + p[:-2, 1:-1]) * dx2
            p = p.at[1:-1, 1:-1].set((around - dx2 * dy2 * b) / (2.0 * (dx2 + dy2)))
            p = p.at[:, -1].set(p[:, -2]).at[:, 0].set(p[:, 1])
            return p.at[0].set(p[1]).at[-1].set(0.0)

        p = lax.fori_loop(0, sweeps, sweep, p)
        moved = _momentum(u, u, v, (p[1:-1, 2:] - p[1:-1, :-2]) / (2.0 * dx), rho, nu, dt, dx, dy)
        v = _momentum(v, u, v, (p[2:, 1:-1] - p[:-2, 1:-1]) / (2.0 * dy), rho, nu, dt, dx, dy)
        return moved.at[-1].set(lid), v, p

    return lax.fori_loop(0, steps, step, (u, v, p))


def cholesky(A):
    rows = jnp.arange(A.shape[0])

    def column(j, A):
        s = A[:, j] - A @ jnp.where(rows < j, A[j], 0.0)
        d = jnp.sqrt(s[j])
        return A.at[:, j].set(jnp.where(rows > j, s / d, jnp.where(rows == j, d, A[:, j])))

    return lax.fori_loop(0, A.shape[0], column, A)


def convolution(x, weight, bias, stride, padding):
    around = (padding, padding)
    out = lax.conv_general_dilated(x, weight, (stride, stride), (around, around), dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return out + bias[:, None, None]


def correlation(data, eps):
    n, m = data.shape
    centred = data - jnp.mean(data, axis=0)
    deviation = jnp.sqrt(jnp.mean(centred**2, axis=0))
    deviation = jnp.where(deviation <= eps, 1.0, deviation)
    scaled = centred / (jnp.sqrt(n) * deviation)
    diagonal = jnp.arange(m)
    return (scaled.T @ scaled).at[diagonal, diagonal].set(1.0), deviation


def covariance(data, mean, cov):
    mean = jnp.mean(data, axis=0)
    centred = data - mean
    return mean, centred.T @ centred / (len(data) - 1.0)


def csr_matvec(data, indices, indptr, x):
    rows = indptr.size - 1
    row = jnp.repeat(jnp.arange(rows), jnp.diff(indptr), total_repeat_length=data.size)
    return jax.ops.segment_sum(data * x[indices], row, rows, indices_are_sorted=True)


def durbin(r):
    n = len(r)
    nothing = jnp.zeros(n)

    def turned(x, k):
        """The first k entries in reverse, and zeros."""
        return lax.dynamic_slice(jnp.concatenate((x[::-1], nothing)), (n - k,), (n,))

    def step(k, state):
        y, alpha, beta = state
        beta = beta * (1.0 - alpha * alpha)
        alpha = -(r[k] + turned(r, k) @ y) / beta
        return (y + alpha * turned(y, k)).at[k].set(alpha), alpha, beta

    y, alpha, beta = lax.fori_loop(1, n, step, (nothing.at[0].set(-r[0]), -r[0], 1.0))
    return y, beta * (1.0 - alpha * alpha)


def fdtd_2d(ex, ey, hz, eps, source, dt):
    ky = 2.0 * dt / (eps[1:] + eps[:-1])
    kx = 2.0 * dt / (eps[:, 1:] + eps[:, :-1])

    def step(fields, driven):
        ex, ey, hz = fields
        ey = ey.at[0].set(driven).at[1:-1].add(-ky * (hz[1:] - hz[:-1]))
        ex = ex.at[:, 1:-1].add(kx * (hz[:, 1:] - hz[:, :-1]))
        hz = hz + dt * (ex[:, 1:] - ex[:, :-1] - ey[1:] + ey[:-1])
        return (ex, ey, hz), None

    return lax.scan(step, (ex, ey, hz), source)[0]


def floyd_warshall(n, tails, heads, lengths):
    nodes = jnp.arange(n)
    dist = jnp.full((n, n), jnp.inf).at[tails, heads].set(lengths).at[nodes, nodes].set(0.0)
    return lax.fori_loop(0, n, lambda k, d: jnp.minimum(d, d[:, k, None] + d[k]), dist)


def gauss_seidel(u, f, h, omega, sweeps):
    def row(above, rows):
        old, below, f = rows
        known = (1.0 - omega) * old[1:-1] + 0.25 * omega * (above[1:-1] + below[1:-1] + old[2:] + h * h * f[1:-1])

        def entry(left, known):
            new = known + 0.25 * omega * left
            return new, new

        inner = lax.scan(entry, old[0], known)[1]
        return old.at[1:-1].set(inner), inner

    def sweep(_, state):
        u, _ = state
        inner = lax.scan(row, u[0], (u[1:-1], u[2:], f[1:-1]))[1]
        return u.at[1:-1, 1:-1].set(inner), jnp.sum((inner - u[1:-1, 1:-1]) ** 2)

    u, change = lax.fori_loop(0, sweeps, sweep, (u, 0.0))
    return u, jnp.sqrt(change)


def gram_schmidt(A):
    m, n = A.shape
    columns = jnp.arange(n)

    def column(k, state):
        A, Q, R = state
        norm = jnp.sqrt(A[:, k] @ A[:, k])
        q = A[:, k] / norm
        r = jnp.where(columns > k, q @ A, 0.0)
        return A - jnp.outer(q, r), Q.at[:, k].set(q), R.at[k].set(r.at[k].set(norm))

    return lax.fori_loop(0, n, column, (A, jnp.zeros((m, n)), jnp.zeros((n, n))))[1:]


def heat_3d(T, k, dx, dt, steps):
    def face(a, b):
        return 2.0 * a * b / (a + b)

    kx, ky, kz = face(k[1:], k[:-1]), face(k[:, 1:], k[:, :-1]), face(k[:, :, 1:], k[:, :, :-1])
    r = dt / dx

    def step(_, T):
        qx = r * (T[1:] - T[:-1]) * kx / dx
        qy = r * (T[:, 1:] - T[:, :-1]) * ky / dx
        qz = r * (T[:, :, 1:] - T[:, :, :-1]) * kz / dx
        T = T.at[:-1].add(qx).at[1:].add(-qx)
        T = T.at[:, :-1].add(qy).at[:, 1:].add(-qy)
        return T.at[:, :, :-1].add(qz).at[:, :, 1:].add(-qz)

    return lax.fori_loop(0, steps, step, T)


def hmm_forward(start, transition, emission, observations):
    def scaled(alpha):
        scale = jnp.sum(alpha)
        return alpha / scale, scale

    def step(alpha, observed):
        alpha, scale = scaled(alpha @ transition * emission[:, observed])
        return alpha, (alpha, scale)

    first, scale = scaled(start * emission[:, observations[0]])
    _, (alphas, scales) = lax.scan(step, first, observations[1:])
    return jnp.log(scale) + jnp.sum(jnp.log(scales)), jnp.concatenate((first[None], alphas))


def horizontal_diffusion(field, out, coeff):
    lap = 4.0 * field[1:-1, 1:-1] - (field[2:, 1:-1] + field[:-2, 1:-1]) - (field[1:-1, 2:] + field[1:-1, :-2])
    flx = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = jnp.where(flx * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0.0, 0.0, flx)
    fly = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = jnp.where(fly * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0.0, 0.0, fly)
    inner = field[2:-2, 2:-2] - coeff[2:-2, 2:-2] * (flx[1:] - flx[:-1] + fly[:, 1:] - fly[:, :-1])
    return out.at[2:-2, 2:-2].set(inner)


def _smooth_rows(x, alpha):
    e = jnp.exp(-alpha)
    k = (1.0 - e) ** 2 / (1.0 + 2.0 * alpha * e - e * e)
    b1, b2 = 2.0 * e, -e * e
    nothing = jnp.zeros(len(x))

    def forward(carry, x):
        x1, y1, y2 = carry
        y = k * (x + e * (alpha - 1.0) * x1) + b1 * y1 + b2 * y2
        return (x, y, y1), y

    def backward(carry, x):
        x1, x2, y1, y2 = carry
        y = k * (e * (alpha + 1.0) * x1 + b2 * x2) + b1 * y1 + b2 * y2
        return (x, x1, y, y1), y

    there = lax.scan(forward, (nothing,) * 3, x.T)[1]
    return (there + lax.scan(backward, (nothing,) * 4, x.T, reverse=True)[1]).T


def iir_filter(image, alpha):
    return _smooth_rows(_smooth_rows(image, alpha).T, alpha).T


def jacobi_1d(A, B, steps):
    def step(_, both):
        A, B = both
        B = B.at[1:-1].set((A[:-2] + A[1:-1] + A[2:]) / 3.0)
        return A.at[1:-1].set((B[:-2] + B[1:-1] + B[2:]) / 3.0), B

    return lax.fori_loop(0, steps, step, (A, B))[0]


def jacobi_2d(u, f, h, sweeps):
    def around(u):
        return u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]

    inner = f[1:-1, 1:-1]
    u = lax.fori_loop(0, sweeps, lambda _, u: u.at[1:-1, 1:-1].set(0.25 * (around(u) + h * h * inner)), u)
    residual = inner - (4.0 * u[1:-1, 1:-1] - around(u)) / (h * h)
    return u, jnp.sqrt(jnp.mean(residual * residual))


def recurrence(x, a, h, steps):
    return lax.fori_loop(0, steps, lambda _, x: x + h * (a - x * x), x)


def _conv(x, weights):
    return lax.conv_general_dilated(x, weights, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _pool(x):
    n, h, w, c = x.shape
    whole = x[:, : h // 2 * 2, : w // 2 * 2]
    return jnp.max(whole.reshape(n, h // 2, 2, w // 2, 2, c), axis=(2, 4))


def lenet(params, images, labels):
    x = _pool(jax.nn.relu(_conv(images, params["conv1"]) + params["conv1_bias"]))
    x = _pool(jax.nn.relu(_conv(x, params["conv2"]) + params["conv2_bias"]))
    x = x.reshape(len(x), -1)
    x = jax.nn.relu(x @ params["fc1_w"] + params["fc1_b"])
    x = jax.nn.relu(x @ params["fc2_w"] + params["fc2_b"])
    logits = x @ params["fc3_w"] + params["fc3_b"]
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels]), logits


def lstm(params, xs, h0, c0):
    def step(state, x):
        h, c = state
        i, f, o, g = jnp.split(x @ params["Wx"] + h @ params["Wh"] + params["b"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    (_, c), hs = lax.scan(step, (h0, c0), xs)
    return hs, c


def lu(A):
    n = A.shape[0]
    places = jnp.arange(n)

    def step(k, A):
        factors = jnp.where(places > k, A[:, k] / A[k, k], 0.0)
        A = A - jnp.outer(factors, jnp.where(places > k, A[k], 0.0))
        return A.at[:, k].set(jnp.where(places > k, factors, A[:, k]))

    A = lax.fori_loop(0, n, step, A)
    return A, jnp.sum(jnp.log(jnp.abs(jnp.diag(A))))


def nbody(mass, pos, vel, dt, G, steps):
    itself = jnp.eye(len(mass), dtype=bool)

    def apart(pos):
        d = pos[None, :, :] - pos[:, None, :]
        return d, jnp.where(itself, 1.0, jnp.sum(d**2, axis=2))

    def acceleration(pos):
        d, r2 = apart(pos)
        return G * jnp.einsum("ijc,ij,j->ic", d, jnp.where(itself, 0.0, r2**-1.5), mass)

    def energy(pos, vel):
        inverse = jnp.where(itself, 0.0, 1.0 / jnp.sqrt(apart(pos)[1]))
        return 0.5 * jnp.sum(mass * jnp.sum(vel**2, axis=1)), -0.5 * G * mass @ inverse @ mass

    def step(state, _):
        pos, vel, acc = state
        vel = vel + acc * dt / 2.0
        pos = pos + vel * dt
        acc = acceleration(pos)
        vel = vel + acc * dt / 2.0
        return (pos, vel, acc), energy(pos, vel)

    vel = vel - jnp.mean(mass[:, None] * vel, axis=0) / jnp.mean(mass)
    kinetic, potential = energy(pos, vel)
    _, (later_kinetic, later_potential) = lax.scan(step, (pos, vel, acceleration(pos)), length=steps)
    return jnp.append(kinetic, later_kinetic), jnp.append(potential, later_potential)


def _normalised(x, scale, shift):
    x = x - jnp.mean(x, axis=(0, 1, 2))
    return x / jnp.sqrt(jnp.mean(x * x, axis=(0, 1, 2)) + 1e-3) * scale + shift


def residual_block(x, conv1, conv2, conv3, scales, shifts):
    y = jax.nn.relu(_normalised(_conv(x, conv1), scales[0], shifts[0]))
    y = lax.conv_general_dilated(y, conv2, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    y = jax.nn.relu(_normalised(y, scales[1], shifts[1]))
    return jax.nn.relu(_normalised(_conv(y, conv3), scales[2], shifts[2]) + x)


def softmax_attention(Q, K, V, causal):
    n, m = len(Q), len(K)
    scores = Q @ K.T / jnp.sqrt(Q.shape[1])
    if causal:
        scores = jnp.where(jnp.tril(jnp.ones((n, m), bool), m - n), scores, -jnp.inf)
    return jax.nn.softmax(scores, axis=1) @ V


def syr2k(alpha, beta, C, A, B):
    product = A @ B.T
    return jnp.triu(C, 1) + jnp.tril(alpha * (product + product.T) + beta * C)


def syrk(alpha, beta, C, A):
    return jnp.triu(C, 1) + jnp.tril(alpha * A @ A.T + beta * C)


def triangular_solve(L, B):
    return jax.scipy.linalg.cho_solve((L, True), B)


def trmm(alpha, A, B):
    return alpha * (B + jnp.tril(A, -1).T @ B)


def vertical_advection(u, w, tend, dz, dt, theta):
    across = 0.25 * (w[1:] + w[:-1])
    above = across[:, :, :-1] / dz
    below = across[:, :, 1:] / dz
    above = above.at[:, :, 0].set(0.0)
    below = below.at[:, :, -1].set(0.0)
    step_up = jnp.diff(u, axis=2, prepend=u[:, :, :1])
    step_down = jnp.diff(u, axis=2, append=u[:, :, -1:])
    a, c = -theta * above, theta * below
    b = 1.0 / dt - a - c
    d = u / dt + tend - (1.0 - theta) * (above * step_up + below * step_down)

    def forward(carry, level):
        before_c, before_d = carry
        a, b, c, d = level
        pivot = 1.0 / (b - a * before_c)
        found = c * pivot, (d - a * before_d) * pivot
        return found, found

    def backward(x, level):
        c, d = level
        x = d - c * x
        return x, x

    nothing = jnp.zeros(u.shape[:2])
    levels = [jnp.moveaxis(x, 2, 0) for x in (a, b, c, d)]
    _, eliminated = lax.scan(forward, (nothing, nothing), levels)
    x = lax.scan(backward, nothing, eliminated, reverse=True)[1]
    return (jnp.moveaxis(x, 0, 2) - u) / dt


def wave_equation(c, wavelet, dt, dx, si, sj, receivers):
    courant = c * dt / dx
    r2 = courant[1:-1, 1:-1] ** 2
    mur = (courant - 1.0) / (courant + 1.0)

    def step(fields, shot):
        old, u = fields
        lap = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        new = jnp.zeros_like(u).at[1:-1, 1:-1].set(2.0 * u[1:-1, 1:-1] - old[1:-1, 1:-1] + r2 * lap)
        new = new.at[si, sj].add(dt * dt * shot)
        new = new.at[0, 1:-1].set(u[1, 1:-1] + mur[0, 1:-1] * (new[1, 1:-1] - u[0, 1:-1]))
        new = new.at[-1, 1:-1].set(u[-2, 1:-1] + mur[-1, 1:-1] * (new[-2, 1:-1] - u[-1, 1:-1]))
        new = new.at[:, 0].set(u[:, 1] + mur[:, 0] * (new[:, 1] - u[:, 0]))
        return (u, new), new[si + 1, receivers]

    (_, u), record = lax.scan(step, (jnp.zeros_like(c), jnp.zeros_like(c)), wavelet)
    return record, u
