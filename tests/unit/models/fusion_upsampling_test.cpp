// SPDX-License-Identifier: MIT
#include "check_fusion.hpp"

using namespace eigencoder;
using fusion::check;

TEST_CASE("fusion: an upsampling and a convolution") {
  check<double, image(7, 5, 3), UpSample2D<2>, Conv2D<33, 3>, Sigmoid, UpSample2D<3>, Conv2D<1, 5>>();
  check<double, image(2, 9), Conv2D<16, 3>, UpSample2D<Extent{2, 3}>, Conv2D<17, Extent{4, 2}>>();
  check<float, image(4, 4, 16), Conv2D<32, 3>, ReLU, UpSample2D<2>, Conv2D<1, 3>>();
  check<double, sequence(7, 3), Conv1D<8, 3>, Tanh, UpSample1D<2>, Conv1D<2, 3>>();
}
