// SPDX-License-Identifier: MIT
#include "level.hpp"

EIGENCODER_FUNCTIONS(pixels, Pixels)
