// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

// Symbols to bytes and back, in as many bits as their probabilities are worth. A range coder is an arithmetic coder that gives
// out whole bytes. Martin, "Range encoding: an algorithm for removing redundancy from a digitised message", 1979.
namespace eigencoder {

/// Narrows an interval of 64-bit numbers once for each symbol, to the part that is the symbol's; any number of the last
/// interval then stands for all symbols. A symbol of probability p takes log₂(1/p) bits, and the whole at most one byte more.
class RangeEncoder {
 public:
  /// Takes the part [start, start + size) of [0, total).   0 < size, start + size ≤ total < 2³²
  void encode(std::uint64_t start, std::uint64_t size, std::uint64_t total) {
    range_ /= total;
    add(start * range_);
    range_ *= size;
    while (range_ < shortest) {
      bytes_.push_back(static_cast<std::byte>(low_ >> 56));
      low_ <<= 8;
      range_ <<= 8;
    }
  }

  /// All bytes: those so far, and the fewest that name a number of the interval when zeros follow.
  std::vector<std::byte> finish() && {
    for (int bits = 64; bits >= 0; bits -= 8) {
      const std::uint64_t below = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
      const std::uint64_t up = (~low_ + 1) & below;  // to the next number whose lowest bits are 0
      if (up >= range_) continue;
      add(up);
      for (int shift = 56; shift >= bits; shift -= 8) bytes_.push_back(static_cast<std::byte>(low_ >> shift));
      break;
    }
    return std::move(bytes_);
  }

  static constexpr std::uint64_t shortest = std::uint64_t{1} << 56;  ///< what the interval's length does not stay below

 private:
  void add(std::uint64_t part) {
    low_ += part;
    if (low_ >= part) return;
    for (std::size_t i = bytes_.size(); i-- > 0;) {  // a carry, into the bytes that have been given out
      bytes_[i] = static_cast<std::byte>(std::to_integer<unsigned>(bytes_[i]) + 1);
      if (bytes_[i] != std::byte{0}) break;
    }
  }

  std::uint64_t low_ = 0, range_ = ~std::uint64_t{0};
  std::vector<std::byte> bytes_;
};

/// Finds the symbols again. Whatever the bytes are, every call is defined: `total` of encode gives a number below it, and past
/// the end bytes are 0.
class RangeDecoder {
 public:
  explicit RangeDecoder(std::span<const std::byte> bytes) : bytes_(bytes) {
    for (int i = 0; i < 8; ++i) code_ = code_ << 8 | next();
  }

  /// A number of [0, total), which lies in the part of the symbol that follows; decode() must be told that part.
  std::uint64_t peek(std::uint64_t total) {
    range_ /= total;
    return std::min(code_ / range_, total - 1);
  }
  void decode(std::uint64_t start, std::uint64_t size) {
    code_ -= start * range_;
    range_ *= size;
    while (range_ < RangeEncoder::shortest) {
      code_ = code_ << 8 | next();
      range_ <<= 8;
    }
  }

  /// Whether the symbols so far can be all that the bytes hold: an encoder of them would give out as many bytes.
  bool at_end() const {
    const std::size_t settled = read_ - 8;  // the rest may end the number in up to eight bytes, or be cut as zeros
    return settled <= bytes_.size() && bytes_.size() <= settled + 8;
  }
  /// Whether more bytes have been asked for than any symbols that an encoder has written need.
  bool past_end() const { return read_ > bytes_.size() + 8; }

 private:
  std::uint64_t next() { return read_++ < bytes_.size() ? std::to_integer<std::uint64_t>(bytes_[read_ - 1]) : 0; }

  std::span<const std::byte> bytes_;
  std::size_t read_ = 0;
  std::uint64_t code_ = 0, range_ = ~std::uint64_t{0};
};

/// Probabilities of the symbols 0 … n − 1 that are learnt while they are coded, the same on both sides: symbol k has
///   p_k = (1 + a c_k) / (n + a Σ_j c_j)   c_k: how often it has been coded, a: the increment
/// N symbols with counts c_k together take, in any order, log₂ of
///   Γ(N + n/a) / Γ(n/a) · Π_k Γ(1/a) / Γ(c_k + 1/a)
/// bits, the code length of a Dirichlet prior of 1/a. Where the sum above would exceed `most`, all are halved, which forgets
/// older symbols. A context is one such model. Sums are found in a tree, in log n steps (Fenwick, 1994).
/// Throws OptionError unless 1 ≤ n ≤ 2²⁰, 1 ≤ a and 2 n + a ≤ most ≤ 2³¹.
class FrequencyModel {
 public:
  explicit FrequencyModel(Index symbols, std::uint32_t increment = 32, std::uint32_t most = 1U << 24)
      : increment_(increment), most_(most) {
    if (symbols < 1 || symbols > Index{1} << 20)
      throw OptionError(message("FrequencyModel: expected from 1 to ", Index{1} << 20, " symbols, found ", symbols));
    if (increment < 1) throw OptionError("FrequencyModel: expected an increment from 1 on, found 0");
    if (most > 1U << 31) throw OptionError(message("FrequencyModel: expected a sum of at most ", 1U << 31, ", found ", most));
    if (static_cast<std::uint64_t>(2 * symbols) + increment > most)
      throw OptionError(message("FrequencyModel: expected a sum of at least ", 2 * symbols, " + ", increment, " for ", symbols,
                                " symbols, found at most ", most));
    weights_.assign(static_cast<std::size_t>(symbols), 1);
    sum_up();
  }

  Index symbols() const { return std::ssize(weights_); }
  /// p_k of the symbol that comes next. Throws OptionError unless 0 ≤ symbol < n.
  double probability(Index symbol) const {
    check(symbol);
    return static_cast<double>(weights_[static_cast<std::size_t>(symbol)]) / static_cast<double>(total_);
  }

  /// Throws OptionError unless 0 ≤ symbol < n.
  void encode(RangeEncoder& coder, Index symbol) {
    check(symbol);
    const auto k = static_cast<std::size_t>(symbol);
    std::uint64_t start = 0;
    for (std::size_t i = k; i > 0; i &= i - 1) start += tree_[i];
    coder.encode(start, weights_[k], total_);
    count(k);
  }
  Index decode(RangeDecoder& coder) {
    std::uint64_t rest = coder.peek(total_);
    const std::uint64_t place = rest;
    std::size_t k = 0;
    for (std::size_t step = std::bit_floor(weights_.size()); step > 0; step /= 2) {
      if (k + step <= weights_.size() && tree_[k + step] <= rest) {
        k += step;
        rest -= tree_[k];
      }
    }
    coder.decode(place - rest, weights_[k]);
    count(k);
    return static_cast<Index>(k);
  }

 private:
  void check(Index symbol) const {
    if (symbol < 0 || symbol >= symbols())
      throw OptionError(message("FrequencyModel: expected a symbol from 0 to ", symbols() - 1, ", found ", symbol));
  }
  void count(std::size_t k) {
    weights_[k] += increment_;
    total_ += increment_;
    if (total_ > most_) {
      for (std::uint32_t& weight : weights_) weight -= weight / 2;  // never to 0
      return sum_up();
    }
    for (std::size_t i = k + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += increment_;
  }
  /// tree_[i] is the sum of the weights below i, as many as the lowest bit of i.
  void sum_up() {
    tree_.assign(weights_.size() + 1, 0);
    total_ = 0;
    for (std::size_t i = 1; i < tree_.size(); ++i) {
      tree_[i] += weights_[i - 1];
      total_ += weights_[i - 1];
      if (const std::size_t above = i + (i & (~i + 1)); above < tree_.size()) tree_[above] += tree_[i];
    }
  }

  std::vector<std::uint32_t> weights_;
  std::vector<std::uint64_t> tree_;
  std::uint64_t total_ = 0;
  std::uint32_t increment_, most_;
};

/// A number of which nothing is known, small ones in fewer bits: v in 2 ⌊log₂(v + 1)⌋ + 1 of them.
/// Elias, "Universal codeword sets and representations of the integers", 1975 (gamma).
inline void encode_gamma(RangeEncoder& coder, std::uint32_t value) {
  const std::uint64_t v = std::uint64_t{value} + 1;
  const int bits = static_cast<int>(std::bit_width(v)) - 1;
  for (int i = 0; i < bits; ++i) coder.encode(0, 1, 2);
  for (int i = bits; i >= 0; --i) coder.encode(v >> i & 1, 1, 2);
}
/// Throws FileError where no number below 2³² is there.
inline std::uint32_t decode_gamma(RangeDecoder& coder) {
  const auto bit = [&] {
    const std::uint64_t found = coder.peek(2);
    coder.decode(found, 1);
    return found;
  };
  int bits = 0;
  while (bits <= 32 && bit() == 0) ++bits;
  std::uint64_t v = 1;
  for (int i = 0; i < bits && bits <= 32; ++i) v = v << 1 | bit();
  if (bits > 32 || v > std::uint64_t{1} << 32)
    throw FileError("coded number: expected one below 2^32, found a larger one; the data are damaged");
  return static_cast<std::uint32_t>(v - 1);
}

}  // namespace eigencoder
