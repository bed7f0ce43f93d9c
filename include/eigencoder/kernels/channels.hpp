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

template <class T, class F, std::size_t K, std::size_t Ins>
struct TransformChannels {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  Index channels, n;
  T* out;
  F f;
  std::array<const T*, K> by_channel;
  std::array<const T*, Ins> in;

  void run() const {
    const Periods<T, K> periods(channels, n, by_channel);
    periods.from(0, [&](auto... vectors) {
      for (Index at = 0; at < n; at += periods.length()) {
        const Index count = std::min(periods.length(), n - at);
        std::apply([&](auto... from) { transform_here(count, out + at, f, vectors..., from + at...); }, in);
      }
    });
  }
};

/// The two totals of each of the channels [begin, begin + count): of all, or of longest_period of them.
template <class T, class F, std::size_t K, std::size_t Ins>
struct SumChannels {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  static constexpr Index stretch = 128;  // rows that are summed in T
  Index channels, n, begin, count;
  F f;
  std::array<const T*, K> by_channel;
  std::array<const T*, Ins> in;
  double *first, *second;

  void run() const {
    std::fill_n(first, count, 0.0);
    std::fill_n(second, count, 0.0);
    const Periods<T, K> periods(channels, n, by_channel);
    const Index period = periods.length(), rows = n / period, width = count < channels ? count : period;
    for (Index row = 0; row < rows; row += stretch) add(periods, width, row, std::min(stretch, rows - row));
    if (n % period > 0) add(periods, n % period, rows, 1);
  }

 private:
  /// Rows of a period each, of which the columns [begin, begin + width) are summed in row order.
  void add(const Periods<T, K>& periods, Index width, Index row, Index rows) const {
    using P = Packet<T>;
    alignas(64) T a[longest_period], b[longest_period];
    std::fill_n(a, width, T(0));
    std::fill_n(b, width, T(0));
    const auto add_row = [&](const auto*... from) {
      const auto one = [&](Index i, auto load, auto store) {
        const auto [more_a, more_b] = f(load(from + i)...);
        store(load(a + i) + more_a, a + i);
        store(load(b + i) + more_b, b + i);
      };
      Index i = 0;
      for (; i + P::size <= width; i += P::size) {
        one(
            i, [](const T* at) { return P::load(at); }, [](P value, T* to) { value.store(to); });
      }
      if (const Index rest = width - i; rest > 0) {
        one(
            i, [=](const T* at) { return P::load_part(at, rest); }, [=](P value, T* to) { value.store_part(to, rest); });
      }
    };
    periods.from(begin, [&](auto... vectors) {
      for (Index at = row * periods.length() + begin, r = 0; r < rows; ++r, at += periods.length()) {
        std::apply([&](auto... values) { add_row(vectors..., values + at...); }, in);
      }
    });
    for (Index i = 0, c = 0; i < width; ++i, c = c + 1 < count ? c + 1 : 0) {
      first[c] += static_cast<double>(a[i]);
      second[c] += static_cast<double>(b[i]);
    }
  }
};

}  // namespace detail

/// out[i] = f(v[i mod channels]..., in[i]...) for i < n, with v the vectors `by_channel`. `out` may be one of the inputs.
template <class T, std::size_t K, class F, class... In>
void transform_channels(Index channels, Index n, T* out, F f, const std::array<const T*, K>& by_channel, const In*... in) {
  launch(detail::TransformChannels<T, F, K, sizeof...(In)>{channels, n, out, f, by_channel, {in...}});
}

/// f(a v + b), with a channel's a and b.
template <class F>
struct Affine {
  using InComponent = InComponentWith<F, Affine>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V a, V b, V v) const {
    return f.apply(multiply_add(a, v, b));
  }
};

/// Sums f(v[c]..., in[i]...), two values, over all i < n with i mod channels = c, and gives them to collect(c, sum, sum). At
/// most 128 values are added in T, their sums in double. n is a multiple of `channels`.
template <class T, std::size_t K, class Collect, class F, class... In>
void sum_channels(Index channels, Index n, Collect collect, F f, const std::array<const T*, K>& by_channel, const In*... in) {
  using detail::longest_period;
  std::array<double, static_cast<std::size_t>(longest_period)> first, second;
  for (Index begin = 0; begin < channels; begin += longest_period) {
    const Index count = std::min(longest_period, channels - begin);
    launch(detail::SumChannels<T, F, K, sizeof...(In)>{
        channels, n, begin, count, f, by_channel, {in...}, first.data(), second.data()});
    for (Index c = 0; c < count; ++c) {
      collect(begin + c, first[static_cast<std::size_t>(c)], second[static_cast<std::size_t>(c)]);
    }
  }
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
