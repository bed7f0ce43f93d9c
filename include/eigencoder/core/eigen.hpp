// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/version.hpp"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "Eigencoder needs IEEE 754: -ffast-math and -Ofast remove its checks for NaN and reorder its sums; compile with -O3 instead"
#endif

// g++ 12 takes the deliberately undefined registers of its own AVX-512 intrinsics for a mistake (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// The component is of these headers' version, and its Eigen allocates as the program's, which frees what the component has
// allocated. What differs is an undefined reference, since it is a part of the function's name for the linker.
#ifdef EIGENCODER_COMPILED_KERNELS

namespace eigencoder::detail {

/// EigenAlignment: what Eigen aligns memory to by itself, in bytes; 0: it is as malloc has it.
template <int Major, int Minor, int Patch, int EigenAlignment>
struct HeadersOf {};

using TheseHeaders = HeadersOf<EIGENCODER_VERSION_MAJOR, EIGENCODER_VERSION_MINOR, EIGENCODER_VERSION_PATCH,
                               EIGEN_MALLOC_ALREADY_ALIGNED ? 0 : EIGEN_DEFAULT_ALIGN_BYTES>;
void component(TheseHeaders);
[[gnu::used]] inline constexpr auto* linked_component = component;

}  // namespace eigencoder::detail

#endif
