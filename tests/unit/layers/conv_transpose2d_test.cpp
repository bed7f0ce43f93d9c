// SPDX-License-Identifier: MIT
#include "check_convolution.hpp"
#include <eigencoder/layers/conv2d.hpp>
#include <eigencoder/layers/conv_transpose2d.hpp>

namespace ec = eigencoder;
using ec::Bias, ec::ConvTranspose1D, ec::ConvTranspose2D, ec::Extent, ec::Init, ec::Padding;
using layers::check_gradient;

TEST_CASE("ConvTranspose2D: finite differences") {
  check_gradient(ConvTranspose2D<3, 3, 2>{});
  check_gradient<ec::image(4, 3, 2)>(ConvTranspose2D<5, Extent{3, 2}, Extent{2, 3}, Bias::none>{});
  check_gradient<ec::image(3, 5, 3)>(ConvTranspose2D<2, 4, 2, Padding::valid>{});
  check_gradient<ec::image(5, 4, 17)>(ConvTranspose2D<1, 3>{});
  check_gradient<ec::image(3, 2, 33)>(ConvTranspose2D<3, 3, 2>{});
  check_gradient<ec::image(3, 4)>(ConvTranspose2D<17, 3, 2, Padding::valid>{});
  check_gradient<ec::image(2, 3, 3)>(ConvTranspose2D<33, 2, 3, Bias::none>{});  // pixels that no tap reaches
}

TEST_CASE("ConvTranspose1D: finite differences") {
  check_gradient<ec::sequence(5, 3)>(ConvTranspose1D<4, 3, 2>{});
  check_gradient<ec::sequence(4, 1)>(ConvTranspose1D<17, 5, 3, Padding::valid>{});
}

TEMPLATE_TEST_CASE("ConvTranspose2D: the input's gradient of the convolution with its weights exchanged", "", float, double) {
  using T = TestType;
  constexpr ec::Shape small = ec::image(4, 3, 5), large = ec::image(8, 6, 2);
  StageRunner<ec::Conv2D<5, 3, 2, Bias::none>, large, T> convolution;
  StageRunner<ConvTranspose2D<2, 3, 2, Bias::none>, small, T> transposed;
  layers::fill_parameters(transposed);
  for (ec::Index tap = 0; tap < 9; ++tap) {
    Eigen::Map<layers::Matrix<T>>(convolution.theta.data() + tap * 10, 5, 2) =
        Eigen::Map<layers::Matrix<T>>(transposed.theta.data() + tap * 10, 2, 5).transpose();
  }
  const layers::Matrix<T> x = layers::uniform<T>(large.size(), 3, 1, 2, -1), y = convolution.forward(x);
  const layers::Matrix<T> expected = convolution.backward(x, y, y);
  CHECK(layers::relative_error<T>(transposed.forward(y), expected.template cast<double>()) < layers::tolerance<T>);
}

TEMPLATE_TEST_CASE("ConvTranspose2D: an activation in its store gives what the activation by itself gives", "", float, double) {
  layers::check_epilogues<TestType, ec::image(5, 4, 3), ConvTranspose2D<21, 3, 2>>();
  layers::check_epilogues<TestType, ec::image(4, 5, 17), ConvTranspose2D<2, 3>>();
}

TEMPLATE_TEST_CASE("ConvTranspose2D: the derivative of the activation before it", "", float, double) {
  layers::check_derivative<TestType, ec::image(5, 4, 3), ConvTranspose2D<17, 3, 2>>();
  layers::check_derivative<TestType, ec::image(4, 5, 18), ConvTranspose2D<2, 3>>();
}

// In double the finite differences ask it.
TEST_CASE("ConvTranspose2D: gradients are added to, with and without dx") {
  layers::check_accumulation<float, ec::image(5, 4, 3), ConvTranspose2D<5, 3, 2>>();
  layers::check_accumulation<float, ec::image(5, 4, 5), ConvTranspose2D<2, 3>>();
}

TEMPLATE_TEST_CASE("ConvTranspose2D: a NaN stays in its sample, and in the pixels that it adds to", "", float, double) {
  layers::check_nan_stays<TestType, ec::image(4, 3, 5), ConvTranspose2D<4, 3, 2>>();
  layers::check_nan_stays<TestType, ec::image(3, 4), ConvTranspose2D<17, 3>>();
  layers::check_nan_stays<TestType, ec::image(3, 4, 17), ConvTranspose2D<1, Extent{2, 3}, 2>>();
}

TEST_CASE("ConvTranspose2D: as large as Keras's") {
  constexpr auto valid = Padding::valid;
  constexpr ec::Shape in = ec::image(7, 5, 3);
  static_assert(ConvTranspose2D<8, 3>::output(in) == ec::image(7, 5, 8));
  static_assert(ConvTranspose2D<8, 3, 2>::output(in) == ec::image(14, 10, 8));
  static_assert(ConvTranspose2D<8, Extent{5, 2}, Extent{3, 4}>::output(in) == ec::image(21, 20, 8));
  static_assert(ConvTranspose2D<8, 3, 1, valid>::output(in) == ec::image(9, 7, 8));
  static_assert(ConvTranspose2D<8, 3, 2, valid>::output(in) == ec::image(15, 11, 8));
  static_assert(ConvTranspose2D<8, Extent{5, 2}, Extent{3, 4}, valid>::output(in) == ec::image(23, 20, 8));
  static_assert(ConvTranspose1D<8, 3, 2>::output(ec::sequence(9, 3)) == ec::sequence(18, 8));
  static_assert(!ConvTranspose1D<8, 3>::accepts(ec::image(2, 9)));
}

TEST_CASE("ConvTranspose2D: options in any order, their defaults, and what each changes") {
  constexpr auto blocks = ConvTranspose2D<8, Extent{3, 5}>::parameters(ec::image(7, 5, 4));
  static_assert(blocks.size() == 2 && blocks[0].name == "weight" && blocks[1].name == "bias");
  static_assert(blocks[0].rows == 8 && blocks[0].cols == 4 * 15 && blocks[0].decay && blocks[0].init == Init::glorot_uniform);
  static_assert(blocks[0].fan_in + blocks[0].fan_out == 4 * 15 + 8 * 15);  // whose sum is Keras's
  static_assert(blocks[1].size() == 8 && !blocks[1].decay && blocks[1].init == Init::zeros);

  const auto all_are_given = []<class Layer>(Layer) {
    constexpr auto only = Layer::parameters(ec::image(7, 5, 4));
    return only.size() == 1 && only[0].init == Init::he_normal && Layer::output(ec::image(7, 5, 4)) == ec::image(9, 7, 8);
  };
  static_assert(all_are_given(ConvTranspose2D<8, 3, 1, Padding::valid, Bias::none, Init::he_normal>{}));
  static_assert(all_are_given(ConvTranspose2D<8, 3, 1, Init::he_normal, Bias::none, Padding::valid>{}));
}
