// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/kernels/view.hpp"

// What cases make of the fuzzer's bytes: choices, values, and memory that ends where an operand ends.
namespace fuzz {

namespace ec = eigencoder;
namespace kernels = eigencoder::kernels;
using ec::Index;

/// The fuzzer's bytes as choices. Behind their end all choices are 0.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  /// From least to most.
  Index from(Index least, Index most) {
    Index number = byte();
    if (most - least > 255) number = 256 * number + byte();
    return least + number % (most - least + 1);
  }
  bool yes() { return from(0, 1) == 1; }
  std::uint32_t seed() { return static_cast<std::uint32_t>(from(0, 65535)); }

 private:
  Index byte() {
    if (bytes_.empty()) return 0;
    const Index first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::span<const std::uint8_t> bytes_;
};

/// Pages that end at one which nobody may touch: the component's code is not instrumented, and what it reads or writes behind
/// an operand stops the program all the same. They are used again.
class Pages {
 public:
  explicit Pages(std::size_t bytes) {
    auto& free = unused();
    const auto place = std::find_if(free.begin(), free.end(), [=](const Stretch& s) { return s.bytes >= bytes; });
    if (place != free.end()) {
      stretch_ = *place;
      free.erase(place);
    } else {
      stretch_ = map(bytes);
    }
  }
  ~Pages() {
    if (*this) unused().push_back(stretch_);
  }
  Pages(Pages&& other) noexcept : stretch_(std::exchange(other.stretch_, {})) {}
  Pages& operator=(Pages&&) = delete;
  explicit operator bool() const { return stretch_.begin != nullptr; }
  std::byte* end() const { return stretch_.begin + stretch_.bytes; }

 private:
  struct Stretch {
    std::byte* begin = nullptr;
    std::size_t bytes = 0;
  };
  static Stretch map(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t size = (std::max(bytes, std::size_t{1} << 18) + page - 1) / page * page;
    void* const at = ::mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) std::abort();
    auto* const begin = static_cast<std::byte*>(at);
    if (::mprotect(begin + size, page, PROT_NONE) != 0) std::abort();
    return {begin, size};
  }
  static std::vector<Stretch>& unused() {
    static std::vector<Stretch> all;
    return all;
  }
  Stretch stretch_;
};

template <class T>
constexpr T margin = T(-9876.5);

/// Scalars between what must not change, at some alignment, or up to the end of memory.
template <class T>
class Memory {
 public:
  Memory(Choices& choices, Index size)
      : size_(size),
        behind_(choices.yes() ? choices.from(1, 15) : 0),
        pages_(static_cast<std::size_t>(before + size + behind_) * sizeof(T)) {
    std::fill_n(data() - before, before + size + behind_, margin<T>);
  }
  ~Memory() {
    const auto untouched = [](T value) { return value == margin<T>; };
    if (!pages_ ||
        (std::all_of(data() - before, data(), untouched) && std::all_of(data() + size_, data() + size_ + behind_, untouched))) {
      return;
    }
    std::fprintf(stderr, "a kernel writes beside an operand\n");
    std::abort();
  }
  Memory(Memory&&) noexcept = default;
  Memory& operator=(Memory&&) = delete;
  T* data() const { return reinterpret_cast<T*>(pages_.end()) - behind_ - size_; }
  Index size() const { return size_; }
  /// data()[i] = value(i)
  const Memory& fill(const auto& value) const {
    for (Index i = 0; i < size_; ++i) data()[i] = value(i);
    return *this;
  }

 private:
  static constexpr Index before = 16;
  Index size_, behind_;
  Pages pages_;
};

/// Values within ±1, ±2⁻²⁰ … ±2⁴⁰, or among them NaN, infinities, zeros and denormal numbers. No sum of products overflows,
/// since then its order would decide.
class Values {
 public:
  explicit Values(Choices& choices) : seed_(choices.seed()), range_(choices.from(0, 2)), special_(choices.from(0, 3)) {}

  template <class T>
  T at(Index i) const {
    const std::uint32_t h = mixed(static_cast<std::uint32_t>(i) + seed_ * 65537U), k = mixed(h);
    const auto value = static_cast<T>(static_cast<double>(h) / 0x1p31 - 1);
    if (range_ == 2 && k % 3 == 0) return std::ldexp(value, static_cast<int>(k / 3 % 61) - 20);
    constexpr std::array<std::uint32_t, 4> one_of{0, 1000, 60, 6};
    if (const auto n = one_of[static_cast<std::size_t>(special_)]; n == 0 || k % n != 0) return value;
    using Limits = std::numeric_limits<T>;
    const T specials[] = {
        Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), T(0), -T(0), Limits::denorm_min(), Limits::min(), T(1)};
    return specials[h % 8];
  }
  /// Between −1 and 1, or NaN: what an activation may have given. (Where an exact sum is 0, ∞ times its rounding would be
  /// anything.)
  template <class T>
  T small(Index i) const {
    const T value = at<T>(i);
    return std::abs(value) > T(1) ? T(1) / value : value;
  }
  template <class T>
  T finite(Index i) const {
    const T value = at<T>(i);
    return std::isfinite(value) ? value : T(2);
  }
  /// Between −1 and 1, and no NaN.
  template <class T>
  T modest(Index i) const {
    const T value = small<T>(i);
    return std::isnan(value) ? T(0.5) : value;
  }
  /// A whole number from least to most.
  Index whole(Index i, Index least, Index most) const {
    const std::uint32_t h = mixed(static_cast<std::uint32_t>(i) + seed_ * 65537U + 1U);
    return least + static_cast<Index>(h) % (most - least + 1);
  }

 private:
  static std::uint32_t mixed(std::uint32_t x) {
    x = (x ^ x >> 16) * 0x7feb352dU;
    x = (x ^ x >> 15) * 0x846ca68bU;
    return x ^ x >> 16;
  }
  std::uint32_t seed_;
  Index range_, special_;
};

template <class T>
struct Operand {
  Index rows, cols, stride;
  Memory<T> memory;

  Operand(Choices& choices, Index m, Index n) : Operand(choices, m, n, m + (choices.yes() ? choices.from(0, 20) : 0)) {}
  Operand(Choices& choices, Index m, Index n, Index column_stride)
      : rows(m), cols(n), stride(column_stride), memory(choices, n > 0 ? (n - 1) * stride + m : 0) {}
  Index size() const { return memory.size(); }
  bool inside(Index place) const { return place % stride < rows; }
  /// What lies between columns is NaN.
  Operand& fill(const Values& values, bool small = false) {
    memory.fill([&](Index i) {
      return !inside(i) ? std::numeric_limits<T>::quiet_NaN() : small ? values.small<T>(i) : values.at<T>(i);
    });
    return *this;
  }
  T operator()(Index i, Index j) const { return memory.data()[i + j * stride]; }
  operator kernels::View<const T>() const { return {memory.data(), rows, cols, stride}; }
  operator kernels::View<T>() { return {memory.data(), rows, cols, stride}; }
};

}  // namespace fuzz
