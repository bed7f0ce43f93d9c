// SPDX-License-Identifier: MIT
// Of one level of its own: v4 with AVX-512 BF16.
#include "level.hpp"

EIGENCODER_FUNCTIONS(bfloat16, Bfloat16)
