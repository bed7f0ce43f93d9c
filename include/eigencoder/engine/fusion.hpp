// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <tuple>

#include "eigencoder/core/stage.hpp"

// Which layers run together, in training and in inference. Only marks: the list of layers, and so positions, links, summary and
// messages, stays the user's. Two layers run as one where the second is a fused layer (`FusedWith`); a layer writes over its input
// (`Needs::in_place`), is applied by the previous one in its store (`Needs::epilogue`), or has its backward done by the next one
// in the store of dx (`Needs::derivative`). Never across an activation that something else reads.
namespace eigencoder {

/// A layer that can do the work of the previous layer as well, as one: it says so by a member template FusedWith<Previous>, a
/// layer with the same parameters, made from both, that replaces both.
template <class Layer, class Previous>
concept TakesOver = requires {
  typename Layer::template FusedWith<Previous>;
};

namespace detail {
template <class Previous, class Layer, bool Taken>
struct RunsAs {
  using type = Layer;
};
template <class Previous, class Layer>
struct RunsAs<Previous, Layer, true> {
  using type = typename Layer::template FusedWith<Previous>;
};
}  // namespace detail

/// For each layer of a tuple, whether it does the work of the previous one too. `apart(i)`: something else reads what lies between
/// layers i − 1 and i.
template <class Layers, class Apart>
constexpr auto taken_together(Apart apart) {
  constexpr std::size_t size = std::tuple_size_v<Layers>;
  std::array<bool, size> takes{};
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((takes[I + 1] = TakesOver<std::tuple_element_t<I + 1, Layers>, std::tuple_element_t<I, Layers>> && !takes[I] && !apart(I + 1)),
     ...);
  }
  (std::make_index_sequence<size - 1>{});
  return takes;
}

template <std::size_t N>
struct Fusion {
  std::array<bool, N> in_place{};  ///< layer i writes over its input, or writes nothing since another does its work
  std::array<bool, N> applied{};   ///< layer i is applied by layer i − 1 in its store
  std::array<bool, N> folded{};    ///< layer i's backward is done by the next layer that runs, in the store of its dx

  /// Layer i applies the next one in its store.
  constexpr bool applies_next(std::size_t i) const { return i + 1 < N && applied[i + 1]; }
  /// The layer that reads activation i does the backward of the one that wrote it.
  constexpr bool folds_writer(std::size_t i) const { return i > 0 && folded[i - 1]; }
  /// The first activation of those that share memory with activation i, by layers that write in place.
  constexpr std::size_t first_of_run(std::size_t i) const {
    while (i > 0 && in_place[i - 1]) --i;
    return i;
  }
  /// And the last.
  constexpr std::size_t last_of_run(std::size_t i) const {
    while (i < N && in_place[i]) ++i;
    return i;
  }
};

/// `observed[i]`: something other than layer i reads activation i after forward has passed it, so that it must exist and stay.
/// The code always exists, since encode() ends and decode() begins there. `on_logits`: a loss does the work of the last layer.
template <class C>
constexpr Fusion<C::size> fuse(const std::array<bool, C::size + 1>& observed, bool training, bool on_logits = false) {
  Fusion<C::size> fusion;
  for (std::size_t i = 1; i < C::size; ++i) {
    const bool input_read_again = training && (C::needs[i].backward_x || C::needs[i - 1].backward_y);
    const bool writes_over = C::needs[i].in_place && !input_read_again && !observed[i];
    fusion.in_place[i] = C::taken_over(i) || writes_over;
    fusion.applied[i] = !C::taken_over(i) && writes_over && C::elementwise[i] && C::needs[i - 1].epilogue && i != C::code;
  }
  for (std::size_t i = 0; training && i + 1 < C::size; ++i) {
    const std::size_t next = C::taken_over(i + 1) ? i + 2 : i + 1;
    fusion.folded[i] = next < C::size && C::elementwise[i] && C::needs[next].derivative && !observed[i + 1];
  }
  if (on_logits) {
    fusion.in_place[C::size - 1] = true;
    fusion.applied[C::size - 1] = false;
  }
  return fusion;
}

/// Layer I of a chain C where it is applied in another's store; elsewhere NoActivation.
template <class C, std::size_t I, bool Applied>
struct AppliedLayer {
  using type = NoActivation;
};
template <class C, std::size_t I>
struct AppliedLayer<C, I, true> {
  using type = typename C::template layer<I>;
};

/// The value of such a layer: layer I of the tuple, or NoActivation.
template <class Activation, std::size_t I, class Layers>
constexpr Activation applied_layer(const Layers& layers) {
  if constexpr (std::is_same_v<Activation, NoActivation>) {
    static_cast<void>(layers);
    return {};
  } else {
    return std::get<I>(layers);
  }
}

}  // namespace eigencoder
