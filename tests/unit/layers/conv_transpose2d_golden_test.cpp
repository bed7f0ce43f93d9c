// SPDX-License-Identifier: MIT
#include "golden_convolutions.hpp"
#include <eigencoder/layers/conv_transpose2d.hpp>

namespace ec = eigencoder;

/// Few and many channels on either side, for which there are loops of their own, in both scalars.
template <class T>
static void check_channels(layers::GoldenConvolutions<T>& cases) {
  cases.template check<ec::image(7, 6, 32)>(ec::ConvTranspose2D<16, 2, 2, ec::Bias::none>{}, 7);
  cases.template check<ec::image(9, 3, 33)>(ec::ConvTranspose2D<3, ec::Extent{5, 1}, 1, ec::Padding::valid>{}, 1);
  cases.template check<ec::image(8, 5)>(ec::ConvTranspose2D<2, ec::Extent{1, 4}, 3, ec::Padding::valid>{}, 7);
  cases.template check<ec::image(1, 28, 2)>(ec::ConvTranspose2D<32, ec::Extent{3, 5}, 2, ec::Padding::valid>{}, 1);
  cases.template check<ec::image(5, 7, 17)>(ec::ConvTranspose2D<33, ec::Extent{2, 4}, ec::Extent{1, 3}>{}, 1);
  cases.template check<ec::image(4, 8, 16)>(ec::ConvTranspose2D<1, ec::Extent{1, 2}, ec::Extent{1, 2}, ec::Padding::valid>{},
                                            1);
  cases.template check<ec::image(3, 1, 3)>(ec::ConvTranspose2D<17, ec::Extent{5, 2}, 3, ec::Padding::valid>{}, 1);
  cases.template check<ec::image(28, 6, 5)>(ec::ConvTranspose2D<5, ec::Extent{5, 4}, 3, ec::Padding::valid>{}, 7);
  cases.template check<ec::image(7, 5, 8)>(ec::ConvTranspose2D<32, 4, 2>{}, 7);
  cases.template check<ec::image(6, 7, 32)>(ec::ConvTranspose2D<1, 3, 2>{}, 1);
}

TEST_CASE("ConvTranspose2D: PyTorch's values") {
  layers::GoldenConvolutions<double> cases("ConvTranspose2D");
  check_channels(cases);
  cases.check<ec::image(28, 4, 3)>(ec::ConvTranspose2D<1, ec::Extent{4, 3}, ec::Extent{1, 3}, ec::Bias::none>{}, 1);
  cases.check<ec::image(6, 2, 16)>(ec::ConvTranspose2D<5, ec::Extent{3, 5}, ec::Extent{3, 1}, ec::Bias::none>{}, 1);
  cases.check<ec::image(2, 9, 5)>(
      ec::ConvTranspose2D<17, ec::Extent{4, 3}, ec::Extent{2, 1}, ec::Padding::valid, ec::Bias::none>{}, 7);
  cases.check<ec::image(3, 1, 17)>(ec::ConvTranspose2D<5, 1, 2, ec::Bias::none>{}, 7);
  cases.check<ec::image(5, 3, 33)>(ec::ConvTranspose2D<32, 4, ec::Extent{3, 2}, ec::Bias::none>{}, 7);
  cases.check<ec::image(2, 8, 2)>(ec::ConvTranspose2D<33, ec::Extent{5, 1}, ec::Extent{3, 1}, ec::Bias::none>{}, 7);
  cases.check<ec::image(4, 5)>(ec::ConvTranspose2D<3, ec::Extent{3, 5}, ec::Extent{2, 3}, ec::Bias::none>{}, 7);
  cases.check<ec::image(9, 28, 5)>(ec::ConvTranspose2D<2, ec::Extent{3, 2}, 1, ec::Bias::none>{}, 7);
  cases.check<ec::image(7, 2, 32)>(ec::ConvTranspose2D<32, ec::Extent{5, 3}, ec::Extent{1, 3}, ec::Padding::valid>{}, 7);
  cases.check<ec::image(1, 4)>(ec::ConvTranspose2D<16, ec::Extent{2, 1}, ec::Extent{3, 1}, ec::Padding::valid>{}, 7);
  cases.check<ec::image(5, 8, 16)>(ec::ConvTranspose2D<17, 3>{}, 7);
  CHECK(cases.complete());
}

TEST_CASE("ConvTranspose2D: PyTorch's values in float") {
  layers::GoldenConvolutions<float> cases("ConvTranspose2D");
  check_channels(cases);
}
