// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "levels.hpp"

// The kernels that are made of a function of values: what it gives is what the same function gives of intervals.
namespace fuzz {

/// A function of values, which has no state but options, all of them doubles; those here are positive.
template <class F>
F made(Choices& choices) {
  if constexpr (std::is_empty_v<F>) {
    return F{};
  } else {
    std::array<double, sizeof(F) / sizeof(double)> options;
    for (double& option : options) option = static_cast<double>(choices.from(1, 40)) / 16;
    return std::bit_cast<F>(options);
  }
}

/// K vectors of values, to read.
template <class T, std::size_t K>
class Inputs {
 public:
  Inputs(Choices& choices, Index n) {
    for (std::size_t k = 0; k < K; ++k) memory_.emplace_back(choices, n);
    for (std::size_t k = 0; k < K; ++k) {
      const Values values(choices);
      memory_[k].fill([&](Index i) { return values.at<T>(i); });
    }
  }
  const T* operator[](std::size_t k) const { return memory_[k].data(); }
  std::array<const T*, K> all() const {
    std::array<const T*, K> pointers{};
    for (std::size_t k = 0; k < K; ++k) pointers[k] = (*this)[k];
    return pointers;
  }
  /// f(before..., value i of each...), with intervals.
  auto apply(const auto& f, Index i, auto... before) const {
    return [&]<std::size_t... k>(std::index_sequence<k...>) { return f(before..., interval((*this)[k][i])...); }
    (std::make_index_sequence<K>{});
  }

 private:
  std::vector<Memory<T>> memory_;
};

/// The operands of a kernel that gives n values, of which its first input may be the place of the output.
template <class T, std::size_t K>
struct Mapping : Inputs<T, K> {
  bool in_place;
  Mapping(Choices& choices, Index n) : Inputs<T, K>(choices, n), in_place(K > 0 && choices.yes()) {}
  T begin(Index i) const { return in_place ? (*this)[0][i] : margin<T>; }
  std::array<const T*, K> from(const T* output) const {
    auto pointers = this->all();
    if constexpr (K > 0) {
      if (in_place) pointers[0] = output;
    }
    return pointers;
  }
};

template <class T, class F, std::size_t K>
struct Case<kernels::detail::Transform<T, F, K>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 600);
    const Mapping<T, K> x(choices, n);
    const F f = made<F>(choices);
    verify<T>(
        "a transform", choices, n, [&](Index i) { return x.begin(i); },
        [&](T* output) {
          kernels::launch(kernels::detail::Transform<T, F, K>{n, output, f, x.from(output)});
        },
        [&](Index i) { return x.apply(f, i); });
  }
};

template <class T, class F, std::size_t ByChannel, std::size_t In>
struct Case<kernels::detail::TransformChannels<T, F, ByChannel, In>> {
  static void run(Choices& choices) {
    const Index channels = choices.from(1, 600), n = channels * choices.from(0, 1200 / channels);
    const Inputs<T, ByChannel> of_channel(choices, channels);
    const Mapping<T, In> x(choices, n);
    const F f = made<F>(choices);
    verify<T>(
        "a transform by channels", choices, n, [&](Index i) { return x.begin(i); },
        [&](T* output) {
          kernels::launch(kernels::detail::TransformChannels<T, F, ByChannel, In>{channels, n, output, f, of_channel.all(),
                                                                                  x.from(output)});
        },
        [&](Index i) { return of_channel.apply([&](auto... vector) { return x.apply(f, i, vector...); }, i % channels); });
  }
};

template <class T, class F, std::size_t ByChannel, std::size_t In>
struct Case<kernels::detail::SumChannels<T, F, ByChannel, In>> {
  static void run(Choices& choices) {
    const Index channels = choices.from(1, 600), n = channels * choices.from(0, 4000 / channels);
    const Inputs<T, ByChannel> of_channel(choices, channels);
    const Inputs<T, In> x(choices, n);
    const F f = made<F>(choices);
    std::vector<std::array<Sum<T>, 2>> sums(static_cast<std::size_t>(channels));
    for (Index i = 0; i < n; ++i) {
      const auto terms = of_channel.apply([&](auto... vector) { return x.apply(f, i, vector...); }, i % channels);
      auto& [first, second] = sums[static_cast<std::size_t>(i % channels)];
      first.add(terms[0]), second.add(terms[1]);
    }
    verify<double>(
        "sums of channels", choices, 2 * channels, fresh<double>,
        [&](double* output) {
          const auto collect = [&](Index c, double a, double b) { output[c] = a, output[channels + c] = b; };
          [&]<std::size_t... k>(std::index_sequence<k...>) {
            kernels::sum_channels(channels, n, collect, f, of_channel.all(), x[k]...);
          }
          (std::make_index_sequence<In>{});
        },
        [&](Index i) { return sums[static_cast<std::size_t>(i % channels)][i < channels ? 0 : 1].total(); });
  }
};

template <bool Gradient, bool Accumulate, class T, class F, std::size_t K>
struct Case<kernels::detail::SumPointwise<Gradient, Accumulate, T, F, K>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 1200);
    const Inputs<T, 2 + K> x(choices, n);
    const Values of_dy(choices);
    const F f = made<F>(choices);
    const double scale = static_cast<double>(choices.from(1, 64)) / 16;
    std::array<const T*, K> also{};
    for (std::size_t k = 0; k < K; ++k) also[k] = x[2 + k];
    const auto launch = [&](T* dy, double* total) {
      kernels::launch(kernels::detail::SumPointwise<Gradient, Accumulate, T, F, K>{n, x[0], x[1], dy, scale, f, also, total});
    };
    Sum<T> sum;
    for (Index i = 0; i < n; ++i) sum.add(x.apply(f, i).value);
    const auto begin = [&](Index i) { return Accumulate ? of_dy.at<T>(i) : margin<T>; };
    verify<double>(
        "a loss", choices, 1, fresh<double>,
        [&](double* total) {
          Memory<T> dy(choices, Gradient ? n : 0);
          launch(dy.fill(begin).data(), total);
        },
        [&](Index) { return sum.total(); });
    if constexpr (!Gradient) return;
    verify<T>(
        "a loss's gradient", choices, n, begin,
        [&](T* dy) {
          double total;
          launch(dy, &total);
        },
        [&](Index i) {
          const auto slope = Interval<T>(scale) * x.apply(f, i).derivative;
          return Accumulate ? slope + interval(begin(i)) : slope;
        });
  }
};

}  // namespace fuzz
