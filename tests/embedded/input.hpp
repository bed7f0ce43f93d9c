// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

/// What both programs predict from: value i of a sample, in [-1/4, 3/4), exact in float.
template <class T>
constexpr T input(std::size_t i) {
  return static_cast<T>(i * 37 % 64) / 64 - static_cast<T>(0.25);
}
