// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/type_name.hpp"

// What the layers that normalise share.
namespace eigencoder::detail {

/// ε, finite and positive. Throws OptionError, in the layer's name.
template <class Layer>
struct Epsilon {
  double value;
  constexpr Epsilon(double given) : value(given) {
    if (!(value > 0 && value <= std::numeric_limits<double>::max())) {
      raise<OptionError>(type_name<Layer>(), ": epsilon must be finite and positive, found ", value);
    }
  }
};

}  // namespace eigencoder::detail
