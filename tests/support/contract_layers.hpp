// SPDX-License-Identifier: MIT
#pragma once

#include <eigencoder/core/objective.hpp>
#include <eigencoder/eigencoder.hpp>

// Small layers and penalties that use every clause of the layer contract, so that the ground is tested before the library's own
// layers stand on it. Mathematics is naive on purpose.
namespace contract {

using namespace eigencoder;

struct NoParameters {
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }
};

/// Coupled both ways, with running state: (x − mean) / deviation · gamma over the whole batch, feature by feature.
struct Standardise : NoParameters {
  double momentum = 0.9, epsilon = 1e-3;

  static constexpr Needs needs(Shape in) { return {.sums = 2 * in.size(), .dsums = 2 * in.size(), .backward_x = true}; }
  static constexpr auto parameters(Shape in) {
    return std::array{Block{.name = "gamma", .rows = in.size(), .init = Init::ones, .decay = false},
                      Block{.name = "mean", .rows = in.size(), .trainable = false},
                      Block{.name = "variance", .rows = in.size(), .init = Init::ones, .trainable = false}};
  }
  struct Moments {
    double mean, variance;
  };
  template <class S>
  static Moments moments(std::span<const double> sums, Index batch, Index i) {
    const double mean = sums[std::size_t(i)] / double(batch);
    return {mean, sums[std::size_t(S::in.size() + i)] / double(batch) - mean * mean};
  }
  template <class S>
  void gather(Gather<S> pass) const {
    for (Index j = 0; j < pass.x.cols(); ++j) {
      for (Index i = 0; i < S::in.size(); ++i) {
        pass.sums[std::size_t(i)] += double(pass.x(i, j));
        pass.sums[std::size_t(S::in.size() + i)] += double(pass.x(i, j)) * double(pass.x(i, j));
      }
    }
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    const auto& [gamma] = pass.theta;
    const auto& [mean, variance] = pass.state;
    for (Index i = 0; i < S::in.size(); ++i) {
      Moments m{double(mean[i]), double(variance[i])};
      if constexpr (M == Mode::train) m = moments<S>(pass.sums, pass.batch, i);
      const double scale = double(gamma[i]) / std::sqrt(m.variance + epsilon);
      for (Index j = 0; j < pass.x.cols(); ++j) pass.y(i, j) = typename S::Scalar(scale * (double(pass.x(i, j)) - m.mean));
    }
  }
  template <class S>
  void gather_backward(GatherBackward<S> pass) const {
    for (Index i = 0; i < S::in.size(); ++i) {
      const auto [mean, variance] = moments<S>(pass.sums, pass.batch, i);
      for (Index j = 0; j < pass.x.cols(); ++j) {
        const double normal = (double(pass.x(i, j)) - mean) / std::sqrt(variance + epsilon);
        pass.dsums[std::size_t(i)] += double(pass.dy(i, j));
        pass.dsums[std::size_t(S::in.size() + i)] += double(pass.dy(i, j)) * normal;
      }
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    const auto& [gamma] = pass.theta;
    auto& [dgamma] = pass.dtheta;
    for (Index i = 0; i < S::in.size(); ++i) {
      const auto [mean, variance] = moments<S>(pass.sums, pass.batch, i);
      const double inverse = 1 / std::sqrt(variance + epsilon), batch = double(pass.batch);
      for (Index j = 0; j < pass.x.cols(); ++j) {
        const double normal = (double(pass.x(i, j)) - mean) * inverse, dy = double(pass.dy(i, j));
        dgamma[i] += T(dy * normal);
        if constexpr (InputGradient) {
          pass.dx(i, j) = T(double(gamma[i]) * inverse *
                            (dy - pass.dsums[std::size_t(i)] / batch - normal * pass.dsums[std::size_t(S::in.size() + i)] / batch));
        }
      }
    }
  }
  template <class S>
  void settle(Settle<S> pass) const {
    using T = typename S::Scalar;
    auto& [mean, variance] = pass.state;
    for (Index i = 0; i < S::in.size(); ++i) {
      const auto now = moments<S>(pass.sums, pass.batch, i);
      mean[i] = T(momentum * double(mean[i]) + (1 - momentum) * now.mean);
      variance[i] = T(momentum * double(variance[i]) + (1 - momentum) * now.variance);
    }
  }
};

/// The larger of each pair of values; which one it was stays in the cache.
struct PairMax : NoParameters {
  static constexpr bool accepts(Shape in) { return in.size() % 2 == 0; }
  static constexpr Shape output(Shape in) { return features(in.size() / 2); }
  static constexpr Needs needs(Shape in) { return {.cache = in.size() / 2}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    for (Index j = 0; j < pass.x.cols(); ++j) {
      for (Index i = 0; i < S::out.size(); ++i) {
        const bool second = pass.x(2 * i + 1, j) > pass.x(2 * i, j);
        pass.y(i, j) = pass.x(2 * i + second, j);
        if constexpr (Forward<S, M>::keeps_cache) pass.cache(i, j) = T(second);
      }
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      pass.dx.setZero();
      for (Index j = 0; j < pass.dy.cols(); ++j) {
        for (Index i = 0; i < S::out.size(); ++i) pass.dx(2 * i + Index(pass.cache(i, j)), j) = pass.dy(i, j);
      }
    }
  }
};

/// Puts each value back where the PairMax at Position took it from.
template <Index Position>
struct PairUnmax : NoParameters {
  static constexpr Shape output(Shape in) { return features(2 * in.size()); }
  static constexpr Needs needs(Shape) { return {.link = Position}; }
  template <class Source>
  static constexpr bool links(Shape in) {
    return std::is_same_v<typename Source::Layer, PairMax> && Source::out.size() == in.size();
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    pass.y.setZero();
    for (Index j = 0; j < pass.x.cols(); ++j) {
      for (Index i = 0; i < S::in.size(); ++i) pass.y(2 * i + Index(pass.source.cache(i, j)), j) = pass.x(i, j);
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      for (Index j = 0; j < pass.dy.cols(); ++j) {
        for (Index i = 0; i < S::in.size(); ++i) pass.dx(i, j) = pass.dy(2 * i + Index(pass.source.cache(i, j)), j);
      }
    }
  }
};

/// y = Wᵀ x + b with the W of the Dense at Position.
template <Index Units, Index Position>
struct NaiveTied : NoParameters {
  static constexpr Shape output(Shape) { return features(Units); }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .epilogue = true, .link = Position}; }
  static constexpr auto parameters(Shape) { return std::array{Block{.name = "bias", .rows = Units, .decay = false}}; }
  template <class Source>
  static constexpr bool links(Shape in) {
    return Source::out.size() == in.size() && Source::in.size() == Units;
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    const auto& W = std::get<0>(pass.source.theta);
    const auto& [b] = pass.theta;
    for (Index j = 0; j < pass.x.cols(); ++j) {
      for (Index i = 0; i < Units; ++i) {
        typename S::Scalar sum = b[i];
        for (Index k = 0; k < S::in.size(); ++k) sum += W(k, i) * pass.x(k, j);
        pass.y(i, j) = pass.epilogue.apply(sum);
      }
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    const auto& W = std::get<0>(pass.source.theta);
    auto& dW = std::get<0>(pass.source.dtheta);
    auto& [db] = pass.dtheta;
    if constexpr (InputGradient) pass.dx.setZero();
    for (Index j = 0; j < pass.dy.cols(); ++j) {
      for (Index i = 0; i < Units; ++i) {
        db[i] += pass.dy(i, j);
        for (Index k = 0; k < S::in.size(); ++k) {
          dW(k, i) += pass.x(k, j) * pass.dy(i, j);
          if constexpr (InputGradient) pass.dx(k, j) += W(k, i) * pass.dy(i, j);
        }
      }
    }
  }
};

/// y = x (1 + level · n): random, in place, in training only, redrawn in backward.
struct Flicker : NoParameters {
  double level = 0.3;
  static constexpr Needs needs(Shape) { return {.in_place = true, .training_only = true}; }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    scale(pass.random, pass.x, pass.y);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) scale(pass.random, pass.dy, pass.dx);
  }

 private:
  template <class From, class To>
  void scale(const Random& random, const From& from, To& to) const {
    using T = typename To::Scalar;
    for (Index j = 0; j < from.cols(); ++j) {
      for (Index i = 0; i < from.rows(); ++i) to(i, j) = from(i, j) * T(1 + level * random.normal(j, i));
    }
  }
};

/// y = e^θ ∘ x with the exponentials packed once a step, their product with x kept in scratch on the way.
struct PackedScale : NoParameters {
  static constexpr Needs needs(Shape in) {
    return {.scratch = in.size(), .packed = in.size(), .backward_x = true};
  }
  static constexpr auto parameters(Shape in) { return std::array{Block{.name = "log_scale", .rows = in.size()}}; }
  template <class S>
  void prepare(Prepare<S> pass) const {
    pass.packed = std::get<0>(pass.theta).array().exp().matrix();
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    for (Index j = 0; j < pass.x.cols(); ++j) {
      pass.scratch = pass.packed.cwiseProduct(pass.x.col(j));
      pass.y.col(j) = pass.scratch;
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    auto& [dtheta] = pass.dtheta;
    for (Index j = 0; j < pass.dy.cols(); ++j) {
      dtheta += pass.packed.cwiseProduct(pass.x.col(j)).cwiseProduct(pass.dy.col(j));
      if constexpr (InputGradient) pass.dx.col(j) = pass.packed.cwiseProduct(pass.dy.col(j));
    }
  }
};

/// A leaky sum along a sequence, h_t = tanh(a h_{t−1} + x_t): needs its output again, and scratch for each sample.
struct Recurrence : NoParameters {
  static constexpr Needs needs(Shape in) { return {.scratch_per_sample = in.channels, .backward_y = true}; }
  static constexpr auto parameters(Shape) { return std::array{Block{.name = "leak", .rows = 1, .init = Init::ones}}; }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    constexpr Index n = S::in.channels;
    const auto leak = std::get<0>(pass.theta)[0];
    pass.scratch_per_sample.setZero();
    for (Index t = 0; t < S::in.width; ++t) {
      auto y = pass.y.middleRows(t * n, n);
      y = (leak * pass.scratch_per_sample + pass.x.middleRows(t * n, n)).array().tanh().matrix();
      pass.scratch_per_sample = y;
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    constexpr Index n = S::in.channels;
    const auto leak = std::get<0>(pass.theta)[0];
    auto& carried = pass.scratch_per_sample;
    carried.setZero();
    for (Index t = S::in.width; t-- > 0;) {
      const auto y = pass.y.middleRows(t * n, n);
      carried = ((carried + pass.dy.middleRows(t * n, n)).array() * (1 - y.array().square())).matrix();
      if (t > 0) std::get<0>(pass.dtheta)[0] += carried.cwiseProduct(pass.y.middleRows((t - 1) * n, n)).sum();
      if constexpr (InputGradient) pass.dx.middleRows(t * n, n) = carried;
      carried *= leak;
    }
  }
};

/// (mean, log variance) → a draw: the place of a latent penalty.
struct Draw : NoParameters {
  static constexpr bool accepts(Shape in) { return in.size() % 2 == 0; }
  static constexpr Shape output(Shape in) { return features(in.size() / 2); }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .samples = true}; }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    constexpr Index n = S::out.size();
    for (Index j = 0; j < pass.x.cols(); ++j) {
      for (Index i = 0; i < n; ++i) {
        const T noise = M != Mode::predict ? T(pass.random.normal(j, i)) : T(0);
        pass.y(i, j) = pass.x(i, j) + std::exp(pass.x(n + i, j) / 2) * noise;
      }
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    constexpr Index n = S::out.size();
    if constexpr (InputGradient) {
      for (Index j = 0; j < pass.dy.cols(); ++j) {
        for (Index i = 0; i < n; ++i) {
          pass.dx(i, j) = pass.dy(i, j);
          pass.dx(n + i, j) = pass.dy(i, j) * T(pass.random.normal(j, i)) * std::exp(pass.x(n + i, j) / 2) / 2;
        }
      }
    }
  }
};

/// Σ_i (mean activation of unit i over the whole batch − target)²: couples samples through a penalty.
struct MeanActivation {
  double target = 0.3;
  static constexpr TermNeeds needs{.sums = [](Shape code) { return code.size(); }};
  template <class S>
  void gather(PenaltyGather<S> pass) const {
    for (Index j = 0; j < pass.y.cols(); ++j) {
      for (Index i = 0; i < pass.y.rows(); ++i) pass.sums[std::size_t(i)] += double(pass.y(i, j));
    }
  }
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    const double batch = double(pass.batch);
    double value = 0;
    for (Index i = 0; i < pass.y.rows(); ++i) {
      const double off = pass.sums[std::size_t(i)] / batch - target;
      value += off * off;
      if constexpr (Gradient) pass.dy.row(i).array() += typename S::Scalar(pass.weight * 2 * off / batch);
    }
    return value * double(pass.y.cols()) / batch;  // every shard reports its share
  }
};

/// Σ_j f′(y_j)² ‖W_j‖²: reads and differentiates the producer's weights, through its epilogue.
struct Jacobian {
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    using T = typename S::Scalar;
    const auto& W = std::get<0>(pass.theta);
    double value = 0;
    for (Index i = 0; i < pass.y.rows(); ++i) {
      const double norm = double(W.row(i).squaredNorm());
      double slopes = 0;
      for (Index j = 0; j < pass.y.cols(); ++j) {
        double slope = 1, curvature = 0;
        if constexpr (Elementwise<typename S::Epilogue>) {
          slope = double(pass.epilogue.derivative(pass.y(i, j)));
          curvature = double(pass.epilogue.curvature(pass.y(i, j)));
        }
        slopes += slope * slope;
        if constexpr (Gradient) pass.dy(i, j) += T(pass.weight / double(pass.batch) * 2 * slope * curvature * norm);
      }
      value += slopes * norm;
      if constexpr (Gradient) std::get<0>(pass.dtheta).row(i) += T(pass.weight / double(pass.batch) * 2 * slopes) * W.row(i);
    }
    return value / double(pass.batch);
  }
};

/// KL(N(mean, variance) ‖ N(0, 1)) at the input of Draw.
struct LatentKL {
  static constexpr TermNeeds needs{.site = Site::latent};
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    using T = typename S::Scalar;
    const Index n = pass.y.rows() / 2;
    double value = 0;
    for (Index j = 0; j < pass.y.cols(); ++j) {
      for (Index i = 0; i < n; ++i) {
        const double mean = double(pass.y(i, j)), log_variance = double(pass.y(n + i, j));
        value += 0.5 * (std::exp(log_variance) + mean * mean - 1 - log_variance);
        if constexpr (Gradient) {
          pass.dy(i, j) += T(pass.weight / double(pass.batch) * mean);
          pass.dy(n + i, j) += T(pass.weight / double(pass.batch) * 0.5 * (std::exp(log_variance) - 1));
        }
      }
    }
    return value / double(pass.batch);
  }
};

}  // namespace contract
