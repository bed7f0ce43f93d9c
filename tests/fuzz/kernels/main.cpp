// SPDX-License-Identifier: MIT
#include "levels.hpp"

// In place of the component's own, which the linker then leaves out.
eigencoder::Simd eigencoder::detail::component_simd() {
  return fuzz::level;
}

namespace fuzz {

// A file each.
#define FUZZ_DECLARED(group, List) void group(Choices&);
EIGENCODER_KERNEL_GROUPS(FUZZ_DECLARED)

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
#define FUZZ_NAMED(group, List) &fuzz::group,
  static constexpr std::array groups{EIGENCODER_KERNEL_GROUPS(FUZZ_NAMED)};
  fuzz::Choices choices(std::span(data, size));
  groups[static_cast<std::size_t>(choices.from(0, static_cast<fuzz::Index>(groups.size()) - 1))](choices);
  return 0;
}
