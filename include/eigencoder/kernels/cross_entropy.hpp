// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/math.hpp"

// Softmax and cross-entropy in one, over the channels of places that lie one after the other.
namespace eigencoder::kernels {

/// Targets t_c of every channel of every place, as the logits lie.
template <class T>
struct ChannelTargets {
  const T* values;
};

/// The number k of one channel for every place: t_k is the weight of class k times that of the place, all others are 0. A place
/// with a negative number or of weight 0 is not looked at.
template <class T>
struct ClassTargets {
  const T* numbers;
  Index channels;
  const double* class_weights = nullptr;  ///< of the channels; null: all are 1
  const T* place_weights = nullptr;       ///< null: all are 1

  /// t_k of one place. Not a number where the class is none of the channels.
  T weight(Index place) const {
    const T k = numbers[place], of_place = place_weights ? place_weights[place] : T(1);
    if (k < T(0) || of_place == T(0)) return 0;
    if (!(k < static_cast<T>(channels))) return std::numeric_limits<T>::quiet_NaN();
    return of_place * (class_weights ? static_cast<T>(class_weights[static_cast<Index>(k)]) : T(1));
  }
};

namespace detail {

inline constexpr Index few_channels = 64;

/// Rows of a channel, columns of a place: as many places as a packet has lanes.
template <class T>
struct PlaceBlock {
  using P = Packet<T>;
  alignas(64) T values[few_channels * P::size];

  P operator[](Index c) const { return P::load(values + c * P::size); }
  void set(Index c, P value) { value.store(values + c * P::size); }

  void gather(Index channels, Index count, const T* from) {
    if (count < P::size) std::fill_n(values, channels * P::size, T(0));
    for (Index lane = 0; lane < count; ++lane) {
      for (Index c = 0; c < channels; ++c) values[c * P::size + lane] = from[lane * channels + c];
    }
  }
  template <bool Accumulate>
  void scatter(Index channels, Index count, T* to) const {
    for (Index lane = 0; lane < count; ++lane) {
      for (Index c = 0; c < channels; ++c) {
        T& at = to[lane * channels + c];
        at = values[c * P::size + lane] + (Accumulate ? at : T(0));
      }
    }
  }
};

/// The targets of a block of places.
template <class T>
struct BlockTargets {
  using P = Packet<T>;

  BlockTargets(const ChannelTargets<T>& targets, Index channels, Index first, Index count) {
    t_.gather(channels, count, targets.values + first * channels);
    for (Index c = 0; c < channels; ++c) sum = sum + t_[c];
  }
  P operator[](Index c) const { return t_[c]; }
  P looked_at(P value) const { return value; }

  P sum{0};

 private:
  PlaceBlock<T> t_;
};
template <class T>
struct BlockClasses {
  using P = Packet<T>;

  BlockClasses(const ClassTargets<T>& targets, Index, Index first, Index count)
      : number_(P::load_part(targets.numbers + first, count)) {
    typename P::Lanes weights{};
    for (Index lane = 0; lane < count; ++lane) weights[static_cast<std::size_t>(lane)] = targets.weight(first + lane);
    sum = P::load(weights.data());
  }
  P operator[](Index c) const { return where(number_ == P(c), sum, P(0)); }
  P looked_at(P value) const { return where(sum == P(0), P(0), value); }

  P sum{0};

 private:
  P number_;
};
template <class T>
BlockTargets<T> targets_of_block(const ChannelTargets<T>& targets, Index channels, Index first, Index count) {
  return {targets, channels, first, count};
}
template <class T>
BlockClasses<T> targets_of_block(const ClassTargets<T>& targets, Index channels, Index first, Index count) {
  return {targets, channels, first, count};
}

/// Of few channels: a packet holds one channel of several places.
template <bool Gradient, bool Accumulate, class T, class Targets>
double cross_entropy_across_places(Index channels, Index places, const T* z, T* dz, double scale, const Targets& targets) {
  using P = Packet<T>;
  double total = 0;
  PlaceBlock<T> block;
  for (Index first = 0; first < places; first += P::size) {
    const Index count = std::min(P::size, places - first);
    const auto t = targets_of_block(targets, channels, first, count);
    block.gather(channels, count, z + first * channels);
    P most = block[0];
    for (Index c = 1; c < channels; ++c) most = max(block[c], most);
    P sum(0), value(0);
    for (Index c = 0; c < channels; ++c) {
      const P below = most - block[c], e = exp(-below);
      value = multiply_add(t[c], below, value);
      sum = sum + e;
      if constexpr (Gradient) block.set(c, e);
    }
    total += static_cast<double>(t.looked_at(multiply_add(t.sum, log(sum), value)).sum());
    if constexpr (Gradient) {
      const P factor(scale), share = t.sum / sum;
      for (Index c = 0; c < channels; ++c) block.set(c, t.looked_at(factor * (block[c] * share - t[c])));
      block.template scatter<Accumulate>(channels, count, dz + first * channels);
    }
  }
  return total;
}

/// Σ f(in[i]...) in T.
template <class T, class F, class... In>
T sum_of(Index n, F f, const In*... in) {
  using P = Packet<T>;
  P sum(0);
  Index i = 0;
  for (; i + P::size <= n; i += P::size) sum = sum + f(P::load(in + i)...);
  if (i < n) sum = sum + f(P::load_part(in + i, n - i)...).first(n - i);
  return sum.sum();
}

template <class T>
T largest_of(Index n, const T* in) {
  using P = Packet<T>;
  P most(in[0]);
  Index i = 0;
  for (; i + P::size <= n; i += P::size) most = max(P::load(in + i), most);
  T largest = in[0];
  for (const T lane : most.lanes()) largest = max(lane, largest);
  for (; i < n; ++i) largest = max(in[i], largest);
  return largest;
}

/// Of many: a packet holds several channels of one place.
template <bool Gradient, bool Accumulate, class T, class Targets>
double cross_entropy_across_channels(Index channels, Index places, const T* z, T* dz, double scale, const Targets& targets) {
  using P = Packet<T>;
  constexpr bool of_classes = std::is_same_v<Targets, ClassTargets<T>>;
  double total = 0;
  for (Index place = 0; place < places; ++place, z += channels) {
    T* const d = Gradient ? dz + place * channels : nullptr;
    [[maybe_unused]] const T* t = nullptr;
    T sum_t;
    if constexpr (of_classes) {
      sum_t = targets.weight(place);
      if (sum_t == T(0)) {
        if constexpr (Gradient && !Accumulate) std::fill_n(d, channels, T(0));
        continue;
      }
    } else {
      t = targets.values + place * channels;
      sum_t = sum_of<T>(
          channels, [](P v) { return v; }, t);
    }
    const T largest = largest_of(channels, z);
    const P most(largest);
    const T sum = sum_of<T>(
        channels, [=](P v) { return exp(v - most); }, z);
    const T log_sum = log(sum);
    const P factor(scale), share(sum_t / sum);
    if constexpr (of_classes) {
      const bool exists = sum_t == sum_t;
      const Index k = exists ? static_cast<Index>(targets.numbers[place]) : 0;
      total += static_cast<double>(sum_t * ((largest - z[k]) + log_sum));
      if constexpr (Gradient) {
        const auto slope = [=](P v) { return factor * (exp(v - most) * share); };
        if constexpr (Accumulate) {
          transform(
              channels, d, [=](P v, P old) { return old + slope(v); }, z, static_cast<const T*>(d));
        } else {
          transform(channels, d, slope, z);
        }
        d[k] -= static_cast<T>(scale) * sum_t;
      }
    } else {
      total += static_cast<double>(sum_of<T>(
                                       channels, [=](P v, P of) { return of * (most - v); }, z, t) +
                                   sum_t * log_sum);
      if constexpr (Gradient) {
        const auto slope = [=](P v, P of) { return factor * (exp(v - most) * share - of); };
        if constexpr (Accumulate) {
          transform(
              channels, d, [=](P v, P of, P old) { return old + slope(v, of); }, z, t, static_cast<const T*>(d));
        } else {
          transform(channels, d, slope, z, t);
        }
      }
    }
  }
  return total;
}

template <bool Gradient, bool Accumulate, class T, class Targets>
struct SoftmaxCrossEntropy {
  static constexpr bool compiled = CompiledScalar<T>;
  Index channels, places;
  const T* z;
  T* dz;
  double scale;
  Targets targets;
  double* total;
  void run() const {
    *total = channels <= few_channels
                 ? cross_entropy_across_places<Gradient, Accumulate>(channels, places, z, dz, scale, targets)
                 : cross_entropy_across_channels<Gradient, Accumulate>(channels, places, z, dz, scale, targets);
  }
};

}  // namespace detail

/// Σ over the places of Σ_c t_c (log Σ_k e^(z_k) − z_c), the cross-entropy of the softmax of logits z, and
/// dz_c = scale · (softmax(z)_c Σ_k t_k − t_c), added if Accumulate. The largest logit of a place is subtracted from all of its
/// logits, so that no exponential overflows. Sums over channels are in T, the total is in double.
template <bool Gradient, bool Accumulate, class T, class Targets>
double softmax_cross_entropy(Index channels, Index places, const T* z, T* dz, double scale, const Targets& targets) {
  double total = 0;
  constexpr bool adds = Gradient && Accumulate;
  launch(detail::SoftmaxCrossEntropy<Gradient, adds, T, Targets>{channels, places, z, dz, scale, targets, &total});
  return total;
}

}  // namespace eigencoder::kernels
