// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "eigencoder/kernels/packet.hpp"

// Everything that arithmetic in T may give, whichever instructions round it. The library's functions of values take an interval
// in place of a packet: they then say between which bounds each level's result must lie. Included before the headers that have
// them, whose calls find what stands here.
namespace fuzz {

/// low ≤ value ≤ high, or a NaN where `nan`. Surely a NaN where low > high.
template <class T>
struct Interval {
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  double low = infinity, high = -infinity;
  bool nan = true;

  Interval() = default;
  explicit Interval(double constant) {
    if (const auto value = static_cast<T>(constant); !std::isnan(value)) {
      low = high = static_cast<double>(value);
      nan = false;
    }
  }
  /// The hull of some values, of which some may be NaN.
  static Interval hull(std::initializer_list<double> values, bool or_nan = false) {
    Interval all;
    all.nan = or_nan;
    for (const double value : values) {
      if (std::isnan(value)) {
        all.nan = true;
      } else {
        all.low = std::min(all.low, value), all.high = std::max(all.high, value);
      }
    }
    return all;
  }
  static Interval anything() { return hull({-infinity, infinity}, true); }

  bool surely_nan() const { return low > high; }
  bool has_zero() const { return low <= 0 && high >= 0; }
  double magnitude() const { return surely_nan() ? 0 : std::max(std::abs(low), std::abs(high)); }
  bool contains(double value) const { return std::isnan(value) ? nan : low <= value && value <= high; }

  /// After an error of so much. What is beyond T's numbers may be an infinity.
  Interval within(double error) const {
    using Limits = std::numeric_limits<T>;
    if (surely_nan()) return *this;
    constexpr auto most = static_cast<double>(Limits::max());
    Interval wider = *this;
    if (std::isfinite(low)) wider.low = low - error;
    if (std::isfinite(high)) wider.high = high + error;
    if (wider.high >= most) wider.high = infinity;
    if (wider.low <= -most) wider.low = -infinity;
    if (std::isfinite(low)) wider.low = std::min(wider.low, most);
    if (std::isfinite(high)) wider.high = std::max(wider.high, -most);
    return wider;
  }
  /// After a rounding of so many units in the last place.
  Interval rounded(double units = 1) const {
    using Limits = std::numeric_limits<T>;
    constexpr auto epsilon = static_cast<double>(Limits::epsilon()), least = static_cast<double>(Limits::denorm_min());
    const double size = std::max(std::isfinite(low) ? std::abs(low) : 0, std::isfinite(high) ? std::abs(high) : 0);
    return within(2 * units * (epsilon * size + least));
  }
  /// What a function that never falls makes of it, with so many units of error.
  Interval mapped(const auto& f, double units = 8) const {
    if (surely_nan()) return *this;
    // Each end by itself: a wide interval's small end has a small error.
    const Interval below = hull({f(low)}).rounded(units), above = hull({f(high)}).rounded(units);
    return hull({below.low, above.high}, nan);
  }

  friend Interval operator-(Interval a) { return a.surely_nan() ? a : hull({-a.low, -a.high}, a.nan); }
  friend Interval operator+(Interval a, Interval b) {
    if (a.surely_nan() || b.surely_nan()) return {};
    return hull({a.low + b.low, a.low + b.high, a.high + b.low, a.high + b.high}, a.nan || b.nan).rounded();
  }
  friend Interval operator-(Interval a, Interval b) { return a + -b; }
  friend Interval operator*(Interval a, Interval b) {
    if (a.surely_nan() || b.surely_nan()) return {};
    const auto indefinite = [](Interval x, Interval y) { return x.has_zero() && std::isinf(y.magnitude()); };
    Interval all = hull({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high},
                        a.nan || b.nan || indefinite(a, b) || indefinite(b, a));
    if (indefinite(a, b) && a.low < a.high) all = hull({all.low, all.high, 0}, true);
    if (indefinite(b, a) && b.low < b.high) all = hull({all.low, all.high, 0}, true);
    return all.rounded();
  }
  friend Interval operator/(Interval a, Interval b) {
    if (a.surely_nan() || b.surely_nan()) return {};
    if (b.has_zero()) return hull({-infinity, infinity}, a.nan || b.nan || a.has_zero());
    return hull({a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high}, a.nan || b.nan).rounded();
  }
};

template <class T>
Interval<T> interval(T value) {
  return Interval<T>(static_cast<double>(value));
}

/// Whether something holds.
struct Perhaps {
  bool yes, no;
};
template <class T>
Perhaps compare(Interval<T> a, Interval<T> b, bool can_hold, bool can_fail) {
  if (a.surely_nan() || b.surely_nan()) return {false, true};
  return {can_hold, can_fail || a.nan || b.nan};
}
template <class T>
Perhaps operator<(Interval<T> a, Interval<T> b) {
  return compare(a, b, a.low < b.high, a.high >= b.low);
}
template <class T>
Perhaps operator>(Interval<T> a, Interval<T> b) {
  return b < a;
}
template <class T>
Perhaps operator<=(Interval<T> a, Interval<T> b) {
  return compare(a, b, a.low <= b.high, a.high > b.low);
}
template <class T>
Perhaps operator==(Interval<T> a, Interval<T> b) {
  return compare(a, b, a.low <= b.high && b.low <= a.high, a.low < a.high || b.low < b.high || a.low != b.low);
}

/// A sum in any order, in which roundings meet partial sums of any of its terms.
template <class T>
class Sum {
 public:
  void add(Interval<T> term) {
    using I = Interval<T>;
    ++terms_;
    magnitude_ += std::isfinite(term.magnitude()) ? term.magnitude() : 0;
    if (sum_.surely_nan() || term.surely_nan()) {
      sum_ = I();
    } else {
      sum_ = I::hull({sum_.low + term.low, sum_.low + term.high, sum_.high + term.low, sum_.high + term.high},
                     sum_.nan || term.nan);
    }
  }
  Interval<T> total() const {
    using Limits = std::numeric_limits<T>;
    if (!sum_.surely_nan() && magnitude_ >= static_cast<double>(Limits::max()) / 2) return Interval<T>::anything();
    const auto units = static_cast<double>(terms_ + 8);
    return sum_.within(units *
                       (static_cast<double>(Limits::epsilon()) * magnitude_ + static_cast<double>(Limits::denorm_min())));
  }

 private:
  Interval<T> sum_{0};
  double magnitude_ = 0;
  eigencoder::Index terms_ = 0;
};

}  // namespace fuzz

namespace eigencoder::kernels {

using fuzz::Interval;

template <class T>
Interval<T> where(fuzz::Perhaps condition, Interval<T> yes, Interval<T> no) {
  if (!condition.no) return yes;
  if (!condition.yes) return no;
  return Interval<T>::hull({yes.low, yes.high, no.low, no.high}, yes.nan || no.nan);
}
/// As of packets: a NaN in the first argument is passed on, the second must not be one.
template <class T>
Interval<T> min(Interval<T> a, Interval<T> b) {
  if (a.surely_nan()) return a;
  if (b.nan) return Interval<T>::anything();
  return Interval<T>::hull({std::min(a.low, b.low), std::min(a.high, b.high)}, a.nan);
}
template <class T>
Interval<T> max(Interval<T> a, Interval<T> b) {
  return -min(-a, -b);
}
template <class T>
Interval<T> abs(Interval<T> a) {
  if (a.surely_nan()) return a;
  return Interval<T>::hull({a.magnitude(), a.has_zero() ? 0 : std::min(std::abs(a.low), std::abs(a.high))}, a.nan);
}
template <class T>
Interval<T> multiply_add(Interval<T> a, Interval<T> b, Interval<T> c) {
  return a * b + c;
}
template <class T>
Interval<T> floor(Interval<T> a) {
  return a.mapped([](double x) { return std::floor(x); }, 0);
}
/// What `f` has below `least` is a NaN.
template <class T>
Interval<T> from(double least, Interval<T> a, const auto& f) {
  if (a.high < least) return {};
  return Interval<T>::hull({std::max(a.low, least), a.high}, a.nan || a.low < least).mapped(f);
}
template <class T>
Interval<T> sqrt(Interval<T> a) {
  constexpr auto least = static_cast<double>(std::numeric_limits<T>::min());
  if (a.low < least) a.low = std::min(a.low, 0.0);
  return from(0, a, [](double x) { return std::sqrt(x); });
}
template <class T>
Interval<T> exp(Interval<T> a) {
  return a.mapped([](double x) { return std::exp(x); });
}
template <class T>
Interval<T> exp_minus_one(Interval<T> a) {
  return a.mapped([](double x) { return std::expm1(x); });
}
template <class T>
Interval<T> log(Interval<T> a) {
  return from(0, a, [](double x) { return std::log(std::abs(x)); });
}
template <class T>
Interval<T> log_one_plus(Interval<T> a) {
  return from(-1, a, [](double x) { return std::log1p(x); });
}
template <class T>
Interval<T> sigmoid(Interval<T> a) {
  return a.mapped([](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); });
}
template <class T>
Interval<T> softplus(Interval<T> a) {
  return a.mapped([](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); });
}
template <class T>
Interval<T> tanh(Interval<T> a) {
  return a.mapped([](double x) { return std::tanh(x); });
}
template <class T>
Interval<T> erf(Interval<T> a) {
  return a.mapped([](double x) { return std::erf(x); });
}

}  // namespace eigencoder::kernels
