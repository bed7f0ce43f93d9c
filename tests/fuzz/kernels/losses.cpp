// SPDX-License-Identifier: MIT
#include "pointwise.hpp"

namespace fuzz {

namespace {

/// Targets of a cross-entropy, as the kernel has them and as intervals: weight t_c of each channel, and their sum.
template <class T, class Targets>
struct Drawn;

template <class T>
struct Drawn<T, kernels::ChannelTargets<T>> {
  Index channels;
  Memory<T> t;
  Drawn(Choices& choices, Index of_channels, Index places) : channels(of_channels), t(choices, channels * places) {
    const Values of_t(choices);
    t.fill([&](Index i) { return std::abs(of_t.modest<T>(i)); });
  }
  kernels::ChannelTargets<T> targets() const { return {t.data()}; }
  Interval<T> weight(Index place, Index c) const { return interval(t.data()[place * channels + c]); }
  Interval<T> sum(Index place) const {
    Sum<T> all;
    for (Index c = 0; c < channels; ++c) all.add(weight(place, c));
    return all.total();
  }
  bool looked_at(Index) const { return true; }
};

template <class T>
struct Drawn<T, kernels::ClassTargets<T>> {
  Index channels;
  Memory<T> numbers, of_place;
  std::vector<double> of_class;
  bool weighted, weighted_places;
  Drawn(Choices& choices, Index of_channels, Index places)
      : channels(of_channels),
        numbers(choices, places),
        of_place(choices, places),
        weighted(choices.yes()),
        weighted_places(choices.yes()) {
    const Values of_t(choices);
    // Now and then a class that is none of the channels, which gives a NaN.
    const Index last = choices.from(0, 20) == 0 ? channels : channels - 1;
    numbers.fill([&](Index i) { return static_cast<T>(of_t.whole(i, -1, last)); });
    of_place.fill([&](Index i) { return static_cast<T>(of_t.whole(i + 1, 0, 4)) / T(2); });
    for (Index c = 0; c < channels; ++c) of_class.push_back(static_cast<double>(of_t.whole(c + 2, 0, 6)) / 4);
  }
  kernels::ClassTargets<T> targets() const {
    return {numbers.data(), channels, weighted ? of_class.data() : nullptr, weighted_places ? of_place.data() : nullptr};
  }
  Interval<T> sum(Index place) const { return interval(targets().weight(place)); }
  Interval<T> weight(Index place, Index c) const {
    return numbers.data()[place] == static_cast<T>(c) ? sum(place) : Interval<T>(0);
  }
  bool looked_at(Index place) const { return targets().weight(place) != T(0); }
};

}  // namespace

template <bool Gradient, bool Accumulate, class T, class Targets>
struct Case<kernels::detail::SoftmaxCrossEntropy<Gradient, Accumulate, T, Targets>> {
  static void run(Choices& choices) {
    const Index channels = choices.from(1, 160), places = choices.from(0, 40);
    const Values of_z(choices), of_dz(choices);
    Memory<T> z(choices, channels * places);
    z.fill([&](Index i) { return std::isinf(of_z.at<T>(i)) ? T(2) : of_z.at<T>(i); });
    const Drawn<T, Targets> drawn(choices, channels, places);
    const double scale = static_cast<double>(choices.from(1, 64)) / 16;
    const auto begin = [&](Index i) { return Accumulate ? of_dz.finite<T>(i) : margin<T>; };

    Sum<T> value;
    std::vector<Sum<T>> slopes;
    for (Index place = 0; place < places; ++place) {
      const auto logit = [&](Index c) { return interval(z.data()[place * channels + c]); };
      double largest = -std::numeric_limits<double>::infinity();
      for (Index c = 0; c < channels; ++c) largest = std::max(largest, logit(c).high);
      const Interval<T> most(largest), sum_t = drawn.sum(place);
      Sum<T> exponentials;
      for (Index c = 0; c < channels; ++c) exponentials.add(kernels::exp(logit(c) - most));
      const Interval<T> sum = exponentials.total();
      if (drawn.looked_at(place)) {
        value.add(sum_t * kernels::log(sum));
        for (Index c = 0; c < channels; ++c) value.add(drawn.weight(place, c) * (most - logit(c)));
      }
      for (Index c = 0; c < channels; ++c) {
        auto& slope = slopes.emplace_back();
        if (Accumulate) slope.add(interval(begin(place * channels + c)));
        if (!drawn.looked_at(place)) continue;
        slope.add(Interval<T>(scale) * (kernels::exp(logit(c) - most) * (sum_t / sum)));
        slope.add(Interval<T>(-scale) * drawn.weight(place, c));
      }
    }
    const auto launch = [&](T* dz, double* total) {
      kernels::launch(kernels::detail::SoftmaxCrossEntropy<Gradient, Accumulate, T, Targets>{channels, places, z.data(), dz,
                                                                                             scale, drawn.targets(), total});
    };
    verify<double>(
        "a cross-entropy", choices, 1, fresh<double>,
        [&](double* total) {
          Memory<T> dz(choices, Gradient ? channels * places : 0);
          launch(dz.fill(begin).data(), total);
        },
        [&](Index) { return value.total(); });
    if constexpr (!Gradient) return;
    verify<T>(
        "a cross-entropy's gradient", choices, channels * places, begin,
        [&](T* dz) {
          double total;
          launch(dz, &total);
        },
        [&](Index i) { return slopes[static_cast<std::size_t>(i)].total(); });
  }
};

template <class T>
struct Case<kernels::CompareCodes<T>> {
  static void run(Choices& choices) {
    const Index rows = choices.from(1, 64), columns = choices.from(1, 64), latent = choices.from(1, 20);
    const Values of_pairs(choices), of_lengths(choices);
    const Operand<T> pairs = std::move(Operand<T>(choices, rows, columns).fill(of_pairs));
    Memory<T> lengths(choices, rows);
    lengths.fill([&](Index i) { return std::abs(of_lengths.finite<T>(i)); });
    const Operand<T> right(choices, latent + 1, columns);  // the squared length of each follows it
    right.memory.fill([&](Index i) { return std::abs(of_lengths.finite<T>(i + 1000)); });
    std::array<double, kernels::similarity_scales> scales;
    for (double& scale : scales) scale = static_cast<double>(choices.from(1, 200)) / 16;
    const double factor = static_cast<double>(choices.from(1, 64)) / 16;
    const bool gaussian = choices.yes();

    using I = Interval<T>;
    Sum<T> total;
    std::vector<I> slopes;
    for (Index k = 0; k < columns; ++k) {
      for (Index i = 0; i < rows; ++i) {
        const I length(static_cast<double>(lengths.data()[i])), other(static_cast<double>(right(latent, k)));
        const I distance = kernels::max(I(-2) * interval(pairs(i, k)) + (length + other), I(0));
        Sum<T> value, slope;
        for (const double scale : scales) {
          const I alike = gaussian ? kernels::exp(distance * I(-1 / scale)) : I(scale) / (I(scale) + distance);
          value.add(alike), slope.add((gaussian ? alike : alike * alike) * I(-1 / scale));
        }
        total.add(value.total()), slopes.push_back(I(factor) * slope.total());
      }
    }
    const auto begin = [&](Index i) { return pairs.inside(i) ? pairs.memory.data()[i] : margin<T>; };
    const auto launch = [&](T* output, double* sum) {
      kernels::launch(kernels::CompareCodes<T>{{output, rows, columns, pairs.stride},
                                               lengths.data(),
                                               {right.memory.data(), latent, columns, right.stride},
                                               scales,
                                               factor,
                                               gaussian,
                                               sum});
    };
    verify<double>(
        "similarities", choices, 1, fresh<double>,
        [&](double* sum) { launch(Memory<T>(choices, pairs.size()).fill(begin).data(), sum); },
        [&](Index) { return total.total(); });
    verify<T>(
        "slopes of similarities", choices, pairs.size(), begin,
        [&](T* output) {
          double sum;
          launch(output, &sum);
        },
        [&](Index i) {
          const auto place = static_cast<std::size_t>(i / pairs.stride * rows + i % pairs.stride);
          return pairs.inside(i) ? slopes[place] : interval(margin<T>);
        });
  }
};

void losses(Choices& choices) { run_one_of(kernels::Losses{}, choices); }

}  // namespace fuzz
