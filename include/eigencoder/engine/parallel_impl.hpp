// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/engine/parallel.hpp"

namespace eigencoder {

EIGENCODER_INLINE std::size_t useful_threads(double operations, std::size_t most) {
  constexpr double worth_a_thread = 1e8;
  const auto worth = static_cast<std::size_t>(std::clamp(operations / worth_a_thread, 1.0, 4096.0));
  return std::max<std::size_t>(1, std::min({worth, most, std::size_t{std::thread::hardware_concurrency()}}));
}

EIGENCODER_INLINE void detail::run_in_parallel(std::size_t parts, const void* context, void (*f)(const void* context, std::size_t part)) {
  std::exception_ptr thrown;
  std::mutex throwing;
  const auto guarded = [&](std::size_t part) noexcept {
    try {
      f(context, part);
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
