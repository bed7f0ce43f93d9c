// SPDX-License-Identifier: MIT
// long_levels: trains small networks that have every kind of kernel, and prints for each step NETWORK LOSS, the loss as its bits
// are; the first line says at which level kernels run. levels.py runs it on several processors.
#include <cstdio>
#include <exception>
#include <string>

#include "eigencoder/core/simd.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/batch_norm.hpp"
#include "eigencoder/layers/conv2d.hpp"
#include "eigencoder/layers/conv2d_transpose.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/gru.hpp"
#include "eigencoder/layers/lstm.hpp"
#include "eigencoder/layers/max_pool2d.hpp"
#include "eigencoder/layers/repeat_vector.hpp"
#include "eigencoder/layers/up_sample2d.hpp"
#include "eigencoder/losses/binary_cross_entropy.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/variational_autoencoder.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/training/trainer.hpp"
