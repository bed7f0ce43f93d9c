// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the symmetric network equals PyTorch's") {
  golden::check_network<networks::Symmetric<double>>("symmetric", eigencoder::MeanSquaredError{});
}
