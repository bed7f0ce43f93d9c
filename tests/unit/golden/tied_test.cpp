// SPDX-License-Identifier: MIT
#include "golden_networks.hpp"

namespace {

namespace ec = eigencoder;

using DenseEncoder = ec::Encoder<ec::features(20), ec::Dense<12>, ec::Tanh, ec::Dense<6>>;
using ConvolutionalEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<6, 3>, ec::Tanh, ec::Conv2D<5, 3, 2>, ec::Tanh,
                                         ec::Conv2D<4, 3, 1, ec::Padding::valid, ec::Dilation{2}>>;
template <class Encoder>
using Tied = ec::Autoencoder<Encoder, ec::Tied<Encoder, ec::Sigmoid>, double>;

}  // namespace

TEST_CASE("golden: dense layers with tied weights equal PyTorch's") {
  golden::check_network<Tied<DenseEncoder>>("tied_dense", ec::MeanSquaredError{});
}

TEST_CASE("golden: convolutions with tied weights equal PyTorch's") {
  golden::check_network<Tied<ConvolutionalEncoder>>("tied_convolutional", ec::BinaryCrossEntropy{});
}
