// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

namespace eigencoder {

/// Calls f(part) for every part < parts, each on a thread of its own as far as the machine gives any, and waits for all. For
/// work of a millisecond and more: threads are started anew. f must not throw.
template <class F>
void in_parallel(std::size_t parts, const F& f) {
  std::vector<std::thread> threads;
  threads.reserve(parts);
  std::size_t part = 1;
  try {
    for (; part < parts; ++part) threads.emplace_back(std::cref(f), part);
  } catch (const std::system_error&) {  // no more threads to be had
  }
  for (; part < parts; ++part) f(part);
  f(0);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace eigencoder
