// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace eigencoder {

/// How many of `most` threads have some milliseconds of work each, given its floating-point operations.
std::size_t useful_threads(double operations, std::size_t most);

namespace detail {

/// f(context, part), as in_parallel has it.
void run_in_parallel(std::size_t parts, const void* context, void (*f)(const void* context, std::size_t part));

}  // namespace detail

/// Calls f(part) for every part < parts, each on a thread of its own as far as the machine gives any, and waits for all. For
/// work of a millisecond and more: threads are started anew. Throws what the first f to throw threw, once all have ended.
template <class F>
void in_parallel(std::size_t parts, const F& f) {
  detail::run_in_parallel(parts, &f, [](const void* context, std::size_t part) { (*static_cast<const F*>(context))(part); });
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/engine/parallel_impl.hpp"
#endif
