// SPDX-License-Identifier: MIT
#pragma once

// The beginning of every file that is compiled once for each level of ec::Simd. All names of this library and of Eigen carry the
// level there: an inline function that the compiler does not inline is then another symbol than in the user's program, and the
// linker cannot give the program a copy that needs a newer processor. tests/kernels reads the symbols.
#define EIGENCODER_JOINED(a, b) a##b
#define EIGENCODER_JOIN(a, b) EIGENCODER_JOINED(a, b)
#define eigencoder EIGENCODER_JOIN(eigencoder_, EIGENCODER_LEVEL)
#define Eigen EIGENCODER_JOIN(Eigen_, EIGENCODER_LEVEL)

#include <cstring>
#include <new>

#include "kernel_lists.hpp"

namespace eigencoder::kernels {

/// The operands are the user's struct of the same members, under another name. Moving bytes to where they are begins the life of
/// an object of this name there, as std::start_lifetime_as of C++23 does, and costs nothing.
template <class Kernel>
void run(const void* operands) {
  static_assert(std::is_trivially_copyable_v<Kernel>);
  void* const place = const_cast<void*>(operands);
  std::launder(static_cast<const Kernel*>(std::memmove(place, place, sizeof(Kernel))))->run();
}

template <class... Kernels>
constexpr std::array<Function, sizeof...(Kernels)> functions(TypeList<Kernels...>) {
  return {&run<Kernels>...};
}

}  // namespace eigencoder::kernels

/// Defines the functions of a list, under a name with its group and level.
#define EIGENCODER_FUNCTIONS(group, List)                                                                             \
  extern "C" {                                                                                                        \
  extern const eigencoder::kernels::Functions<eigencoder::kernels::List> EIGENCODER_JOIN(eigencoder_##group##_, EIGENCODER_LEVEL); \
  constexpr eigencoder::kernels::Functions<eigencoder::kernels::List> EIGENCODER_JOIN(eigencoder_##group##_, EIGENCODER_LEVEL) =   \
      eigencoder::kernels::functions(eigencoder::kernels::List{});                                                    \
  }
