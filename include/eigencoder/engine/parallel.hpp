// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace eigencoder {

/// How many of `most` threads have some milliseconds of work each, given its floating-point operations.
inline std::size_t useful_threads(double operations, std::size_t most) {
  constexpr double worth_a_thread = 1e8;
  const auto worth = static_cast<std::size_t>(std::clamp(operations / worth_a_thread, 1.0, 4096.0));
  return std::max<std::size_t>(1, std::min({worth, most, std::size_t{std::thread::hardware_concurrency()}}));
}

/// Calls f(part) for every part < parts, each on a thread of its own as far as the machine gives any, and waits for all. For
/// work of a millisecond and more: threads are started anew. Throws what the first f to throw threw, once all have ended.
template <class F>
void in_parallel(std::size_t parts, const F& f) {
  std::exception_ptr thrown;
  std::mutex throwing;
  const auto guarded = [&](std::size_t part) noexcept {
    try {
      f(part);
    } catch (...) {
      const std::lock_guard lock(throwing);
      if (!thrown) thrown = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(parts);
  std::size_t part = 1;
  try {
    for (; part < parts; ++part) threads.emplace_back(guarded, part);
  } catch (const std::exception&) {  // no more threads to be had, or no memory for one
  }
  for (; part < parts; ++part) guarded(part);
  guarded(0);
  for (std::thread& thread : threads) thread.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace eigencoder
