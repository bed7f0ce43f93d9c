// SPDX-License-Identifier: MIT
#pragma once

// The beginning of every file of this folder, which compile, once and for any processor, the bodies that the headers leave out
// where a program links the component: include/eigencoder/core/bodies.hpp.
#define EIGENCODER_COMPILED_KERNELS
#define EIGENCODER_INLINE
