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
// Formed once for each scalar: a use then costs the compiler no more than looking up a name.
template <class T>
struct ViewTypes {
  template <class Plain>
  using MapOf = Eigen::Map<std::conditional_t<std::is_const_v<T>, const Plain, Plain>>;

  using Matrix = MapOf<Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic>>;
  using Vector = MapOf<Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, 1>>;
};
}  // namespace detail

/// Column-major views of memory that they do not own. Their sizes are run-time values: one type for all layers keeps the
/// compiler's work, and the code it makes, independent of how many widths a network has.
template <class T>
using MatrixView = typename detail::ViewTypes<T>::Matrix;
template <class T>
using VectorView = typename detail::ViewTypes<T>::Vector;

// What follows is compiled once for all layers with that many blocks.
namespace detail {

template <std::size_t N>
constexpr std::size_t count_blocks(const std::array<Block, N>& all, bool trainable) {
  std::size_t count = 0;
  for (const Block& block : all) count += block.trainable == trainable;
  return count;
}

template <std::size_t Count, std::size_t N>
constexpr std::array<LayerBlock, Count> place_blocks(const std::array<Block, N>& all, bool trainable) {
  std::array<LayerBlock, Count> placed{};
  [[maybe_unused]] std::size_t n = 0;
  [[maybe_unused]] Index offset = 0;
  for (const Block& block : all) {
    if (block.trainable != trainable) continue;
    placed[n++] = {block, offset};
    offset += block.size();
  }
  return placed;
}

template <std::size_t Count>
constexpr Index end_of(const std::array<LayerBlock, Count>& blocks) {
  if constexpr (Count > 0) return blocks[Count - 1].offset + blocks[Count - 1].block.size();
  return 0;
}

template <std::size_t Count>
constexpr std::array<bool, Count> vectors_among(const std::array<LayerBlock, Count>& blocks) {
  std::array<bool, Count> vectors{};
  for (std::size_t i = 0; i < Count; ++i) vectors[i] = blocks[i].block.cols == 0;
  return vectors;
}

/// Views of blocks, of which those are vectors that `Vectors` has as true.
template <class T, auto Vectors, class Positions>
struct BlockViews;
template <class T, auto Vectors, std::size_t... I>
struct BlockViews<T, Vectors, std::index_sequence<I...>> {
  template <std::size_t Block>
  using View = std::conditional_t<Vectors[Block], VectorView<T>, MatrixView<T>>;
  using Tuple = std::tuple<View<I>...>;

  static Tuple of([[maybe_unused]] T* base, [[maybe_unused]] const LayerBlock* blocks) {
    return Tuple(view<View<I>>(base, blocks[I])...);
  }

 private:
  template <class As>
  static As view(T* base, const LayerBlock& at) {
    T* const first = base == nullptr ? nullptr : base + at.offset;  // no gradients are asked for, say
    if constexpr (As::IsVectorAtCompileTime) {
      return As(first, at.block.rows);
    } else {
      return As(first, at.block.rows, at.block.cols);
    }
  }
};

}  // namespace detail

/// The trainable blocks of a layer, or its state blocks, and where each begins in the layer's part of memory.
template <class Layer, Shape In, bool Trainable>
struct Blocks {
  static constexpr auto all = Layer::parameters(In);
  static constexpr std::size_t count = detail::count_blocks(all, Trainable);
  static constexpr std::array<LayerBlock, count> entries = detail::place_blocks<count>(all, Trainable);
  static constexpr Index size = detail::end_of(entries);

  template <class T>
  using ViewsOf = detail::BlockViews<T, detail::vectors_among(entries), std::make_index_sequence<count>>;
  template <class T>
  using Views = typename ViewsOf<T>::Tuple;
  /// The blocks as a tuple of views, for structured bindings: `const auto& [W, b] = pass.theta`.
  template <class T>
  static Views<T> views(T* base) {
    return ViewsOf<T>::of(base, entries.data());
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
  using Theta = typename Trainable::template Views<const T>;
  using DTheta = typename Trainable::template Views<T>;
  using State = typename Running::template Views<const T>;
  using MutableState = typename Running::template Views<T>;
};

}  // namespace eigencoder
