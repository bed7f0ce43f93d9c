// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/conv2d.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/tied.hpp>

namespace ec = eigencoder;
using ec::Bias, ec::Dilation, ec::Extent, ec::Index, ec::Padding;
using layers::Matrix;

namespace {

constexpr Index m = 5, n = 12;
constexpr ec::Shape taken = ec::image(3, 4), picture = ec::image(6, 8, 2);

/// A Dense and its reverse, whose parameters are W (m × n) and b of the Dense, then the reverse's own bias.
template <class T, Bias B = Bias::added>
using DenseChain = ec::LayersAlone<T, taken, ec::Dense<m>, ec::TiedDense<0, taken, B>>;

}  // namespace

TEMPLATE_TEST_CASE("TiedDense: y = Wᵀ x + b, and its gradients", "", float, double) {
  using T = TestType;
  constexpr double tolerance = layers::tolerance<T>;
  const auto check = [&]<Bias B>() {
    const bool biased = B == Bias::added;
    ec::LayerRunner<DenseChain<T, B>, 1> run;
    REQUIRE(run.theta.size() == m * n + m + (biased ? n : 0));
    golden::fill(3, 2, -1, run.theta);
    const Matrix<double> W = run.theta.head(m * n).reshaped(m, n).template cast<double>();
    const Matrix<T> x = layers::uniform<T>(m, 7, 1, 2, -1), dy = layers::uniform<T>(n, 7, 2, 2, -1), y = run.forward(x);
    const Matrix<double> X = x.template cast<double>(), dY = dy.template cast<double>();
    Matrix<double> expected = W.transpose() * X;
    if (biased) expected.colwise() += run.theta.tail(n).template cast<double>();
    CHECK(layers::relative_error<T>(y, expected) < tolerance);

    run.dtheta.setOnes();  // to which the gradients are added
    CHECK(layers::relative_error<T>(run.backward(x, y, dy), W * dY) < tolerance);
    const Matrix<T> dW = (run.dtheta.head(m * n).array() - T(1)).reshaped(m, n);
    CHECK(layers::relative_error<T>(dW, X * dY.transpose()) < tolerance);
    CHECK((run.dtheta.segment(m * n, m).array() == 1).all());  // the Dense's own bias
    if (biased) {
      const Matrix<T> db = run.dtheta.tail(n).array() - T(1);
      CHECK(layers::relative_error<T>(db, dY.rowwise().sum()) < tolerance);
    }
    const Matrix<T> once = run.dtheta.array() - T(1);
    run.dtheta.setZero();
    run.template backward<false>(x, y, dy);
    CHECK(layers::relative_error<T>(run.dtheta, once.template cast<double>()) < tolerance);
  };
  check.template operator()<Bias::added>();
  check.template operator()<Bias::none>();
}

TEMPLATE_TEST_CASE("TiedDense: an activation in its store gives what the activation by itself gives", "", float, double) {
  using T = TestType;
  using C = ec::LayersAlone<T, taken, ec::Dense<m>, ec::TiedDense<0, taken>, ec::Sigmoid>;
  ec::LayerRunner<C, 1> plain;
  ec::LayerRunner<C, 1, typename C::template stage<1, ec::Sigmoid>> fused;
  golden::fill(3, 2, -1, plain.theta);
  fused.theta = plain.theta;
  Matrix<T> x = layers::uniform<T>(m, 7, 1, 2, -1);
  CHECK(fused.forward(x) == StageRunner<ec::Sigmoid, taken, T>{}.forward(plain.forward(x)));
  x(2, 3) = std::numeric_limits<T>::quiet_NaN();
  const Matrix<T> y = fused.forward(x);
  CHECK((y.col(3).array().isNaN().all() && y.array().isNaN().count() == n));
}

namespace {

/// A convolution's transpose is the gradient of its input: ⟨conv u, x⟩ = ⟨u, tied x⟩ for all u, x and W. So the transpose's
/// gradient of x is the convolution of dy, and that of W is the convolution's, where dy goes in and x comes back.
template <class T, ec::Shape In, Index Filters, Extent Kernel, Extent Stride, auto... Options>
void check_convolution(Index batch) {
  using Convolution = ec::Conv2D<Filters, Kernel, Stride, Options..., Bias::none>;
  using Reverse = ec::TiedConv2D<0, In, Kernel, Stride, Options...>;
  CAPTURE(ec::type_name<Reverse>(), ec::type_name<T>());
  constexpr double tolerance = layers::tolerance<T>;
  StageRunner<Convolution, In, T> convolution;
  ec::LayerRunner<ec::LayersAlone<T, In, Convolution, Reverse>, 1> tied;
  const Index weights = convolution.theta.size();
  golden::fill(3, 2, -1, convolution.theta);
  tied.theta.head(weights) = convolution.theta;
  golden::fill(4, 2, -1, tied.theta.tail(In.channels));
  const Matrix<T> u = layers::uniform<T>(In.size(), batch, 1, 2, -1), z = convolution.forward(u);
  const Matrix<T> x = layers::uniform<T>(z.rows(), batch, 2, 2, -1), y = tied.forward(x);

  Matrix<T> unbiased = y;
  unbiased.reshaped(In.channels, y.size() / In.channels).colwise() -= tied.theta.tail(In.channels);
  const double left = static_cast<double>(z.cwiseProduct(x).sum()), right = static_cast<double>(u.cwiseProduct(unbiased).sum());
  CHECK(std::abs(left - right) < tolerance * static_cast<double>(z.norm() * x.norm()));
  CHECK(layers::relative_error<T>(unbiased, convolution.backward(u, z, x).template cast<double>()) < tolerance);

  convolution.dtheta.setZero();
  convolution.backward(u, z, x);
  CHECK(layers::relative_error<T>(tied.backward(x, y, u), z.template cast<double>()) < tolerance);
  CHECK(layers::relative_error<T>(tied.dtheta.head(weights), convolution.dtheta.template cast<double>()) < tolerance);
  const Matrix<double> db = u.template cast<double>().reshaped(In.channels, u.size() / In.channels).rowwise().sum();
  CHECK(layers::relative_error<T>(tied.dtheta.tail(In.channels), db) < tolerance);
}

}  // namespace

TEMPLATE_TEST_CASE("TiedConv2D: the gradient of the convolution's input as a layer, and its gradients", "", float, double) {
  check_convolution<TestType, ec::image(7, 5, 2), 3, Extent{3, 2}, Extent{2, 1}>(5);
  check_convolution<TestType, ec::image(8, 8), 17, 3, 1, Padding::valid, Dilation{2}>(3);
}

TEST_CASE("tied: which layers they can be linked to") {
  const auto dense = []<class Source, ec::Shape Out>() {
    return ec::TiedDense<0, Out>::template links<ec::Stage<Source, taken, float>>(ec::features(m));
  };
  static_assert(dense.operator()<ec::Dense<m>, taken>() && dense.operator()<ec::Dense<m, Bias::none>, taken>());
  static_assert(!dense.operator()<ec::Dense<m>, ec::features(n)>());  // the shape, too, must be the one that the Dense took
  static_assert(!dense.operator()<ec::Dense<m + 1>, taken>() && !dense.operator()<ec::Tanh, taken>());

  const auto convolution = []<class Source, Extent Kernel, Extent Stride, auto... Options>() {
    using Place = ec::Stage<Source, picture, float>;
    return ec::TiedConv2D<0, picture, Kernel, Stride, Options...>::template links<Place>(Place::out);
  };
  static_assert(convolution.operator()<ec::Conv2D<3, 3, 2>, 3, 2>());
  static_assert(!convolution.operator()<ec::Conv2D<3, 3, 2>, 3, 1>());
  static_assert(!convolution.operator()<ec::Conv2D<3, 3, 2>, 5, 2>());
  static_assert(!convolution.operator()<ec::Conv2D<3, 3, 2>, 3, 2, Padding::valid>());
  static_assert(!convolution.operator()<ec::Dense<3>, 3, 2>());
}
