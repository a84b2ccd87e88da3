"""Bodies, springs, robots and materials."""

import math
from collections import deque, namedtuple

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(5)
normal = normal_of(RNG)


@program(1.3, 0.4, peer=True)
def kepler_equation(mean_anomaly, eccentricity):
    E = mean_anomaly
    delta = 1.0
    while abs(delta) > 1e-13:
        delta = (E - eccentricity * np.sin(E) - mean_anomaly) / (1.0 - eccentricity * np.cos(E))
        E = E - delta
    return np.cos(E) - eccentricity


@program(1.2, 0.0, 0.3, 40, peer=True)
def pendulum_by_runge_kutta(theta, omega, damping, steps):
    h = 0.05
    for _ in range(steps):
        k1, l1 = omega, -np.sin(theta) - damping * omega
        k2, l2 = omega + 0.5 * h * l1, -np.sin(theta + 0.5 * h * k1) - damping * (omega + 0.5 * h * l1)
        k3, l3 = omega + 0.5 * h * l2, -np.sin(theta + 0.5 * h * k2) - damping * (omega + 0.5 * h * l2)
        k4, l4 = omega + h * l3, -np.sin(theta + h * k3) - damping * (omega + h * l3)
        theta = theta + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        omega = omega + h / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
    return theta**2 + omega**2


@program(normal(4, 3), normal(4, 3), np.array([1.0, 2.0, 0.5, 1.5]), 5, peer=True)
def n_body_by_leapfrog(x, v, m, steps):
    h = 0.02
    for _ in range(steps):
        d = x[:, None, :] - x[None, :, :]
        r2 = np.sum(d**2, axis=2) + 0.1
        a = -np.sum(m[None, :, None] * d / r2[:, :, None] ** 1.5, axis=1)
        v = v + h * a
        x = x + h * v
    return np.sum(m * np.sum(v**2, axis=1))


@program(normal(5, 2), 0.8, peer=True)
def lennard_jones(x, sigma):
    energy = 0.0
    for i in range(len(x)):
        for j in range(i):
            r2 = np.sum((x[i] - x[j]) ** 2) + 0.5
            s6 = (sigma**2 / r2) ** 3
            energy = energy + 4.0 * (s6 * s6 - s6)
    return energy


class Body:
    """A point mass."""

    def __init__(self, mass, position, velocity):
        self.mass = mass
        self.position = position
        self.velocity = velocity
        self.acceleration = np.zeros(2)


class System:
    """Bodies that attract one another."""

    G = 1.0
    softening = 0.1

    def __init__(self, bodies):
        self.bodies = bodies

    def accelerate(self):
        for body in self.bodies:
            body.acceleration = np.zeros(2)
            for other in self.bodies:
                if other is body:
                    continue
                r = other.position - body.position
                body.acceleration = body.acceleration + self.G * other.mass * r / (np.dot(r, r) + self.softening) ** 1.5

    def step(self, dt):
        self.accelerate()
        for body in self.bodies:
            body.velocity = body.velocity + dt * body.acceleration
            body.position = body.position + dt * body.velocity

    def kinetic_energy(self):
        return sum(0.5 * b.mass * np.dot(b.velocity, b.velocity) for b in self.bodies)


@program(normal(3, 2), normal(3, 2), np.array([1.0, 0.5, 0.2]), refused=("checkpoint",))
def n_bodies(positions, velocities, masses):
    system = System([Body(m, x, v) for m, x, v in zip(masses, positions, velocities)])
    for _ in range(4):
        system.step(0.1)
    return system.kinetic_energy()


class Quaternion:
    """w + x i + y j + z k."""

    def __init__(self, w, x, y, z):
        self.w, self.x, self.y, self.z = w, x, y, z

    def __mul__(a, b):
        if not isinstance(b, Quaternion):
            return Quaternion(a.w * b, a.x * b, a.y * b, a.z * b)
        return Quaternion(
            a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
            a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
            a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
        )

    def __rmul__(self, k):
        return self * k

    def __add__(a, b):
        return Quaternion(a.w + b.w, a.x + b.x, a.y + b.y, a.z + b.z)

    def __abs__(self):
        return math.sqrt(self.w**2 + self.x**2 + self.y**2 + self.z**2)

    def normalized(self):
        return self * (1 / abs(self))

    def conjugate(self):
        return Quaternion(self.w, -self.x, -self.y, -self.z)

    def rotate(self, v):
        q = self * Quaternion(0, *v) * self.conjugate()
        return np.array([q.x, q.y, q.z])


@program(np.array([0.1, 0.2, 0.3]), np.array([1.0, 0, 0]))
def turning_at_a_constant_rate(omega, v):
    q = Quaternion(1.0, 0.0, 0.0, 0.0)
    dt = 0.1
    for _ in range(5):
        q = (q + 0.5 * dt * (q * Quaternion(0.0, *omega))).normalized()
    return np.sum(q.rotate(v) * np.array([1.0, 2, 3]))


class RigidBody:
    """A body that turns about its centre: Euler's equations in the frame of the body."""

    def __init__(self, inertia, orientation, omega):
        self.inertia = inertia
        self.orientation = orientation
        self.omega = omega

    def step(self, torque, dt):
        momentum = self.inertia * self.omega
        self.omega = self.omega + dt * (torque - np.cross(self.omega, momentum)) / self.inertia
        spin = Quaternion(0.0, *self.omega)
        self.orientation = (self.orientation + 0.5 * dt * (self.orientation * spin)).normalized()

    @property
    def angular_momentum(self):
        return self.orientation.rotate(self.inertia * self.omega)


@program(np.array([1.0, 2.0, 0.7]), np.array([0.3, 1.5, -0.2]), np.array([0.0, 0.1, 0.2]))
def tumbling_rigid_body(inertia, omega, torque):
    body = RigidBody(inertia, Quaternion(1.0, 0.0, 0.0, 0.0), omega)
    for _ in range(6):
        body.step(torque, 0.05)
    return body.angular_momentum[0] + np.sum(body.omega**2)


class Link:
    """A rigid link that turns about the end of the one before."""

    def __init__(self, length):
        self.length = length

    def tip(self, base, heading):
        return base[0] + self.length * np.cos(heading), base[1] + self.length * np.sin(heading)


class Arm:
    def __init__(self, lengths):
        self.links = [Link(length) for length in lengths]

    def end_effector(self, angles):
        position, heading = (0.0, 0.0), 0.0
        for link, angle in zip(self.links, angles):
            heading += angle
            position = link.tip(position, heading)
        return position

    def cost(self, angles, target):
        x, y = self.end_effector(angles)
        return (x - target[0]) ** 2 + (y - target[1]) ** 2


@program(Arm([1.0, 0.8, 0.5]), np.array([0.1, 0.4, 0.2]), np.array([1.0, 1.0]), refused=("checkpoint",))
def robot_arm(arm, angles, target):
    return arm.cost(angles, target)


@program([1.0, 0.8, 0.5], np.array([0.3, 0.4, 0.2]), np.array([1.2, 1.0]))
def inverse_kinematics(lengths, angles, target):
    """Steps with the transposed Jacobian matrix, which is put together joint by joint."""
    for _ in range(4):
        joints = [np.zeros(2)]
        for k, length in enumerate(lengths):
            heading = np.sum(angles[: k + 1])
            joints.append(joints[-1] + length * np.array([np.cos(heading), np.sin(heading)]))
        tip = joints[-1]
        J = np.zeros((2, len(lengths)))
        for k in range(len(lengths)):
            r = tip - joints[k]
            J[:, k] = -r[1], r[0]
        angles = angles + 0.1 * J.T @ (target - tip)
    return np.sum((target - tip) ** 2)


class PID:
    """A controller that is called with the error."""

    def __init__(self, kp, ki, kd):
        self.kp, self.ki, self.kd = kp, ki, kd
        self.integral = 0.0
        self.last_error = None

    def __call__(self, error, dt):
        self.integral += error * dt
        derivative = 0.0 if self.last_error is None else (error - self.last_error) / dt
        self.last_error = error
        return self.kp * error + self.ki * self.integral + self.kd * derivative


@program(np.array([2.0, 0.5, 0.1]), 1.0)
def pid_control(gains, setpoint):
    controller = PID(*gains)
    x, dt, cost = 0.0, 0.1, 0.0
    for _ in range(20):
        u = controller(setpoint - x, dt)
        x += dt * (-x + u)
        cost += (setpoint - x) ** 2 * dt
    return cost


State = namedtuple("State", "position velocity time")


State = namedtuple("State", "position velocity time")


def advance(state, dt, k):
    acceleration = -k * state.position
    return state._replace(
        position=state.position + dt * state.velocity, velocity=state.velocity + dt * acceleration, time=state.time + dt
    )


@program(np.array([1.0, 2.0]), 1.3)
def spring_with_a_history(x0, k):
    """The last positions of a mass on a spring."""
    state = State(x0, np.zeros(2), 0.0)
    history = deque(maxlen=3)
    for _ in range(6):
        state = advance(state, 0.1, k)
        history.append(state.position)
    return sum(np.sum(x**2) for x in history) + state.time


class Material:
    """A linear elastic material in plane stress."""

    def __init__(self, E, nu):
        self._E = E
        self.nu = nu

    @property
    def E(self):
        return self._E

    @E.setter
    def E(self, value):
        if value <= 0:
            raise ValueError("Young's modulus is positive")
        self._E = value

    @property
    def G(self):
        return self.E / (2 * (1 + self.nu))

    @classmethod
    def steel(cls):
        return cls(200.0, 0.3)

    def stiffness(self):
        E, nu = self.E, self.nu
        return E / (1 - nu**2) * np.array([[1, nu, 0], [nu, 1, 0], [0, 0, (1 - nu) / 2]])


@program(210.0, 0.3, np.array([0.1, 0.2, 0.05]))
def strain_energy(E, nu, strain):
    material = Material(E, nu)
    material.E = material.E * 1.1
    stress = material.stiffness() @ strain
    return stress @ strain + material.G * Material.steel().G


@program(np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.9]]), np.array([2.0, 1.5, 1.0]), np.array([0.3, -1.0]))
def truss(nodes, areas, load):
    """The compliance of three bars; two nodes are held, the third is loaded."""
    bars = [(0, 1), (1, 2), (0, 2)]
    K = np.zeros((6, 6))
    for (i, j), area in zip(bars, areas):
        d = nodes[j] - nodes[i]
        length = np.linalg.norm(d)
        c, s = d / length
        k = area / length * np.outer([-c, -s, c, s], [-c, -s, c, s])
        dofs = [2 * i, 2 * i + 1, 2 * j, 2 * j + 1]
        for a in range(4):
            for b in range(4):
                K[dofs[a], dofs[b]] += k[a, b]
    free = [4, 5]
    u = np.linalg.solve(K[np.ix_(free, free)], load)
    return load @ u


class Particle:
    def __init__(self, position, pinned=False):
        self.position = position
        self.previous = position.copy()
        self.pinned = pinned

    def integrate(self, acceleration, dt):
        if self.pinned:
            return
        new = 2 * self.position - self.previous + acceleration * dt**2
        self.previous = self.position
        self.position = new


class Constraint:
    """Two particles at a distance from each other."""

    def __init__(self, a, b, length):
        self.a, self.b, self.length = a, b, length

    def satisfy(self):
        delta = self.b.position - self.a.position
        distance = np.sqrt(np.sum(delta**2))
        correction = delta * (1 - self.length / distance)
        if not self.a.pinned and not self.b.pinned:
            self.a.position = self.a.position + 0.5 * correction
            self.b.position = self.b.position - 0.5 * correction
        elif not self.b.pinned:
            self.b.position = self.b.position - correction


@program(np.array([0.0, -9.8]), 0.9, 0.05)
def rope(gravity, spacing, dt):
    """A rope of particles by Verlet's method, with constraints that are satisfied one by one."""
    particles = [Particle(np.array([1.0 * i, 0.0]), pinned=i == 0) for i in range(4)]
    constraints = [Constraint(a, b, spacing) for a, b in zip(particles, particles[1:])]
    for _ in range(3):
        for p in particles:
            p.integrate(gravity, dt)
        for _ in range(2):
            for c in constraints:
                c.satisfy()
    return np.sum(particles[-1].position ** 2)
