// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "eigencoder/kernels/elementwise.hpp"

// Pixels of a few channels each, one after the other: what has one value for every channel, and sums over all pixels.
namespace eigencoder::kernels {

namespace detail {

inline constexpr Index longest_period = 512;

/// One vector a channel, repeated for several pixels in a row where channels are few, so that neither packets nor loops are
/// short.
template <class T, std::size_t K>
class Periods {
 public:
  Periods(Index channels, Index n, const std::array<const T*, K>& by_channel) : length_(channels), vectors_(by_channel) {
    if (2 * channels > std::min(longest_period, n)) return;
    for (std::size_t k = 0; k < K; ++k) {
      vectors_[k] = memory_[k];
      std::copy_n(by_channel[k], channels, memory_[k]);
    }
    for (; 2 * length_ <= std::min(longest_period, n); length_ *= 2) {
      for (std::size_t k = 0; k < K; ++k) std::copy_n(memory_[k], length_, memory_[k] + length_);
    }
  }
  Periods(const Periods&) = delete;
  Periods& operator=(const Periods&) = delete;

  Index length() const { return length_; }
  /// f(vectors + begin...)
  template <class F>
  void from(Index begin, F f) const {
    [&]<std::size_t... k>(std::index_sequence<k...>) { f(vectors_[k] + begin...); }
    (std::make_index_sequence<K>{});
  }

 private:
  Index length_;
  std::array<const T*, K> vectors_;
  T memory_[K + (K == 0)][longest_period];
};

}  // namespace detail

/// out[i] = f(v[i mod channels]..., in[i]...) for i < n, with v the vectors `by_channel`. `out` may be one of the inputs.
template <class T, std::size_t K, class F, class... In>
void transform_channels(Index channels, Index n, T* out, F f, const std::array<const T*, K>& by_channel, const In*... in) {
  const detail::Periods<T, K> periods(channels, n, by_channel);
  periods.from(0, [&](auto... vectors) {
    for (Index at = 0; at < n; at += periods.length()) {
      transform(std::min(periods.length(), n - at), out + at, f, vectors..., in + at...);
    }
  });
}

/// Sums f(v[c]..., in[i]...), two values, over all i < n with i mod channels = c, and gives them to collect(c, sum, sum, count)
/// in parts: of at most 128 values in T, for the total to be in double.
template <class T, std::size_t K, class Collect, class F, class... In>
void sum_channels(Index channels, Index n, Collect collect, F f, const std::array<const T*, K>& by_channel, const In*... in) {
  using P = Packet<T>;
  constexpr Index stretch = 128;
  const detail::Periods<T, K> periods(channels, n, by_channel);
  const Index period = periods.length();
  alignas(64) T first[detail::longest_period], second[detail::longest_period];

  // Rows of a period each, of which the columns [begin, begin + width) are summed in row order.
  const auto add = [&](Index begin, Index width, Index row, Index rows) {
    std::fill_n(first, width, T(0));
    std::fill_n(second, width, T(0));
    periods.from(begin, [&](auto... vectors) {
      for (Index at = row * period + begin, r = 0; r < rows; ++r, at += period) {
        const auto one = [&](Index i, auto load, auto store) {
          const auto [a, b] = f(load(vectors + i)..., load(in + at + i)...);
          store(load(first + i) + a, first + i);
          store(load(second + i) + b, second + i);
        };
        Index i = 0;
        for (; i + P::size <= width; i += P::size) {
          one(
              i, [](const T* from) { return P::load(from); }, [](P value, T* to) { value.store(to); });
        }
        if (const Index rest = width - i; rest > 0) {
          one(
              i, [=](const T* from) { return P::load_part(from, rest); }, [=](P value, T* to) { value.store_part(to, rest); });
        }
      }
    });
    for (Index i = 0, c = begin % channels; i < width; ++i, c = c + 1 < channels ? c + 1 : 0) {
      collect(c, static_cast<double>(first[i]), static_cast<double>(second[i]), rows);
    }
  };
  for (Index begin = 0; begin < period; begin += detail::longest_period) {
    const Index width = std::min(detail::longest_period, period - begin);
    for (Index row = 0; row < n / period; row += stretch) add(begin, width, row, std::min(stretch, n / period - row));
  }
  if (n % period > 0) add(0, n % period, n / period, 1);
}

template <class T>
struct Moments {
  T mean, variance;
};

/// Mean and biased variance of n values, the second from differences from the first.
template <class T>
Moments<T> moments(Index n, const T* x) {
  using P = Packet<T>;
  const auto sum = [&](auto f) {
    P total(0);
    Index i = 0;
    for (; i + P::size <= n; i += P::size) total = total + f(P::load(x + i));
    if (i < n) total = total + f(P::load_part(x + i, n - i)).first(n - i);
    return total.sum() / static_cast<T>(n);
  };
  const T mean = sum([](P v) { return v; });
  return {mean, sum([m = P(mean)](P v) { return (v - m) * (v - m); })};
}

}  // namespace eigencoder::kernels
