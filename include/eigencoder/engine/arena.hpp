// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace eigencoder {

namespace detail {

/// Allocates on cache-line borders, so that rows of packets start whole and workers' memories share no line.
template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::size_t huge_page = std::size_t{2} << 20;
  static constexpr std::align_val_t alignment_of(std::size_t count) {
    return std::align_val_t{count * sizeof(T) < huge_page ? 64 : huge_page};
  }

  CacheAligned() = default;
  template <class Other>
  constexpr CacheAligned(const CacheAligned<Other>&) noexcept {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    void* const memory = ::operator new(bytes, alignment_of(count));
#ifdef __linux__  // a training step reads megabytes: with small pages it waits for the translation of addresses
    if (bytes >= huge_page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept { ::operator delete(memory, alignment_of(count)); }
  friend bool operator==(CacheAligned, CacheAligned) { return true; }
};

}  // namespace detail

/// One aligned piece of memory for scalars, zero until written. Parameters, gradients and workspaces each are one.
template <class T>
using Arena = std::vector<T, detail::CacheAligned<T>>;

}  // namespace eigencoder
