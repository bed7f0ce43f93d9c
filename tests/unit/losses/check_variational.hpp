// SPDX-License-Identifier: MIT
#pragma once

#include "unit/engine/contract.hpp"

// Small variational autoencoders for tests of terms.
namespace variational {

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(9), ec::Dense<7>, ec::Tanh>;
using Free = ec::VariationalAutoencoder<Encoder, ec::Latent<3>, ec::Decoder<ec::features(3), ec::Dense<9>>, double>;
using Bounded = ec::VariationalAutoencoder<Encoder, ec::Latent<3>, ec::Decoder<ec::features(3), ec::Dense<9>, ec::Sigmoid>, double>;

inline Eigen::MatrixXd samples(ec::Index count) {
  const ec::Random random(ec::Seed{6}, 0, 0);
  return Eigen::MatrixXd::NullaryExpr(9, count, [&](ec::Index i, ec::Index j) { return random.uniform(j, i); });
}

}  // namespace variational
