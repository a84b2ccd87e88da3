"""Adjoints of six kernels as loop nests, written by hand for Numba; the yardstick for those that are generated.

Each takes what `sct.vjp` of the kernel of its name takes and gives the same; and before that it takes room, which `ByHand`
makes at the first call for arguments of one size, so that large arrays are not taken from the system again and again. They
are Python, and run as such. Indices are unsigned, since Numba looks at signed ones for whether they are negative, and so of
loops that are not vectorized. Adjoints of shifted reads are gathered: a temporary has a border of zeros, and one loop reads
it at all offsets. What a loop over time adds up with one factor is multiplied by it once, after the loop. There is a loop
over one number as well.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["BY_HAND", "ByHand"]

ONE = np.uint64(1)
TWO = np.uint64(2)

OPTIONS = {"error_model": "numpy", "boundscheck": False, "nogil": True, "fastmath": {"reassoc", "nsz"}}
"""Of Numba; sums may be added up in another order, and nothing is assumed of nan and infinity."""


def jacobi_2d(room, u, f, h, sweeps, y_bar):
    here, there, residual, w, w_next, total = room
    n, m = u.shape
    rows, columns = np.uint64(n - 1), np.uint64(m - 1)
    hh = h * h
    here[:], there[:] = u, u
    for _ in range(sweeps):
        for i in range(ONE, rows):
            for j in range(ONE, columns):
                around = here[i - ONE, j] + here[i + ONE, j] + here[i, j - ONE] + here[i, j + ONE]
                there[i, j] = 0.25 * (around + hh * f[i, j])
        here, there = there, here
    squares = 0.0
    by_ratio = 0.0
    for i in range(ONE, rows):
        for j in range(ONE, columns):
            around = here[i - ONE, j] + here[i + ONE, j] + here[i, j - ONE] + here[i, j + ONE]
            ratio = (4.0 * here[i, j] - around) / hh
            r = f[i, j] - ratio
            residual[i, j] = r
            squares += r * r
            by_ratio += r * ratio
    count = (n - 2) * (m - 2)
    root = math.sqrt(squares / count)

    scale = y_bar[1] / root / count
    spread = scale / hh
    total[:] = 0.0
    for i in range(ONE, rows):
        for j in range(ONE, columns):
            around = residual[i - ONE, j] + residual[i + ONE, j] + residual[i, j - ONE] + residual[i, j + ONE]
            w[i, j] = y_bar[0][i, j] + spread * (around - 4.0 * residual[i, j])
    for _ in range(sweeps):
        for i in range(ONE, rows):
            for j in range(ONE, columns):
                total[i, j] += w[i, j]
            for j in range(ONE, columns):
                w_next[i, j] = 0.25 * (w[i - ONE, j] + w[i + ONE, j] + w[i, j - ONE] + w[i, j + ONE])
        w, w_next = w_next, w
    u_bar, f_bar = y_bar[0].copy(), np.zeros((n, m))
    by_f = 0.0
    for i in range(ONE, rows):
        for j in range(ONE, columns):
            t = 0.25 * total[i, j]
            f_bar[i, j] = scale * residual[i, j] + hh * t
            by_f += f[i, j] * t
            u_bar[i, j] = w[i, j]
        u_bar[i, 0] += 0.25 * total[i, 1] + spread * residual[i, 1]
        u_bar[i, columns] += 0.25 * total[i, columns - ONE] + spread * residual[i, columns - ONE]
    for j in range(ONE, columns):
        u_bar[0, j] += 0.25 * total[1, j] + spread * residual[1, j]
        u_bar[rows, j] += 0.25 * total[rows - ONE, j] + spread * residual[rows - ONE, j]
    h_bar = 2.0 * h * (by_f + spread * by_ratio)
    return (here.copy(), root), (u_bar, f_bar, h_bar)


def lu(room, A, y_bar):
    A, A_bar = A.copy(), y_bar[0].copy()
    n = np.uint64(A.shape[0])
    logdet = 0.0
    for i in range(n):
        for k in range(i):
            factor = A[i, k] / A[k, k]
            A[i, k] = factor
            for j in range(k + ONE, n):
                A[i, j] -= factor * A[k, j]
        logdet += math.log(abs(A[i, i]))
    for r in range(n):
        i = n - ONE - r
        A_bar[i, i] += y_bar[1] / A[i, i]
        for s in range(i):
            k = i - ONE - s
            factor = A[i, k]
            product = 0.0
            for j in range(k + ONE, n):
                product += A_bar[i, j] * A[k, j]
                A_bar[k, j] -= A_bar[i, j] * factor
            quotient = (A_bar[i, k] - product) / A[k, k]
            A_bar[i, k] = quotient
            A_bar[k, k] -= quotient * factor
    return (A, logdet), (A_bar,)


def gauss_seidel(room, u, f, h, omega, sweeps, y_bar):
    moves, by_change, w, total, without = room
    n, m = u.shape
    rows, columns = np.uint64(n - 1), np.uint64(m - 1)
    u = u.copy()
    hh, rest, part = h * h, 1.0 - omega, 0.25 * omega
    for s in range(np.uint64(sweeps)):
        for i in range(ONE, rows):
            for j in range(ONE, columns):
                star = 0.25 * (u[i - ONE, j] + u[i + ONE, j] + u[i, j + ONE] + hh * f[i, j])
                without[j] = rest * u[i, j] + omega * star
                moves[s, i, j] = star - u[i, j]
            before = u[i, 0]
            for j in range(ONE, columns):
                before = without[j] + part * before
                u[i, j] = before
            for j in range(ONE, columns):
                moves[s, i, j] += 0.25 * u[i, j - ONE]
    root = 0.0
    if sweeps > 0:
        last = np.uint64(sweeps - 1)
        for i in range(ONE, rows):
            for j in range(ONE, columns):
                by_change[i, j] = omega * moves[last, i, j]
                root += by_change[i, j] * by_change[i, j]
        root = math.sqrt(root)
        slope = y_bar[1] / root if root != 0.0 else y_bar[1] * np.inf
        for i in range(ONE, rows):
            for j in range(ONE, columns):
                by_change[i, j] *= slope

    u_bar = y_bar[0].copy()
    w[:], total[:] = 0.0, 0.0
    omega_bar = 0.0
    for r in range(np.uint64(sweeps)):
        s = np.uint64(sweeps) - ONE - r
        for p in range(ONE, rows):
            i = rows - p
            for j in range(ONE, columns):
                without[j] = rest * w[i, j] + part * (w[i - ONE, j] + w[i, j - ONE] + w[i + ONE, j])
            if r == 0:
                for j in range(ONE, columns):
                    without[j] += u_bar[i, j] + by_change[i, j]
            elif r == 1:
                for j in range(ONE, columns):
                    without[j] -= by_change[i, j]
            after = 0.0
            for q in range(ONE, columns):
                j = columns - q
                after = without[j] + part * after
                w[i, j] = after
            for j in range(ONE, columns):
                total[i, j] += w[i, j]
            for j in range(ONE, columns):
                omega_bar += w[i, j] * moves[s, i, j]
    f_bar = np.zeros((n, m))
    by_f = 0.0
    for i in range(ONE, rows):
        for j in range(ONE, columns):
            f_bar[i, j] = hh * part * total[i, j]
            by_f += f[i, j] * total[i, j]
        if sweeps > 0:
            for j in range(ONE, columns):
                u_bar[i, j] = rest * w[i, j] + part * (w[i - ONE, j] + w[i, j - ONE])
        if sweeps == 1:
            for j in range(ONE, columns):
                u_bar[i, j] -= by_change[i, j]
        u_bar[i, 0] += part * total[i, 1]
        u_bar[i, columns] += part * total[i, columns - ONE]
    for j in range(ONE, columns):
        u_bar[0, j] += part * total[1, j]
        u_bar[rows, j] += part * total[rows - ONE, j]
    return (u, root), (u_bar, f_bar, 2.0 * h * part * by_f, omega_bar)


def fdtd_2d(room, ex, ey, hz, eps, source, dt, y_bar):
    fields, curls, cx, cy, cx_bar, cy_bar = room
    rows, columns, steps = np.uint64(hz.shape[0]), np.uint64(hz.shape[1]), np.uint64(len(source))
    ex, ey = ex.copy(), ey.copy()
    for i in range(rows):
        for j in range(ONE, columns):
            cx[i, j] = 2.0 * dt / (eps[i, j] + eps[i, j - ONE])
    for i in range(ONE, rows):
        for j in range(columns):
            cy[i, j] = 2.0 * dt / (eps[i, j] + eps[i - ONE, j])
    fields[0] = hz
    for t in range(steps):
        for j in range(columns):
            ey[0, j] = source[t]
        for i in range(rows):  # rows of hz follow one behind, while those of ex and ey are at hand
            for j in range(ONE, columns):
                ex[i, j] += cx[i, j] * (fields[t, i, j] - fields[t, i, j - ONE])
            if i + ONE < rows:
                for j in range(columns):
                    ey[i + ONE, j] -= cy[i + ONE, j] * (fields[t, i + ONE, j] - fields[t, i, j])
            for j in range(columns):
                curls[t, i, j] = ex[i, j + ONE] - ex[i, j] - ey[i + ONE, j] + ey[i, j]
            for j in range(columns):
                fields[t + ONE, i, j] = fields[t, i, j] + dt * curls[t, i, j]

    ex_bar, ey_bar, hz_bar = y_bar[0].copy(), y_bar[1].copy(), y_bar[2].copy()
    cx_bar[:], cy_bar[:] = 0.0, 0.0
    eps_bar, source_bar = np.zeros(eps.shape), np.zeros(len(source))
    dt_bar = 0.0
    for r in range(steps):
        t = steps - ONE - r
        driven = 0.0
        for j in range(columns):
            driven += ey_bar[0, j] + dt * hz_bar[0, j]
        source_bar[t] = driven
        for j in range(columns):
            ey_bar[0, j] = 0.0
        for i in range(rows):
            for j in range(columns):
                dt_bar += hz_bar[i, j] * curls[t, i, j]
            ex_bar[i, 0] -= dt * hz_bar[i, 0]
            for j in range(ONE, columns):
                ex_bar[i, j] += dt * (hz_bar[i, j - ONE] - hz_bar[i, j])
            ex_bar[i, columns] += dt * hz_bar[i, columns - ONE]
            for j in range(ONE, columns):
                cx_bar[i, j] += ex_bar[i, j] * (fields[t, i, j] - fields[t, i, j - ONE])
            if i + ONE < rows:
                for j in range(columns):
                    ey_bar[i + ONE, j] += dt * (hz_bar[i + ONE, j] - hz_bar[i, j])
                for j in range(columns):
                    cy_bar[i + ONE, j] -= ey_bar[i + ONE, j] * (fields[t, i + ONE, j] - fields[t, i, j])
            else:
                for j in range(columns):
                    ey_bar[rows, j] -= dt * hz_bar[i, j]
            for j in range(columns):
                by_ex = cx[i, j] * ex_bar[i, j] - cx[i, j + ONE] * ex_bar[i, j + ONE]
                hz_bar[i, j] += by_ex + (cy[i + ONE, j] * ey_bar[i + ONE, j] - cy[i, j] * ey_bar[i, j])
    for i in range(rows):
        for j in range(ONE, columns):
            ratio = cx_bar[i, j] / (eps[i, j] + eps[i, j - ONE])
            dt_bar += 2.0 * ratio
            cx_bar[i, j] = ratio * cx[i, j]
        for j in range(columns):
            eps_bar[i, j] -= cx_bar[i, j] + cx_bar[i, j + ONE]
    for i in range(ONE, rows):
        for j in range(columns):
            ratio = cy_bar[i, j] / (eps[i, j] + eps[i - ONE, j])
            dt_bar += 2.0 * ratio
            cy_bar[i, j] = ratio * cy[i, j]
    for i in range(rows):
        for j in range(columns):
            eps_bar[i, j] -= cy_bar[i, j] + cy_bar[i + ONE, j]
    return (ex, ey, fields[steps].copy()), (ex_bar, ey_bar, hz_bar, eps_bar, source_bar, dt_bar)


def heat_3d(room, T, k, dx, dt, steps, y_bar):
    states, kx, ky, kz, kx_bar, ky_bar, kz_bar, w, w_next = room
    nx, ny, nz = np.uint64(T.shape[0]), np.uint64(T.shape[1]), np.uint64(T.shape[2])
    row = nz + ONE
    plane = (ny + ONE) * row
    for i in range(nx):
        for j in range(ny):
            p = (i + ONE) * plane + j * row
            for q in range(nz):
                states[0, p + q] = T[i, j, q]
                w[p + q] = y_bar[i, j, q]
            if i + ONE < nx:
                for q in range(nz):
                    kx[p + q] = 2.0 * k[i + ONE, j, q] * k[i, j, q] / (k[i + ONE, j, q] + k[i, j, q])
            if j + ONE < ny:
                for q in range(nz):
                    ky[p + q] = 2.0 * k[i, j + ONE, q] * k[i, j, q] / (k[i, j + ONE, q] + k[i, j, q])
            for q in range(nz - ONE):
                kz[p + q] = 2.0 * k[i, j, q + ONE] * k[i, j, q] / (k[i, j, q + ONE] + k[i, j, q])
    rate = dt / (dx * dx)
    begin, end = plane, (nx + ONE) * plane
    for s in range(np.uint64(steps)):
        now, then = states[s], states[s + ONE]
        for i in range(ONE, nx + ONE):
            for j in range(ny):
                first = i * plane + j * row
                for p in range(first, first + nz):
                    along_x = kx[p] * (now[p + plane] - now[p]) - kx[p - plane] * (now[p] - now[p - plane])
                    along_y = ky[p] * (now[p + row] - now[p]) - ky[p - row] * (now[p] - now[p - row])
                    along_z = kz[p] * (now[p + ONE] - now[p]) - kz[p - ONE] * (now[p] - now[p - ONE])
                    then[p] = now[p] + rate * (along_x + along_y + along_z)

    kx_bar[:], ky_bar[:], kz_bar[:] = 0.0, 0.0, 0.0
    for r in range(np.uint64(steps)):
        now = states[np.uint64(steps) - ONE - r]
        for i in range(ONE, nx + ONE):
            for j in range(ny):
                first = i * plane + j * row
                for p in range(first, first + nz):
                    kx_bar[p] += (now[p + plane] - now[p]) * (w[p] - w[p + plane])
                    ky_bar[p] += (now[p + row] - now[p]) * (w[p] - w[p + row])
                    kz_bar[p] += (now[p + ONE] - now[p]) * (w[p] - w[p + ONE])
                for p in range(first, first + nz):
                    along_x = kx[p] * (w[p + plane] - w[p]) - kx[p - plane] * (w[p] - w[p - plane])
                    along_y = ky[p] * (w[p + row] - w[p]) - ky[p - row] * (w[p] - w[p - row])
                    along_z = kz[p] * (w[p + ONE] - w[p]) - kz[p - ONE] * (w[p] - w[p - ONE])
                    w_next[p] = w[p] + rate * (along_x + along_y + along_z)
        w, w_next = w_next, w
    rate_bar = 0.0
    for p in range(begin, end):
        rate_bar += kx[p] * kx_bar[p] + ky[p] * ky_bar[p] + kz[p] * kz_bar[p]
    T, T_bar, k_bar = np.empty(T.shape), np.empty(T.shape), np.zeros(T.shape)
    for i in range(nx):
        for j in range(ny):
            p = (i + ONE) * plane + j * row
            for q in range(nz):
                T[i, j, q] = states[np.uint64(steps), p + q]
                T_bar[i, j, q] = w[p + q]
            if i + ONE < nx:
                for q in range(nz):
                    a, b = k[i + ONE, j, q], k[i, j, q]
                    by_sum = 2.0 * rate * kx_bar[p + q] / ((a + b) * (a + b))
                    k_bar[i + ONE, j, q] += by_sum * b * b
                    k_bar[i, j, q] += by_sum * a * a
            if j + ONE < ny:
                for q in range(nz):
                    a, b = k[i, j + ONE, q], k[i, j, q]
                    by_sum = 2.0 * rate * ky_bar[p + q] / ((a + b) * (a + b))
                    k_bar[i, j + ONE, q] += by_sum * b * b
                    k_bar[i, j, q] += by_sum * a * a
            for q in range(nz - ONE):
                a, b = k[i, j, q + ONE], k[i, j, q]
                by_sum = 2.0 * rate * kz_bar[p + q] / ((a + b) * (a + b))
                k_bar[i, j, q + ONE] += by_sum * b * b
                k_bar[i, j, q] += by_sum * a * a
    return T, (T_bar, k_bar, -2.0 * rate * rate_bar / dx, rate_bar / (dx * dx))


def nbody(room, mass, pos, vel, dt, G, steps, y_bar):
    p, v, half, acc, inverse, near, m = room
    n, times = np.uint64(mass.shape[0]), np.uint64(steps + 1)
    width = len(m)
    KE, PE, pairs = np.empty(steps + 1), np.empty(steps + 1), np.empty(steps + 1)
    momentum, centre = np.zeros(3), np.zeros(3)
    total = 0.0
    for i in range(n):
        m[i] = mass[i]
        total += mass[i]
        for a in range(3):
            momentum[a] += mass[i] * vel[i, a]
    for a in range(3):
        centre[a] = momentum[a] / total
        for i in range(n):
            p[0, a, i] = pos[i, a]
            v[0, a, i] = vel[i, a] - centre[a]
    for s in range(times):
        if s > 0:
            for a in range(3):
                for i in range(n):
                    half[s, a, i] = v[s - ONE, a, i] + acc[s - ONE, a, i] * dt / 2.0
                    p[s, a, i] = p[s - ONE, a, i] + half[s, a, i] * dt
        x, y, z = p[s, 0], p[s, 1], p[s, 2]
        pairs[s] = 0.0
        for i in range(n):
            xi, yi, zi = x[i], y[i], z[i]
            ax, ay, az, reach = 0.0, 0.0, 0.0, 0.0
            for j in range(np.uint64(width)):
                dx, dy, dz = x[j] - xi, y[j] - yi, z[j] - zi
                r2 = dx * dx + dy * dy + dz * dz
                inv = 1.0 / math.sqrt(r2) if r2 > 0.0 else 0.0
                inverse[s, i, j] = inv
                by_mass = m[j] * inv
                reach += by_mass
                pull = by_mass * inv * inv
                ax += pull * dx
                ay += pull * dy
                az += pull * dz
            acc[s, 0, i], acc[s, 1, i], acc[s, 2, i] = G * ax, G * ay, G * az
            near[s, i] = reach
            pairs[s] += m[i] * reach
        PE[s] = -0.5 * G * pairs[s]
        kinetic = 0.0
        for i in range(n):
            speed = 0.0
            for a in range(3):
                if s > 0:
                    v[s, a, i] = half[s, a, i] + acc[s, a, i] * dt / 2.0
                speed += v[s, a, i] * v[s, a, i]
            kinetic += m[i] * speed
        KE[s] = 0.5 * kinetic

    mass_bar, pos_bar, vel_bar = np.zeros(mass.shape), np.empty(pos.shape), np.empty(vel.shape)
    p_bar, v_bar, acc_bar = np.zeros((3, width)), np.zeros((3, width)), np.zeros((3, width))
    dt_bar, G_bar = 0.0, 0.0
    for r in range(times):
        s = times - ONE - r
        kinetic_bar, potential_bar = y_bar[0][s], y_bar[1][s]
        G_bar -= 0.5 * potential_bar * pairs[s]
        for i in range(n):
            speed = 0.0
            for a in range(3):
                speed += v[s, a, i] * v[s, a, i]
                v_bar[a, i] += kinetic_bar * m[i] * v[s, a, i]
            mass_bar[i] += 0.5 * kinetic_bar * speed
        if s > 0:
            for a in range(3):
                for i in range(n):
                    dt_bar += 0.5 * v_bar[a, i] * acc[s, a, i]
                    acc_bar[a, i] += 0.5 * v_bar[a, i] * dt
        x, y, z = p[s, 0], p[s, 1], p[s, 2]
        ax_bar, ay_bar, az_bar = acc_bar[0], acc_bar[1], acc_bar[2]
        for i in range(n):
            xi, yi, zi, mi = x[i], y[i], z[i], m[i]
            axi, ayi, azi = ax_bar[i], ay_bar[i], az_bar[i]
            attracted = potential_bar * mi
            x_bar, y_bar_i, z_bar, m_bar = 0.0, 0.0, 0.0, 0.0
            for j in range(np.uint64(width)):
                dx, dy, dz = x[j] - xi, y[j] - yi, z[j] - zi
                inv2 = inverse[s, i, j] * inverse[s, i, j]
                inv3 = inv2 * inverse[s, i, j]
                cx, cy, cz = mi * ax_bar[j] - m[j] * axi, mi * ay_bar[j] - m[j] * ayi, mi * az_bar[j] - m[j] * azi
                along = 3.0 * inv2 * (cx * dx + cy * dy + cz * dz) + attracted * m[j]
                x_bar += inv3 * (cx - along * dx)
                y_bar_i += inv3 * (cy - along * dy)
                z_bar += inv3 * (cz - along * dz)
                m_bar += inv3 * (ax_bar[j] * dx + ay_bar[j] * dy + az_bar[j] * dz)
            p_bar[0, i] += G * x_bar
            p_bar[1, i] += G * y_bar_i
            p_bar[2, i] += G * z_bar
            mass_bar[i] -= G * m_bar + potential_bar * G * near[s, i]
            G_bar -= mi * m_bar
        if s > 0:
            for a in range(3):
                for i in range(n):
                    dt_bar += p_bar[a, i] * half[s, a, i]
                    v_bar[a, i] += p_bar[a, i] * dt
                    dt_bar += 0.5 * v_bar[a, i] * acc[s - ONE, a, i]
                    acc_bar[a, i] = 0.5 * v_bar[a, i] * dt
    for a in range(3):
        centre_bar = 0.0
        for i in range(n):
            centre_bar -= v_bar[a, i]
        for i in range(n):
            pos_bar[i, a] = p_bar[a, i]
            vel_bar[i, a] = v_bar[a, i] + centre_bar * m[i] / total
            mass_bar[i] += centre_bar * (vel[i, a] - centre[a]) / total
    return (KE, PE), (mass_bar, pos_bar, vel_bar, dt_bar, G_bar)


def recurrence(room, x, a, h, steps, y_bar):
    (states,) = room
    for s in range(np.uint64(steps)):
        states[s] = x
        x = x + h * (a - x * x)
    x_bar, a_bar = y_bar, 0.0
    for r in range(np.uint64(steps)):
        change_bar = h * x_bar
        a_bar += change_bar
        x_bar -= 2.0 * change_bar * states[np.uint64(steps) - ONE - r]
    return x, (x_bar, a_bar)


def _grids(u, count):
    return tuple(np.zeros_like(u) for _ in range(count))


def room_of_jacobi_2d(u, f, h, sweeps, y_bar):
    return _grids(u, 6)


def room_of_lu(A, y_bar):
    return ()


def room_of_gauss_seidel(u, f, h, omega, sweeps, y_bar):
    return np.zeros((sweeps, *u.shape)), *_grids(u, 3), np.zeros(u.shape[1])


def room_of_fdtd_2d(ex, ey, hz, eps, source, dt, y_bar):
    steps = len(source)
    return np.zeros((steps + 1, *hz.shape)), np.zeros((steps, *hz.shape)), *(np.zeros_like(a) for a in (ex, ey, ex, ey))


def room_of_heat_3d(T, k, dx, dt, steps, y_bar):
    nx, ny, nz = T.shape
    size = (nx + 2) * (ny + 1) * (nz + 1)  # with a plane before and after, and a cell at the end of each row and plane
    return np.zeros((steps + 1, size)), *(np.zeros(size) for _ in range(8))


def room_of_nbody(mass, pos, vel, dt, G, steps, y_bar):
    n = len(mass)
    width = (n + 3) // 4 * 4  # bodies without mass fill the last vector
    states = (np.zeros((steps + 1, 3, width)) for _ in range(4))
    return *states, np.zeros((steps + 1, n, width)), np.zeros((steps + 1, n)), np.zeros(width)


def room_of_recurrence(x, a, h, steps, y_bar):
    return (np.zeros(steps),)


class ByHand:
    """A function of this module with the room that it works in."""

    def __init__(self, function: Callable[..., Any], make: Callable[..., Any]) -> None:
        self.function = function
        self._make = make
        self._rooms: dict[Any, Any] = {}

    def compiled(self) -> "ByHand":
        """The same by Numba."""
        from numba import njit

        return ByHand(njit(**OPTIONS)(self.function), self._make)

    def __call__(self, *args: Any) -> Any:
        key = tuple([a.shape if isinstance(a, np.ndarray) else a if isinstance(a, int) else 0 for a in args])
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = self._make(*args)
        return self.function(room, *args)


BY_HAND = {
    "fdtd_2d": ByHand(fdtd_2d, room_of_fdtd_2d),
    "gauss_seidel": ByHand(gauss_seidel, room_of_gauss_seidel),
    "heat_3d": ByHand(heat_3d, room_of_heat_3d),
    "jacobi_2d": ByHand(jacobi_2d, room_of_jacobi_2d),
    "lu": ByHand(lu, room_of_lu),
    "nbody": ByHand(nbody, room_of_nbody),
    "recurrence": ByHand(recurrence, room_of_recurrence),
}
"""The adjoints by hand, by the names of the functions."""
