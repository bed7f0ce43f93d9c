// SPDX-License-Identifier: MIT
#define EIGENCODER_COMPILED_KERNELS
#include "eigencoder/core/simd.hpp"

#include <algorithm>
#include <cstdlib>

#include "eigencoder/core/error.hpp"

#if EIGEN_ARCH_x86_64
#include <cpuid.h>
#endif

namespace eigencoder::detail {

namespace {

/// The highest level that the component, the processor and the operating system have.
Simd highest() {
#if EIGEN_ARCH_x86_64
  const auto has = [](unsigned leaf, unsigned bit) {  // of a leaf's register ECX
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(leaf, &a, &b, &c, &d) != 0 && (c >> bit & 1U) != 0;
  };
  const bool movbe = has(1, 22), f16c = has(1, 29), lzcnt = has(0x80000001U, 5);
  __builtin_cpu_init();
  const bool v3 = movbe && f16c && lzcnt && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  if (!v3) return Simd::baseline;
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return v4 ? Simd::v4 : Simd::v3;
#else
  return Simd::baseline;
#endif
}

Simd decide() {
  const char* const wanted = std::getenv("EIGENCODER_SIMD");
  if (!wanted) return highest();
  const std::string_view level(wanted);
  if (level == "v2") return Simd::baseline;
  if (level == "v3") return std::min(highest(), Simd::v3);
  if (level == "v4") return highest();
  throw OptionError(message("EIGENCODER_SIMD must be v2, v3 or v4, found \"", level, '"'));
}

}  // namespace

Simd component_simd() {
  static const Simd level = decide();
  return level;
}

bool component_bfloat16() {
#if EIGEN_ARCH_x86_64
  static const bool has = component_simd() == Simd::v4 && __builtin_cpu_supports("avx512bf16");
  return has;
#else
  return false;
#endif
}

}  // namespace eigencoder::detail
