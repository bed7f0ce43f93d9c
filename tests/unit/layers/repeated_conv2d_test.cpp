// SPDX-License-Identifier: MIT
#include "check_convolution.hpp"
#include <eigencoder/layers/conv2d.hpp>
#include <eigencoder/layers/resampling.hpp>

namespace ec = eigencoder;
using ec::Bias, ec::Extent, ec::RepeatedConv2D;
using layers::check_gradient;

namespace {

/// An upsampling and a convolution, one after the other and as one: values and all gradients, in T.
template <class T>
void check(AnyRunner<T>& up, AnyRunner<T>& convolution, AnyRunner<T>& as_one, ec::Shape in, ec::Shape out) {
  using layers::Matrix, layers::uniform;
  constexpr ec::Index batch = 5;
  golden::fill(7, 1, -0.5, convolution.memory.theta);
  as_one.memory.theta = convolution.memory.theta;
  const Matrix<T> x = uniform<T>(in.size(), batch, 1, 2, -1), dy = uniform<T>(out.size(), batch, 2, 2, -1);
  const Matrix<T> large = up.forward(x), y = convolution.forward(large), dlarge = convolution.backward(large, y, dy);
  const auto close = [](const Matrix<T>& found, const Matrix<T>& expected) {
    return layers::relative_error<T>(found, expected.template cast<double>()) < layers::tolerance<T>;
  };
  CHECK(close(as_one.forward(x), y));
  CHECK(close(as_one.backward(x, y, dy), up.backward(x, large, dlarge)));
  CHECK(close(as_one.memory.dtheta, convolution.memory.dtheta));
}

template <class T, ec::Shape In, ec::Extent Repeats, class Convolution>
void check() {
  using Up = ec::UpSample2D<Repeats>;
  using AsOne = typename Convolution::template FusedWith<Up>;
  CAPTURE(ec::to_string(In), (ec::type_name<AsOne>()));
  constexpr ec::Shape between = Up::output(In), out = Convolution::output(between);
  static_assert(AsOne::output(In) == out);
  StageRunner<Up, In, T> up;
  StageRunner<Convolution, between, T> convolution;
  StageRunner<AsOne, In, T> as_one;
  RunnerOf any_up(up);
  RunnerOf any_convolution(convolution);
  RunnerOf any_as_one(as_one);
  check<T>(any_up, any_convolution, any_as_one, In, out);
}

}  // namespace

TEST_CASE("RepeatedConv2D: finite differences") {
  check_gradient(RepeatedConv2D<2, 3, 3>{});
  check_gradient<ec::image(4, 3, 2)>(RepeatedConv2D<Extent{2, 3}, 5, Extent{2, 4}, Bias::none>{});
  check_gradient<ec::image(3, 4, 17)>(RepeatedConv2D<2, 1, 3>{});
  check_gradient<ec::image(3, 2)>(RepeatedConv2D<2, 17, 5>{});
  check_gradient<ec::image(2, 3, 3)>(RepeatedConv2D<3, 2, 1>{});  // a kernel smaller than its step
  check_gradient<ec::image(1, 2, 2)>(RepeatedConv2D<2, 3, 7>{});
}

TEMPLATE_TEST_CASE("RepeatedConv2D: gradients are added to, with and without dx", "", float, double) {
  layers::check_accumulation<TestType, ec::image(4, 3, 5), RepeatedConv2D<2, 3, 3>>();
}

TEMPLATE_TEST_CASE("RepeatedConv2D: a NaN stays in its sample, and in the pixels that it adds to", "", float, double) {
  layers::check_nan_stays<TestType, ec::image(4, 3, 5), RepeatedConv2D<2, 4, 3>>();
  layers::check_nan_stays<TestType, ec::image(4, 3), RepeatedConv2D<2, 17, 3>>();
}

TEST_CASE("RepeatedConv2D: what an upsampling and a convolution give one after the other") {
  check<double, ec::image(1, 1), 2, ec::Conv2D<3, 3>>();
  check<double, ec::image(3, 4, 2), 2, ec::Conv2D<5, 1>>();
  check<double, ec::image(2, 5, 17), 2, ec::Conv2D<1, 2, 1, ec::Bias::none>>();
  check<double, ec::image(7, 7, 3), 2, ec::Conv2D<16, 3>>();
  check<double, ec::image(4, 3, 5), 3, ec::Conv2D<2, 1>>();
  check<double, ec::image(3, 2), 3, ec::Conv2D<33, 4>>();
  check<double, ec::image(2, 2, 2), 4, ec::Conv2D<3, 5>>();
  check<double, ec::image(3, 5, 2), ec::Extent{2, 3}, ec::Conv2D<9, ec::Extent{3, 2}>>();
  check<double, ec::sequence(8, 3), ec::Extent{1, 2}, ec::Conv1D<4, 3>>();
  check<float, ec::image(5, 6, 32), 2, ec::Conv2D<32, 3>>();
  check<float, ec::image(8, 3, 16), 2, ec::Conv2D<1, 3>>();
  check<float, ec::image(2, 3, 3), 3, ec::Conv2D<17, 5>>();
}
