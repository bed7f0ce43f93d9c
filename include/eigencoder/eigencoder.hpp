// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/version.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/batch_norm.hpp"
#include "eigencoder/layers/conv2d.hpp"
#include "eigencoder/layers/conv_transpose2d.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/depthwise_conv2d.hpp"
#include "eigencoder/layers/dropout.hpp"
#include "eigencoder/layers/k_sparse.hpp"
#include "eigencoder/layers/layer_norm.hpp"
#include "eigencoder/layers/noise.hpp"
#include "eigencoder/layers/pooling.hpp"
#include "eigencoder/layers/resampling.hpp"
#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/layers/softmax.hpp"
#include "eigencoder/layers/tied.hpp"
#include "eigencoder/losses/binary_cross_entropy.hpp"
#include "eigencoder/losses/contractive.hpp"
#include "eigencoder/losses/huber.hpp"
#include "eigencoder/losses/kl_sparsity.hpp"
#include "eigencoder/losses/l1_activity.hpp"
#include "eigencoder/losses/l1_weights.hpp"
#include "eigencoder/losses/l2_activity.hpp"
#include "eigencoder/losses/l2_weights.hpp"
#include "eigencoder/losses/mean_absolute_error.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/autoencoder.hpp"
#include "eigencoder/models/mirror.hpp"
#include "eigencoder/models/summary.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/optimizers/sgd.hpp"
#include "eigencoder/tasks/corrupt.hpp"
#include "eigencoder/training/max_norm.hpp"
#include "eigencoder/training/trainer.hpp"

// What needs more than Eigen comes along where the build says that its package is there.
#ifdef EIGENCODER_HAS_ZLIB
#include "eigencoder/data/dataset.hpp"
#endif
#ifdef EIGENCODER_HAS_PNG
#include "eigencoder/io/png.hpp"
#endif
