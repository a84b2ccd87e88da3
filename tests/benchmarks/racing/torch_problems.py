"""The problems of `gradbench` as users of PyTorch write them, in its eager mode; each gives what is raced."""

import torch
from torch.func import jacfwd, jacrev, vmap


def _gradients(f, *values):
    """The gradients of a function of tensors."""
    values = tuple(v.detach().requires_grad_() for v in values)
    return torch.autograd.grad(f(*values), values)


def hello(x):
    return _gradients(lambda x: x * x, x)[0]


def llsq(x, n):
    def objective(x):
        t = torch.linspace(-1.0, 1.0, n, dtype=x.dtype)
        powers = torch.linalg.vander(t, N=len(x))
        return 0.5 * torch.sum((torch.sign(t) - powers @ x) ** 2)

    return _gradients(objective, x)[0]


def lse(x):
    def objective(x):
        largest = torch.max(x)
        return largest + torch.log(torch.sum(torch.exp(x - largest)))

    return _gradients(objective, x)[0]


def det(A, columns, signs):
    return _gradients(lambda A: signs @ torch.prod(A[torch.arange(len(A)), columns], dim=1), A)[0]


def kmeans(points, centroids):
    centroids = centroids.detach().requires_grad_()
    apart = points[:, None, :] - centroids
    cost = torch.sum(torch.min(torch.sum(apart * apart, dim=2), dim=1).values)
    (gradient,) = torch.autograd.grad(cost, centroids, create_graph=True)
    (curvature,) = torch.autograd.grad(gradient.sum(), centroids)
    return gradient.detach() / curvature


def gmm(alpha, mu, q, below, x, m, gamma, apart):
    k, d = mu.shape
    columns, rows = torch.triu_indices(d, d, 1)

    def objective(alpha, mu, q, below):
        factors = torch.diag_embed(torch.exp(q)).index_put((torch.arange(k)[:, None], rows, columns), below)
        z = (x - mu[:, None, :]) @ factors.transpose(1, 2)
        scales = torch.sum(q, dim=1)
        likelihood = torch.sum(torch.logsumexp(alpha + scales - 0.5 * torch.sum(z * z, dim=2).T, dim=1))
        prior = m * torch.sum(scales) - 0.5 * gamma**2 * torch.sum(factors * factors)
        return likelihood - len(x) * torch.logsumexp(alpha, dim=0) + prior + apart

    return _gradients(objective, alpha, mu, q, below)


def ba(cams, points, weights, camera_of, point_of, features):
    def rotated(turn, v):
        angle2 = turn @ turn
        still = angle2 == 0.0
        angle = torch.sqrt(torch.where(still, 1.0, angle2))
        axis = turn / angle
        cross = torch.linalg.cross
        turned = v * torch.cos(angle) + cross(axis, v) * torch.sin(angle) + axis * (axis @ v) * (1.0 - torch.cos(angle))
        return torch.where(still, v + cross(turn, v), turned)

    def error(given, feature):
        cam, point, weight = given[:11], given[11:14], given[14]
        seen = rotated(cam[:3], point - cam[3:6])
        flat = seen[:2] / seen[2]
        r2 = flat @ flat
        return weight * (flat * (1.0 + cam[9] * r2 + cam[10] * r2 * r2) * cam[6] + cam[7:9] - feature)

    given = torch.cat((cams[camera_of], points[point_of], weights[:, None]), dim=1)
    return vmap(jacrev(error))(given, features), _gradients(lambda w: torch.sum(1.0 - w * w), weights)[0]


def ht(theta, us, parents, base, inverse_base, vertices, weights, mirrored, triangles, points):
    bones = len(parents)
    none = torch.zeros(bones, dtype=theta.dtype)
    ones = torch.ones_like(none)
    tree = parents.tolist()

    def by_angles(a, b):
        sx, cx, sz, cz = torch.sin(a), torch.cos(a), torch.sin(b), torch.cos(b)
        rows = (cz, -sz * cx, sz * sx, none, sz, cz * cx, -cz * sx, none, none, sx, cx, none, none, none, none, ones)
        return torch.stack(rows, dim=1).reshape(bones, 4, 4)

    def about_axis(turn):
        angle = torch.sqrt(turn @ turn)
        x, y, z = turn / angle
        zero = torch.zeros_like(x)
        across = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero)).reshape(3, 3)
        return torch.eye(3, dtype=turn.dtype) + torch.sin(angle) * across + (1.0 - torch.cos(angle)) * across @ across

    def errors(both):
        moved, theta = both[:2], both[2:]
        fingers = theta[6:].reshape(5, 4)
        first = 2 + 4 * torch.arange(5)
        flexing = torch.stack((fingers[:, 0], fingers[:, 2], fingers[:, 3]), dim=1).ravel()
        flexed = none.index_put(((first[:, None] + torch.arange(3)).ravel(),), flexing)
        relative = base @ by_angles(flexed, none.index_put((first,), fingers[:, 1]))
        absolute = []
        for i, parent in enumerate(tree):
            absolute.append(relative[i] if parent < 0 else absolute[parent] @ relative[i])
        moved_vertices = vertices @ (torch.stack(absolute) @ inverse_base)[:, :3].transpose(1, 2)
        skin = torch.sum(weights.T[:, :, None] * moved_vertices, dim=0)
        if mirrored:
            skin = skin * torch.tensor([-1.0, 1.0, 1.0], dtype=skin.dtype)
        skin = skin @ about_axis(theta[:3]).T + theta[3:6]
        u, v = us[:, :1] + moved[0], us[:, 1:] + moved[1]
        a, b, c = skin[triangles[:, 0]], skin[triangles[:, 1]], skin[triangles[:, 2]]
        return (points - (u * a + v * b + (1.0 - u - v) * c)).ravel()

    return jacfwd(errors)(torch.cat((torch.zeros(2, dtype=theta.dtype), theta)))


def lstm(main_params, extra_params, state, sequence):
    b = sequence.shape[1]

    def objective(main_params, extra_params):
        hidden, cell = list(state[::2]), list(state[1::2])
        weights, biases = main_params[::2].split(b, dim=1), main_params[1::2].split(b, dim=1)
        (wf, wi, wo, wc), (bf, bi, bo, bc) = ([part.unbind() for part in parts] for parts in (weights, biases))
        into, out, shift = extra_params.unbind()
        total = 0.0
        for t in range(len(sequence) - 1):
            x = sequence[t] * into
            for i in range(len(hidden)):
                ingate = torch.sigmoid(hidden[i] * wi[i] + bi[i])
                change = torch.tanh(hidden[i] * wc[i] + bc[i])
                cell[i] = cell[i] * torch.sigmoid(x * wf[i] + bf[i]) + ingate * change
                hidden[i] = x = torch.sigmoid(x * wo[i] + bo[i]) * torch.tanh(cell[i])
            y = x * out + shift
            total = total + torch.sum(sequence[t + 1] * (y - torch.log(torch.sum(torch.exp(y)) + 2.0)))
        return -total / (b * (len(sequence) - 1))

    return _gradients(objective, main_params, extra_params)


def ode(x, s):
    h = 2.0 / s
    one = torch.ones(1, dtype=x.dtype)

    def rate(x, y):
        return x * torch.cat((one, y[:-1]))

    def last(x):
        y = torch.zeros_like(x)
        for _ in range(s):
            k1 = rate(x, y)
            k2 = rate(x, y + 0.5 * h * k1)
            k3 = rate(x, y + 0.5 * h * k2)
            k4 = rate(x, y + h * k3)
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return y[-1]

    return _gradients(last, x)[0]


def _argmin(f, gradient, x):
    """Gradient descent as in gradbench/descent.py."""
    value, slope = f(x), gradient(x)
    eta, good = 1e-5, 0
    while torch.sqrt(torch.sum(slope * slope)) > 1e-5:
        if good == 10:
            eta, good = 2.0 * eta, 0
        step = eta * slope
        if torch.sqrt(torch.sum(step * step)) <= 1e-5:
            break
        tried = f(x - step)
        if tried < value:
            x = x - step
            value, slope = tried, gradient(x)
            good += 1
        else:
            eta, good = 0.5 * eta, 0
    return x


def particle(w):
    def potential(x, y, w):
        return 1.0 / torch.sqrt((10.0 - x) ** 2 + (10.0 - w - y) ** 2) + 1.0 / torch.sqrt((10.0 - x) ** 2 + y**2)

    def fall(w):
        x, y = torch.zeros_like(w, requires_grad=True), torch.full_like(w, 8.0, requires_grad=True)
        speed_x, speed_y = 0.75, 0.0
        while y > 0.0:
            slope_x, slope_y = torch.autograd.grad(potential(x, y, w), (x, y), create_graph=w.requires_grad)
            x = x + 0.1 * speed_x
            y = y + 0.1 * speed_y
            if not w.requires_grad:
                x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
            if y > 0.0:
                speed_x = speed_x - 0.1 * slope_x
                speed_y = speed_y - 0.1 * slope_y
        return (x - y / speed_y * speed_x) ** 2

    return _argmin(lambda w: fall(w).detach(), lambda w: _gradients(fall, w)[0], w)


def saddle(start):
    def height(x, y):
        return torch.sum(x * x) - torch.sum(y * y)

    def depth(x, y):
        return -height(x, y)

    def top(x, followed):
        def slope(y):
            y = y if y.requires_grad else y.detach().requires_grad_()
            return torch.autograd.grad(depth(x, y), y, create_graph=followed)[0]

        return _argmin(lambda y: depth(x, y), slope, start)

    def ridge(x):
        return height(x, top(x, x.requires_grad))

    x = _argmin(ridge, lambda x: _gradients(ridge, x)[0], start)
    return torch.cat((x, top(x, False)))
