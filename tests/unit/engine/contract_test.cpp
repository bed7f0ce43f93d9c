// SPDX-License-Identifier: MIT
#include "contract.hpp"

namespace ec = eigencoder;
using namespace contract;

TEST_CASE("contract: dense layers with an epilogue, loss on logits") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<4>, ec::Tanh>;
  using D = ec::Decoder<E::output, ec::Dense<9>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
  check_types<E, D>(0.5 * ec::MeanSquaredError{} + 2.0 * ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: sums over the batch, of layers, first too, and of a penalty; state") {
  using E = ec::Encoder<ec::image(3, 3), Standardise, ec::Dense<5>, Standardise, ec::Tanh>;
  using D = ec::Decoder<E::output, ec::Dense<6>, Standardise, ec::Dense<9>>;
  check_types<E, D>(ec::MeanSquaredError{} + 0.3 * MeanActivation{0.1});
}

TEST_CASE("contract: a layer that borrows a cache") {
  using E = ec::Encoder<ec::features(6), ec::Dense<8>, PairMax>;
  using D = ec::Decoder<E::output, ec::Dense<4>, ec::Tanh, PairUnmax<1>, ec::Dense<6>>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: layers that borrow parameters") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<5>, ec::Sigmoid, ec::Dense<3>, ec::Sigmoid>;
  using D = ec::Decoder<E::output, NaiveTied<5, 2>, ec::Sigmoid, NaiveTied<9, 0>, ec::Sigmoid>;
  static_assert(ec::Autoencoder<E, D>::parameter_count == 9 * 5 + 5 + 5 * 3 + 3 + 5 + 9);
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: random layers, first and in the middle, among packed parameters and scratch") {
  auto e =
      ec::encoder<ec::image(3, 3)>(Flicker{{}, 0.5}, PackedScale{}, ec::Dense<5>{}, PackedScale{}, ec::Sigmoid{}, Flicker{});
  auto d = ec::decoder<ec::features(5)>(ec::Dense<9>{}, PackedScale{});
  static_assert(
      std::is_same_v<decltype(e),
                     ec::Encoder<ec::image(3, 3), Flicker, PackedScale, ec::Dense<5>, PackedScale, ec::Sigmoid, Flicker>>);
  check(ec::Autoencoder<decltype(e), decltype(d), double>{e, d, ec::Seed{3}}, ec::MeanSquaredError{});
}
