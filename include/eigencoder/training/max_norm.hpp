// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "eigencoder/models/model.hpp"
#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

namespace detail {

/// Scales the rows of W that are longer than the limit to that length.
template <class T>
void limit_rows(MatrixView<T> W, T limit) {
  using Factors = Eigen::Array<T, Eigen::Dynamic, 1, 0, 64, 1>;  // of some rows at a time, on the stack
  constexpr Index most = Factors::MaxRowsAtCompileTime;
  for (Index first = 0; first < W.rows(); first += most) {
    auto rows = W.middleRows(first, std::min(most, W.rows() - first));
    Factors factors = Factors::Zero(rows.rows());
    for (Index j = 0; j < rows.cols(); ++j) factors += rows.col(j).array().square();
    factors = (factors.sqrt() > limit).select(limit / factors.sqrt(), T(1));
    for (Index j = 0; j < rows.cols(); ++j) rows.col(j).array() *= factors;
  }
}

}  // namespace detail

/// Scales every row of every weight matrix that is longer than the limit to that length: W_i ← W_i min(1, limit / ‖W_i‖₂). A
/// row of a Dense holds the weights of one unit, of a Conv2D those of one filter. Biases and other blocks that do not decay stay.
/// Throws OptionError unless the limit is finite and positive. Srebro, Rennie and Jaakkola, 2004; Srivastava et al., 2014.
template <class C>
void limit_norms(Model<C>& model, double limit) {
  if (!(limit > 0 && std::isfinite(limit))) {
    throw OptionError(message("limit_norms: limit must be finite and positive, found ", limit));
  }
  using T = typename C::Scalar;
  T* const theta = model.memory().theta;
  C::for_each_layer([&]<std::size_t I>() {
    for (const auto& entry : C::template stage<I>::Trainable::entries) {
      const Block& block = entry.block;
      if (!block.decay || block.cols == 0) continue;
      detail::limit_rows(MatrixView<T>(theta + C::theta_at[I] + entry.offset, block.rows, block.cols), static_cast<T>(limit));
    }
  });
}

/// A callback that does so after every update of a fit: {.callbacks = {max_norm(model, 3)}}. Throws OptionError.
template <class C>
Callback max_norm(Model<C>& model, double limit) {
  limit_norms(model, limit);
  return {.after_batch = [&model, limit](const BatchReport&) { limit_norms(model, limit); }};
}

}  // namespace eigencoder
