// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/nearest.hpp"

namespace eigencoder {

/// Replaces every pixel's vector x_p by the nearest of K vectors of a codebook, in predictions too:
///   y_p = e_k, k = argmin_j ‖x_p − e_j‖, the first of several      dx = dy, straight through
/// x, y: (h, w, D)   a vector of D features is one pixel
/// A Commitment in the objective moves x towards its e. The codebook is running state, each entry the mean of the
/// vectors that chose it in about 1 / (1 − γ) batches:
///   N_k ← γ N_k + (1 − γ) n_k   m_k ← γ m_k + (1 − γ) Σ x_p of those that chose k, n_k of them in the whole batch
///   e_k ← m_k / Ñ_k,   Ñ_k = (N_k + ε) / (N + K ε) · N,   N = Σ N_k,   ε = 10⁻⁵
/// An entry with N_k ≤ ρ P / K, where P is the number of the batch's pixels, is replaced by one of their vectors, drawn at
/// random: in the first step all entries, later those that hardly any vector chooses. γ is `decay`, in [0, 1); ρ is
/// `restart`, in (0, 1). Throws OptionError. A pixel with a NaN becomes NaN.
/// van den Oord, Vinyals and Kavukcuoglu, "Neural discrete representation learning", 2017, with its appendix A.1; restarts:
/// Dhariwal et al., "Jukebox", 2020.
template <Index K>
struct VectorQuantizer {
  static_assert(0 < K && K <= Index{1} << 24, "VectorQuantizer<K>: K must be positive, and at most 2^24");

  struct Decay {
    double value;
    constexpr Decay(double given) : value(given) {
      if (!(value >= 0 && value < 1)) raise<OptionError>("VectorQuantizer: decay must be in [0, 1), found ", value);
    }
  };
  struct Restart {
    double value;
    constexpr Restart(double given) : value(given) {
      if (!(value > 0 && value < 1)) raise<OptionError>("VectorQuantizer: restart must be in (0, 1), found ", value);
    }
  };

  Decay decay = 0.99;
  Restart restart = 0.01;

  constexpr std::array<Setting, 2> settings() const { return {{{"decay", decay.value}, {"restart", restart.value}}}; }

  static constexpr Index entries = K;  ///< Commitment and codes() need it
  static constexpr Mirroring mirroring = Mirroring::leaves;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) {
    return {.scratch = (block + 1) * K, .tallies = (2 * in.channels + 1) * K, .in_place = true, .quantises = true};
  }
  static constexpr auto parameters(Shape in) {
    return std::array{Block{.name = "codebook", .rows = in.channels, .cols = K, .trainable = false},
                      Block{.name = "counts", .rows = K, .trainable = false, .axes = {{{BlockAxis::in, K}}}},
                      Block{.name = "sums", .rows = in.channels, .cols = K, .trainable = false}};
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    constexpr Index depth = S::in.channels;
    const Index pixels = pass.x.size() / depth;
    const auto& codebook = std::get<0>(pass.state);
    T* const half_squares = pass.scratch.data();
    for (Index k = 0; k < K; ++k) half_squares[k] = codebook.col(k).squaredNorm() / 2;
    if constexpr (M == Mode::train) offer(pass);
    for (Index first = 0; first < pixels; first += block) {
      const MatrixView<const T> x(pass.x.data() + first * depth, depth, std::min(block, pixels - first));
      MatrixView<T> y(pass.y.data() + first * depth, depth, x.cols());
      std::array<T, block> nearest;
      kernels::find_nearest<T>(x, codebook, half_squares, half_squares + K, nearest.data());
      for (Index p = 0; p < x.cols(); ++p) {
        const auto k = static_cast<Index>(nearest[static_cast<std::size_t>(p)]);
        if (k < 0) {
          y.col(p).setConstant(std::numeric_limits<T>::quiet_NaN());
          continue;
        }
        if constexpr (M == Mode::train) {  // before y, which may lie over x
          Tallies<double> tallies(pass.tallies, depth);
          tallies.counts[k] += 1;
          tallies.sums.col(k) += x.col(p).template cast<double>();
        }
        y.col(p) = codebook.col(k);
      }
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      if (pass.dx.data() != pass.dy.data()) pass.dx = pass.dy;
    }
  }

  template <class S>
  void settle(Settle<S> pass) const {
    using T = typename S::Scalar;
    constexpr double epsilon = 1e-5;
    const double least = least_count(pass.batch * S::in.height * S::in.width), keep = decay.value, take = 1 - keep;
    const Tallies<const double> batch(pass.tallies, S::in.channels);
    auto& [codebook, counts, sums] = pass.state;
    const double total = keep * counts.template cast<double>().sum() + take * batch.counts.sum();
    for (Index k = 0; k < K; ++k) {
      const double count = keep * static_cast<double>(counts[k]) + take * batch.counts[k];
      if (count <= least) {
        codebook.col(k) = batch.offers.col(k).template cast<T>();
        counts[k] = static_cast<T>(least);
        sums.col(k) = static_cast<T>(least) * codebook.col(k);
      } else {
        const double smoothed = (count + epsilon) / (total + static_cast<double>(K) * epsilon) * total;
        counts[k] = static_cast<T>(count);
        sums.col(k) = (keep * sums.col(k).template cast<double>() + take * batch.sums.col(k)).template cast<T>();
        codebook.col(k) = (sums.col(k).template cast<double>() / smoothed).template cast<T>();
      }
    }
  }

 private:
  static constexpr Index block = 32;  ///< pixels whose scores are held at a time

  /// How often each entry was chosen, the sum of what chose it, and the vector that it becomes if it is restarted.
  template <class Value>
  struct Tallies {
    VectorView<Value> counts;
    MatrixView<Value> sums, offers;

    Tallies(std::span<Value> all, Index depth)
        : counts(all.data(), K), sums(all.data() + K, depth, K), offers(all.data() + (1 + depth) * K, depth, K) {}
  };

  double least_count(Index pixels) const { return restart.value * static_cast<double>(pixels) / static_cast<double>(K); }

  /// For every entry that this step may restart, one pixel of the whole batch is drawn, the same in every shard. Only the shard
  /// that holds it adds its vector, so the total is exactly that vector.
  template <class S>
  void offer(const Forward<S, Mode::train>& pass) const {
    constexpr Index depth = S::in.channels, per_sample = S::in.height * S::in.width;
    const Index all = pass.batch * per_sample, first_sample = pass.random.first_sample();
    const auto& counts = std::get<1>(pass.state);
    Tallies<double> tallies(pass.tallies, depth);
    const MatrixView<const typename S::Scalar> x(pass.x.data(), depth, pass.x.cols() * per_sample);
    for (Index k = 0; k < K; ++k) {
      if (decay.value * static_cast<double>(counts[k]) > least_count(all)) continue;
      const Index pixel = pass.random.below(all, -first_sample, k) - first_sample * per_sample;
      if (0 <= pixel && pixel < x.cols()) tallies.offers.col(k) += x.col(pixel).template cast<double>();
    }
  }
};

}  // namespace eigencoder
