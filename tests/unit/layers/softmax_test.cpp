// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/softmax.hpp>

namespace ec = eigencoder;
using layers::Matrix;

TEMPLATE_TEST_CASE("softmax: PyTorch's values, over a vector and over the channels of an image, in place too", "", float,
                   double) {
  const nlohmann::json golden = golden::load("layers.json");
  layers::check_golden<TestType, ec::features(7)>(golden["activations"]["softmax"], ec::Softmax{});
  layers::check_golden<TestType, ec::image(2, 2, 3)>(golden["softmax_image"], ec::Softmax{});
}

TEST_CASE("softmax: finite differences") { layers::check_gradient(ec::Softmax{}, {.low = -3, .high = 3}); }

TEMPLATE_TEST_CASE("softmax: every pixel is a distribution, whatever the size of its inputs", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(3, 5, 19);
  StageRunner<ec::Softmax, shape, T> run;
  for (const double scale : {1.0, 100.0, 1e30}) {
    CAPTURE(scale);
    const Matrix<T> y = run.forward(layers::uniform<T>(shape.size(), 3, 1, scale, -scale / 2));
    CHECK((y.array() >= 0).all());
    const Matrix<T> sums = Eigen::Map<const Matrix<T>>(y.data(), shape.channels, 15 * 3).colwise().sum();
    CHECK((sums.array() - 1).abs().maxCoeff() < 20 * std::numeric_limits<T>::epsilon());
  }
}

TEMPLATE_TEST_CASE("softmax: does not change when all inputs move together", "", float, double) {
  using T = TestType;
  StageRunner<ec::Softmax, ec::features(5), T> run;
  const Matrix<T> x{{1}, {2}, {3}, {-1}, {0}};
  CHECK(run.forward(x) == run.forward((x.array() + T(1024)).matrix()));
  const Matrix<T> equal = run.forward(Matrix<T>::Constant(5, 1, T(-7)));
  CHECK((equal.array() - T(0.2)).abs().maxCoeff() < std::numeric_limits<T>::epsilon());
}

TEMPLATE_TEST_CASE("softmax: a NaN spoils its own pixel and no other", "", float, double) {
  using T = TestType;
  StageRunner<ec::Softmax, ec::image(1, 2, 3), T> run;
  Matrix<T> x = Matrix<T>::Zero(6, 1);
  x(4) = std::numeric_limits<T>::quiet_NaN();
  const Matrix<T> y = run.forward(x);
  CHECK(y.topRows(3).allFinite());
  CHECK(y.bottomRows(3).array().isNaN().all());
}
