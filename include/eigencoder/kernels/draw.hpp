// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/random.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/math.hpp"

// Random draws in bulk. A value is addressed by (seed, step, layer, sample, element) as everywhere, but four share a philox
// counter: element 64 s + 16 w + l is made of word w of counter 16 s + l. The same on every machine, for any size of registers.
namespace eigencoder::kernels {

namespace detail {
inline constexpr std::size_t drawn_counters = 16;
inline constexpr Index drawn_at_once = 4 * drawn_counters;
using DrawnWords = RandomWords<drawn_counters>;
}  // namespace detail

/// Uniform in [0, 1), on a grid of 2⁻²⁴, so that float and double draw the same.
struct Uniform {
  template <class T>
  static void fill(const detail::DrawnWords& words, T* out) {
    for (const auto& word : words) {
      for (const std::uint32_t bits : word) *out++ = static_cast<T>(static_cast<std::int32_t>(bits >> 8)) * T(0x1p-24);
    }
  }
};

/// Normal with mean 0 and variance 1: of two words a radius and an angle, of these two draws (Box and Muller, 1958). 31 and 32
/// bits are used, in double too: none is further than √(64 ln 2) ≈ 6.66 from 0, where one in 4·10¹⁰ would be. Float and double
/// draw the same but for their rounding.
struct Normal {
  template <class T>
  static void fill(const detail::DrawnWords& words, T* out) {
    using V = Packet<T>;
    constexpr auto count = detail::drawn_counters;
    static_assert(count % static_cast<std::size_t>(V::size) == 0);
    for (std::size_t pair = 0; pair < words.size(); pair += 2, out += 2 * count) {
      T lengths[count], turns[count];
      for (std::size_t i = 0; i < count; ++i) {
        lengths[i] = static_cast<T>(static_cast<std::int32_t>(words[pair][i]));
        turns[i] = static_cast<T>(static_cast<std::int32_t>(words[pair + 1][i]));
      }
      for (std::size_t i = 0; i < count; i += static_cast<std::size_t>(V::size)) {
        const V uniform = max(abs(V::load(lengths + i)) * V(0x1p-31), V(0x1p-32));
        const V radius = sqrt(V(-2) * log(uniform));
        const auto [sine, cosine] = sine_and_cosine(V::load(turns + i) * V(0x1p-32));
        (radius * cosine).store(out + i);
        (radius * sine).store(out + count + i);
      }
    }
  }
};

namespace detail {

template <class Law, class T, class F, std::size_t K>
struct TransformDraws {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  Random random;
  Index sample, n;
  T* out;
  F f;
  std::array<const T*, K> in;
  void run() const {
    T draws[drawn_at_once];
    for (Index at = 0; at < n; at += drawn_at_once) {
      Law::fill(random.words<drawn_counters>(sample, at / 4), draws);
      const T* const drawn = draws;
      std::apply([&](auto... from) { transform_here(std::min(drawn_at_once, n - at), out + at, f, drawn, from + at...); }, in);
    }
  }
};

}  // namespace detail

/// out[i] = f(draw i of the sample, in[i]...) for i < n. `out` may be one of the inputs. Law: Uniform or Normal.
template <class Law, class T, class F, class... In>
void transform_draws(const Random& random, Index sample, Index n, T* out, F f, const In*... in) {
  launch(detail::TransformDraws<Law, T, F, sizeof...(In)>{random, sample, n, out, f, {in...}});
}

/// The draw itself.
struct Drawn {
  using InComponent = Drawn;
  template <class V>
  V operator()(V draw) const {
    return draw;
  }
};

/// 0 where the draw u is below the rate, else `kept`.
struct DrawnFactor {
  using InComponent = DrawnFactor;
  double rate, kept;
  template <class V>
  V operator()(V u) const {
    return where(u < V(rate), V(0), V(kept));
  }
};

}  // namespace eigencoder::kernels
