// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// What a model's or a trainer's random draws start from.
struct Seed {
  std::uint64_t value = 0;
  constexpr Seed() = default;
  constexpr explicit Seed(std::uint64_t seed) : value(seed) {}
};

/// Four words of each of N counters: [word][counter].
template <std::size_t N>
using RandomWords = std::array<std::array<std::uint32_t, N>, 4>;

/// Philox4x32-10: four random words from each 128-bit counter and a 64-bit key. A bijection of the counter, so that no two
/// draws share an output by accident, and nothing to keep between draws.
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
/// Inlined always, as single draws are: compiled functions, which draw millions, are linked after a program's own copy.
template <std::size_t N>
[[gnu::always_inline]] constexpr void philox(RandomWords<N>& counter, std::uint64_t key) {
  auto key_0 = static_cast<std::uint32_t>(key), key_1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::uint64_t product_0 = std::uint64_t{0xD2511F53} * counter[0][i];
      const std::uint64_t product_1 = std::uint64_t{0xCD9E8D57} * counter[2][i];
      counter[0][i] = static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1][i] ^ key_0;
      counter[1][i] = static_cast<std::uint32_t>(product_1);
      counter[2][i] = static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3][i] ^ key_1;
      counter[3][i] = static_cast<std::uint32_t>(product_0);
    }
    key_0 += 0x9E3779B9;
    key_1 += 0xBB67AE85;
  }
}
[[gnu::always_inline]] constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::uint64_t key) {
  RandomWords<1> words{{{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}}};
  philox(words, key);
  return {words[0][0], words[1][0], words[2][0], words[3][0]};
}

/// Streams of draws. A layer of a network draws from the stream of its position; the others are apart from all layers.
enum class RandomStream : std::uint32_t {
  layers = 0,            ///< layers' noise and initial values, by position; after the last layer's the directions of tangents
  terms = 0x80000000,    ///< the draws of an objective's terms, by number
  splits = 0xfffffffe,   ///< which samples are validated on and not trained on
  shuffles = 0xffffffff  ///< the orders of a trainer's epochs
};
/// Number `number` of those that begin with `first`.
constexpr std::size_t stream(RandomStream first, std::size_t number = 0) { return static_cast<std::size_t>(first) + number; }

/// Random draws addressed by (seed, step, stream, sample, element): an address always has the same number, in any
/// order and from any thread, so backward can redraw what forward drew and a batch can be cut into any shards.
class Random {
 public:
  constexpr Random() = default;
  constexpr Random(Seed seed, std::uint64_t step, std::size_t stream, Index first_sample = 0)
      : seed_(seed.value),
        step_(static_cast<std::uint32_t>(step)),
        stream_(static_cast<std::uint32_t>(stream)),
        first_(static_cast<std::uint32_t>(first_sample)) {}

  /// Uniform in [0, 1), on a grid of 2⁻⁵³.
  [[gnu::always_inline]] constexpr double uniform(Index sample, Index element) const { return uniforms(sample, element)[0]; }

  /// Two of them, at the price of one.
  [[gnu::always_inline]] constexpr std::array<double, 2> uniforms(Index sample, Index element) const {
    const auto word =
        philox({static_cast<std::uint32_t>(element), first_ + static_cast<std::uint32_t>(sample), step_, stream_}, seed_);
    const auto real = [](std::uint64_t high, std::uint64_t low) {
      return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
    };
    return {real(word[0], word[1]), real(word[2], word[3])};
  }

  /// The words of the addresses (sample, first), …, (sample, first + N − 1): for drawing in bulk.
  template <std::size_t N>
  constexpr RandomWords<N> words(Index sample, Index first) const {
    RandomWords<N> counter{};
    for (std::size_t i = 0; i < N; ++i) counter[0][i] = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
    counter[1].fill(first_ + static_cast<std::uint32_t>(sample));
    counter[2].fill(step_);
    counter[3].fill(stream_);
    bulk_philox(counter, seed_);
    return counter;
  }

  /// Normal with mean 0 and variance 1 (Box and Muller, 1958).
  [[gnu::always_inline]] double normal(Index sample, Index element) const {
    constexpr double two_pi = 6.283185307179586476925;
    const auto [radius, angle] = uniforms(sample, element);
    return std::sqrt(-2.0 * std::log(1.0 - radius)) * std::cos(two_pi * angle);
  }

  constexpr Index step() const { return static_cast<Index>(step_); }
  /// The draws of samples that are `count` parts each: part p of sample j draws as sample count · j + p.
  constexpr Random parts(Index count) const {
    Random each = *this;
    each.first_ *= static_cast<std::uint32_t>(count);
    return each;
  }

  constexpr Index first_sample() const { return static_cast<Index>(first_); }

  /// A whole number in [0, bound), free of the bias that a remainder would have.
  constexpr Index below(Index bound, Index sample, Index element) const {
    return static_cast<Index>(uniform(sample, element) * static_cast<double>(bound));
  }

 private:
  /// Apart, since g++ at -O3 would see that the counters have words in common, and give up vector registers for that.
  template <std::size_t N>
  [[gnu::noinline]] static constexpr void bulk_philox(RandomWords<N>& counter, std::uint64_t key) {
    philox(counter, key);
  }

  std::uint64_t seed_ = 0;
  std::uint32_t step_ = 0, stream_ = 0, first_ = 0;
};

}  // namespace eigencoder
