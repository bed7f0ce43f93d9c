// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/models/variational_autoencoder.hpp"

namespace eigencoder {

/// How much information the dimensions of a normal code have.
struct LatentStatistics {
  Eigen::VectorXd kl;                ///< KL(q(z_i | x) ‖ N(0, 1)) in nats, averaged over the samples
  Eigen::VectorXd variance_of_mean;  ///< of μ_i(x) over the samples: 0 where the dimension does not depend on x

  double total_kl() const { return kl.sum(); }

  /// How many dimensions are used: those whose mean varies by more than the threshold. Burda, Grosse and Salakhutdinov, 2015.
  Index active_units(double threshold = 0.01) const { return (variance_of_mean.array() > threshold).count(); }
};

/// The statistics of a set of distributions, one a column, as encode_distribution gives them. Throws ShapeError if there is none.
template <class Matrix>
LatentStatistics latent_statistics(const NormalDistribution<Matrix>& codes) {
  if (codes.mean.cols() == 0) throw ShapeError("latent_statistics: expected at least one distribution, found none");
  const Eigen::ArrayXXd mean = codes.mean.template cast<double>(), log_variance = codes.log_variance.template cast<double>();
  return {(0.5 * (mean.square() + log_variance.expm1() - log_variance)).rowwise().mean(),
          (mean.colwise() - mean.rowwise().mean()).square().rowwise().mean()};
}

}  // namespace eigencoder
