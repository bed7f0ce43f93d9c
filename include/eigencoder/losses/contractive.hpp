// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "eigencoder/core/objective.hpp"
#include "eigencoder/core/tangent_pass.hpp"
#include "eigencoder/kernels/draw.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/gemm.hpp"

namespace eigencoder {

namespace detail {

// Of an activation F = f, at its output y.

/// sum + f′²
template <class F>
struct AddSquaredSlope {
  using InComponent = kernels::InComponentWith<F, AddSquaredSlope>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V sum, V y) const {
    return kernels::multiply_add(f.derivative(y), f.derivative(y), sum);
  }
};
/// before + factor f′ f″ norm
template <class F>
struct AddSlopeGradient {
  using InComponent = kernels::InComponentWith<F, AddSlopeGradient>;
  [[no_unique_address]] F f;
  double factor;
  template <class V>
  V operator()(V before, V y, V norm) const {
    return kernels::multiply_add(V(factor) * f.derivative(y) * f.curvature(y), norm, before);
  }
};
/// before + a b
struct AddProduct {
  using InComponent = AddProduct;
  template <class V>
  V operator()(V before, V a, V b) const {
    return kernels::multiply_add(a, b, before);
  }
};

}  // namespace detail

/// ‖∂h/∂x‖²_F, averaged over the batch: how far the code h moves when the input does.   h = f(W x + b)   W: m × n
/// For an encoder of one Dense, with an activation after it or none, exactly and at little cost: the Jacobian is
/// diag(f′) W, so
///   ‖J‖² = Σ_i f′_i² ‖W_i‖²   ∂/∂W_i = 2 f′_i² W_i   ∂/∂h_i = 2 f′_i f″_i ‖W_i‖²,
/// where f′ and f″ = df′/dh are taken at the output, as `derivative` and `curvature` of an activation are.
/// Rifai, Vincent, Muller, Glorot and Bengio, "Contractive auto-encoders", 2011.
struct Contractive {
  static constexpr TermNeeds needs{.demands = true};

  template <class Chain>
  struct Demands {
    static constexpr bool one_dense = [] {
      using Producer = typename Chain::template stage<0>;
      if constexpr (Affine<typename Producer::Layer>) {
        constexpr Block weight = Producer::Trainable::entries[0].block;
        return weight.rows == Producer::out.size() && weight.cols == Producer::in.size();
      }
      return false;
    }();
    static_assert(
        one_dense && (Chain::code == 1 || (Chain::code == 2 && Chain::elementwise[1])),
        "Contractive needs an encoder of one Dense and at most one activation whose derivative follows from its output; "
        "for other encoders there are StochasticContractive and DeepContractive");
  };

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    using T = typename S::Scalar;
    constexpr Index block = 256;  // rows of W whose sums fit on the stack, and into the first cache
    alignas(64) std::array<T, static_cast<std::size_t>(block)> norms, slopes;
    using F = typename S::Epilogue;
    const double share = 1 / static_cast<double>(pass.batch);
    const double factor = 2 * share * pass.weight;
    const auto& W = std::get<0>(pass.theta);
    double value = 0;
    for (Index first = 0; first < W.rows(); first += block) {
      const Index rows = std::min(block, W.rows() - first);
      kernels::square_rows<T>({W.data() + first, rows, W.cols(), W.rows()}, norms.data());
      slopes.fill(T(0));
      for (Index j = 0; j < pass.y.cols(); ++j) {
        const T* const y = pass.y.col(j).data() + first;
        kernels::transform(rows, slopes.data(), detail::AddSquaredSlope<F>{pass.epilogue}, slopes.data(), y);
        if constexpr (Gradient && Curved<F>) {
          T* const dy = pass.dy.col(j).data() + first;
          kernels::transform(rows, dy, detail::AddSlopeGradient<F>{pass.epilogue, factor}, dy, y, norms.data());
        }
      }
      for (Index i = 0; i < rows; ++i) {
        const auto row = static_cast<std::size_t>(i);
        value += static_cast<double>(slopes[row]) * static_cast<double>(norms[row]);
        slopes[row] *= static_cast<T>(factor);
      }
      if constexpr (Gradient) {
        auto& dW = std::get<0>(pass.dtheta);
        for (Index j = 0; j < W.cols(); ++j) {
          T* const dw = dW.col(j).data() + first;
          kernels::transform(rows, dw, detail::AddProduct{}, dw, slopes.data(), W.col(j).data() + first);
        }
      }
    }
    return share * value;
  }
};
static_assert(Penalty<Contractive>);

namespace detail {

/// ‖v‖² / divisor, averaged over the batch, for v = J u or Jᵀ u.   ∂/∂v = 2 v / divisor
struct SquaredTangent {
  template <class T, bool Gradient>
  static double value(TangentPass<T, Gradient> pass, Index divisor) {
    const double share = 1 / (static_cast<double>(pass.batch) * static_cast<double>(divisor));
    double sum = 0;
    for (Index j = 0; j < pass.v.cols(); ++j) sum += static_cast<double>(pass.v.col(j).dot(pass.w.col(j)));
    if constexpr (Gradient) {
      kernels::transform(pass.w.size(), pass.dv.data(), kernels::Scaled{2 * share * pass.weight}, pass.w.data());
    }
    return share * sum;
  }
};

}  // namespace detail

/// ‖∂h/∂x‖²_F like Contractive, estimated for encoders of any depth, with convolutions, pools and dropout: the mean of ‖J u‖²
/// over so many directions u ~ N(0, I), drawn anew for every sample in every step. E ‖J u‖² = ‖J‖²_F, and the variance of one
/// is 2 ‖Jᵀ J‖²_F: the relative deviation is at most √(2 / Directions) for a sample, and falls with the root of the batch. A
/// direction costs about as much as the encoder's own forward and backward. Hutchinson, 1990.
template <Index Directions = 1>
struct StochasticContractive : detail::SquaredTangent {
  static_assert(Directions > 0, "StochasticContractive<Directions>: Directions must be positive");
  static constexpr TermNeeds needs{.site = Site::tangent,
                                   .directions = [](Shape, Shape) { return TangentDirections{.count = Directions}; }};

  template <class View>
  void direction(Index, const Random& random, View u) const {
    for (Index j = 0; j < u.cols(); ++j) {
      kernels::transform_draws<kernels::Normal>(random, j, u.rows(), u.col(j).data(), kernels::Drawn{});
    }
  }
  template <class T, bool Gradient>
  double operator()(TangentPass<T, Gradient> pass) const {
    return value(pass, Directions);
  }
};
static_assert(Penalty<StochasticContractive<>>);

/// ‖∂h/∂x‖²_F like Contractive, exactly, for encoders that StochasticContractive takes. The shorter of the two ways, row by row
/// or column by column of the Jacobian: Σ_k ‖Jᵀ e_k‖² over the values of the code, or Σ_k ‖J e_k‖² over those of the input.
/// Each costs about as much as the encoder's own forward and backward. For codes, or inputs, of at most 128 values.
struct DeepContractive : detail::SquaredTangent {
  static constexpr TermNeeds needs{.site = Site::tangent,
                                   .directions =
                                       [](Shape input, Shape code) {
                                         return TangentDirections{.count = std::min(input.size(), code.size()),
                                                                  .from_code = code.size() < input.size()};
                                       },
                                   .demands = true};

  template <class Chain>
  struct Demands {
    static_assert(
        std::min(Chain::input.size(), Chain::shapes[Chain::code].size()) <= 128,
        "DeepContractive takes codes or inputs of at most 128 values; for larger ones there is StochasticContractive");
  };

  template <class View>
  void direction(Index d, const Random&, View u) const {
    u.setZero();
    u.row(d).setOnes();
  }
  template <class T, bool Gradient>
  double operator()(TangentPass<T, Gradient> pass) const {
    return value(pass, 1);
  }
};
static_assert(Penalty<DeepContractive>);

}  // namespace eigencoder
