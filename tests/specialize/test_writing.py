"""Writes in place: every kind, in every combination with branches, loops, views and helpers, against finite differences.

Each program is the body of `f(x, y, A, n, k, h, d)`: two vectors of 4, a 3 × 3 matrix, the int 3, an index array with
repeated entries, a list and a dict of two vectors each.
"""

import copy
import re

import numpy as np
import pytest
from differences import agree, arrays, slope
from sources import define
from trees import close, equal, mapped, pairing, random_like

import sct

WRITES = """
# an entry
x[0] = x[1] * y[2]
return np.sum(x * x)

# an entry of a matrix, then a row, a column and a corner
A[0, 1] = A[1, 1] * A[2, 0]
A[1] = A[0] * A[2]
A[:, 2] = A[:, 0] ** 2
A[:2, 1:] = A[1:, :2] * x[0]
return np.sum(A * A)

# augmented by each operator
A += A[0]
A -= x[0] * A
A *= A[1] + 4.0
A /= 3.0 + A[2, 2] ** 2
A **= 2
A @= A
A %= 50.0
return np.sum(A)

# augmented entries
x[0] += x[1] * x[2]
x[1] -= x[0]
x[2] *= x[1]
x[3] /= 2.0 + x[0] ** 2
x[3] **= 3
return np.sum(x * x)

# augmented parts that overlap what is added
x[1:] += x[:-1]
x[1:] *= x[:-1]
x += x[::-1]
A *= A.T
A[0] -= A[:, 0]
return np.sum(x * x) + np.sum(A * A * A)

# floor division of a part
A[0] //= 0.35
return np.sum(A * A)

# a constant over what was used
z = x * x
x[:] = 0.0
return np.sum(z * (x + y))

# all of an array
x[:] = x[::-1] * y
y[...] = x * y
A[:, :] = A.T @ A
return np.sum(x * y) + np.sum(A * A)

# a part of itself
x[1:] = x[:-1]
y[::-1] = y * x
return np.sum(x * y * y)

# a new axis
x[None][0, 1] = x[0] * x[2]
x[:, None][2:, 0] = y[:2] ** 2
y[..., None][1:] = y[:-1, None] * x[0]
return np.sum(x * y * y)

# broadcast
A[:] = A[0] * A[1]
A[:2] *= x[0]
A[:, 1:] += y[:3, None]
A[:, :1] = A[:, 1:2] * A[0, 0]
return np.sum(A * A)

# steps
x[::2] = x[1::2] * y[0]
x[::-2] *= x[:2]
y[3:0:-1] = x[1:]
return np.sum(x * y * y)

# slices that are empty
x[2:1] = 7.0
x[4:] *= y[0]
A[:, 3:] = x[:3, None]
return np.sum(x * x) + np.sum(A)

# slices whose bounds a loop makes
for i in range(4):
    x[:i] *= x[i]
    x[-i:] += y[i] * x[0]
    y[i:2 * i] = y[i] * x[i]
for i in range(1, 4):
    x[::i] *= 0.5 * x[i]
    y[::-i] += y[i]
return np.sum(x * y)

# a mask
x[x > 0.5] = y[0] * y[1]
A[A < 0] *= A[0, 0]
A[A[0] > 0.0] += A[1]
y[~(y > 0.3)] = x[2] ** 2
return np.sum(x * x) + np.sum(A * A) + np.sum(y * y)

# a mask that has many values
m = A > 0
A[m] = A[m] ** 2 * A[0, 1]
A[~m] = A[2, 2]
A[:, A[0] > 0.2] *= x[:3, None]
return np.sum(A * A)

# repeated indices
x[k] = y[:3] * x[0]
y[k] *= x[:3]
A[k] = y[:3, None] * A
A[:, k] += A
A[k, k] = y[:3]
return np.sum(x * y) + np.sum(A * A)

# repeated indices in a display
x[[0, 0, 1]] = y[1:] * x[0]
y[[2, 2]] += [x[0], x[1] * x[2]]
return np.sum(x * y * y)

# index arrays together
A[[0, 1, 0], [1, 2, 1]] = x[1:] * A[2]
A[k[:, None], [0, 2]] *= A[:, 1:]
A[np.ix_([0, 1], [1, 2])] = A[1:, 1:] * A[0, 0]
return np.sum(A * A)

# positions that a function finds
A[np.nonzero(A > 0)] *= A[0, 0]
A[np.triu_indices(3, 1)] += A[1, 1] * x[:3]
A[np.diag_indices(3)] = A[0] * A[1]
x[np.argmin(x)] *= x[0]
x[np.argsort(y)] = x * y
i, j = np.unravel_index(np.argmax(A), A.shape)
A[i, j] *= A[1, 0]
return np.sum(A * A) + np.sum(x * x)

# subscripts of subscripts
A[0][1] = A[1][2] * A[0][0]
A[1][1:][0] *= A[2][2]
A[2][A[2] > 0] = x[0] * x[1]
A[:, 1:][1, [0, 0]] += y[:2] * A[0, 0]
A[1:][k[:2]] *= A[0]
return np.sum(A * A)

# into a copy that is thrown away
x[x > 0.5][0] = 5.0
x[[0, 1]][0] = 6.0
A[k][0] = 7.0
A[0].copy()[0] = 8.0
return np.sum(x * x) + np.sum(A * A)

# displays
b = np.zeros((2, 2))
b[0] = x[0], x[1] * x[0]
b[1] = [y[0] * b[0, 1], 1.0]
b[:, 1] *= (x[2], y[1])
A[:2, :2] = [[x[0], b[0, 0]], [2.0, b[1, 1]]]
return np.sum(A * A) + np.sum(b * b)

# out=
b = np.zeros(4)
c = np.exp(x, out=b)
np.multiply(b, y, out=b)
np.add(x, c, out=x[::-1])
np.multiply(x[1:], x[:-1], out=x[1:])
np.matmul(A, A.T, out=A)
np.sum(A, axis=0, out=y[:3])
np.cumsum(y, out=y)
return np.sum(b * c) + np.sum(x * y) + np.sum(A)

# out by position, in a tuple, and where
b = np.ones((2, 4))
np.sin(x, b[0])
np.multiply(x, y, out=(b[1],))
np.exp(x, out=x, where=y > 0.0)
np.multiply(x, y, out=b, where=x > 1.0)
A.sum(axis=1, out=x[1:])
return np.sum(b * b * x)

# the value of a call with out=
return np.sum(np.add(x, y, out=x) * np.multiply(x, y, out=y)) + x[0] * np.exp(y, y)[1]

# np.add.at and np.subtract.at
np.add.at(x, k, y[1:] * x[0])
np.subtract.at(y, [0, 0, 0], x[1:])
np.add.at(A, k, x[0] * A[0])
np.add.at(A, (k, [0, 1, 1]), y[1:] * A[0])
np.add.at(x, slice(1, 3), x[0])
np.add.at(x, x > 0.5, y[0])
np.add.at(y, 1, x[0])
return np.sum(x * y * y) + np.sum(A * A)

# np.copyto
np.copyto(x, x[::-1] * y)
np.copyto(A, A[0] * A[1], where=A > 0)
np.copyto(A[1:], A[:-1])
np.copyto(y, x[0])
return np.sum(x * x * y) + np.sum(A * A)

# fill
x.fill(x[1] * x[2])
A[1].fill(A[0, 1])
A.T[2].fill(x[0])
return np.sum(x * y) + np.sum(A * A)

# sort
x.sort()
y[1:].sort(kind="stable")
A.sort(axis=0)
A[:, ::-1].sort()
return np.sum(x * y * np.arange(4)) + np.sum(A * A * np.arange(3))

# np.put
np.put(x, [0, 2], [x[1] * x[3], y[0]])
np.put(A, [0, 4], A[1, 1] * A[0, 2])
y.put([1, 1], [x[0], x[1]])
return np.sum(x * x * y) + np.sum(A * A)

# np.fill_diagonal
np.fill_diagonal(A, A[0] * A[1])
np.fill_diagonal(A[:2], x[0])
return np.sum(A * A * A[0])

# chained assignments
a = x[0] = x[1] = y[2] * x[1]
x[2:] = b = y[:2] * x[0]
b[0] *= a
return np.sum(x * x) * np.sum(b)

# unpacked into entries
a, x[1], A[0] = x[0] * x[1], x[2], A[1] * x[1]
(x[2], x[3]), y[:2] = y[2:], x[:2] * a
return a * np.sum(x * y) + np.sum(A * A)

# twice the same target
x[0], x[0] = x[1], x[2] * x[0]
return np.sum(x * x)

# a loop's target
for x[0] in y:
    x[1] *= x[0]
for i, x[i] in enumerate(y[::-1]):
    y[i - 1] *= x[i]
return np.sum(x * y)
"""

ORDER = """
# the value before the target
x[0] = x[0] + bump(x)
x[1] = bump(x) + x[1]
return np.sum(x * x)

# operands from left to right
a = x[1] * bump(x) * x[0]
b = np.sum(x) * bump(x) + np.sum(x)
c = [x[0], bump(x), x[0]]
e = (x, bump(x), x.copy())
return a * b + c[0] * c[1] * c[2] + np.sum(e[0] * e[2])

# an array read before a call and used after
z = x * bump(x)
w = x[:2] * bump(x)
return np.sum(z) * np.sum(w) + np.sum(x * x)

# an augmented part that the value changes
x[0:2] += bump(x)
x *= bump(x)
return np.sum(x * x)

# an index that changes the array
x[int(bump(x) > 9.0)] *= x[0]
return np.sum(x * x)

# a branch of a conditional expression
z = bump(x) if x[0] > 0 else x[1]
w = bump(y) if x[0] < 0 else x[0]
return z * w * np.sum(x * y)

# what was computed from an array before it changes
z = np.exp(x)
w = np.tanh(z)
z[1] = w[0]
w *= x
x[:] = z * w
z /= 2.0 + x * x
return np.sum(z * w * x)

# results that the reverse sweep needs
B = np.linalg.inv(A)
C = B @ A[::-1]
B[0] = A[1]
A[1] = C[2]
C *= B
s = np.linalg.solve(A, x[1:])
A[0] = s
s *= s
return np.sum(A * B) + np.sum(C * s)

# cumulative results
z = np.cumprod(x)
z[0] = y[1]
x[1] = z[2] * z[1]
p = np.prod(x)
x[2] = p
return np.sum(z * x) * p * np.prod(x)
"""

FLOW = """
# a branch
if x[0] > 0:
    x[1] = x[0] * x[2]
else:
    x[0] = x[3] ** 2
y *= x
return np.sum(x * y)

# a branch not taken
z = x * y
if x[0] < 0:
    z[0] = x[1] * z[1]
z *= z
return np.sum(z * x)

# arrays made in branches
if x[0] > 0:
    z = np.zeros(4)
    z[0] = x[1] * x[2]
else:
    z = np.ones(4)
    z[1:] = x[1:]
z[2] = z[0] * x[2]
return np.sum(z * z)

# branches in branches with an early return
if x[0] > 0:
    if x[1] > 0:
        x[0] = x[1] ** 2
        return np.sum(x * y)
    x[2] *= 3.0
    if x[2] > 1.0:
        y *= x
        return np.sum(y * y)
else:
    x[:] = 0.0
return np.sum(x * x)

# a loop
for i in range(3):
    x[i + 1] = x[i] * x[i + 1] + y[i]
return np.sum(x * x)

# a loop with an unknown number of trips
for i in range(n):
    x[i] *= y[i + 1]
    A[i] = A[i - 1] * x[i]
return np.sum(x * y) + np.sum(A * A)

# a loop that does not run
for i in range(n - 3):
    x[i] *= y[i + 1]
return np.sum(x * y)

# backwards and by steps
for i in range(3, -1, -1):
    x[i] *= x[(i + 1) % 4]
for i in range(0, 4, 2):
    y[i] *= x[i] * y[i + 1]
for i in reversed(range(n)):
    x[i] += x[i + 1] * y[i]
return np.sum(x * y)

# nested loops
for i in range(n):
    for j in range(i):
        A[i, j] -= A[j, i] * A[i, i]
        A[j] *= 0.5 * A[i, j]
    A[i] /= 2.0 + A[i, i] ** 2
return np.sum(A * A)

# break and continue
for i in range(4):
    if x[i] < 0:
        x[i] *= y[0]
        continue
    if i == 2:
        x *= y[1]
        break
    x[i] = x[i] ** 2
return np.sum(x * x)

# break and continue of an inner loop
for i in range(3):
    for j in range(3):
        if j == i:
            continue
        if j > i + 1:
            break
        A[i, j] = A[j, i] * A[i, i] + x[j]
return np.sum(A * A)

# a return from a loop
for i in range(4):
    x[i] = x[i] * y[i]
    for j in range(i):
        if x[j] > 9.0:
            return x[j] * x[i]
        x[i] += x[j] * x[i]
    if i == 2:
        x *= x[0]
        return np.sum(x * x)
return np.sum(x)

# loops with else
for i in range(3):
    x[i] *= x[i + 1]
    for j in range(i):
        if x[j] > 100.0:
            break
        y[i] += x[j] * y[i]
    else:
        y[i] *= 0.5
else:
    x[0] = x[1] * y[2]
return np.sum(x * y)

# while
i = 0
while i < n:
    x[i + 1] = x[i] * x[i + 1]
    i += 1
return np.sum(x * x)

# while on a value that it writes
i = 0
while np.max(np.abs(x)) > 0.3 and i < 9:
    x *= 0.6 + 0.1 * y
    x[i % 4] += 0.05
    i += 1
return np.sum(x * x)

# while with everything
i = 0
while True:
    x[i + 1] = x[i] * x[i + 1]
    i += 1
    if i == 3:
        break
    if x[i] > 0:
        continue
    y *= x[i]
else:
    x[0] = 7.0
return np.sum(x * y)

# until it converges
err = 1.0
sweeps = 0
while err > 0.05 and sweeps < 6:
    old = x.copy()
    x[1:-1] = 0.5 * (old[:-2] + old[2:]) * y[1:-1]
    err = np.max(np.abs(x - old))
    sweeps += 1
return np.sum(x * x)

# rows of a matrix
for row in A:
    row[1:] *= row[0]
    row += x[:3]
for i, row in enumerate(A):
    row[i] = np.sum(row) * row[i]
for row in A:
    row = row * 2.0
    row[0] = A[0, 0]
    A[1] += 0.1 * row
return np.sum(A * A)

# rows of two matrices
B = A * A
for a, b in zip(A, B):
    a[:] = b * a
for above, below in zip(A[:-1], A[1:]):
    below *= above
return np.sum(A * B)

# entries while the array changes
for v in x:
    x[0] += 0.1 * v * v
for v in x[::-1]:
    x[3] += 0.1 * v * y[0]
return np.sum(x * y)

# a work array in a loop
for i in range(n):
    t = np.zeros(4)
    t[i] = x[i] * x[i + 1]
    x += t * x
return np.sum(x * y)

# a work array around a loop
t = np.zeros(4)
for i in range(n):
    t.fill(0.0)
    t[i] = x[i] * x[i + 1]
    x = x + t * y
return np.sum(x * t)

# a work array that nobody fills first
t = np.empty(4)
b = np.empty_like(A)
for i in range(4):
    t[i] = x[i] ** 2
for i in range(3):
    b[i] = t[:3] * A[i]
return np.sum(b * b * t[1:])

# a table of results
t = np.zeros((n + 1, 4))
t[0] = x
for i in range(n):
    t[i + 1] = t[i] * y + np.sin(t[i - 1])
return np.sum(t * t)

# an old version kept in a loop
z = x.copy()
for i in range(3):
    w = z
    z = z + y * i
    w[0] = z[1]
    z[i] = x[i + 1] * z[0] * w[0]
return np.sum(z * z)

# a scalar carried beside an array
s = x[0]
for i in range(4):
    s = s * y[i]
    x[i] += s
return s * np.sum(x * x)

# counters in an array
c = np.zeros(4, int)
for i in range(4):
    c[i] = int(x[i] > 0)
    if c[i] == 1:
        x[c[i] + 1] *= y[i]
c += 2
c[1:] *= 3
return np.sum(x * c)
"""

REBOUND = """
# an index array changed later
i = np.array([0, 1])
z = x[i]
i[0] = 2
x[i] *= z
i[1] = 3
w = x[i]
i += 1
return np.sum(z * w * w)

# an index array that a loop changes
i = np.arange(4)
for j in range(n):
    x[i] = x[i] * x[j]
    i = (i + 1) % 4
    i[0] = 2
for j in range(n):
    y[i[j]] = y[i[j]] * x[j]
    i[j + 1] = (i[j] + 2) % 4
return np.sum(x * y)

# an index array that is an argument, changed
x[k] *= x[0]
k[0] = 0
x[k] *= y[1]
k += 1
y[k] = y[k] * x[:3]
return np.sum(x * y)

# a mask changed later
m = x > 0
z = x[m]
m[1] = True
x[m] = 2.0 * x[m] * y[0]
m ^= True
m |= y > 0.3
x[m] *= x[1]
return np.sum(x * x) + np.sum(z * z)

# a mask that a loop changes
m = x > 0
for i in range(4):
    x[m] *= y[i]
    m[i] = not m[i]
return np.sum(x * x)

# loop variables rebound
for i in range(n):
    x[i] *= x[i + 1]
    i = 0
    x[i] += x[3] * y[3]
for i in range(n):
    i = i * 2 % 4
    y[i] *= x[i]
return np.sum(x * y) * i

# bounds rebound
m = 4
for i in range(m):
    m = m - 1
    x[m] *= y[i]
for i in range(n):
    n = n - 1
    y[i] *= x[i + 1]
return np.sum(x * y) * (n + m + 1)

# a bound that becomes smaller with the part
m = len(x)
for i in range(m - 1, 0, -1):
    m = i
    x[:m] *= x[m]
return np.sum(x * x) * m

# an index carried from outside
j = 0
for i in range(4):
    j = j + i
    x[j % 4] *= y[i]
z = x[j - 4]
j = 0
x[j] *= z
return np.sum(x * x)

# a parameter rebound
x = x.copy()
y = np.array(y)
A = np.ascontiguousarray(A)
x[0] *= y[1]
y[2] *= x[0]
A[0] *= A[1]
return np.sum(x * y) + np.sum(A * A)

# a name deleted
z = x * y
w = z
del z
w *= x
return np.sum(w)

# a permutation for pivots
p = np.arange(3)
for j in range(2):
    m = j + np.argmax(np.abs(A[j:, j]))
    if m != j:
        A[[j, m]] = A[[m, j]]
        p[[j, m]] = p[[m, j]]
    for i in range(j + 1, 3):
        A[i, j] /= A[j, j]
        A[i, j + 1 :] -= A[i, j] * A[j, j + 1 :]
return np.sum(A * A * p)
"""

SWAPS = """
# entries
x[0], x[1] = x[1], x[0] * y[0]
lo, hi = 0, 3
while lo < hi:
    y[lo], y[hi] = y[hi] * y[lo], y[lo]
    lo += 1
    hi -= 1
return np.sum(x * y * np.arange(4))

# rows by an index array
A[[0, 1]] = A[[1, 0]]
A[:, [0, 2]] = A[:, [2, 0]] * A[1, 1]
x[[0, 3]] = x[[3, 0]]
return np.sum(A * A * np.arange(3)) + np.sum(x * y * y)

# rows that are views, of which one is lost
A[0], A[1] = A[1], A[0]
return np.sum(A * A * A[2])

# rows by way of a copy, and not
t = A[0].copy()
A[0] = A[1]
A[1] = t
t = A[2]
A[2] = A[1]
A[1] = t
return np.sum(A * A * np.arange(3)[:, None])

# names
x, y = y, x
x[0] = y[1] * y[0]
x, y = y, x
y[1] *= x[0]
return np.sum(x * y * y)

# two buffers
a = x.copy()
b = np.empty_like(a)
for i in range(n):
    b[1:-1] = a[:-2] * a[2:] + a[1:-1]
    b[0] = a[0] * y[i]
    b[-1] = a[-1]
    a, b = b, a
return np.sum(a * a) + np.sum(b)

# three buffers
a = x.copy()
b = np.zeros(4)
c = np.ones(4)
for i in range(n):
    c[1:-1] = a[:-2] * b[2:] + a[1:-1] * y[i]
    a, b, c = b, c, a
return np.sum(a * a * c) + np.sum(b)

# buffers swapped now and then
a = x.copy()
b = np.zeros(4)
for i in range(n):
    b[1:-1] = a[:-2] * a[2:] + a[1:-1] * y[i]
    if i == 1:
        a, b = b, a
return np.sum(a * a) + np.sum(b)

# one buffer becomes the other
a = x.copy()
b = np.zeros(4)
for i in range(n):
    b[1:-1] = a[:-2] * a[2:] + a[1:-1] * y[i]
    a = b
return np.sum(a * a) + np.sum(b)

# in a list
x, y = both(x, y)
h[0], h[1] = h[1], h[0] * x
h[0][0] *= h[1][1]
return np.sum(h[0] * h[1] * y)
"""

VIEWS = """
# the base read after a write through a slice
v = x[1:3]
v *= y[:2]
v[0] = x[3] * x[1]
return np.sum(x * x)

# a slice read after a write into the base
v = x[1:3]
z = v * v
x[1] = 5.0 * y[0]
x *= x
return np.sum(v * z)

# slices that overlap
v, w = x[:3], x[1:]
for i in range(2):
    v[i + 1] *= w[i + 1]
    w *= v[0]
return np.sum(v * w * y[1:])

# backwards and turned
v, B, C = x[::-1], A.T, A[::-1, 1:]
v[0] = y[0] * v[1]
B[0] = A[1] * B[2]
C *= B[1:].T
A[0, 1] = C[2, 0] * x[3]
return np.sum(v * x) + np.sum(B * A) + np.sum(C)

# turned otherwise
B, C = A.swapaxes(0, 1), np.moveaxis(A[None], 0, -1)
D, E = np.transpose(A[None], (2, 0, 1)), np.expand_dims(A, 1)
B[0, 1] = 3.0 * B[1, 1]
C[1, 2, 0] *= A[0, 0]
D[0, 0, 1] = x[0] * D[1, 0, 1]
E[2] += B[0]
np.flip(A, 1)[0, 0] *= A[2, 2]
E.squeeze(1)[0] *= x[0]
return np.sum(A * A * B) + np.sum(C * C) + np.sum(D)

# another shape
a = np.zeros((3, 4))
r, s = a.reshape(4, 3), a.ravel()
a[:, 1] = x[:3]
r[1] *= A[0]
r[2:] += A[1:]
s[:5] *= s[5:10] + x[0]
s.reshape(2, 6)[1] *= 0.5 * s[0]
return np.sum(a * a) + np.sum(r[0] * s[:3])

# a copy in another shape
r = (A * x[0]).flatten()
r[1:] *= r[:-1]
A[0] = r[:3]
return np.sum(r) * np.sum(A * A)

# a view of a view
v = A[1:].T[0]
A[1, 0] = x[0] * x[1]
v[1] *= v[0]
w = v[1:]
w *= A[0, 0]
A[2] *= w
return np.sum(A * A) + np.sum(v * w)

# a diagonal, read before a write
v = A.diagonal()
z = np.sum(v * v)
A[0, 0] *= 2.0
return z * np.sum(A)

# the real part of what is real, and of what is not
z = x + 1j * y
z *= z
a = z.real * z.imag
z[1:] += z[:-1] * 1j
return np.sum(a * np.abs(z) ** 2)

# names of one array
v = x
w = v
v[0] *= y[1]
w += y
x *= v
return np.sum(x * v * w)

# names that part
v = x
x = x * y
v[0] = x[1]
x[1] *= v[0]
return np.sum(x * v)

# an augmented row is the array's own
v = A[0]
v += A[1]
s = x[0]
s += x[1]
return np.sum(A * A) + s * np.sum(x)

# one array or another, read only through the new name
z = x.copy() if x[0] > 0 else y.copy()
v = x[1:] if y[0] > 0 else x[:-1]
z *= y
z[0] = v[0]
return np.sum(z * z) * np.sum(v)

# views of copies by index arrays
v = A[[0, 1]]
v[0] *= A[2]
w = A[A[:, 0] > 0]
w[0] *= v[0]
A[0] = w[0]
return np.sum(A * v[0]) + np.sum(w * w)

# a view in a loop
for i in range(3):
    v = x[i:]
    v[0] = v[1] * y[i] * v[0]
    v = v * v
    v[1] = x[0]
    x[i + 1 :] += 0.1 * v[1:]
return np.sum(x * x) * v[0]

# a view around a loop
z = x * x
v = z[1:]
for i in range(n):
    z[i] = y[1] * z[1]
    v[0] *= v[1]
    v *= z[0]
return np.sum(z * v[0])

# an index by names
i, j = (0, 1), None
A[i] *= A[1, 1]
A[j, 0] *= x[0]
A[np.newaxis, 2] += A[0]
return np.sum(A * A)
"""

HELPERS = """
# a buffer filled
b = np.zeros(4)
fill(b, x)
fill(b[::-1], b * y)
fill(x, x)
return np.sum(b * x)

# a buffer filled until
b = np.zeros(4)
fill_until(b, x)
fill_until(x, y * y)
return np.sum(b * x * y)

# a view returned
v = head(x)
v[0] = x[3] * x[2]
head(y)[:] = x[2:]
c = column(A, 1)
A[0] = 3.0 * A[1]
c *= A[2]
return np.sum(x * y) + np.sum(v) + np.sum(A * A) + np.sum(c)

# the argument returned
z = twice(x)
z[0] = y[1]
w = twice(twice(z))
return np.sum(x * z * w)

# one or another, known
z = either(x, y, True)
w = either(x, y, False)
z[0] = w[1] * z[1]
w *= z
return np.sum(x * y)

# one or another, not known
z = either(x.copy(), y.copy(), n)
z[0] = x[1] * z[2]
return np.sum(z * z)

# two arguments written
z = x * x
a, b = both(x, z)
a *= b
return np.sum(x * z)

# a default
z = accumulated(x)
w = accumulated(y, z)
w *= x
return np.sum(z * w)

# helpers of helpers
t = nested(x)
t *= y[3]
t[0] += x[0]
return np.sum(x * x)

# steps of a simulation
p = x * x
for _ in range(n):
    x, p = step(x, p)
for _ in range(n):
    step(y, p)
return np.sum(x * p) + np.sum(y)

# into a list and a dict
e = {}
put(e, "a", x * x)
put(e["a"], 0, x[1])
put(h, 1, e["a"] * h[0])
h[1][0] *= 2.0
return np.sum(e["a"] * h[1])
"""

CONTAINERS = """
# lists of arguments
h[0][0] = h[1][1] * h[0][1]
h.append(h[0] * x)
h[1] = h[2] * h[1]
h[0] += h[1]
return np.sum(h[1] * h[0] * h[2])

# a loop over a list
for a in h:
    a *= h[0]
for i, a in enumerate(h):
    a[i] *= h[0][1]
    h[i] = a * a
return np.sum(h[1] * h[0])

# dicts of arguments
d["w"] -= 0.1 * d["b"] * d["w"]
d["b"][0] = 3.0 * d["w"][1]
d["c"] = d["w"] * d["b"]
d["c"] *= x
for key in ("w", "b"):
    d[key] *= y
return np.sum(d["c"] * d["w"]) + np.sum(d["b"])

# a loop over a dict
for key, v in d.items():
    v *= v
    d[key] = v + x
for v in d.values():
    v *= v[::-1]
return np.sum(d["w"] * d["b"])

# every method of a list
a = [x[0], x[1], x[2]]
a.append(a[0] * a[1])
a.insert(1, y[0])
a.extend((y[1], a[-1]))
a += [y[2] * a[0]]
b = a.pop() * a.pop(0)
a.reverse()
a[0] *= b
a[1:3] = [x[3]]
del a[-1]
c = a[0] * a[1] * a[2] * len(a)
a.clear()
a.append(c)
return a[0] * b

# every method of a dict
e = {"a": x[0]}
e["b"] = e["a"] * x[1]
e.update(c=x[2], a=e["b"] * y[0])
e.update({"b": e["a"] * e["b"]})
e |= {"g": e["c"] ** 2}
e["g"] += e.setdefault("f", y[1]) * e.setdefault("a", 9.0)
b = e.pop("c") * e.pop("z", x[3])
del e["b"]
return b * e["a"] * e["g"] * len(e)

# a history
a = [x]
for i in range(3):
    a.append(a[-1] * y[0])
    a[-1][i] = a[-2][i + 1]
return np.sum(a[-1] * a[1])

# entries that a loop computes
a = [1.0, 2.0, 3.0]
for i in range(3):
    a[i] = a[i - 1] * x[i]
return a[0] * a[1] * a[2]

# entries that a loop with an unknown number of trips computes
a = [x[0], x[1]]
for i in range(n):
    a[0], a[1] = a[1], a[0] * x[i]
    a[0] = a[0] + a[1]
return a[0] * a[1] ** 2

# entries that branches write
a = [x[0], x[1]]
if x[0] > 0:
    a[0] = x[2] * a[1]
    a.append(y[0])
else:
    a[1] = x[3]
    a.append(y[1])
return a[0] * a[1] * a[2] ** 2

# two names of a list
a = [x[0], x[1]]
b = a
b[0] = x[2] * a[0]
a += [x[3]]
b[2] *= a[0]
a = a + [y[0]]
a[0] *= 3.0
return a[0] * b[0] * b[2] * a[3] * len(b)

# copies of a list
a = [x[0], x[1]]
b, c, e, g = a.copy(), list(a), a[:], a + [y[0]]
b[0] = x[2]
c[0] *= x[3]
e.append(y[1])
g[1] *= g[2]
return a[0] * a[1] * b[0] * c[0] * e[2] * g[1]

# one array many times
a = [x] * 3
a[0][0] = x[1] * y[2]
b = [[0.0] * 2] * 2
b[0][1] = x[0]
return np.sum(a[1] * a[2]) * b[1][1]

# products and sums by einsum, and powers, are new
B = np.einsum("ij,kj->ik", A, A)
c, d = np.einsum("ij->j", A), np.einsum(A, [0, 1], x[:3], [1], [0])
P = np.linalg.matrix_power(B, 2)
A *= 0.5
B += A[0, 0]
c[1:] *= d[1]
return np.sum(B * P) + np.sum(c * d)

# lists in lists
a = [[0.0, 1.0], [2.0, 3.0]]
a[0][1] = x[0]
a[1] = a[0]
a[0][0] = x[1] * a[1][1]
t = ([x[2]], x)
t[0][0] *= y[1]
t[0].append(x[3])
t[1][0] *= 3.0
return a[1][1] * a[1][0] * t[0][0] * t[0][1] * np.sum(x * y)

# copies of a dict
e = {"a": x.copy(), "b": x[0]}
g, b = e.copy(), dict(e)
g["a"][0] = y[1] * x[2]
b["b"] *= x[1]
b["a"] = b["a"] * e["a"]
return np.sum(e["a"] * b["a"]) * e["b"] * b["b"]

# the array of an entry and the entry
a = {"a": x, "b": [x * y]}
x[1] *= x[2]
a["a"] *= y
a["b"][0][0] = a["a"][1]
a["b"].append(a["a"])
a["b"][1][2] = x[3]
return np.sum(x * a["b"][0])
"""

RESULTS = """
# the argument that is written
x[0] = x[1] * y[2]
return x

# one array three times
z = np.exp(x)
for i in range(n):
    z *= y
return z, z[1:], z

# containers of views
z = np.exp(x)
v = z[::-1]
for i in range(n):
    z[i] *= z[i + 1]
return {"a": v, "b": [z, z.reshape(2, 2)]}

# rows of a table
t = np.zeros((n + 1, 4))
t[0] = x
for i in range(n):
    t[i + 1] = t[i] * y
    t[i] *= 2.0
return t[1], t[n], x

# arguments
h.append(h[0] * x)
h[0] *= y
d["c"] = d["w"] * h[0]
d["w"][0] = 1.0
return h, d["c"], d["w"], A
"""

FOUND = """
# np.add.at into views, with repeated indices
np.add.at(x[1:], k[:2], y[0] * y[1])
v = y[::-1]
np.add.at(v, [0, 2, 1, 1], np.sin(x))
np.add.at(A.T, k, x[:3])
return np.sum(x * x * x * y) + np.sum(A * A)

# arrays in a list swapped in a loop
h[1] = h[0] * h[0]
for i in range(n):
    h[0], h[1] = h[1], h[0]
    h[0][i] = h[1][i] * h[0][i]
return np.sum(h[0] * h[1] ** 2)

# arrays in a dict swapped in a loop
for i in range(n):
    d["w"], d["b"] = d["b"], d["w"]
    d["w"][0] *= 1.5 * d["b"][1]
return np.sum(d["w"] * d["b"] * d["b"])

# an array in a list, by its other name in a loop
w = x.copy()
a = [x, w]
for i in range(n):
    a[1] *= w * 0.5
return np.sum(w)

# a branch after a write that it undoes
w = x * x
x[0] = x[0] * w[1]
if x[2] > 9.0:
    x[...] += x * x[0]
return np.sum(x * x)

# a branch after all was overwritten
x *= x
if x[1] > 0.57:
    x[-2] = x[0] + 0.5
return np.sum(x * x)

# a test that writes
if x[0] > 0 and bump(x) < 0:
    x[1] *= x[0]
if x[0] < bump(x) < x[0] or bump(y) > 0.0:
    x[1] *= y[0]
return np.sum(x * x)

# a masked sum in a loop
v = np.sin(x)
for i in range(1, 4):
    v[v > 0.31] += v[i]
return np.sum(v * v)

# rows backwards
for a in reversed(A):
    a[:] = A[0] * a
return np.sum(A * A)

# a broadcast that is read before a write
w = np.broadcast_to(x, (2, 4))
z = np.sum(w * w)
x[1] *= x[0]
return z * np.sum(x)

# an early return after writes in branches
if x[0] > 0:
    x[1] = x[0] * x[2]
    if x[1] > 9.0:
        x[0] = x[1] ** 2
        return np.sum(x * y)
    x[2] *= 3.0
else:
    x[:] = 0.0
x *= x
return np.sum(x * x)
"""


def bump(a):
    a[0] = a[0] * a[0] + 1.0
    return a[1]


def fill(buffer, x):
    for i in range(len(x)):
        buffer[i] = x[i] * x[i]


def fill_until(buffer, x):
    for i in range(len(x)):
        if x[i] < 0.4:
            return
        buffer[i] = x[i] * x[i]


def head(a):
    return a[:2]


def column(A, j):
    return A[:, j]


def twice(a):
    a *= 2.0
    return a


def either(a, b, first):
    if first:
        return a
    return b


def both(a, b):
    a[0] = b[1] * a[1]
    b[0] = a[0] * b[2]
    return b, a


def put(store, key, value):
    store[key] = value


def accumulated(x, buffer=None):
    if buffer is None:
        buffer = np.zeros(4)
    buffer += x
    return buffer


def nested(a):
    twice(head(a))
    return head(a)[1:]


def step(u, p):
    p[1:-1] = 0.5 * (u[2:] + u[:-2]) * p[1:-1]
    old = u.copy()
    u[1:-1] = old[1:-1] + 0.1 * p[1:-1] * (old[2:] - old[:-2])
    return u, p


FUNCTIONS = {f.__name__: f for f in (bump, fill, fill_until, head, column, twice, either, both, put, accumulated, nested, step)}
SECTIONS = {
    "writes": WRITES,
    "order": ORDER,
    "flow": FLOW,
    "rebound": REBOUND,
    "swaps": SWAPS,
    "views": VIEWS,
    "helpers": HELPERS,
    "containers": CONTAINERS,
    "results": RESULTS,
    "found by random programs": FOUND,
}


def programs():
    """The function of each program, by the name of its section and its first line."""
    for section, text in SECTIONS.items():
        for program in re.split(r"\n\n(?=#)", text.strip()):
            title, body = program.split("\n", 1)
            lines = "".join(f"    {line}\n" for line in body.splitlines())
            yield f"{section}: {title[2:]}", define(f"def f(x, y, A, n, k, h, d):\n{lines}", "f", **FUNCTIONS)


PROGRAMS = dict(programs())
WRT = (0, 1, 2, 5, 6)


def arguments():
    x, y = np.array([0.7, -1.3, 1.1, 0.4]), np.array([0.6, 0.9, -0.8, 1.2])
    A = np.array([[0.5, 1.2, -0.3], [1.4, -0.7, 0.9], [1.1, 0.3, -1.4]])
    lists = [np.array([1.3, -0.2, 0.8, 0.5]), np.array([-0.6, 0.7, 1.2, 0.9])]
    dicts = {"w": np.array([0.8, 1.1, -0.7, 0.3]), "b": np.array([0.4, -0.9, 0.6, 1.3])}
    return [x, y, A, 3, np.array([1, 1, -3]), lists, dicts]


def difference(f, args, y_bar, direction):
    """The derivative of ⟨y̅, f⟩ along a direction."""
    return slope(lambda t: pairing(f(*mapped(lambda a, v: a + t * v, copy.deepcopy(args), direction)), y_bar))


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize("name", PROGRAMS)
def test_derivative(name):
    f, args = PROGRAMS[name], arguments()
    value = f(*copy.deepcopy(args))
    y_bar = random_like(value, np.random.default_rng(1))
    given = copy.deepcopy(y_bar)
    found = []
    joint = sct.vjp(f, WRT)
    for derived in (joint, joint, sct.vjp(f, WRT, optimize=False)):
        got, cotangents = derived(*args, y_bar)
        assert equal(value, got)
        found.append(cotangents)
    got, pull = sct.pullback(f, WRT)(*args)
    assert equal(value, got)
    found += [pull(y_bar), pull(y_bar)]
    assert equal(value, got)
    assert equal(args, arguments()), "the caller's arguments are changed"
    assert [len(args[5]), list(args[6])] == [2, ["w", "b"]]
    assert equal(y_bar, given), "the caller's cotangent is changed"
    assert all(close(found[0], other) for other in found[1:])
    for seed in (2, 3):
        direction = random_like(args, np.random.default_rng(seed))
        expected = difference(f, args, y_bar, direction)
        got = pairing(found[0], tuple(direction[w] for w in WRT))
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-7)


SECOND = [name for i, name in enumerate(PROGRAMS) if i % 7 == 3]


@pytest.mark.parametrize("name", SECOND)
def test_second_derivative(name):
    f, args = PROGRAMS[name], arguments()
    y_bar = random_like(f(*copy.deepcopy(args)), np.random.default_rng(1))
    first = sct.vjp(f, 0)
    directions = [random_like(args[0], np.random.default_rng(seed)) for seed in (4, 5)]

    def along(x):
        return pairing(first(x, *args[1:], y_bar)[1], directions[0])

    seed = mapped(np.zeros_like, first(*args, y_bar))[0], directions[0]
    _, second = sct.vjp(first, 0)(*args, y_bar, seed)
    expected = difference(along, [args[0]], 1.0, [directions[1]])
    assert pairing(second, directions[1]) == pytest.approx(expected, rel=1e-5, abs=1e-6)


# Where it depends on the way taken which names share memory: so do those of their adjoints.
SHARED = {
    "one array or another": "w = np.ones(4)\nz = x if x[0] > 0 else w\nz *= y\nreturn np.sum(x)",
    "the same, the other way": "z = x if x[0] > 0 else y\nx[0] = 1.0\nreturn np.sum(z * x)",
    "one slice or another": "if x[0] > 0:\n    v = x[1:]\nelse:\n    v = x[:-1]\nx[0] = 4.0\nreturn np.sum(v * v)",
    "a slice that a loop moves": "v = x\nfor i in range(n):\n    v = v[1:]\n    v[0] *= y[0]\nreturn np.sum(x)",
    "a row that a loop moves": "v = A[0]\nfor i in range(n):\n    v[i] *= y[i]\n    v = A[i]\nreturn x[0] * np.sum(A)",
    "np.asarray": "z = np.asarray(x, order='C')\nz[0] = 1.0\nreturn np.sum(x * x)",
    "a shape of an array whose layout is not known": "z = A.ravel()\nz[0] = y[0]\nreturn np.sum(A * A) + np.sum(z)",
    "a helper": "z = either(x, y, n)\nz[0] = x[1]\nreturn np.sum(y * x)",
    "a write by a helper": "z = np.atleast_2d(x)\ntwice(z)\nreturn np.sum(x * y)",
    "an array in a list that a loop changes": (
        "w = x.copy()\na = [w, x * 2]\nfor i in range(n):\n    w[i] *= a[1][1]\n    a[1] = w * 2.0\nreturn np.sum(a[0])"
    ),
    "an entry that a loop writes into and replaces": (
        "w = x.copy()\na = [w, x * 2]\nfor i in range(n):\n    a[0][i] *= a[1][1]\n    a[0] = a[0] * 2.0\nreturn np.sum(w)"
    ),
    "an entry that a branch replaces": (
        "w = x.copy()\na = [w]\nif x[0] > 0:\n    a[0] = w * 2.0\na[0][1] = 3.0\nreturn np.sum(w)"
    ),
    "an entry of a dict that a branch replaces": (
        "s = {'a': x}\nif x[0] > 0:\n    s['a'] = x * 2.0\nx[0] = 3.0\nreturn np.sum(s['a'])"
    ),
}


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("body", SHARED.values(), ids=SHARED)
def test_names_that_share_memory_on_some_way(body, fortran):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    f = define(f"def f(x, y, A, n, k, h, d):\n{lines}", "f", **FUNCTIONS)
    given = (0, 1, 2)
    laid_out = np.asfortranarray if fortran else np.ascontiguousarray
    for sign in (1.0, -1.0):
        args = arguments()
        args = sign * args[0], args[1], laid_out(args[2]), *args[3:]
        kept = copy.deepcopy(args)
        for optimize in (True, False):
            value, found = sct.value_and_grad(f, given, optimize=optimize)(*args)
            assert equal(value, f(*copy.deepcopy(args)))
            assert equal(args, kept), "the caller's arguments are changed"
            _, pull = sct.pullback(f, given, optimize=optimize)(*args)
            assert all(close(pull(1.0), found) for _ in range(2))
        for seed in (2, 3):
            direction = [random_like(a, np.random.default_rng(seed)) if k in given else a for k, a in enumerate(args)]
            expected = difference(lambda x, y, A: f(x, y, laid_out(A), *copy.deepcopy(args[3:])), args[:3], 1.0, direction[:3])
            assert pairing(found, tuple(direction[:3])) == pytest.approx(expected, rel=1e-6, abs=1e-7)


# NumPy's own errors, where the value is computed; a gradient alone leaves out what it does not need (docs/limitations.md).
WRONG = {
    "index": ("x[7] = y[0]", IndexError),
    "index of a read": ("x[0] = x[7]", IndexError),
    "index in a loop": ("for i in range(n + 2):\n    x[i] *= 2.0", IndexError),
    "index below": ("x[-5] = 1.0", IndexError),
    "index that is no integer": ("x[1.0] = x[0]", IndexError),
    "too many indices": ("x[0, 0] = x[0]", IndexError),
    "size of a mask": ("x[np.array([True, False])] = x[0]", IndexError),
    "number of masked values": ("x[x > 0] = x[:2]", ValueError),
    "shape": ("x[:2] = x[:3]", ValueError),
    "shape of a summand": ("x[:2] += x[:3]", ValueError),
    "shape of the output": ("np.add(x, 1.0, out=x[:2])", ValueError),
    "shape of a copy": ("np.copyto(x, x[:3])", ValueError),
    "shapes of np.add.at": ("np.add.at(x, [0, 1, 2], x[:2])", ValueError),
    "index of np.add.at": ("np.add.at(x, [0, 9], x[:2])", IndexError),
    "index of np.put": ("np.put(x, [9], 1.0)", IndexError),
    "axis of a sort": ("x.sort(axis=1)", IndexError),
    "a string": ("x[0] = 'a'", ValueError),
    "ragged": ("x[:2] = [x[0], [x[1], x[2]]]", ValueError),
    "a difference of masks": ("m = x > 0\nm -= y > 0\nx *= m", TypeError),
    "an integer to a negative power": ("k **= -1\nx[0] *= k[0]", ValueError),
}


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", WRONG)
def test_an_error_of_numpy_is_raised(name, optimize):
    body, error = WRONG[name]
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    f = define(f"def f(x, y, A, n, k, h, d):\n{lines}    return np.sum(x)\n", "f", **FUNCTIONS)
    with pytest.raises(error) as expected:
        f(*arguments())
    for transform in (sct.value_and_grad, sct.vjp):
        args = arguments()
        with pytest.raises((type(expected.value), sct.SctError)):  # ours where the lengths of axes show it
            transform(f, optimize=optimize)(*args, *((1.0,) if transform is sct.vjp else ()))
        assert equal(args, arguments())


# Errors that the types show already: the place is that of the write.
WRONG_BY_TYPE = {
    "shape of a greater summand": ("x += np.outer(x, x)", "does not fit into 'x'"),
    "shape of a greater factor": ("x *= np.outer(x, x)", "does not fit into 'x'"),
    "shape of a greater output": ("np.multiply(x[None], x, out=x)", "does not fit into 'x'"),
    "an array into an entry": ("x[0] = [x[0], x[1]]", "does not fit into 'x'"),
    "known sizes": ("z = np.zeros(3)\nz[1:] = [x[0], x[1], x[2]]", "does not fit into 'z'"),
    "a list of a row": ("x[:] = [[x[0], x[1], x[2], x[3]]]", "does not fit into 'x'"),
    "known index": ("z = np.zeros(3)\nz[3] = x[0]", "index 3 is not in an axis of length 3"),
    "a complex number": ("x[0] = 1j", "a write of complex numbers into 'x'"),
    "complex factors": ("x *= 1j * x", "a write of complex numbers into 'x'"),
    "a copy of complex numbers": ("np.copyto(x, 1j * x)", "a write of complex numbers into 'x'"),
    "complex numbers by out": ("np.add(x, 1j, out=x)", "a write of complex numbers into 'x'"),
    "a quotient of integers": ("k /= 2\nx *= k[0]", "a write of real numbers into 'k'"),
    "filled by an array": ("x.fill(x)", "with an array"),
    "product of vectors": ("x @= x", "@= by an array that is no matrix"),
    "stretched": ("z = np.broadcast_to(x, (2, len(x)))\nz[0] = 1.0", "into 'z', which NumPy makes read-only"),
    "row of a stretched array": ("z = np.broadcast_to(x, (2, len(x)))[0]\nz[0] = 1.0", "into 'z', which NumPy makes read-only"),
    "diagonal": ("z = A.diagonal()\nz[0] = x[0]", "into 'z', which NumPy makes read-only"),
    "arguments of np.copyto": ("np.copyto(x)", "arguments that do not fit"),
}


@pytest.mark.parametrize("name", WRONG_BY_TYPE)
def test_a_write_that_no_data_allow_is_refused(name):
    body, message = WRONG_BY_TYPE[name]
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    f = define(f"def f(x, y, A, n, k, h, d):\n{lines}    return np.sum(x)\n", "f", **FUNCTIONS)
    with pytest.raises((ValueError, TypeError, IndexError)):
        f(*arguments())
    for transform in (sct.grad, sct.value_and_grad):
        with pytest.raises(sct.SctError, match=message) as error:
            transform(f)(*arguments())
        assert error.value.place.line == 1 + len(body.splitlines()) - body.endswith("k[0]")
        assert error.value.advice


def relaxed(u, A, n, h):
    for i in range(n):
        u[1:-1] += A[0, i] * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
        A[i] *= u[i]
        h[1] *= u * u[i]
        h[0] *= h[1]
    return np.sum(u * h[0]) + np.sum(A), {"u": u, "rest": [h[1], A[1:]]}


def arguments_of_relaxed():
    x, _, A, n, _, h, _ = arguments()
    return [x, A, n, h]


@pytest.mark.parametrize("optimize", [True, False])
def test_what_the_function_returns_beside_is_not_undone(optimize):
    args = arguments_of_relaxed()
    value, aux = relaxed(*copy.deepcopy(args))
    (got_value, got_aux), gradient = sct.value_and_grad(relaxed, (0, 1, 3), has_aux=True, optimize=optimize)(*args)
    same_gradient, same_aux = sct.grad(relaxed, (0, 1, 3), has_aux=True, optimize=optimize)(*args)
    assert equal(value, got_value)
    assert close(aux, got_aux)
    assert close(aux, same_aux)
    assert close(gradient, same_gradient)
    assert equal(args, arguments_of_relaxed())


def test_the_primal_writes_as_before():
    args, others = arguments_of_relaxed(), arguments_of_relaxed()
    primal = sct.grad(relaxed, has_aux=True).primal
    assert close(primal(*args), relaxed(*others))
    assert equal(args, others)
    assert not equal(args, arguments_of_relaxed())


def rounded(x, y):
    b = np.zeros(3, np.float32)
    b[:] = x
    b += y
    b *= b
    y[0] = b[1]
    x[1:] *= b[1:]
    return np.sum(b) + np.sum(x) * np.sum(y)


def test_an_adjoint_has_the_precision_of_its_array():
    x, y = np.array([1.0, 2.0, 3.0], np.float32), np.array([0.5, 0.25, 2.0])
    gradient = sct.grad(rounded, (0, 1))(x, y)
    exact = sct.grad(rounded, (0, 1))(x.astype(float), y)
    assert [g.dtype for g in gradient] == [np.float32, np.float64]
    for a, b in zip(gradient, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def swept(x, A):
    for i in range(len(x)):
        x[i] *= x[i - 1]
        A[i] += x
        A[:, i] *= A[i, i]
    x[1:] += x[:-1] * x[1:]
    A[1:] = A[:-1] * x
    b = np.empty(A.shape)
    b[:, :] = A.T
    b[x > 0] *= 2.0
    return np.sum(x) * np.sum(b)


@pytest.mark.parametrize("n", range(5))
def test_any_length(n):
    rng = np.random.default_rng(n)
    sct.check_grads(swept, (rng.normal(size=n), rng.normal(size=(n, n))), wrt=(0, 1))


def shown(x):
    print(x[0])
    x[0] = x[1] * x[0]
    print(x, x[0])
    x *= x
    y = x[1:]
    print(y)
    x[1] = 0.5
    print(f"{y[0]:.3f} {x}")
    assert y[0] == 0.5, x
    if x[2] > 1.0:
        x[2] = 9.0
        raise ValueError(f"the array is {x}")
    return np.sum(x * x)


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("transform", [sct.grad, sct.value_and_grad])
def test_what_is_seen_between_writes(transform, optimize, capsys):
    x = np.array([0.7, -0.3, 0.1, 0.4])
    shown(x.copy())
    expected = capsys.readouterr().out
    transform(shown, optimize=optimize)(x)
    assert capsys.readouterr().out == expected
    x[2] = -1.1
    with pytest.raises(ValueError, match="the array is") as error:
        shown(x.copy())
    with pytest.raises(ValueError, match=re.escape(str(error.value))):
        transform(shown, optimize=optimize)(x)
    assert np.array_equal(x, [0.7, -0.3, -1.1, 0.4])


# Writes and what they depend on, in functions of their own


P, Q = np.array([0.45, 0.61, 0.72, 0.87]), np.array([0.48, -0.24, 0.96, -0.2])


def rows_from_one(p):
    v = p * np.ones((2, 2))
    v[[0, 1]] = v[0]
    return np.sin(v)


def branches_after_writes(p, q, n):
    if n == 0:
        q[:] = p
    if n > 1:
        q[1] = 2.0
    return q * q


def write_test_write(p):
    v = np.zeros(4)
    v[2] = p[2]
    if v[2] < 0.5:
        v[1] = 2.0
    v[3] = v[3] + p[0]
    return v * v


def mask_of_what_it_changes(p):
    while p[1] > 0.5:
        p[p[1] > 0.9] -= 1.0
        p[1] = 0.5 * np.tanh(p[1])
    return p + 0.0


def branch_that_is_linear(p, q):
    if p[0] > 0.05:
        if p[1] < 0.1:
            q[3] += 1.0
    else:
        q[1] = 2.0
    return q


def perhaps_none(p):
    v = -1.2 * np.ones(4)
    D = {"a": v}
    if D["a"][3] < 0.3:
        np.put(v, [3, 0], p[::2])
        return v


def leading_unit_axes(p):
    v = np.zeros(4)
    v[:] = p[None]
    v[[0, 1]] = p[None, None, 1:3]
    v[2:] = np.reshape(p[:2], (1, 2))
    return v * v


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (rows_from_one, (P[:2],)),
        (branches_after_writes, (P, Q, 0)),
        (branches_after_writes, (P, Q, 2)),
        (write_test_write, (P,)),
        (mask_of_what_it_changes, (P + np.array([0.0, 1.0, 0.0, 0.0]),)),
        (branch_that_is_linear, (P, Q)),
        (branch_that_is_linear, (P - 1.0, Q)),
        (perhaps_none, (P,)),
        (leading_unit_axes, (P,)),
    ],
)
def test_writes_in_a_function(f, args, order):
    sct.check_grads(f, args, arrays(args), order=order)


def square_the_first(a):
    a[0] = a[0] * a[0] + 1.0
    return a[1]


def entry_before_the_call(x):
    x[0] += square_the_first(x)
    x[1] *= square_the_first(x)
    return np.sum(x * x)


def test_entry_is_read_before_a_function_that_changes_it():
    sct.check_grads(entry_before_the_call, (P,))


def unrolled_in_a_branch(x):
    a = [x, x * 2]
    y = np.zeros(2)
    if x[0] > 0:
        for i in range(2):
            y[i] = a[i][0]
    return np.sum(y)


def unrolled_in_a_loop(x, n):
    a = [x, x * 2]
    y = np.zeros(2)
    for _ in range(n):
        for i in range(2):
            y[i] = y[i] + a[i][0]
    return np.sum(y)


def unrolled_in_a_while_loop(x, n):
    a = [x, x * 2]
    y = np.zeros(2)
    k = 0
    while k < n:
        for i in range(2):
            y[i] = y[i] + a[i][0] * x[1]
        k += 1
    return np.sum(y)


@pytest.mark.parametrize(
    ("f", "args"), [(unrolled_in_a_branch, ()), (unrolled_in_a_loop, (3,)), (unrolled_in_a_while_loop, (3,))]
)
def test_writes_in_unrolled_loops(f, args):
    agree(f, np.array([1.0, 2.0, 3.0]), *args)


def transposed_by_a_number(x):
    B = x * 2
    np.transpose(B, 0)[[0]] = x[0]
    B.transpose(-1)[[1]] = x[2]
    np.transpose(B, (0,))[[2]] += x[0]
    return np.sum(B * B)


def test_writes_through_a_transpose_of_one_axis():
    x = np.array([1.0, 2.0, 3.0])
    assert sct.value_and_grad(transposed_by_a_number)(x)[0] == transposed_by_a_number(x)
    sct.check_grads(transposed_by_a_number, (x,))


def by_ranges(x):
    y = np.zeros((2, 3))
    y[range(2), [0, 1]] += x[range(2), [1, 2]] ** 2
    y[:, range(1, 3)] = x[:, range(2)]
    y[range(2)] *= 2.0
    return np.sum(y**2)


def test_ranges_as_indices():
    sct.check_grads(by_ranges, (np.arange(1.0, 7.0).reshape(2, 3),), order=2)


class Halved:
    def __init__(self, scale):
        self.scale, self._k = scale, 1.0

    @property
    def k(self):
        return self._k * 2.0

    @k.setter
    def k(self, value):
        if value == 0.0:
            raise ValueError("it is zero")
        self._k = value * self.scale


def by_a_property(x, h):
    made = Halved(x[0])
    made.k = x[1]
    made.k += 1.0
    h.k = x[1] * made.k
    return made.k * h.k


def test_fields_that_a_property_sets():
    sct.check_grads(by_a_property, (np.array([0.3, 0.4]), Halved(2.0)), wrt=("x",), order=2)
    with pytest.raises(ValueError, match="it is zero"):
        sct.grad(by_a_property)(np.array([0.3, 0.0]), Halved(2.0))


def quotient_where(x):
    ok = x > 0.5
    y = np.divide(x, 2.0 * x - 1.0, where=ok)
    y[~ok] = 3.0 * x[~ok]
    return np.sum(y**2) + np.sum(np.add(x, x, where=ok)[ok] ** 3)


def root_where_a_mask_is_larger(x):
    y = np.sqrt(x, where=np.array([[True], [False]]))
    y[1] = x
    return np.sum(y**3)


@pytest.mark.filterwarnings("ignore:'where' used without 'out'")
@pytest.mark.parametrize("f", [quotient_where, root_where_a_mask_is_larger])
def test_where_without_an_array_for_the_result(f):
    """Where the mask is False there is whatever was in memory, until it is written over."""
    sct.check_grads(f, (np.array([0.4, 0.7, 0.3, 0.9]),))


def written_though_read_only(x):
    y = x * 1.0
    y.setflags(write=False)
    y[0] = 2.0
    return np.sum(y)


def view_written_though_read_only(x):
    y = x * 1.0
    y.setflags(write=False)
    part = y[1:]
    part += 1.0
    return np.sum(y)


def made_writable(x):
    x.setflags(write=True)
    return np.sum(x)


@pytest.mark.parametrize("f", [written_though_read_only, view_written_though_read_only, made_writable])
def test_into_what_is_made_read_only_nothing_is_written(f):
    with pytest.raises(sct.UnsupportedSyntaxError, match=r"which NumPy makes read-only|\.setflags\(\)"):
        sct.grad(f)(np.ones(3))
