// SPDX-License-Identifier: MIT
#define EIGENCODER_COMPILED_KERNELS
#include "kernel_lists.hpp"

#include <algorithm>
#include <iterator>

// Where a kernel's functions are: the tables of its group, one for each level, and its place in them.

#define EIGENCODER_TABLE(group, List, level) \
  extern "C" { extern const eigencoder::kernels::Functions<eigencoder::kernels::List> eigencoder_##group##_##level; }
#if EIGEN_ARCH_x86_64
#define EIGENCODER_TABLES(group, List)      \
  EIGENCODER_TABLE(group, List, baseline) \
  EIGENCODER_TABLE(group, List, v3)       \
  EIGENCODER_TABLE(group, List, v4)
#define EIGENCODER_BFLOAT16_TABLE(group, List) EIGENCODER_TABLE(group, List, v4_bf16)
#define EIGENCODER_BFLOAT16_LEVELS(group, i) {nullptr, nullptr, eigencoder_##group##_v4_bf16.data() + i}
#define EIGENCODER_LEVELS(group, i) {eigencoder_##group##_baseline.data() + i, eigencoder_##group##_v3.data() + i, eigencoder_##group##_v4.data() + i}
#else
#define EIGENCODER_TABLES(group, List) EIGENCODER_TABLE(group, List, baseline)
#define EIGENCODER_LEVELS(group, i) {eigencoder_##group##_baseline.data() + i}
#define EIGENCODER_BFLOAT16_TABLE(group, List)
#define EIGENCODER_BFLOAT16_LEVELS(group, i) {}
#endif
EIGENCODER_KERNEL_GROUPS(EIGENCODER_TABLES)
EIGENCODER_BFLOAT16_GROUPS(EIGENCODER_BFLOAT16_TABLE)

namespace eigencoder::kernels {

namespace {

/// An address for each kernel, to be found in a loop: comparing types two by two takes the compiler two thirds longer for this file.
template <class Kernel>
constexpr char identity = 0;

template <class... Kernels>
constexpr std::array<const char*, sizeof...(Kernels)> identities(TypeList<Kernels...>) {
  return {&identity<Kernels>...};
}

#define EIGENCODER_IDENTITIES(group, List) constexpr std::array group##_kernels = identities(List{});
EIGENCODER_KERNEL_GROUPS(EIGENCODER_IDENTITIES)
EIGENCODER_BFLOAT16_GROUPS(EIGENCODER_IDENTITIES)

template <class Kernel>
constexpr std::array<const Function*, 3> find() {
#define EIGENCODER_FIND(group, List, LEVELS)                                                                        \
  constexpr auto in_##group = std::ranges::find(group##_kernels, &identity<Kernel>) - group##_kernels.begin();      \
  if constexpr (in_##group < std::ssize(group##_kernels)) return LEVELS(group, in_##group);
#define EIGENCODER_FIND_AT_LEVELS(group, List) EIGENCODER_FIND(group, List, EIGENCODER_LEVELS)
#define EIGENCODER_FIND_BFLOAT16(group, List) EIGENCODER_FIND(group, List, EIGENCODER_BFLOAT16_LEVELS)
  EIGENCODER_KERNEL_GROUPS(EIGENCODER_FIND_AT_LEVELS)
  EIGENCODER_BFLOAT16_GROUPS(EIGENCODER_FIND_BFLOAT16)
}

}  // namespace

template <class Kernel>
constinit const std::array<const Function*, 3> Compiled<Kernel>::levels = find<Kernel>();

namespace {

template <class... Kernels>
constexpr std::array<const void*, sizeof...(Kernels)> all(TypeList<Kernels...>) {
  static_assert((Kernels::compiled && ...), "a kernel of the lists does not say that the component has it");
  return {&Compiled<Kernels>::levels...};
}

}  // namespace

// Makes them: the user's program only knows their names.
#define EIGENCODER_MAKE(group, List) [[gnu::used]] constexpr auto group##_made = all(List{});
EIGENCODER_KERNEL_GROUPS(EIGENCODER_MAKE)
EIGENCODER_BFLOAT16_GROUPS(EIGENCODER_MAKE)

}  // namespace eigencoder::kernels
