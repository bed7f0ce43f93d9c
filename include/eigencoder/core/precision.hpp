// SPDX-License-Identifier: MIT
#pragma once

namespace eigencoder {

/// What dense layers and convolutions multiply in training. Parameters, sums and everything else are float32 with
/// either. `bfloat16` rounds both factors of a product to 8 bits of mantissa, where the processor has instructions for it
/// (has_bfloat16()); elsewhere it is the same as `float32`. docs/precision.md has figures.
enum class Precision { float32, bfloat16 };

}  // namespace eigencoder
