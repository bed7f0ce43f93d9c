// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "eigencoder/core/eigen.hpp"

namespace eigencoder {

/// The instructions that kernels use, after the levels of the x86-64 psABI: v3 has AVX2 and FMA, v4 has AVX-512. `baseline` is
/// what every processor of the architecture has: SSE2, or NEON on Arm.
enum class Simd { baseline, v3, v4 };

constexpr std::string_view name(Simd level) {
  constexpr bool x86 = EIGEN_ARCH_i386_OR_x86_64 != 0, arm = EIGEN_ARCH_ARM_OR_ARM64 != 0;
  switch (level) {
    case Simd::v4: return "x86-64-v4 (AVX-512)";
    case Simd::v3: return "x86-64-v3 (AVX2, FMA)";
    default: return x86 ? "x86-64 baseline (SSE2)" : arm ? "Arm baseline (NEON)" : "baseline";
  }
}

namespace detail {

/// What the file that includes this is compiled for.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
inline constexpr Simd compiled_simd = Simd::v4;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr Simd compiled_simd = Simd::v3;
#else
inline constexpr Simd compiled_simd = Simd::baseline;
#endif

// AVX-512 BF16, on top of v4.
#if defined(__AVX512BF16__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(EIGEN_VECTORIZE_AVX512)
#define EIGENCODER_HAS_BFLOAT16
inline constexpr bool compiled_bfloat16 = true;
#else
inline constexpr bool compiled_bfloat16 = false;
#endif

/// What the component decides.
Simd component_simd();
bool component_bfloat16();

}  // namespace detail

/// The level at which kernels run. With the component `kernels` it is the highest that this processor has, and the environment
/// variable EIGENCODER_SIMD (v2 for the baseline, v3 or v4) lowers it; the first call decides, and throws OptionError where the
/// variable has another value. Without the component it is what the program is compiled for.
inline Simd simd() {
#ifdef EIGENCODER_COMPILED_KERNELS
  return detail::component_simd();
#else
  return detail::compiled_simd;
#endif
}

/// Whether products may multiply bfloat16 (Precision::bfloat16): the level is v4, and AVX-512 BF16 is there too. AMD's processors
/// have it since 2022, Intel's servers since 2023.
inline bool has_bfloat16() {
#ifdef EIGENCODER_COMPILED_KERNELS
  return detail::component_bfloat16();
#else
  return detail::compiled_bfloat16;
#endif
}

}  // namespace eigencoder
