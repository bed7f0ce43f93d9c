// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the deep network equals PyTorch's") {
  golden::check_network<networks::Deep<double>>("deep", eigencoder::MeanSquaredError{});
}
