// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "eigencoder/core/communicator.hpp"
#include "eigencoder/core/error.hpp"

namespace eigencoder::detail {

/// On every rank: where any of them has failed, all throw what the first of these has, with its number.
void agree_on(const AnyCommunicator& ranks, const std::exception_ptr& failure);

/// Calls f() on every rank. What it throws on some of them, all throw.
template <class F>
auto on_all_ranks(const AnyCommunicator& ranks, F f) {
  if (ranks.alone()) return f();
  std::exception_ptr failure;
  using Result = decltype(f());
  if constexpr (std::is_void_v<Result>) {
    try {
      f();
    } catch (...) {
      failure = std::current_exception();
    }
    agree_on(ranks, failure);
  } else {
    std::optional<Result> result;
    try {
      result.emplace(f());
    } catch (...) {
      failure = std::current_exception();
    }
    agree_on(ranks, failure);
    return std::move(*result);
  }
}

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/on_all_ranks_impl.hpp"
#endif
