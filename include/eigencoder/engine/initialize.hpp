// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/random.hpp"

namespace eigencoder {

/// Writes a block's starting values, in the block's column-major order. Draws are made in double and then rounded, so float
/// and double models of one seed start alike. Throws OptionError where the block lacks rows that its Init names.
template <class T>
void initialize(const Block& block, T* values, Random random, Index stream = 0);

/// The same for all blocks of a network, layer by layer. A layer has draws of its own, and each of its blocks a stream of them.
template <class T>
void initialize(std::span<const PlacedBlock> blocks, T* theta, T* state, Seed seed);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/engine/initialize_impl.hpp"
#endif
