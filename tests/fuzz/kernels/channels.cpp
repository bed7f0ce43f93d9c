// SPDX-License-Identifier: MIT
#include "pointwise.hpp"

namespace fuzz {

namespace {

/// Sizes of what goes from pixel to pixel.
struct Pixels {
  Index channels, places, size;
  explicit Pixels(Choices& choices)
      : channels(choices.from(1, 300)), places(choices.from(0, 900 / channels)), size(channels * places) {}
  Index first(Index i) const { return i / channels * channels; }
  /// Σ over the channels of the pixel of value i.
  template <class T>
  Interval<T> sum(Index i, const auto& term) const {
    Sum<T> all;
    for (Index k = first(i); k < first(i) + channels; ++k) all.add(term(k));
    return all.total();
  }
};

/// f(pixel) of each of them once.
template <class T>
auto of_pixels(const Pixels& p, const auto& f) {
  std::vector<decltype(f(Index{}))> all;
  for (Index place = 0; place < p.places; ++place) all.push_back(f(place * p.channels));
  return [all, p](Index i) { return all[static_cast<std::size_t>(i / p.channels)]; };
}

}  // namespace

template <class T>
struct Case<kernels::SoftmaxChannels<T>> {
  static void run(Choices& choices) {
    const Pixels p(choices);
    const Mapping<T, 1> x(choices, p.size);
    const auto exponential = [&](Index i) {
      T most = -std::numeric_limits<T>::infinity();
      for (Index k = p.first(i); k < p.first(i) + p.channels; ++k) most = std::max(most, x[0][k]);
      return kernels::exp(interval(x[0][i]) - interval(most));
    };
    const auto sum = of_pixels<T>(p, [&](Index first) { return p.sum<T>(first, exponential); });
    verify<T>(
        "a softmax", choices, p.size, [&](Index i) { return x.begin(i); },
        [&](T* y) {
          kernels::launch(kernels::SoftmaxChannels<T>{p.channels, p.places, x.from(y)[0], y});
        },
        [&](Index i) { return exponential(i) * (Interval<T>(1) / sum(i)); });
  }
};

template <class T>
struct Case<kernels::SoftmaxGradient<T>> {
  static void run(Choices& choices) {
    const Pixels p(choices);
    const Inputs<T, 1> y(choices, p.size);
    const Mapping<T, 1> dy(choices, p.size);
    const auto dot = of_pixels<T>(
        p, [&](Index first) { return p.sum<T>(first, [&](Index k) { return interval(y[0][k]) * interval(dy[0][k]); }); });
    verify<T>(
        "a softmax's gradient", choices, p.size, [&](Index i) { return dy.begin(i); },
        [&](T* dx) {
          kernels::launch(kernels::SoftmaxGradient<T>{p.channels, p.places, y[0], dy.from(dx)[0], dx});
        },
        [&](Index i) { return interval(y[0][i]) * (interval(dy[0][i]) - dot(i)); });
  }
};

template <class T, class F>
struct Case<kernels::NormalisePixels<T, F>> {
  static void run(Choices& choices) {
    const Pixels p(choices);
    const Mapping<T, 1> x(choices, p.size);
    const Inputs<T, 2> of_channel(choices, p.channels);
    const F f = made<F>(choices);
    constexpr double epsilon = 1e-3;
    using I = Interval<T>;
    const I count(static_cast<double>(p.channels));
    const auto moments = of_pixels<T>(p, [&](Index first) {
      const I mean = p.sum<T>(first, [&](Index k) { return interval(x[0][k]); }) / count;
      const auto square = [&](Index k) { return (interval(x[0][k]) - mean) * (interval(x[0][k]) - mean); };
      I variance = p.sum<T>(first, square) / count;
      variance.low = std::max(variance.low, variance.surely_nan() ? variance.low : 0.0);  // of squares, whatever their bounds
      return std::array{mean, I(1) / kernels::sqrt(variance + I(epsilon))};
    });
    // y, and behind it mean and inverse of each pixel.
    const bool keeps = choices.yes();
    verify<T>(
        "a normalisation of pixels", choices, p.size + (keeps ? 2 * p.places : 0),
        [&](Index i) { return i < p.size ? x.begin(i) : margin<T>; },
        [&](T* y) {
          kernels::launch(kernels::NormalisePixels<T, F>{p.channels, p.places, x.from(y)[0], of_channel[0], of_channel[1],
                                                         epsilon, y, keeps ? y + p.size : nullptr, f});
        },
        [&](Index i) {
          if (i >= p.size) return moments((i - p.size) / 2 * p.channels)[static_cast<std::size_t>((i - p.size) % 2)];
          const auto [mean, inverse] = moments(i);
          const auto then = [&, mean = mean, inverse = inverse](I gamma, I beta) {
            return f.apply(kernels::multiply_add((interval(x[0][i]) - mean) * inverse, gamma, beta));
          };
          return of_channel.apply(then, i % p.channels);
        });
  }
};

template <class T, class F>
struct Case<kernels::NormalisedPixelsGradient<T, F>> {
  static void run(Choices& choices) {
    const Pixels p(choices);
    const Inputs<T, 1> x(choices, p.size), gamma(choices, p.channels);
    Memory<T> kept(choices, 2 * p.places);
    const Mapping<T, 1> dy(choices, p.size);
    const Values of_begin(choices), of_kept(choices);
    // Where forward keeps what is not finite, all is NaN; here an infinity alone would make NaN of the lanes behind the
    // channels.
    kept.fill([&](Index i) { return of_kept.finite<T>(i); });
    const F f = made<F>(choices);
    using I = Interval<T>;
    const auto centred = [&](Index i) { return interval(x[0][i]) - interval(kept.data()[i / p.channels * 2]); };
    const auto inverse = [&](Index i) { return interval(kept.data()[i / p.channels * 2 + 1]); };
    const auto slope = [&](Index i) { return interval(gamma[0][i % p.channels]) * interval(dy[0][i]); };
    const auto product = [&](Index i) { return interval(dy[0][i]) * centred(i) * inverse(i); };
    const I count(static_cast<double>(p.channels));
    const auto means = of_pixels<T>(p, [&](Index first) {
      return std::array{p.sum<T>(first, slope) / count,
                        p.sum<T>(first, [&](Index k) { return interval(gamma[0][k % p.channels]) * product(k); }) / count};
    });
    // dx, and behind it dγ and dβ.
    const bool wanted = choices.yes();
    const auto begin = [&](Index i) { return i < p.size ? dy.begin(i) : of_begin.at<T>(i); };
    verify<T>(
        "the gradient of a normalisation of pixels", choices, p.size + 2 * p.channels, begin,
        [&](T* output) {
          Memory<T> sums(choices, 2 * p.channels);
          T *const dgamma = output + p.size, *const dbeta = dgamma + p.channels;
          kernels::launch(kernels::NormalisedPixelsGradient<T, F>{p.channels, p.places, x[0], dy.from(output)[0], gamma[0],
                                                                  kept.data(), dgamma, dbeta, sums.data(),
                                                                  wanted ? output : nullptr, f});
        },
        [&](Index i) {
          if (i >= p.size) {
            Sum<T> sum;
            sum.add(interval(begin(i)));
            for (Index k = (i - p.size) % p.channels; k < p.size; k += p.channels) {
              sum.add(i < p.size + p.channels ? product(k) : interval(dy[0][k]));
            }
            return sum.total();
          }
          if (!wanted) return interval(begin(i));
          const auto [average, pull] = means(i);
          return (slope(i) - average - centred(i) * inverse(i) * pull) * inverse(i) * f.derivative(interval(x[0][i]));
        });
  }
};

template <class T>
struct Case<kernels::detail::LargestScores<T>> {
  static void run(Choices& choices) {
    const Index rows = choices.from(1, 80), columns = choices.from(1, 40);
    const Inputs<T, 1> scores(choices, rows * columns), half_squares(choices, columns);
    compare<T>(
        "the largest scores", choices, rows, fresh<T>,
        [&](T* largest) {
          kernels::launch(kernels::detail::LargestScores<T>{rows, columns, scores[0], half_squares[0], largest});
        },
        [](Index) { return 0.0; });
  }
};

namespace {

/// Entries of a sparse column, whose numbers may name no column, and their values, in pairs or apart.
template <class T>
struct Sparse {
  Index count;
  Memory<T> pairs, values;
  bool apart;
  Sparse(Choices& choices, Index columns)
      : count(choices.from(0, 40)), pairs(choices, 2 * count), values(choices, count), apart(choices.yes()) {
    const Values of_values(choices);
    values.fill([&](Index i) { return of_values.at<T>(i); });
    pairs.fill([&](Index i) {
      if (i % 2 == 1) return apart ? std::numeric_limits<T>::quiet_NaN() : of_values.at<T>(i);
      return of_values.whole(i + 5, 0, 30) == 0 ? of_values.at<T>(i)
                                                : static_cast<T>(of_values.whole(i, -1, columns)) + T(0.25);
    });
  }
  kernels::Entries<T> entries() const { return {pairs.data(), count, apart ? values.data() : nullptr}; }
};

}  // namespace

template <class T>
struct Case<kernels::detail::AddEntries<T>> {
  static void run(Choices& choices) {
    const Values of_w(choices), of_y(choices);
    const Operand<T> w = std::move(Operand<T>(choices, choices.from(1, 100), choices.from(1, 60)).fill(of_w));
    const Sparse<T> sparse(choices, w.cols);
    const auto begin = [&](Index i) { return of_y.at<T>(i); };
    verify<T>(
        "entries times columns", choices, w.rows, begin, [&](T* y) { kernels::add_entries<T>(w, sparse.entries(), y); },
        [&](Index i) {
          Sum<T> sum;
          sum.add(interval(begin(i)));
          const auto entries = sparse.entries();
          for (Index k = 0; k < entries.count; ++k) {
            sum.add(interval(w(i, entries.column(k, w.cols))) * interval(entries.value(k)));
          }
          return sum.total();
        });
  }
};

template <class T>
struct Case<kernels::detail::AnswerEntries<T>> {
  static void run(Choices& choices) {
    const Values of_w(choices);
    const Operand<T> w = std::move(Operand<T>(choices, choices.from(1, 100), choices.from(1, 60)).fill(of_w));
    const Sparse<T> sparse(choices, w.cols);
    const Inputs<T, 1> h(choices, w.rows), b(choices, w.cols);
    const bool biased = choices.yes();
    const auto entries = sparse.entries();
    verify<T>(
        "columns times a code", choices, entries.count, fresh<T>,
        [&](T* y) { kernels::answer_entries<T>(w, biased ? b[0] : nullptr, entries, h[0], y); },
        [&](Index k) {
          const Index column = entries.column(k, w.cols);
          Sum<T> sum;
          if (biased) sum.add(interval(b[0][column]));
          for (Index i = 0; i < w.rows; ++i) sum.add(interval(w(i, column)) * interval(h[0][i]));
          return sum.total();
        });
  }
};

template <class T>
struct Case<kernels::detail::AddOuter<T>> {
  static void run(Choices& choices) {
    const Index rows = choices.from(1, 100), columns = choices.from(1, 60), stride = rows + choices.from(0, 9);
    const Values of_dw(choices);
    const Sparse<T> sparse(choices, columns);
    const Inputs<T, 1> h(choices, rows);
    const auto entries = sparse.entries();
    const auto begin = [&](Index i) { return of_dw.at<T>(i); };
    verify<T>(
        "the gradient of columns", choices, (columns - 1) * stride + rows, begin,
        [&](T* dw) {
          kernels::add_outer<T>(entries, h[0], {dw, rows, columns, stride});
        },
        [&](Index i) {
          Sum<T> sum;
          sum.add(interval(begin(i)));
          const Index row = i % stride;
          for (Index k = 0; row < rows && k < entries.count; ++k) {
            if (entries.column(k, columns) == i / stride) sum.add(interval(entries.value(k)) * interval(h[0][row]));
          }
          return sum.total();
        });
  }
};

void channels(Choices& choices) { run_one_of(kernels::Channels{}, choices); }

}  // namespace fuzz
