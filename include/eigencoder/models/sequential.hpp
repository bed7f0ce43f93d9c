// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/chain.hpp"

namespace eigencoder {

/// A recipe: layers one after the other, from an input shape on. Only that shape is ever written; every other follows.
/// It owns no parameters: Network or Autoencoder does.
template <Shape In, class... L>
struct Sequential {
  static_assert(sizeof...(L) > 0, "a network needs at least one layer");
  static_assert(detail::all_accepted<In, L...>(std::make_index_sequence<sizeof...(L)>{}));
  static constexpr Shape input = In, output = detail::shapes_along<In, L...>[sizeof...(L)];

  // Each layer is spelt out: g++ 12 makes a tuple by default with options that are 0 behind layers without any.
  std::tuple<L...> layers{L{}...};
};

/// The half of an autoencoder that makes codes: Encoder<image(28, 28), Dense<32>, ReLU>.
template <Shape In, class... L>
struct Encoder : Sequential<In, L...> {};

/// The half that restores samples from codes: Decoder<Encoder::output, Dense<784>, Sigmoid>.
template <Shape In, class... L>
struct Decoder : Sequential<In, L...> {};

/// Composes from values what the types spell, for layers that carry some: encoder<image(28, 28)>(LeakyReLU{0.1}, Dense<32>{}).
template <Shape In, class... L>
constexpr Sequential<In, L...> sequential(L... layers) {
  return {{layers...}};
}
template <Shape In, class... L>
constexpr Encoder<In, L...> encoder(L... layers) {
  return {{{layers...}}};
}
template <Shape In, class... L>
constexpr Decoder<In, L...> decoder(L... layers) {
  return {{{layers...}}};
}

namespace detail {

/// Stands for the position of the code in a network that has none.
inline constexpr std::size_t no_code = static_cast<std::size_t>(-1);

template <class T, class R>
struct ChainOf;
template <class T, Shape In, class... L>
struct ChainOf<T, Sequential<In, L...>> {
  using type = Chain<T, In, no_code, L...>;
};
template <class T, Shape In, class... L>
struct ChainOf<T, Encoder<In, L...>> {
  using type = Chain<T, In, sizeof...(L), L...>;
};
template <class T, Shape In, class... L>
struct ChainOf<T, Decoder<In, L...>> {
  using type = Chain<T, In, 0, L...>;
};

}  // namespace detail

}  // namespace eigencoder
