// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the unpooling network equals PyTorch's") {
  golden::check_network<networks::Unpooling<double>>("unpooling", eigencoder::BinaryCrossEntropy{});
}
