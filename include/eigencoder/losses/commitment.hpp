// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// (x − e)² of what the encoder gives, x, and of the codebook's entries that a VectorQuantizer puts in its place, e, which
/// count as constants: the mean over all values and over the batch, as in Sonnet, or with Reduction::sum the sum over the
/// values of a sample.   ∂/∂x = 2 (x − e)   x, e: F × B Its weight is β, 0.25 in the paper: MeanSquaredError{} + 0.25 *
/// Commitment{}. van den Oord, Vinyals and Kavukcuoglu, "Neural discrete representation learning", 2017.
struct Commitment {
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }

  static constexpr TermNeeds needs{.site = Site::quantised, .code = true};

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    const double values = reduction == Reduction::mean ? static_cast<double>(pass.y.rows()) : 1.0;
    const double share = 1 / (static_cast<double>(pass.batch) * values);
    return share * kernels::sum_pointwise<Gradient, true>(pass.y.size(), pass.y.data(), pass.code.data(), pass.dy.data(),
                                                          pass.weight * share, detail::OfDifference<detail::Square>{});
  }
};

}  // namespace eigencoder
