// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/layer_list.hpp"
#include "eigencoder/layers/join.hpp"

// Groups of layers that branch and join again, written in a list as if they were one layer. In the network they are the layers
// that they are made of, one after the other.
namespace eigencoder {

namespace detail {

template <class... L>
inline constexpr Index count_of = static_cast<Index>(std::tuple_size_v<FlatLayers<L...>>);

/// What groups have in common.
template <class... L>
struct GroupOf {
  using Layers = FlatLayers<L...>;
  Layers layers = by_default<Layers>;
};

}  // namespace detail

/// As the first of a Residual: the layers that give its input the shape of its output.
template <class... L>
struct Projection : detail::GroupOf<L...> {
  static_assert(sizeof...(L) > 0, "Projection<L...>: there must be a layer");
};

/// y = f(x) + x, with f the layers L: a residual block. Where f changes the shape, the first of L is a Projection<...> p, and
/// y = f(x) + p(x). It becomes L..., Add; with a projection p..., Branch, L..., Add.
///   Residual<Conv2D<8, 3>, BatchNorm, ReLU, Conv2D<8, 3>, BatchNorm>
///   Residual<Projection<Conv2D<16, 1, 2>>, Conv2D<16, 3, 2>, ReLU, Conv2D<16, 3>>
/// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016.
template <class... L>
struct Residual : detail::GroupOf<L..., Add<-detail::count_of<L...> - 1>> {
  static_assert(sizeof...(L) > 0, "Residual<L...>: there must be a layer");
};
template <class... P, class... L>
struct Residual<Projection<P...>, L...>
    : detail::GroupOf<P..., Branch<-detail::count_of<P...> - 1>, L..., Add<-detail::count_of<L...> - 2>> {
  static_assert(sizeof...(L) > 0, "Residual<Projection<P...>, L...>: there must be a layer after the projection");
};

/// y = f(x) with x as further channels after those of f(x), f the layers L. Nested ones are a U-Net:
///   Skip<Conv2D<8, 3>, ReLU, MaxPool2D<2>, Skip<MaxPool2D<2>, Conv2D<16, 3>, ReLU, UpSample2D<2>>, Conv2D<8, 3>, ReLU, UpSample2D<2>>
/// It becomes L..., Concatenate. Ronneberger, Fischer and Brox, "U-Net", 2015.
template <class... L>
struct Skip : detail::GroupOf<L..., Concatenate<-detail::count_of<L...> - 1>> {
  static_assert(sizeof...(L) > 0, "Skip<L...>: there must be a layer");
};

/// The same from values, for layers that carry some: residual(Dense<32>{}, LeakyReLU{0.1}, Dense<32>{}).
template <class... L>
constexpr Projection<L...> projection(L... layers) {
  return {{detail::flat(layers...)}};
}
template <class... L>
constexpr Residual<L...> residual(L... layers) {
  return {{detail::flat(layers..., Add<-detail::count_of<L...> - 1>{})}};
}
template <class... P, class... L>
constexpr Residual<Projection<P...>, L...> residual(Projection<P...> through, L... layers) {
  return {{detail::flat(through, Branch<-detail::count_of<P...> - 1>{}, layers..., Add<-detail::count_of<L...> - 2>{})}};
}
template <class... L>
constexpr Skip<L...> skip(L... layers) {
  return {{detail::flat(layers..., Concatenate<-detail::count_of<L...> - 1>{})}};
}

}  // namespace eigencoder
