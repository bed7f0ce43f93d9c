// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/chain.hpp"
#include "eigencoder/engine/layer_list.hpp"
#include "eigencoder/layers/frozen.hpp"

namespace eigencoder {

namespace detail {

/// What becomes of layer L in a group that is frozen.
template <class L>
using FrozenMember =
    std::conditional_t<(std::tuple_size_v<decltype(L::parameters(Shape{}))> > 0) && !FrozenLayer<L>, Frozen<L>, L>;

template <class Layers>
struct FrozenMembers;
template <class... L>
struct FrozenMembers<std::tuple<L...>> {
  using type = std::tuple<FrozenMember<L>...>;
};

}  // namespace detail

/// Several layers whose parameters are not trained, written in a list as if they were one, groups included:
/// Frozen<Conv2D<8, 3>, ReLU, Residual<Conv2D<8, 3>, ReLU>>. In the network each layer that has parameters is Frozen, the
/// others are what they are.
template <class... L>
struct Frozen {
  static_assert(sizeof...(L) > 0, "Frozen<L...>: there must be a layer");
  using Layers = typename detail::FrozenMembers<detail::FlatLayers<L...>>::type;
  Layers layers = detail::by_default<Layers>;
};

/// The same from values, for layers that carry some: frozen(Dense<32>{}, LeakyReLU{0.1}).
template <class... L>
constexpr Frozen<L...> frozen(L... layers) {
  if constexpr (Recipe<Frozen<L...>>) {
    return {layers...};
  } else {
    return {
        std::apply([](auto... each) { return typename Frozen<L...>::Layers{detail::FrozenMember<decltype(each)>{each}...}; },
                   detail::flat(layers...))};
  }
}

}  // namespace eigencoder
