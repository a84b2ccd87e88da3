/* Gradients of four of the problems of gradbench, written by hand: what there is to win. Arrays are dense, rows after one
   another; `work` is room for numbers that need not be kept. */

#include <math.h>
#include <string.h>

/* lse: the gradient (n) of the logarithm of the sum of exponentials of x. */
void lse(long n, const double *x, double *x_bar)
{
    double largest = x[0], total = 0.0;
    for (long i = 1; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (long i = 0; i < n; i++) {
        x_bar[i] = exp(x[i] - largest);
        total += x_bar[i];
    }
    for (long i = 0; i < n; i++)
        x_bar[i] /= total;
}

/* ode: the gradient (n) of the last unknown after s steps; work: (4 s + 9) n numbers, the last y before and in each step. */
static void rate(long n, const double *x, const double *y, double *out)
{
    out[0] = x[0];
    for (long i = 1; i < n; i++)
        out[i] = x[i] * y[i - 1];
}

/* Adds to the adjoints of x and y that of rate(x, y). */
static void rate_bar(long n, const double *x, const double *y, const double *out_bar, double *x_bar, double *y_bar)
{
    x_bar[0] += out_bar[0];
    for (long i = 1; i < n; i++) {
        x_bar[i] += out_bar[i] * y[i - 1];
        y_bar[i - 1] += out_bar[i] * x[i];
    }
}

void ode(long n, long s, const double *x, double *x_bar, double *work)
{
    const double h = 2.0 / s;
    double *tape = work, *y = tape + 4 * n * s, *k1 = y + n, *k2 = k1 + n, *k3 = k2 + n, *k4 = k3 + n;
    double *y_bar = k4 + n, *k_bar = y_bar + n, *stage_bar = k_bar + n, *next_bar = stage_bar + n;
    memset(y, 0, n * sizeof(double));
    for (long t = 0; t < s; t++) {
        double *y1 = tape + 4 * n * t, *y2 = y1 + n, *y3 = y2 + n, *y4 = y3 + n;
        memcpy(y1, y, n * sizeof(double));
        rate(n, x, y1, k1);
        for (long i = 0; i < n; i++)
            y2[i] = y[i] + 0.5 * h * k1[i];
        rate(n, x, y2, k2);
        for (long i = 0; i < n; i++)
            y3[i] = y[i] + 0.5 * h * k2[i];
        rate(n, x, y3, k3);
        for (long i = 0; i < n; i++)
            y4[i] = y[i] + h * k3[i];
        rate(n, x, y4, k4);
        for (long i = 0; i < n; i++)
            y[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
    }
    memset(x_bar, 0, n * sizeof(double));
    memset(y_bar, 0, n * sizeof(double));
    y_bar[n - 1] = 1.0;
    for (long t = s - 1; t >= 0; t--) {
        const double *stages = tape + 4 * n * t;
        const double weight[4] = {h / 6.0, h / 3.0, h / 3.0, h / 6.0}, reach[4] = {0.0, 0.5 * h, 0.5 * h, h};
        memcpy(next_bar, y_bar, n * sizeof(double));
        memset(stage_bar, 0, n * sizeof(double));
        for (int k = 3; k >= 0; k--) {
            const double after = k < 3 ? reach[k + 1] : 0.0;
            for (long i = 0; i < n; i++)
                k_bar[i] = weight[k] * y_bar[i] + after * stage_bar[i];
            memset(stage_bar, 0, n * sizeof(double));
            rate_bar(n, x, stages + k * n, k_bar, x_bar, stage_bar);
            for (long i = 0; i < n; i++)
                next_bar[i] += stage_bar[i];
        }
        memcpy(y_bar, next_bar, n * sizeof(double));
    }
}

/* gmm: the gradients by alpha (k), mu and q (k, d) and l (k, d (d - 1) / 2); work: k (2 d + 3) + d numbers. */
void gmm(long k, long d, long n, const double *alpha, const double *mu, const double *q, const double *l, const double *x,
         double m, double gamma, double *alpha_bar, double *mu_bar, double *q_bar, double *l_bar, double *work)
{
    const long below = d * (d - 1) / 2;
    double *diagonal = work, *z = diagonal + k * d, *scale = z + k * d, *weight = scale + k, *total = weight + k;
    double *apart = total + k;
    for (long c = 0; c < k; c++) {
        scale[c] = total[c] = 0.0;
        for (long i = 0; i < d; i++) {
            scale[c] += q[c * d + i];
            diagonal[c * d + i] = exp(q[c * d + i]);
        }
    }
    memset(mu_bar, 0, k * d * sizeof(double));
    memset(q_bar, 0, k * d * sizeof(double)); /* by the diagonals, until the end */
    memset(l_bar, 0, k * below * sizeof(double));
    for (long p = 0; p < n; p++) {
        double largest = -INFINITY, sum = 0.0;
        for (long c = 0; c < k; c++) {
            double *zc = z + c * d, squares = 0.0;
            const double *lc = l + c * below;
            for (long i = 0; i < d; i++) {
                apart[i] = x[p * d + i] - mu[c * d + i];
                zc[i] = diagonal[c * d + i] * apart[i];
            }
            for (long i = 0; i < d; i++) {
                for (long j = i + 1; j < d; j++)
                    zc[j] += lc[j - i - 1] * apart[i];
                lc += d - i - 1;
            }
            for (long i = 0; i < d; i++)
                squares += zc[i] * zc[i];
            weight[c] = alpha[c] + scale[c] - 0.5 * squares;
            largest = weight[c] > largest ? weight[c] : largest;
        }
        for (long c = 0; c < k; c++) {
            weight[c] = exp(weight[c] - largest);
            sum += weight[c];
        }
        for (long c = 0; c < k; c++) {
            const double w = weight[c] / sum, *zc = z + c * d, *lc = l + c * below;
            double *lc_bar = l_bar + c * below;
            total[c] += w;
            for (long i = 0; i < d; i++) {
                const double a = w * (x[p * d + i] - mu[c * d + i]);
                double product = diagonal[c * d + i] * zc[i];
                q_bar[c * d + i] -= a * zc[i];
                for (long j = i + 1; j < d; j++) {
                    product += lc[j - i - 1] * zc[j];
                    lc_bar[j - i - 1] -= a * zc[j];
                }
                mu_bar[c * d + i] += w * product;
                lc += d - i - 1;
                lc_bar += d - i - 1;
            }
        }
    }
    double largest = alpha[0], sum = 0.0;
    for (long c = 1; c < k; c++)
        largest = alpha[c] > largest ? alpha[c] : largest;
    for (long c = 0; c < k; c++)
        sum += exp(alpha[c] - largest);
    for (long c = 0; c < k; c++) {
        alpha_bar[c] = total[c] - n * exp(alpha[c] - largest) / sum;
        for (long i = 0; i < d; i++) {
            const double e = diagonal[c * d + i];
            q_bar[c * d + i] = q_bar[c * d + i] * e + total[c] + m - gamma * gamma * e * e;
        }
        for (long i = 0; i < below; i++)
            l_bar[c * below + i] -= gamma * gamma * l[c * below + i];
    }
}

/* ba: the 2 x 15 block of each of p observations, and what belongs to the weights (p). */
static void cross(const double *a, const double *b, double *out)
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* The vector v turned (Rodrigues), its derivatives by v, in the columns of by_v, and by the turn, in those of by_turn. */
static void rotate(const double *turn, const double *v, double *out, double by_v[3][3], double by_turn[3][3])
{
    const double angle2 = dot(turn, turn);
    double across[3], moved[3];
    if (angle2 == 0.0) {
        cross(turn, v, across);
        for (int i = 0; i < 3; i++)
            out[i] = v[i] + across[i];
        for (int j = 0; j < 3; j++) {
            const double unit[3] = {j == 0, j == 1, j == 2};
            cross(turn, unit, across);
            cross(unit, v, moved);
            for (int i = 0; i < 3; i++) {
                by_v[i][j] = unit[i] + across[i];
                by_turn[i][j] = moved[i];
            }
        }
        return;
    }
    const double angle = sqrt(angle2), s = sin(angle), c = cos(angle);
    const double axis[3] = {turn[0] / angle, turn[1] / angle, turn[2] / angle}, along = dot(axis, v);
    cross(axis, v, across);
    for (int i = 0; i < 3; i++)
        out[i] = v[i] * c + across[i] * s + axis[i] * along * (1.0 - c);
    for (int j = 0; j < 3; j++) {
        const double unit[3] = {j == 0, j == 1, j == 2};
        double axis_dot[3];
        cross(axis, unit, moved);
        for (int i = 0; i < 3; i++) {
            by_v[i][j] = unit[i] * c + moved[i] * s + axis[i] * axis[j] * (1.0 - c);
            axis_dot[i] = (unit[i] - axis[i] * axis[j]) / angle;
        }
        const double along_dot = dot(axis_dot, v);
        cross(axis_dot, v, moved);
        for (int i = 0; i < 3; i++)
            by_turn[i][j] = (across[i] * c - v[i] * s + axis[i] * along * s) * axis[j] + moved[i] * s
                            + (axis_dot[i] * along + axis[i] * along_dot) * (1.0 - c);
    }
}

void ba(long p, const double *cams, const double *points, const double *weights, const long *camera_of, const long *point_of,
        const double *features, double *blocks, double *weights_bar)
{
    for (long o = 0; o < p; o++) {
        const double *cam = cams + 11 * camera_of[o], *point = points + 3 * point_of[o], w = weights[o], f = cam[6];
        const double v[3] = {point[0] - cam[3], point[1] - cam[4], point[2] - cam[5]};
        double seen[3], by_v[3][3], by_turn[3][3];
        rotate(cam, v, seen, by_v, by_turn);
        const double flat[2] = {seen[0] / seen[2], seen[1] / seen[2]};
        const double r2 = flat[0] * flat[0] + flat[1] * flat[1];
        const double L = 1.0 + cam[9] * r2 + cam[10] * r2 * r2, slope = 2.0 * (cam[9] + 2.0 * cam[10] * r2);
        for (int i = 0; i < 2; i++) {
            double *row = blocks + (2 * o + i) * 15, by_seen[3];
            const double by_flat[2] = {
                w * f * ((i == 0) * L + flat[i] * slope * flat[0]),
                w * f * ((i == 1) * L + flat[i] * slope * flat[1]),
            };
            by_seen[0] = by_flat[0] / seen[2];
            by_seen[1] = by_flat[1] / seen[2];
            by_seen[2] = -(by_flat[0] * flat[0] + by_flat[1] * flat[1]) / seen[2];
            for (int j = 0; j < 3; j++) {
                double turned = 0.0, shifted = 0.0;
                for (int k = 0; k < 3; k++) {
                    turned += by_seen[k] * by_turn[k][j];
                    shifted += by_seen[k] * by_v[k][j];
                }
                row[j] = turned;
                row[3 + j] = -shifted;
                row[11 + j] = shifted;
            }
            row[6] = w * flat[i] * L;
            row[7] = w * (i == 0);
            row[8] = w * (i == 1);
            row[9] = w * f * flat[i] * r2;
            row[10] = w * f * flat[i] * r2 * r2;
            row[14] = flat[i] * L * f + cam[7 + i] - features[2 * o + i];
        }
        weights_bar[o] = -2.0 * w;
    }
}
