// SPDX-License-Identifier: MIT
#pragma once

/// How often this process has asked the heap for memory so far, from any thread. Counts where the program links
/// allocations.cpp and no sanitizer owns malloc.
namespace allocations {
long count();
extern const bool counted;
}  // namespace allocations
