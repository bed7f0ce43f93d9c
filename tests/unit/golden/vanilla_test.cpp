// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the vanilla network equals PyTorch's") {
  golden::check_network<networks::Vanilla<double>>("vanilla", eigencoder::MeanSquaredError{});
}
