// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace eigencoder {

namespace detail {

constexpr std::size_t large_page = std::size_t{2} << 20;

/// On the border of a cache line, so that rows of packets start whole and workers' memories share no line; megabytes on that of
/// a page.
constexpr std::align_val_t alignment_of_bytes(std::size_t bytes) {
  return std::align_val_t{bytes < large_page ? 64 : large_page};
}

inline void* allocate_aligned(std::size_t bytes) {
  void* const memory = ::operator new(bytes, alignment_of_bytes(bytes));
#ifdef __linux__  // a training step reads megabytes: with small pages it waits for the translation of addresses
  if (bytes >= large_page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

inline void free_aligned(void* memory, std::size_t bytes) noexcept { ::operator delete(memory, alignment_of_bytes(bytes)); }

}  // namespace detail

/// One aligned piece of memory for scalars, zero until written. Parameters, gradients and workspaces each are one. It has the
/// members of std::vector that they need: a vector with an allocator of its own goes scalar by scalar, which takes long where
/// nothing is optimised.
template <class T>
class Arena {
  static_assert(std::is_arithmetic_v<T>);

 public:
  Arena() = default;
  explicit Arena(std::size_t size) { resize(size); }
  Arena(const Arena& other) { assign(other.begin(), other.end()); }
  Arena(Arena&& other) noexcept { swap(other); }
  Arena& operator=(const Arena& other) {
    if (this != &other) assign(other.begin(), other.end());
    return *this;
  }
  Arena& operator=(Arena&& other) noexcept {
    Arena(std::move(other)).swap(*this);
    return *this;
  }
  ~Arena() {
    if (memory_) detail::free_aligned(memory_, capacity_ * sizeof(T));
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return memory_; }
  const T* data() const { return memory_; }
  T* begin() { return memory_; }
  T* end() { return memory_ + size_; }
  const T* begin() const { return memory_; }
  const T* end() const { return memory_ + size_; }
  T& operator[](std::size_t k) { return memory_[k]; }
  const T& operator[](std::size_t k) const { return memory_[k]; }

  /// Keeps what it has, up to `size`; what is new is zero. Allocates only beyond what it once was.
  void resize(std::size_t size) {
    reserve(size);
    if (size > size_) std::memset(memory_ + size_, 0, (size - size_) * sizeof(T));
    size_ = size;
  }
  /// Becomes a copy of these values, which are none of its own.
  void assign(const T* first, const T* last) {
    const auto size = static_cast<std::size_t>(last - first);
    size_ = 0;
    reserve(size);
    if (size > 0) std::memcpy(memory_, first, size * sizeof(T));
    size_ = size;
  }
  void clear() { size_ = 0; }
  void swap(Arena& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  friend bool operator==(const Arena& a, const Arena& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

 private:
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    constexpr std::size_t most = PTRDIFF_MAX / sizeof(T);  // which the heap refuses; without this the product would overflow
    T* const memory = static_cast<T*>(detail::allocate_aligned(std::min(capacity, most) * sizeof(T)));
    if (size_ > 0) std::memcpy(memory, memory_, size_ * sizeof(T));
    if (memory_) detail::free_aligned(memory_, capacity_ * sizeof(T));
    memory_ = memory;
    capacity_ = capacity;
  }

  T* memory_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace eigencoder
