// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the transposing network equals PyTorch's") {
  golden::check_network<networks::Transposing<double>>("transposing", eigencoder::BinaryCrossEntropy{});
  golden::check_network<networks::Transposing<float>>("transposing", eigencoder::BinaryCrossEntropy{});
}
