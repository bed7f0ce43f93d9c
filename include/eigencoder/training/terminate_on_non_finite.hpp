// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

/// Ends a fit after an epoch whose validation loss, or the value of one of whose terms, in training or validation, is not
/// finite; History::stopped names it. A fit looks at the loss and the gradient of every step by itself, and throws
/// NonFiniteError before that step is taken: that needs no callback, and this one adds what no step looks at. The model stays
/// as it is; add EarlyStopping{.restore_best = true} to go back to the best. Keras: TerminateOnNaN.
struct TerminateOnNonFinite {
  operator Callback() const;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/terminate_on_non_finite_impl.hpp"
#endif
