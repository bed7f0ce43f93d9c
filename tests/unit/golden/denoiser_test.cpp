// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

TEST_CASE("golden: the denoiser equals PyTorch's") {
  golden::check_network<networks::Denoiser<double>>("denoiser", eigencoder::BinaryCrossEntropy{});
  golden::check_network<networks::Denoiser<float>>("denoiser", eigencoder::BinaryCrossEntropy{});
}
