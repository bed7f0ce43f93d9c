// SPDX-License-Identifier: MIT
#include "levels.hpp"

namespace fuzz {

template <class T>
struct Case<kernels::detail::SumSquares<T>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 1000);
    const Values of_x(choices);
    Memory<T> x(choices, n);
    x.fill([&](Index i) { return of_x.at<T>(i); });
    Sum<T> sum;
    for (Index i = 0; i < n; ++i) {
      const Interval<T> value = interval(x.data()[i]);
      sum.add(value * value);
    }
    verify<T>(
        "a sum of squares", choices, 1, fresh<T>, [&](T* output) { *output = kernels::sum_squares(n, x.data()); },
        [&](Index) { return sum.total(); });
  }
};

template <class T>
struct Case<kernels::detail::AddValues<T>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 1000);
    const Values of_x(choices), of_y(choices);
    Memory<T> x(choices, n);
    x.fill([&](Index i) { return of_x.at<T>(i); });
    const auto begin = [&](Index i) { return of_y.at<T>(i); };
    verify<T>(
        "an addition", choices, n, begin, [&](T* output) { kernels::add_values(n, output, x.data()); },
        [&](Index i) { return interval(begin(i)) + interval(x.data()[i]); });
  }
};

/// What a rule makes of intervals: of θ, the gradient, and its slots.
template <class T>
using Values3 = std::array<Interval<T>, 3>;

template <class T>
Values3<T> updated(const ec::SGD& rule, bool, Interval<T> theta, Interval<T> gradient, Interval<T> v, Interval<T>) {
  const Interval<T> rate(rule.learning_rate), mu(rule.momentum);
  v = mu * v + gradient;
  return {theta - rate * (rule.nesterov ? gradient + mu * v : v), v, v};
}
template <class T>
Values3<T> updated(const ec::Adam::Step& rule, bool, Interval<T> theta, Interval<T> gradient, Interval<T> m, Interval<T> v) {
  using I = Interval<T>;
  m = I(rule.beta1) * m + I(1 - rule.beta1) * gradient;
  v = I(rule.beta2) * v + I(1 - rule.beta2) * (gradient * gradient);
  return {theta - I(rule.rate) * m / (kernels::sqrt(v) + I(rule.added)), m, v};
}
template <class T>
Values3<T> updated(const ec::AdamW::Step& rule, bool decay, Interval<T> theta, Interval<T> gradient, Interval<T> m,
                   Interval<T> v) {
  return updated(rule.adam, decay, decay ? theta * Interval<T>(rule.kept) : theta, gradient, m, v);
}

template <class T, std::size_t Slots, class Rule>
struct Case<ec::detail::UpdateStretch<T, Slots, Rule>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 600);
    const bool decays = choices.yes();
    const auto step = static_cast<std::uint64_t>(choices.from(1, 100));
    const ec::SGD sgd{.momentum = choices.yes() ? 0.9 : 0, .nesterov = choices.yes()};
    const Rule rule = [&] {
      if constexpr (std::same_as<Rule, ec::SGD>) {
        return sgd;
      } else if constexpr (std::same_as<Rule, ec::Adam::Step>) {
        return ec::Adam{.learning_rate = 1e-2, .epsilon = 1e-6}.at(step);
      } else {
        return ec::AdamW{.learning_rate = 1e-2, .epsilon = 1e-6}.at(step);
      }
    }();
    const Values of_theta(choices), of_gradient(choices), of_slots(choices);
    Memory<T> gradient(choices, n);
    gradient.fill([&](Index i) { return of_gradient.finite<T>(i); });  // gradients are finite, or nothing is updated
    // θ, and behind it the slots, of which Adam's second is of squares.
    const auto begin = [&](Index i) {
      if (i < n) return of_theta.finite<T>(i);
      const T value = of_slots.finite<T>(i);
      return i >= 2 * n ? std::abs(value) : value;
    };
    verify<T>(
        "an update", choices, n * static_cast<Index>(1 + Slots), begin,
        [&](T* output) {
          std::array<T*, Slots> slots;
          for (std::size_t k = 0; k < Slots; ++k) slots[k] = output + static_cast<Index>(1 + k) * n;
          kernels::launch(ec::detail::UpdateStretch<T, Slots, Rule>{rule, output, gradient.data(), n, slots, step, decays});
        },
        [&](Index i) {
          const auto at = [&](Index k) { return interval(begin(i % n + k * n)); };
          const auto slope = interval(gradient.data()[i % n]);
          return updated<T>(rule, decays, at(0), slope, at(1), at(static_cast<Index>(Slots)))[static_cast<std::size_t>(i / n)];
        });
  }
};

void updates(Choices& choices) { run_one_of(kernels::Updates{}, choices); }

}  // namespace fuzz
