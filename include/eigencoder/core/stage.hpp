// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/no_activation.hpp"

namespace eigencoder {

namespace detail {
template <class T, class Plain>
using MapOf = Eigen::Map<std::conditional_t<std::is_const_v<T>, const Plain, Plain>>;
}

/// Column-major views of memory that they do not own. Their sizes are run-time values: one type for all layers keeps the
/// compiler's work, and the code it makes, independent of how many widths a network has.
template <class T>
using MatrixView = detail::MapOf<T, Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic>>;
template <class T>
using VectorView = detail::MapOf<T, Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, 1>>;

/// The trainable blocks of a layer, or its state blocks, and where each begins in the layer's part of memory.
template <class Layer, Shape In, bool Trainable>
struct Blocks {
  struct Entry {
    Block block;
    Index offset = 0;
  };

  static constexpr auto all = Layer::parameters(In);
  static constexpr std::size_t count = [] {
    std::size_t n = 0;
    for (const Block& block : all) n += block.trainable == Trainable;
    return n;
  }();
  static constexpr std::array<Entry, count> entries = [] {
    std::array<Entry, count> found{};
    [[maybe_unused]] std::size_t n = 0;
    [[maybe_unused]] Index offset = 0;
    for (const Block& block : all) {
      if (block.trainable != Trainable) continue;
      found[n++] = {block, offset};
      offset += block.size();
    }
    return found;
  }();
  static constexpr Index size = [] {
    Index total = 0;
    for (const Entry& entry : entries) total += entry.block.size();
    return total;
  }();

  /// The blocks as a tuple of views, for structured bindings: `const auto& [W, b] = pass.theta`.
  template <class T>
  static auto views(T* base) {
    return [base]<std::size_t... I>(std::index_sequence<I...>) {
      static_cast<void>(base);
      return std::tuple{view<entries[I].block.cols == 0>(base, entries[I])...};
    }
    (std::make_index_sequence<count>{});
  }

 private:
  template <bool Vector, class T>
  static auto view(T* base, const Entry& entry) {
    T* const first = base == nullptr ? nullptr : base + entry.offset;  // no gradients are asked for, say
    if constexpr (Vector) {
      return VectorView<T>(first, entry.block.rows);
    } else {
      return MatrixView<T>(first, entry.block.rows, entry.block.cols);
    }
  }
};

/// The source of a layer that joins an earlier activation. `Trained`: the loss has a gradient there.
template <Shape Is, class T, bool Trained>
struct JoinedActivation {
  using Scalar = T;
  static constexpr Shape out = Is;
  static constexpr bool trained = Trained;
};

namespace detail {
template <class Layer, class Source>
constexpr Shape output_of(Shape in) {
  if constexpr (Join<Layer>) {
    return Layer::output(in, Source::out);
  } else {
    return Layer::output(in);
  }
}
}  // namespace detail

/// A layer at its place: all that a pass depends on and nothing more, no position and no network, so equal layers share code.
template <class LayerType, Shape In, class T, class EpilogueType = NoActivation, class SourceStage = void,
          bool CacheReadLater = false, class PreviousType = NoActivation>
struct Stage {
  using Layer = LayerType;
  using Scalar = T;
  using Epilogue = EpilogueType;  ///< the next layer, an elementwise one, which forward applies
  using Previous = PreviousType;  ///< the previous layer, an elementwise one, with whose derivative backward multiplies dx
  using Source =
      SourceStage;  ///< the stage of the earlier layer that this one links to, or the activation that it joins, or void

  static constexpr Shape in = In, out = detail::output_of<Layer, SourceStage>(In);
  static constexpr Needs needs = Layer::needs(In);
  static constexpr bool cache_read_later = CacheReadLater;  ///< a later layer reads the cache, so inference keeps it too

  // g++ 12 crashes where such an alias is formed outside, from S::in; in here the shape is a name of our own.
  using Trainable = Blocks<Layer, In, true>;
  using Running = Blocks<Layer, In, false>;
  using Theta = decltype(Trainable::views(static_cast<const T*>(nullptr)));
  using DTheta = decltype(Trainable::views(static_cast<T*>(nullptr)));
  using State = decltype(Running::views(static_cast<const T*>(nullptr)));
  using MutableState = decltype(Running::views(static_cast<T*>(nullptr)));
};

}  // namespace eigencoder
