// SPDX-License-Identifier: MIT
#include "check_convolution.hpp"
#include <eigencoder/layers/conv2d.hpp>

namespace ec = eigencoder;
using ec::Bias, ec::Conv1D, ec::Conv2D, ec::Dilation, ec::Extent, ec::Init, ec::Padding;
using layers::check_gradient;

// What golden values are not asked: each combination of few and many channels takes loops of its own, forward and backward.
TEST_CASE("Conv2D: finite differences") {
  check_gradient(Conv2D<3, 3>{});
  check_gradient<ec::image(7, 5, 2)>(Conv2D<5, Extent{3, 2}, Extent{2, 3}, Bias::none>{});
  check_gradient<ec::image(9, 6, 3)>(Conv2D<2, 3, 1, Padding::valid, Dilation{2, 1}>{});
  check_gradient<ec::image(5, 7, 17)>(Conv2D<1, 3>{});
  check_gradient<ec::image(3, 4, 33)>(Conv2D<3, 2, 2>{});
  check_gradient<ec::image(6, 5)>(Conv2D<17, 3, 2, Padding::valid>{});
  check_gradient<ec::image(4, 4, 3)>(Conv2D<33, 3, 1, Dilation{2}, Bias::none>{});
  check_gradient<ec::image(2, 3, 2)>(Conv2D<4, 5>{});  // a kernel beyond its image
}

TEST_CASE("Conv1D: finite differences") {
  check_gradient<ec::sequence(9, 5)>(Conv1D<3, 4, 2>{});
  check_gradient<ec::sequence(7, 1)>(Conv1D<17, 3, 1, Padding::valid, Dilation{1, 2}>{});
}

TEMPLATE_TEST_CASE("Conv2D: an activation in its store gives what the activation by itself gives", "", float, double) {
  layers::check_epilogues<TestType, ec::image(5, 7, 3), Conv2D<21, 3>>();
  layers::check_epilogues<TestType, ec::image(5, 6, 17), Conv2D<2, 3>>();
}

TEMPLATE_TEST_CASE("Conv2D: the derivative of the activation before it", "", float, double) {
  layers::check_derivative<TestType, ec::image(5, 7, 3), Conv2D<17, 3>>();
  layers::check_derivative<TestType, ec::image(6, 5, 18), Conv2D<2, 3, 2>>();
}

// In double the finite differences ask it.
TEST_CASE("Conv2D: gradients are added to, with and without dx") {
  layers::check_accumulation<float, ec::image(6, 7, 3), Conv2D<5, 3>>();
  layers::check_accumulation<float, ec::image(6, 7, 5), Conv2D<2, 3>>();
}

TEMPLATE_TEST_CASE("Conv2D: a NaN stays in its sample, and in the windows that see it", "", float, double) {
  layers::check_nan_stays<TestType, ec::image(6, 7, 5), Conv2D<4, 3>>();
  layers::check_nan_stays<TestType, ec::image(6, 7), Conv2D<17, 3, 2>>();
  layers::check_nan_stays<TestType, ec::image(6, 7, 17), Conv2D<1, Extent{2, 3}>>();
}

TEST_CASE("Conv2D: as large as Keras's") {
  constexpr auto valid = Padding::valid;
  constexpr ec::Shape in = ec::image(28, 27, 3);
  static_assert(Conv2D<8, 3>::output(in) == ec::image(28, 27, 8));
  static_assert(Conv2D<8, Extent{5, 4}, 2>::output(in) == ec::image(14, 14, 8));
  static_assert(Conv2D<8, 3, 3>::output(in) == ec::image(10, 9, 8));
  static_assert(Conv2D<8, 3, Extent{1, 4}, Dilation{5}>::output(in) == ec::image(28, 7, 8));
  static_assert(Conv2D<8, 3, 1, valid>::output(in) == ec::image(26, 25, 8));
  static_assert(Conv2D<8, Extent{5, 4}, 2, valid>::output(in) == ec::image(12, 12, 8));
  static_assert(Conv2D<8, 3, 3, valid, Dilation{4, 2}>::output(in) == ec::image(7, 8, 8));
  static_assert(Conv2D<8, 5, 1, valid>::accepts(ec::image(5, 5)) && !Conv2D<8, 5, 1, valid>::accepts(ec::image(4, 5)));
  static_assert(!Conv2D<8, 3, 1, valid, Dilation{2}>::accepts(ec::image(5, 4)) && Conv2D<8, 5>::accepts(ec::image(1, 2)));
  static_assert(!Conv2D<8, 5>::accepts(ec::image(1, 1)) && Conv2D<8, 1>::accepts(ec::image(1, 1)));
  static_assert(Conv1D<8, 4, 2>::output(ec::sequence(9, 3)) == ec::sequence(5, 8));
  static_assert(Conv1D<8, 4, 2, valid>::output(ec::sequence(9, 3)) == ec::sequence(3, 8));
  static_assert(!Conv1D<8, 4>::accepts(ec::image(2, 9)) && !Conv1D<8, 4, 1, valid>::accepts(ec::sequence(3, 1)));
}

TEST_CASE("Conv2D: options in any order, their defaults, and what each changes") {
  constexpr ec::Shape in = ec::image(28, 27, 4);
  constexpr auto blocks = Conv2D<8, Extent{3, 5}>::parameters(in);
  static_assert(blocks.size() == 2 && blocks[0].name == "weight" && blocks[1].name == "bias");
  static_assert(blocks[0].rows == 8 && blocks[0].cols == 4 * 15 && blocks[0].decay && blocks[0].init == Init::glorot_uniform);
  static_assert(blocks[0].fan_in == 4 * 15 && blocks[0].fan_out == 8 * 15);  // Keras's
  static_assert(blocks[1].size() == 8 && !blocks[1].decay && blocks[1].init == Init::zeros);

  const auto all_are_given = []<class Layer>(Layer) {
    constexpr auto only = Layer::parameters(ec::image(28, 27, 4));
    return only.size() == 1 && only[0].init == Init::he_normal && Layer::output(ec::image(28, 27, 4)) == ec::image(24, 23, 8);
  };
  static_assert(all_are_given(Conv2D<8, 3, 1, Padding::valid, Dilation{2}, Bias::none, Init::he_normal>{}));
  static_assert(all_are_given(Conv2D<8, 3, 1, Init::he_normal, Bias::none, Dilation{2}, Padding::valid>{}));
}
