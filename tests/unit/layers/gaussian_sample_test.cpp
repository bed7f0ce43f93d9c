// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/gaussian_sample.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

constexpr Index latent = 9;
constexpr ec::Shape both = ec::features(2 * latent);  // means above logarithms of variances

template <class T>
using Sampler = StageRunner<ec::GaussianSample, both, T>;

}  // namespace

TEMPLATE_TEST_CASE("GaussianSample: z = μ + e^(s/2) ε with a normal ε, and the gradients of that", "", float, double) {
  using T = TestType;
  const Index batch = 4000;
  Sampler<T> run;
  run.random = ec::Random(ec::Seed{3}, 7, 2);
  // Of mean 0 and variance 1 the draw is ε itself.
  const Matrix<T> noise = run.forward(Matrix<T>::Zero(both.size(), batch));
  const double n = static_cast<double>(noise.size());
  CHECK(std::abs(static_cast<double>(noise.sum()) / n) < 5 / std::sqrt(n));
  CHECK(std::abs(static_cast<double>(noise.squaredNorm()) / n - 1) < 5 * std::sqrt(2 / n));

  const Matrix<T> x = layers::uniform<T>(both.size(), batch, 1, 4, -2), dz = layers::uniform<T>(latent, batch, 2, 2, -1);
  const Matrix<double> mean = x.topRows(latent).template cast<double>();
  const Matrix<double> spread =
      (x.bottomRows(latent).template cast<double>() / 2).array().exp() * noise.template cast<double>().array();
  const Matrix<T> z = run.forward(x), dx = run.backward(x, z, dz);
  CHECK(layers::relative_error<T>(z, mean + spread) < layers::tolerance<T>);
  CHECK(dx.topRows(latent) == dz);
  CHECK(layers::relative_error<T>(dx.bottomRows(latent), dz.template cast<double>().cwiseProduct(spread) / 2) <
        layers::tolerance<T>);
  CHECK(run.forward(x) == z);
}

TEMPLATE_TEST_CASE("GaussianSample: predictions are the mean, evaluations draw what training would", "", float, double) {
  using T = TestType;
  Sampler<T> run;
  const Matrix<T> x = layers::uniform<T>(both.size(), 7, 1, 4, -2), z = run.forward(x);
  CHECK(run.template forward<ec::Mode::predict>(x) == x.topRows(latent));
  CHECK(run.template forward<ec::Mode::evaluate>(x) == z);
  run.random = ec::Random(ec::Seed{}, 1, 0);  // of another step
  CHECK((run.forward(x).array() != z.array()).all());
}

TEST_CASE("GaussianSample: a sample's draws go by its number in the batch, whatever the shard") {
  Sampler<double> whole, shard;
  const Matrix<double> x = layers::uniform<double>(both.size(), 7, 1, 4, -2);
  shard.random = ec::Random(ec::Seed{}, 0, 0, 4);
  CHECK(shard.forward(x.rightCols(3)) == whole.forward(x).rightCols(3));
}

TEST_CASE("GaussianSample: float draws what double does") {
  Sampler<double> exact;
  Sampler<float> run;
  const Matrix<double> x = layers::uniform<double>(both.size(), 7, 1, 4, -2);
  CHECK(layers::relative_error<float>(run.forward(x.cast<float>()), exact.forward(x)) < layers::tolerance<float>);
}

TEST_CASE("GaussianSample: finite differences under frozen draws") { layers::check_gradient(ec::GaussianSample{}); }

TEST_CASE("GaussianSample: a NaN stays in its value") {
  Sampler<double> run;
  Matrix<double> x = Matrix<double>::Zero(both.size(), 3);
  x(4, 1) = x(latent + 6, 2) = std::numeric_limits<double>::quiet_NaN();
  const Matrix<double> z = run.forward(x);
  CHECK(z.array().isNaN().count() == 2);
  CHECK((std::isnan(z(4, 1)) && std::isnan(z(6, 2))));
}

TEST_CASE("GaussianSample: shapes, and what it says of itself") {
  static_assert(ec::GaussianSample::output(ec::image(3, 4)) == ec::features(6));
  static_assert(!ec::GaussianSample::accepts(ec::features(5)));
  static_assert(ec::GaussianSample::needs(both).samples && !ec::GaussianSample::needs(both).training_only);
}
