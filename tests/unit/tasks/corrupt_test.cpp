// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/stage_runner.hpp"
#include <eigencoder/layers/dropout.hpp>
#include <eigencoder/layers/noise.hpp>
#include <eigencoder/tasks/corrupt.hpp>

namespace ec = eigencoder;

static_assert(ec::Noise<ec::GaussianNoise> && ec::Noise<ec::MaskingNoise> && ec::Noise<ec::SaltAndPepperNoise> &&
              ec::Noise<ec::Dropout> && !ec::Noise<ec::SpatialDropout2D>);

TEMPLATE_TEST_CASE("corrupt: does what the layer does", "", float, double) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  const Matrix x = Matrix::Constant(75, 9, TestType(0.5));
  const auto check = [&](const auto& noise) {
    StageRunner<std::decay_t<decltype(noise)>, ec::image(5, 5, 3), TestType> run(noise);
    const Matrix y = ec::corrupt(x, noise, ec::Seed{});
    CHECK(y == run.forward(x));
    CHECK(y == ec::corrupt(x, noise, ec::Seed{}));
    CHECK(y != ec::corrupt(x, noise, ec::Seed{1}));
    CHECK(y.leftCols(4) == ec::corrupt(x.leftCols(4), noise, ec::Seed{}));
  };
  check(ec::GaussianNoise{0.3, ec::Clip{0, 1}});
  check(ec::MaskingNoise{0.3});
  check(ec::SaltAndPepperNoise{0.3});
  check(ec::Dropout{0.3});
}

TEST_CASE("corrupt: float and double draw alike, and no samples are none") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(784, 20, 0.5);
  const Eigen::MatrixXf small = x.cast<float>();
  CHECK(ec::corrupt(x, ec::MaskingNoise{0.3}, ec::Seed{5}).cast<float>() ==
        ec::corrupt(small, ec::MaskingNoise{0.3}, ec::Seed{5}));
  const auto bytes = (255 * x).cast<std::uint8_t>();
  CHECK(ec::corrupt(bytes, ec::MaskingNoise{0.3}, ec::Seed{5}) ==
        ec::corrupt(bytes.cast<float>() / 255.0F, ec::MaskingNoise{0.3}, ec::Seed{5}));
  CHECK(ec::corrupt(Eigen::MatrixXf(784, 0), ec::GaussianNoise{1}, ec::Seed{5}).cols() == 0);
}
