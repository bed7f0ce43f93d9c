// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the simple network equals PyTorch's") {
  golden::check_network<networks::Simple<double>>("simple", eigencoder::BinaryCrossEntropy{});
  golden::check_network<networks::Simple<float>>("simple", eigencoder::BinaryCrossEntropy{});
}
