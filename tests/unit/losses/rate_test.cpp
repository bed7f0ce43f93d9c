// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

template <class T, ec::Shape In>
using Stage = ec::TermStage<ec::Rate, ec::Stage<ec::EntropyBottleneck, In, T>>;
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// The value, and the gradients added to dy and dr.
template <ec::Shape In, bool Gradient, class T>
double rate(const Matrix<T>& r, const Matrix<T>& y, Matrix<T>& dr, Matrix<T>& dy, double weight) {
  using S = Stage<T, In>;
  return ec::Rate{}(ec::PenaltyPass<S, Gradient>{.theta = S::Trainable::views(r.data()),
                                                 .dtheta = S::Trainable::views(dr.data()),
                                                 .y = {y.data(), y.rows(), y.cols()},
                                                 .dy = {dy.data(), dy.rows(), dy.cols()},
                                                 .batch = y.cols(),
                                                 .weight = weight,
                                                 .epilogue = {},
                                                 .sums = {},
                                                 .shared = {},
                                                 .cache = {},
                                                 .code = {},
                                                 .first = 0,
                                                 .step = 1});
}
template <ec::Shape In>
double bits_of(double r, double y) {
  Matrix<double> scale = Matrix<double>::Constant(In.channels, 1, r), code = Matrix<double>::Constant(In.size(), 1, y), none;
  return rate<In, false>(scale, code, none, none, 1);
}

}  // namespace

TEMPLATE_TEST_CASE("Rate: PyTorch's bits and gradients", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(2, 3, 5);
  const double tolerance = std::is_same_v<T, double> ? 1e-12 : 2e-5;
  const nlohmann::json file = golden::load("compression.json");
  REQUIRE((file["channels"] == 5 && file["pixels"] == 6));
  const auto batch = file["batch"].get<Index>();
  for (const nlohmann::json& expected : file["cases"]) {
    Matrix<T> r(5, 1), y(shape.size(), batch), dr = Matrix<T>::Constant(5, 1, T(0.5)),
                                               dy = Matrix<T>::Constant(shape.size(), batch, T(-0.5));
    golden::fill(1000, 3, -1.5, r);
    golden::fill(1, expected["scale"], expected["offset"], y);
    const double bits = rate<shape, true>(r, y, dr, dy, file["weight"]);
    CHECK(bits == Approx(expected["bits"].get<double>()).epsilon(tolerance));
    Matrix<T> unused_r = dr, unused_y = dy;
    CHECK(rate<shape, false>(r, y, unused_r, unused_y, 1) == Approx(bits).epsilon(1e-12));
    CHECK((unused_r == dr && unused_y == dy));
    const auto check = [&](const Matrix<T>& found, T before, const char* name) {
      const auto values = expected[name].template get<std::vector<double>>();
      const Eigen::Map<const Eigen::VectorXd> wanted(values.data(), std::ssize(values));
      CAPTURE(name);
      CHECK(((found.array() - before).template cast<double>().reshaped() - wanted.array()).abs().maxCoeff() <
            tolerance * wanted.cwiseAbs().maxCoeff() + (sizeof(T) == 4 ? 1e-7 : 0));
    };
    check(dr, T(0.5), "dr");
    check(dy, T(-0.5), "dy");
  }
}

TEST_CASE("Rate: finite differences through an encoder, for vectors and images") {
  const auto check = [](auto model, Index values) {
    for (const Index batch : {1, 7}) {
      Eigen::MatrixXd x(values, batch);
      golden::fill(1, 4, -2, x);
      const ec::GradientReport report =
          ec::check_model_gradient(model, ec::MeanSquaredError{ec::Reduction::sum} + 0.7 * ec::Rate{}, x, x);
      INFO(report.text());
      CHECK(report.error < 1e-6);
    }
  };
  using Vectors = ec::Encoder<ec::features(7), ec::Dense<3>, ec::EntropyBottleneck>;
  check(ec::Autoencoder<Vectors, ec::Decoder<ec::features(3), ec::Dense<7>>, double>{ec::Seed{1}}, 7);
  using Images = ec::Encoder<ec::image(3, 4), ec::Conv2D<5, 3>, ec::EntropyBottleneck>;
  check(ec::Autoencoder<Images, ec::Decoder<ec::image(3, 4, 5), ec::Conv2D<1, 3>>, double>{ec::Seed{1}}, 12);
}

TEST_CASE("Rate: probabilities of all whole numbers sum to 1, and no code is too far away") {
  constexpr ec::Shape one = ec::features(1);
  for (const double r : {-8.0, -1.0, 0.0, 2.0}) {
    double sum = 0;
    for (int y = -2000; y <= 2000; ++y) sum += std::exp2(-bits_of<one>(r, y));
    CAPTURE(r);
    CHECK(sum == Approx(1).epsilon(1e-12));
  }
  CHECK(bits_of<one>(-30, 0) < 1e-5);  // a channel that is always 0 takes nothing
  CHECK(std::isfinite(bits_of<one>(-300, 1e4)));
  CHECK(std::isfinite(bits_of<one>(30, 1e4)));
  CHECK(bits_of<one>(0, 40) ==
        Approx(bits_of<one>(0, 39) + 1 / (std::log(2.0) * 33 / 32)).epsilon(1e-12));  // a tail that falls as e^(−|y|/s)
  CHECK(bits_of<ec::image(3, 5, 2)>(0.3, 1) == Approx(30 * bits_of<one>(0.3, 1)).epsilon(1e-14));
  CHECK(std::isnan(bits_of<one>(0, std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("Rate: training learns the scale of what is coded, and then takes the entropy") {
  // Codes that are the samples themselves, of a logistic distribution with scale 2.
  using E = ec::Encoder<ec::features(1), ec::EntropyBottleneck>;
  ec::Autoencoder<E, ec::Decoder<ec::features(1), ec::Dense<1>>, double> model;
  Eigen::MatrixXd x(1, 4000);
  golden::fill(1, 1, 0, x);
  x = 2 * (x.array() / (1 - x.array())).log();
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::Rate{}, ec::Adam{.learning_rate = 0.02}, {.threads = 1}};
  trainer.fit(x, {.epochs = 15, .batch_size = 100, .progress = ec::Progress::quiet});
  const double scale = 1.0 / 32 + std::exp(model.parameter("encoder.0.log_scale")(0));
  CHECK(scale == Approx(2).epsilon(0.05));
  CHECK(trainer.evaluate(x).terms[1] == Approx((std::log(2.0) + 2) / std::log(2.0)).epsilon(0.02));  // of the density: ln s + 2
}
