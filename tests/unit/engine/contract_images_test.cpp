// SPDX-License-Identifier: MIT
#include "contract.hpp"

namespace ec = eigencoder;
using namespace contract;

TEST_CASE("contract: convolutions, a pool and an upsampling that run as fewer, loss on logits") {
  using E = ec::Encoder<ec::image(6, 4, 2), ec::Conv2D<3, 3>, ec::ReLU, ec::MaxPool2D<2>>;
  using D = ec::Decoder<E::output, ec::UpSample2D<2>, ec::Conv2D<2, 3>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: transposed convolutions, strides instead of pools") {
  using E = ec::Encoder<ec::image(6, 4), ec::Conv2D<5, 3, 2>, ec::Tanh>;
  using D = ec::Decoder<E::output, ec::ConvTranspose2D<4, 3, 2>, ec::ELU, ec::Conv2D<1, 3>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: batch normalisation between a convolution and its activation") {
  using E = ec::Encoder<ec::image(4, 4), ec::Conv2D<3, 3>, ec::BatchNorm, ec::ReLU, ec::MaxPool2D<2>>;
  using D = ec::Decoder<E::output, ec::ConvTranspose2D<3, 3, 2>, ec::BatchNorm, ec::ReLU, ec::Conv2D<1, 3>>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: a pool undone by another layer, and convolutions around both") {
  using E = ec::Encoder<ec::image(4, 6), ec::Conv2D<4, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<2, 3>, ec::ReLU>;
  using D = ec::Decoder<E::output, ec::Conv2D<4, 3>, ec::MaxUnpool2D<2, 2>, ec::Conv2D<1, 3>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: convolutions of sequences") {
  using E = ec::Encoder<ec::sequence(8, 2), ec::Conv1D<3, 3>, ec::Tanh, ec::MaxPool1D<2>>;
  using D = ec::Decoder<E::output, ec::UpSample1D<2>, ec::Conv1D<4, 3>, ec::GELU, ec::ConvTranspose1D<2, 3>>;
  check_types<E, D>(ec::MeanSquaredError{});
}
