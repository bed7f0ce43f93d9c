// SPDX-License-Identifier: MIT
#include "pointwise.hpp"

namespace fuzz {

template <class Law, class T, class F, std::size_t K>
struct Case<kernels::detail::TransformDraws<Law, T, F, K>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 600), sample = choices.from(0, 300);
    const ec::Random random(ec::Seed{choices.seed()}, choices.seed(), static_cast<std::size_t>(choices.from(0, 9)));
    const Mapping<T, K> x(choices, n);
    const F f = made<F>(choices);
    // Each level draws the same numbers, a normal one but for its rounding.
    level = ec::Simd::baseline;
    std::vector<T> draws(static_cast<std::size_t>(n));
    kernels::transform_draws<Law>(random, sample, n, draws.data(), kernels::Drawn{});
    verify<T>(
        "a transform of draws", choices, n, [&](Index i) { return x.begin(i); },
        [&](T* output) {
          kernels::launch(kernels::detail::TransformDraws<Law, T, F, K>{random, sample, n, output, f, x.from(output)});
        },
        [&](Index i) {
          const Interval<T> draw(static_cast<double>(draws[static_cast<std::size_t>(i)]));
          constexpr double error =
              std::same_as<Law, kernels::Normal> ? 32 * static_cast<double>(std::numeric_limits<T>::epsilon()) : 0;
          return x.apply(f, i, draw.within(error));
        });
  }
};

void draws(Choices& choices) { run_one_of(kernels::Draws{}, choices); }

}  // namespace fuzz
