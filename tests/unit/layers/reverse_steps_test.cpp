// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/reverse_steps.hpp>

namespace ec = eigencoder;
using ec::Index;
using layers::Matrix;

TEMPLATE_TEST_CASE("ReverseSteps: from each sample's end to its beginning", "", float, double) {
  using T = TestType;
  constexpr Index steps = 5, channels = 3;
  StageRunner<ec::ReverseSteps, ec::sequence(steps, channels), T> run;
  const std::vector<Index> lengths{5, 1, 3, 4, 2, 5, 1};
  for (const bool padded : {false, true}) {
    if (padded) run.lengths = lengths;
    const Matrix<T> x = layers::uniform<T>(steps * channels, 7, 1, 2, -1), y = run.forward(x);
    for (Index j = 0; j < 7; ++j) {
      const Index n = padded ? lengths[static_cast<std::size_t>(j)] : steps;
      for (Index t = 0; t < steps; ++t) {
        const auto step = y.col(j).segment(t * channels, channels);
        if (t < n) CHECK(step == x.col(j).segment((n - 1 - t) * channels, channels));
        if (t >= n) CHECK(step.isZero(0));
      }
    }
    CHECK(run.forward(y).col(2).head(9) == x.col(2).head(9));
  }
}

TEST_CASE("ReverseSteps: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(ec::ReverseSteps{});
  layers::check_gradient<ec::features(4)>(ec::ReverseSteps{});
  const ec::GradientReport report =
      ec::check_layer_gradient<ec::sequence(5, 3)>(ec::ReverseSteps{}, {.batch = 7, .lengths = {5, 1, 3, 4, 2, 5, 1}});
  INFO(report.text());
  CHECK(report.error < 1e-6);
  static_assert(!ec::ReverseSteps::accepts(ec::image(3, 4)));
}
