// SPDX-License-Identifier: MIT
#include "check_normalisation.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/layer_norm.hpp>

namespace ec = eigencoder;
using layers::Matrix;

TEMPLATE_TEST_CASE("LayerNorm: PyTorch's values", "", float, double) {
  using T = TestType;
  const nlohmann::json golden = golden::load("normalisation.json");
  const ec::LayerNorm layer{.epsilon = golden["epsilon"].get<double>()};
  layers::for_entries<T>(golden["layer_norm"], [&]<ec::Shape In>(const nlohmann::json& entry) {
    StageRunner<ec::LayerNorm, In, T> run(layer);
    const Matrix<T> x = layers::uniform<T>(In.size(), entry["batch"], 1, 4, -1);
    layers::check_normalisation(entry, run, x);
  });
}

TEST_CASE("LayerNorm: finite differences") {
  layers::check_gradient(ec::LayerNorm{}, {.low = -3, .high = 3, .difference = 2e-5});
}

TEMPLATE_TEST_CASE("LayerNorm: in place, with an activation in its store, without a batch", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(3, 2, 21);
  StageRunner<ec::LayerNorm, shape, T> plain;
  StageRunner<ec::LayerNorm, shape, T, ec::ReLU> fused({}, {});
  golden::fill(3, 2, -1, plain.theta);
  fused.theta = plain.theta;
  const Matrix<T> x = layers::uniform<T>(shape.size(), 7, 1, 4, -1), y = plain.forward(x);
  CHECK(plain.forward_in_place(x) == y);
  CHECK(fused.forward(x) == y.cwiseMax(T(0)));
  for (ec::Index j = 0; j < 7; ++j) CHECK(plain.forward(x.col(j)) == y.col(j));
}

TEMPLATE_TEST_CASE("LayerNorm: gradients of many pixels keep their digits", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(28, 28, 2);
  StageRunner<ec::LayerNorm, shape, T> run;
  run.theta.setOnes();
  const Matrix<T> x = layers::uniform<T>(shape.size(), 300, 1, 4, -1), y = run.forward(x);
  run.template backward<false>(x, y, Matrix<T>::Constant(shape.size(), 300, T(0.1)));
  for (const ec::Index c : {0, 1})
    CHECK(std::abs(static_cast<double>(run.dtheta[2 + c]) / (784 * 300 * static_cast<double>(T(0.1))) - 1) < 3e-5);
}

TEMPLATE_TEST_CASE("LayerNorm: a NaN spoils its pixel and no other", "", float, double) {
  using T = TestType;
  StageRunner<ec::LayerNorm, ec::image(2, 2, 3), T> run;
  run.theta.setOnes();
  Matrix<T> x = layers::uniform<T>(12, 2, 1, 1, 0);
  x(4, 1) = std::numeric_limits<T>::quiet_NaN();
  const Matrix<T> y = run.forward(x);
  CHECK(y.col(1).segment(3, 3).array().isNaN().all());
  CHECK(y.array().isNaN().count() == 3);
}

TEST_CASE("LayerNorm: its blocks and defaults, and an epsilon out of range") {
  constexpr auto blocks = ec::LayerNorm::parameters(ec::image(5, 3, 2));
  static_assert(blocks.size() == 2 && blocks[0].name == "gamma" && blocks[0].size() == 2 && !blocks[0].decay &&
                !blocks[1].decay);
  static_assert(ec::LayerNorm{}.epsilon.value == 1e-3 && ec::LayerNorm{.epsilon = 1e-5}.epsilon.value == 1e-5);
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ec::OptionError>([=] { static_cast<void>(ec::LayerNorm{.epsilon = bad}); },
                                  {"LayerNorm: epsilon", "finite and positive", "found"});
  }
}
