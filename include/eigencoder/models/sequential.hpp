// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/chain.hpp"

namespace eigencoder {

namespace detail {

/// What lists of layers have in common: the shapes, and the layers as they are by default.
template <Shape In, bool Open, class Layers>
struct LayerList;
template <Shape In, bool Open, class... L>
struct LayerList<In, Open, std::tuple<L...>> {
  static_assert(sizeof...(L) > 0, "a network needs at least one layer");
  static_assert(all_accepted<In, Open, L...>(std::index_sequence_for<L...>{}));
  static constexpr Shape input = In, output = shapes_along<In, Open, L...>[sizeof...(L)];

  std::tuple<L...> layers = by_default<std::tuple<L...>>;
};

}  // namespace detail

/// A list of layers, one after the other, from an input shape on. Only that shape is ever written; every other follows. Layers
/// may be groups, such as Residual<...> and Skip<...>, whose layers `layers` holds one after the other. It owns no parameters:
/// Network or Autoencoder does.
template <Shape In, class... L>
struct Sequential : detail::LayerList<In, false, detail::FlatLayers<L...>> {};

/// The half of an autoencoder that makes codes: Encoder<image(28, 28), Dense<32>, ReLU>.
template <Shape In, class... L>
struct Encoder : detail::LayerList<In, false, detail::FlatLayers<L...>> {};

/// The half that restores samples from codes: Decoder<Encoder::output, Dense<784>, Sigmoid>.
template <Shape In, class... L>
struct Decoder : detail::LayerList<In, true, detail::FlatLayers<L...>> {};

/// Composes from values what the types spell, for layers that carry some: encoder<image(28, 28)>(LeakyReLU{0.1}, Dense<32>{}).
template <Shape In, class... L>
constexpr Sequential<In, L...> sequential(L... layers) {
  return {{detail::flat(layers...)}};
}
template <Shape In, class... L>
constexpr Encoder<In, L...> encoder(L... layers) {
  return {{detail::flat(layers...)}};
}
template <Shape In, class... L>
constexpr Decoder<In, L...> decoder(L... layers) {
  return {{detail::flat(layers...)}};
}

namespace detail {

/// The position of the code in a network that has none.
inline constexpr std::size_t no_code = static_cast<std::size_t>(-1);

/// The chain of a tuple of layers.
template <class T, Shape In, std::size_t Code, class Layers>
struct ChainOfLayers;
template <class T, Shape In, std::size_t Code, class... L>
struct ChainOfLayers<T, In, Code, std::tuple<L...>> {
  using type = Chain<T, In, Code, L...>;
};

template <class... L>
inline constexpr std::size_t layer_count = std::tuple_size_v<FlatLayers<L...>>;

template <class T, class R>
struct ChainOf;
template <class T, Shape In, class... L>
struct ChainOf<T, Sequential<In, L...>> : ChainOfLayers<T, In, no_code, FlatLayers<L...>> {};
template <class T, Shape In, class... L>
struct ChainOf<T, Encoder<In, L...>> : ChainOfLayers<T, In, layer_count<L...>, FlatLayers<L...>> {};
template <class T, Shape In, class... L>
struct ChainOf<T, Decoder<In, L...>> : ChainOfLayers<T, In, 0, FlatLayers<L...>> {};

}  // namespace detail

}  // namespace eigencoder
