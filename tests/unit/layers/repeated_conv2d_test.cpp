// SPDX-License-Identifier: MIT
#include "check_convolution.hpp"
#include <eigencoder/layers/repeated_conv2d.hpp>

namespace ec = eigencoder;
using ec::Bias, ec::Extent, ec::RepeatedConv2D;
using layers::check_gradient;

// That it gives what its two layers give: models/fusion_upsampling_test.cpp.
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
