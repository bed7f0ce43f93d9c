#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Coefficients of the polynomials in kernels/math.hpp and kernels/gates.hpp that come from no book: the smallest largest relative
error on an interval, found by Remez's exchange; of a rational function, by least squares whose weights grow where the error is large
(Lawson, 1961).   pip install mpmath numpy; tools/minimax.py"""
import numpy
from mpmath import cos, linspace, log, log1p, lu_solve, matrix, mp, mpf, pi, polyval, sin, sqrt

mp.dps = 60


def minimax(f, low, high, degree):
    """c₀ xⁿ + … + cₙ and its largest relative error."""
    count = degree + 2
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * (mpf(i) + mpf(1) / 2) / count) for i in range(count)]
    grid = linspace(low, high, 4001)
    for _ in range(30):
        # Σ c x^k + (−1)ⁱ e f(x) = f(x) at all points
        system = matrix(count, count)
        right = matrix(count, 1)
        for i, x in enumerate(points):
            for k in range(degree + 1):
                system[i, k] = x ** (degree - k)
            system[i, degree + 1] = (-1) ** i * f(x)
            right[i] = f(x)
        solution = lu_solve(system, right)
        coefficients = [solution[k] for k in range(degree + 1)]
        errors = [polyval(coefficients, x) / f(x) - 1 for x in grid]
        # the extremum of every stretch of one sign
        extremes, best = [], 0
        for i in range(len(grid)):
            if i and (errors[i] > 0) != (errors[i - 1] > 0):
                extremes.append(best)
                best = i
            if abs(errors[i]) > abs(errors[best]):
                best = i
        extremes.append(best)
        new = [grid[i] for i in extremes]
        if len(new) != count or new == points:
            break
        points = new
    return coefficients, max(abs(e) for e in errors)


def show(name, f, low, high, degree, digits):
    coefficients, error = minimax(f, mpf(low), mpf(high), degree)
    print(f"{name}: relative error 2^{float(log(error, 2)):.1f}")
    print("  " + ", ".join(mp.nstr(c, digits) for c in coefficients))


def atanh_tail(s):
    """(log((1 + u) / (1 − u)) − 2u) / u³ for s = u²."""
    if s < mpf(10) ** -12:
        return mpf(2) / 3 + mpf(2) / 5 * s
    u = sqrt(s)
    return (log((1 + u) / (1 - u)) - 2 * u) / u**3


def sine(s):
    """sin 2πt / (t (1 − 4t²)) for s = t²."""
    t, rest = sqrt(s), 1 - 4 * s
    return 2 * pi if s == 0 else pi if rest == 0 else sin(2 * pi * t) / (t * rest)


def cosine(s):
    """cos 2πt / (1 − 16t²) for s = t²."""
    rest = 1 - 16 * s
    return pi / 4 if rest == 0 else cos(2 * pi * sqrt(s)) / rest


def rational(f, high, above, below, rounds=400):
    """Polynomials p of degree `above` and q of degree `below` in s = x², q(0) = 1, with p / q ≈ f(x) for 0 < x ≤ high, by powers from
    the highest, and the largest relative error."""
    x = numpy.maximum(high * (1 - numpy.cos(numpy.linspace(0, numpy.pi, 1600))) / 2, 1e-4)
    f, u = f(x), 2 * x**2 / high**2 - 1
    p, q = numpy.polynomial.chebyshev.chebvander(u, above), numpy.polynomial.chebyshev.chebvander(u, below)
    weight, denominator, best = numpy.ones_like(x), numpy.ones_like(x), None
    for _ in range(rounds):
        # p c − f q d = 0 at all points, each divided by f and by the last q: the relative error, but for what q has changed
        scale = (numpy.sqrt(weight) / (f * denominator))[:, None]
        c = numpy.linalg.svd(numpy.hstack([p * scale, -q * f[:, None] * scale]), full_matrices=False)[2][-1]
        denominator = q @ c[above + 1:]
        error = abs(p @ c[:above + 1] / denominator / f - 1)
        if best is None or max(error) < best[0]:
            best = max(error), c
        weight *= error + 1e-3 * max(error)
        weight = numpy.maximum(weight / max(weight), 1e-12)
    powers = [numpy.polynomial.Chebyshev(c, [0, high**2]).convert(kind=numpy.polynomial.Polynomial, domain=[-1, 1]).coef[::-1]
              for c in (best[1][:above + 1], best[1][above + 1:])]
    return powers[0] / powers[1][-1], powers[1] / powers[1][-1], best[0]


if __name__ == "__main__":
    numerator, denominator, error = rational(lambda x: numpy.tanh(x) / x, 8.0, 4, 4)
    print(f"tanh x / x in x^2 on [0, 8^2], float: relative error 2^{numpy.log2(error):.1f}")
    for powers in (numerator, denominator):
        print("  " + ", ".join(f"{c:.8g}" for c in powers))
    show("log(1 + x) / x on [0, 1], float", lambda x: log1p(x) / x if x else mpf(1), 0, 1, 9, 8)
    show("(log((1 + u) / (1 - u)) - 2u) / u^3 in u^2 on [0, 1/9], double", atanh_tail, 0, mpf(1) / 9, 9, 19)
    for name, degree, digits in (("float", 3, 8), ("double", 7, 19)):
        show(f"the same on [0, (√2 − 1)² / (√2 + 1)²], {name}", atanh_tail, 0, mpf("0.02944"), degree, digits)
    for name, degree, digits in (("float", 5, 8), ("double", 10, 19)):
        show(f"sin 2 pi t / (t (1 - 4t^2)) in t^2 on [0, 1/4], {name}", sine, 0, mpf(1) / 4, degree, digits)
        show(f"cos 2 pi t / (1 - 16t^2) in t^2 on [0, 1/4], {name}", cosine, 0, mpf(1) / 4, degree, digits)
