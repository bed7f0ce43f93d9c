// SPDX-License-Identifier: MIT
#include "check_normalisation.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/batch_norm.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

/// The running state after a batch that is gathered in shards of `width`.
template <class T, class Run>
auto settled(Run run, const Matrix<T>& x, Index width) {
  run.gather(x, width);
  run.settle(x.cols());
  return run.state;
}

}  // namespace

TEMPLATE_TEST_CASE("BatchNorm: PyTorch's values in training and inference, Keras's running averages", "", float, double) {
  using T = TestType;
  const nlohmann::json golden = golden::load("normalisation.json");
  const ec::BatchNorm layer{.momentum = golden["momentum"].get<double>(), .epsilon = golden["epsilon"].get<double>()};
  layers::for_entries<T>(golden["batch_norm"], [&]<ec::Shape In>(const nlohmann::json& entry) {
    const double tolerance = layers::normalised_tolerance<T>;
    const Matrix<T> x = layers::uniform<T>(In.size(), entry["batch"], 1, 4, -1);
    StageRunner<ec::BatchNorm, In, T> run(layer);
    layers::check_normalisation(entry, run, x);

    golden::fill(5, 1, 0, run.state.head(In.channels));
    golden::fill(6, 1, 0.5, run.state.tail(In.channels));
    golden::check_totals(entry["inference"], run.template forward<ec::Mode::predict>(x), tolerance);
    if (!entry.contains("moving_mean")) return;
    for (const Index width : {7, 2}) {
      const auto state = settled<T>(run, x, width);
      golden::check_totals(entry["moving_mean"], state.head(In.channels), tolerance);
      golden::check_totals(entry["moving_variance"], state.tail(In.channels), tolerance);
    }
  });
}

TEST_CASE("BatchNorm: finite differences") { layers::check_gradient(ec::BatchNorm{}); }

TEMPLATE_TEST_CASE("BatchNorm: one value gives beta, and no division by zero", "", float, double) {
  using T = TestType;
  StageRunner<ec::BatchNorm, ec::features(5), T> run;
  golden::fill(3, 2, -1, run.theta);
  const Matrix<T> x = layers::uniform<T>(5, 1, 1, 1, 0), y = run.forward(x);
  CHECK((y - run.theta.tail(5)).cwiseAbs().maxCoeff() < std::numeric_limits<T>::epsilon() * 100);
  CHECK(run.backward(x, y, Matrix<T>::Ones(5, 1)).cwiseAbs().maxCoeff() < std::numeric_limits<T>::epsilon() * 100);
}

TEMPLATE_TEST_CASE("BatchNorm: a mean far from zero leaves the variance its digits", "", float, double) {
  using T = TestType;
  constexpr bool exact = sizeof(T) == 8;
  constexpr ec::Shape shape = ec::image(8, 8, 3);
  const StageRunner<ec::BatchNorm, shape, T> run(ec::BatchNorm{.momentum = 0.0});
  const Matrix<T> around_zero = layers::uniform<T>(shape.size(), 50, 1, 2, -1);
  for (const double mean : exact ? std::vector{1e3, 1e7, 1e8} : std::vector{1e3}) {
    Matrix<T> x = around_zero.array() + static_cast<T>(mean);
    for (const bool outlier : {false, true}) {  // as the first pixel, from which differences are taken
      if (outlier) x.col(0).head(3).array() += T(500);
      CAPTURE(mean, outlier);
      const auto state = settled<T>(run, x, 16);
      for (Index c = 0; c < 3; ++c) {
        const Eigen::Map<const Matrix<T>> pixels(x.data(), 3, x.size() / 3);
        const auto values = pixels.row(c).template cast<long double>().array();
        const long double average = values.mean(), variance = (values - average).square().mean();
        CHECK(std::abs(static_cast<double>(state[c] / average - 1)) < (exact ? 1e-14 : 1e-7));
        CHECK(std::abs(static_cast<double>(state[3 + c] / variance - 1)) < (exact ? 1e-12 : outlier ? 1e-4 : 1e-5));
      }
    }
  }
}

TEMPLATE_TEST_CASE("BatchNorm: an activation in its store gives what the activation by itself gives", "", float, double) {
  using T = TestType;
  StageRunner<ec::BatchNorm, ec::image(3, 2, 5), T> plain;
  StageRunner<ec::BatchNorm, ec::image(3, 2, 5), T, ec::ReLU> fused({}, {});
  golden::fill(3, 2, -1, plain.theta);
  fused.theta = plain.theta;
  const Matrix<T> x = layers::uniform<T>(30, 7, 1, 4, -1);
  CHECK(fused.forward(x) == plain.forward(x).cwiseMax(T(0)));
}

TEMPLATE_TEST_CASE("BatchNorm: a NaN spoils its channel and no other", "", float, double) {
  using T = TestType;
  StageRunner<ec::BatchNorm, ec::image(2, 2, 3), T> run;
  run.theta.setOnes();
  Matrix<T> x = layers::uniform<T>(12, 7, 1, 1, 0);
  x(4, 3) = std::numeric_limits<T>::quiet_NaN();
  const Matrix<T> y = run.forward(x);
  const Eigen::Map<const Matrix<T>> pixels(y.data(), 3, 4 * 7);
  CHECK(pixels.row(0).allFinite());
  CHECK(pixels.row(1).array().isNaN().all());
  CHECK(pixels.row(2).allFinite());
}

TEST_CASE("BatchNorm: its blocks, its defaults, and options out of range") {
  constexpr auto blocks = ec::BatchNorm::parameters(ec::image(5, 3, 2));
  static_assert(blocks.size() == 4 && blocks[0].size() == 2 && !blocks[0].decay && !blocks[1].decay);
  static_assert(blocks[2].name == "moving_mean" && !blocks[2].trainable && blocks[3].init == ec::Init::ones);
  static_assert(ec::BatchNorm{}.momentum.value == 0.99 && ec::BatchNorm{.epsilon = 1e-5}.epsilon.value == 1e-5);
  for (const double bad : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ec::OptionError>([=] { static_cast<void>(ec::BatchNorm{.momentum = bad}); },
                                  {"BatchNorm: momentum", "in [0, 1)", "found"});
  }
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::infinity()}) {
    expect_error<ec::OptionError>([=] { static_cast<void>(ec::BatchNorm{.epsilon = bad}); },
                                  {"BatchNorm: epsilon", "finite and positive", "found"});
  }
}
