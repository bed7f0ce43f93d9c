#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Coefficients of the polynomials in kernels/math.hpp that come from no book: the smallest largest relative error on an interval,
found by Remez's exchange.   pip install mpmath; tools/minimax.py"""
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


if __name__ == "__main__":
    show("log(1 + x) / x on [0, 1], float", lambda x: log1p(x) / x if x else mpf(1), 0, 1, 9, 8)
    show("(log((1 + u) / (1 - u)) - 2u) / u^3 in u^2 on [0, 1/9], double", atanh_tail, 0, mpf(1) / 9, 9, 19)
    for name, degree, digits in (("float", 3, 8), ("double", 7, 19)):
        show(f"the same on [0, (√2 − 1)² / (√2 + 1)²], {name}", atanh_tail, 0, mpf("0.02944"), degree, digits)
    for name, degree, digits in (("float", 5, 8), ("double", 10, 19)):
        show(f"sin 2 pi t / (t (1 - 4t^2)) in t^2 on [0, 1/4], {name}", sine, 0, mpf(1) / 4, degree, digits)
        show(f"cos 2 pi t / (1 - 16t^2) in t^2 on [0, 1/4], {name}", cosine, 0, mpf(1) / 4, degree, digits)
