// SPDX-License-Identifier: MIT
#include "golden_convolutions.hpp"
#include <eigencoder/layers/conv2d.hpp>

namespace ec = eigencoder;

/// Few and many channels on either side, for which there are loops of their own, in both scalars.
template <class T>
static void check_channels(layers::GoldenConvolutions<T>& cases) {
  cases.template check<ec::image(4, 28, 3)>(ec::Conv2D<17, ec::Extent{5, 4}, 3, ec::Bias::none>{}, 7);
  cases.template check<ec::image(5, 4, 33)>(ec::Conv2D<2, ec::Extent{3, 2}, ec::Extent{2, 1}>{}, 1);
  cases.template check<ec::image(7, 9, 17)>(
      ec::Conv2D<32, ec::Extent{1, 2}, 1, ec::Bias::none, ec::Dilation{2}, ec::Padding::valid>{}, 7);
  cases.template check<ec::image(3, 7)>(ec::Conv2D<16, ec::Extent{2, 5}, ec::Extent{2, 3}, ec::Padding::valid>{}, 7);
  cases.template check<ec::image(3, 4, 33)>(
      ec::Conv2D<33, ec::Extent{2, 1}, ec::Extent{3, 2}, ec::Bias::none, ec::Dilation{2}, ec::Padding::valid>{}, 7);
  cases.template check<ec::image(28, 5, 33)>(ec::Conv2D<1, 3>{}, 1);
  cases.template check<ec::image(9, 28)>(ec::Conv2D<32, 3>{}, 7);
  cases.template check<ec::image(8, 7, 32)>(ec::Conv2D<32, 3>{}, 7);
  cases.template check<ec::image(7, 8, 2)>(ec::Conv2D<3, 5, 1, ec::Bias::none>{}, 1);
  cases.template check<ec::image(6, 9, 3)>(ec::Conv2D<5, 1>{}, 7);
  cases.template check<ec::image(9, 6, 16)>(ec::Conv2D<5, ec::Extent{4, 3}, 2, ec::Dilation{1, 2}, ec::Bias::none>{}, 7);
}

TEST_CASE("Conv2D: PyTorch's values") {
  layers::GoldenConvolutions<double> cases("Conv2D");
  check_channels(cases);
  cases.check<ec::image(28, 8, 32)>(ec::Conv2D<3, ec::Extent{2, 1}, ec::Extent{3, 2}, ec::Dilation{2}, ec::Padding::valid>{},
                                    1);
  cases.check<ec::image(2, 1, 17)>(ec::Conv2D<33, 1, ec::Extent{1, 3}>{}, 1);
  cases.check<ec::image(6, 5, 2)>(ec::Conv2D<32, ec::Extent{3, 4}, ec::Extent{1, 2}, ec::Padding::valid>{}, 1);
  cases.check<ec::image(8, 2, 5)>(ec::Conv2D<1, ec::Extent{4, 3}, ec::Extent{1, 3}>{}, 1);
  cases.check<ec::image(1, 9, 5)>(ec::Conv2D<33, 5, ec::Extent{3, 1}, ec::Bias::none, ec::Dilation{2}>{}, 1);
  cases.check<ec::image(8, 5, 2)>(ec::Conv2D<2, ec::Extent{2, 1}, ec::Extent{2, 3}, ec::Dilation{2, 1}, ec::Bias::none>{}, 7);
  cases.check<ec::image(2, 3, 32)>(ec::Conv2D<3, 3, ec::Extent{3, 1}, ec::Bias::none>{}, 7);
  cases.check<ec::image(1, 28, 33)>(
      ec::Conv2D<1, ec::Extent{1, 5}, 2, ec::Padding::valid, ec::Dilation{1, 2}, ec::Bias::none>{}, 7);
  cases.check<ec::image(9, 2, 16)>(ec::Conv2D<5, ec::Extent{5, 1}, ec::Extent{3, 1}, ec::Padding::valid>{}, 1);
  cases.check<ec::image(6, 8)>(ec::Conv2D<16, ec::Extent{3, 2}, ec::Extent{3, 1}, ec::Dilation{2}, ec::Bias::none>{}, 7);
  cases.check<ec::image(7, 28, 3)>(ec::Conv2D<17, ec::Extent{4, 5}, 1, ec::Padding::valid>{}, 1);
  cases.check<ec::image(4, 3)>(ec::Conv2D<16, ec::Extent{1, 3}, ec::Extent{1, 2}, ec::Padding::valid>{}, 1);
  cases.check<ec::image(5, 7, 5)>(ec::Conv2D<17, ec::Extent{5, 3}, ec::Extent{1, 2}, ec::Bias::none, ec::Dilation{2}>{}, 7);
  cases.check<ec::image(28, 1, 5)>(ec::Conv2D<5, ec::Extent{3, 4}, ec::Extent{2, 3}, ec::Bias::none>{}, 7);
  cases.check<ec::image(3, 6, 5)>(ec::Conv2D<32, 2, ec::Extent{1, 3}, ec::Dilation{2, 1}>{}, 1);
  cases.check<ec::image(8, 6, 33)>(ec::Conv2D<2, ec::Extent{1, 4}, ec::Extent{3, 1}, ec::Bias::none, ec::Padding::valid>{}, 1);
  cases.check<ec::image(5, 9, 16)>(ec::Conv2D<3, ec::Extent{2, 4}, ec::Extent{2, 3}, ec::Padding::valid>{}, 1);
  cases.check<ec::image(4, 2, 3)>(ec::Conv2D<1, ec::Extent{3, 2}, 2, ec::Bias::none, ec::Dilation{2}>{}, 1);
  cases.check<ec::image(3, 1, 2)>(ec::Conv2D<1, ec::Extent{5, 2}, ec::Extent{3, 1}, ec::Dilation{2}, ec::Bias::none>{}, 1);
  cases.check<ec::image(7, 3, 17)>(ec::Conv2D<1, ec::Extent{5, 4}, 2, ec::Dilation{2}>{}, 1);
  cases.check<ec::image(6, 7, 17)>(ec::Conv2D<16, 3, 1, ec::Bias::none, ec::Padding::valid>{}, 7);
  cases.check<ec::image(5, 4, 16)>(ec::Conv2D<33, 3, 2>{}, 7);
  CHECK(cases.complete());
}

TEST_CASE("Conv2D: PyTorch's values in float") {
  layers::GoldenConvolutions<float> cases("Conv2D");
  check_channels(cases);
}
