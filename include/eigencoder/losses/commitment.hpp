// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

namespace detail {

/// Fails to compile unless the layer that makes the network's latent code chooses it from a codebook.
template <class Network>
struct Quantizes {
  static constexpr bool found = [] {
    bool any = false;
    Network::for_each_layer([&]<std::size_t I>() {
      if constexpr (requires { Network::template layer<I>::entries; }) any = true;
    });
    return any;
  }();
  static_assert(found, "this penalty needs a network that chooses its code from a codebook: one with a VectorQuantizer");
};

}  // namespace detail

/// (x − e)² of what the encoder gives, x, and of the codebook's entries that a VectorQuantizer puts in its place, e, which
/// count as constants: the mean over all values and over the batch, as in Sonnet, or with Reduction::sum the sum over the values of a
/// sample.   ∂/∂x = 2 (x − e)
/// Its weight is β, 0.25 in the paper: MeanSquaredError{} + 0.25 * Commitment{}.
/// van den Oord, Vinyals and Kavukcuoglu, "Neural discrete representation learning", 2017.
struct Commitment {
  Reduction reduction = Reduction::mean;

  static constexpr Site site = Site::latent;
  static constexpr Index sums(Shape) { return 0; }
  template <class Network>
  using Demands = detail::Quantizes<Network>;

  template <class S, bool Gradient>
  double operator()(const PenaltyPass<S, Gradient>& pass) const {
    using T = typename S::Scalar;
    const double values = reduction == Reduction::mean ? static_cast<double>(pass.y.rows()) : 1.0;
    const double share = 1 / (static_cast<double>(pass.batch) * values);
    return share * kernels::sum_pointwise<Gradient, true>(pass.y.size(), pass.y.data(), pass.code.data(),
                                                          const_cast<T*>(pass.dy.data()), pass.weight * share,
                                                          [](auto x, auto e) { return detail::square(x - e); });
  }
};

}  // namespace eigencoder
