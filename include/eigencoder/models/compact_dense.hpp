// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/compact_weights.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/frozen.hpp"

namespace eigencoder::detail {

/// A Dense layer with compact weights, for predictions: y = Ŵ x + b on every column.   x: n × B   y: Units × B
/// Its blocks: `weight`, the memory that kernels::compact_weights describes; with int8 `scale`, one a row; and `bias`. The
/// vectors have as many rows as the panels of `weight`.
template <WeightFormat W, Index Units, bool Biased>
struct CompactDense {
  static constexpr Index rows = kernels::compact_rows(Units);

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape) { return features(Units); }
  static constexpr Needs needs(Shape in) {
    return {.scratch_per_sample = kernels::compact_scratch(W, in.size()), .epilogue = true};
  }
  static constexpr auto parameters(Shape in) {
    const Block weight{.name = "weight", .rows = kernels::compact_size(W, Units, in.size())};
    constexpr Block scale{.name = "scale", .rows = rows}, bias{.name = "bias", .rows = rows};
    if constexpr (W == WeightFormat::int8 && Biased) {
      return std::array{weight, scale, bias};
    } else if constexpr (W == WeightFormat::int8) {
      return std::array{weight, scale};
    } else if constexpr (Biased) {
      return std::array{weight, bias};
    } else {
      return std::array{weight};
    }
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    const float *scale = nullptr, *bias = nullptr;
    float* scratch = nullptr;
    if constexpr (W == WeightFormat::int8) {
      scale = std::get<1>(pass.theta).data();
      scratch = pass.scratch_per_sample.data();
    }
    if constexpr (Biased) bias = std::get < W == WeightFormat::int8 ? 2 : 1 > (pass.theta).data();
    kernels::multiply_compact<W>(std::get<0>(pass.theta).data(), scale, pass.x, pass.y, bias, pass.epilogue, scratch);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient>) const {
    static_assert(sizeof(S) == 0, "compact weights have no gradient: train the model that they are made from");
  }

  /// The blocks from those of the dense layer, whose weights are finite: W, Units × n, and then b.
  static void fill(const float* dense, Index inputs, float* blocks) {
    const Index size = kernels::compact_size(W, Units, inputs);
    kernels::compact_weights(W, {dense, Units, inputs, Units}, blocks, blocks + size);
    if constexpr (Biased) std::copy_n(dense + Units * inputs, Units, blocks + size + (W == WeightFormat::int8 ? rows : 0));
  }
};

/// What becomes of layer L in a compact model: what is no Dense stays as it is.
template <WeightFormat W, class L>
struct CompactLayer {
  using type = L;
};
template <WeightFormat W, Index Units, auto... Options>
struct CompactLayer<W, Dense<Units, Options...>> {
  using type = CompactDense<W, Units, Dense<Units, Options...>::biased>;
};
template <WeightFormat W, Index Units, auto... Options>
struct CompactLayer<W, Frozen<Dense<Units, Options...>>> : CompactLayer<W, Dense<Units, Options...>> {};

/// The same of layer I of a chain. One whose weights a tied layer borrows stays as it is.
template <WeightFormat W, class C, std::size_t I>
using CompactLayerOf = typename std::conditional_t<C::is_source(I), std::type_identity<typename C::template layer<I>>,
                                                   CompactLayer<W, typename C::template layer<I>>>::type;

template <WeightFormat W, class C, std::size_t I>
inline constexpr bool becomes_compact = !std::same_as<CompactLayerOf<W, C, I>, typename C::template layer<I>>;

}  // namespace eigencoder::detail
