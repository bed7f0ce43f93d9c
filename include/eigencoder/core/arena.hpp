// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace eigencoder {

namespace detail {

/// Allocates on cache-line borders, so that rows of packets start whole and workers' memories share no line.
template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  CacheAligned() = default;
  template <class Other>
  constexpr CacheAligned(const CacheAligned<Other>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }
  void deallocate(T* memory, std::size_t) noexcept { ::operator delete(memory, alignment); }
  friend bool operator==(CacheAligned, CacheAligned) { return true; }
};

}  // namespace detail

/// One aligned stretch of scalars, zero until written. Parameters, gradients and workspaces each are one.
template <class T>
using Arena = std::vector<T, detail::CacheAligned<T>>;

}  // namespace eigencoder
