// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>

#include "eigencoder/core/layer.hpp"

// The shapes along a list of layers, and the sentences for a layer that cannot be at its position.
namespace eigencoder {

/// Fails to compile, naming the first layer of a list that cannot be at its position. A layer may say why, in the assertions of
/// a member template `Refusal<Input>`.
template <std::size_t Position, class Layer, Shape Input>
struct LayerAccepts {
  static_assert(Recipe<Layer>,
                "this type is not a layer (it lacks accepts, output, needs or parameters): see Position and Layer above");
  static constexpr bool accepted = [] {
    if constexpr (Recipe<Layer>) {
      if constexpr (!Layer::accepts(Input) && requires { typename Layer::template Refusal<Input>; }) {
        return sizeof(typename Layer::template Refusal<Input>) == 0;
      }
      return Layer::accepts(Input);
    }
    return true;
  }();
  static_assert(accepted, "this layer cannot take an input of this shape: see Position, Layer and Input above");
};

/// The same of a layer that joins its input with an earlier activation; why, it says in `Refusal<Input, Joined>`.
template <std::size_t Position, class Layer, Shape Input, Shape Joined>
struct LayerJoins {
  static constexpr bool accepted = [] {
    if constexpr (!Layer::accepts(Input, Joined) && requires { typename Layer::template Refusal<Input, Joined>; }) {
      return sizeof(typename Layer::template Refusal<Input, Joined>) == 0;
    }
    return Layer::accepts(Input, Joined);
  }();
  static_assert(accepted, "this layer cannot join its input with that activation: see Position, Layer, Input and Joined above");
};
template <std::size_t Position, class Layer>
struct LayerJoinsEarlier {
  static_assert(Position != Position,
                "this layer joins a position that is not before its own: positions are counted from 0, negative ones back from the "
                "layer that names them (-2: the layer before the previous one)");
};

/// Fails to compile if the layer at Position cannot link to the earlier layer that it names.
template <std::size_t Position, class Layer, class SourceStage, Shape Input>
struct LayerLinks {
  static_assert(Layer::template links<SourceStage>(Input),
                "this layer cannot be linked to that one: see Position, Layer, SourceStage and Input above");
};

namespace detail {

/// The position that a layer at `position` names by `link`, which if negative is counted back. -1: that of the network's input.
constexpr Index linked_position(Index link, std::size_t position) {
  return link >= 0 ? link : static_cast<Index>(position) + link;
}

/// A join in the second part of a network, which begins with position 0 here, reads an activation of the whole.
constexpr bool reaches_out(Index link, std::size_t position) { return link >= 0 || linked_position(link, position) + 1 < 0; }

/// A shape that is not known yet.
inline constexpr Shape unknown{.channels = 0, .height = 0, .width = 0};

/// The shape of every activation of a list of layers: the input, then each layer's output. What follows a layer that is refused
/// means nothing. With Open, the list is the second part of a network: layers that join an activation of the first part, or name
/// a position of the whole, give unknown shapes, as do all that follow.
template <Shape In, bool Open, class... Layers>
inline constexpr auto shapes_along = [] {
  std::array<Shape, sizeof...(Layers) + 1> shapes{In};
  std::size_t at = 0;
  bool fine = true;
  const auto follow = [&]<class Layer>() {
    const Shape in = shapes[at];
    Shape out = in;
    if constexpr (!Recipe<Layer>) {
      fine = false;
    } else if constexpr (Join<Layer>) {
      if (fine && in != unknown) {
        const Index link = Layer::needs(in).link, from = linked_position(link, at) + 1;
        if (Open && reaches_out(link, at)) {
          out = unknown;
        } else {
          const bool earlier = 0 <= from && from < static_cast<Index>(at);
          fine = earlier && Layer::accepts(in, shapes[earlier ? static_cast<std::size_t>(from) : 0]);
          if (fine) out = Layer::output(in, shapes[static_cast<std::size_t>(from)]);
        }
      }
    } else if (in != unknown) {
      fine = fine && Layer::accepts(in);
      if (fine) out = Layer::output(in);
    }
    shapes[++at] = out;
  };
  (follow.template operator()<Layers>(), ...);
  return shapes;
}();

template <bool Open, std::size_t I, class Layer, const auto& Shapes>
constexpr bool accepted() {
  constexpr Shape in = Shapes[I];
  if constexpr (in == unknown) {
    return true;
  } else if constexpr (Join<Layer>) {
    constexpr Index link = Layer::needs(in).link, from = linked_position(link, I) + 1;
    if constexpr (Open && reaches_out(link, I)) {
      return true;
    } else if constexpr (from < 0 || from >= static_cast<Index>(I)) {
      return sizeof(LayerJoinsEarlier<I, Layer>) > 0;
    } else {
      return sizeof(LayerJoins<I, Layer, in, Shapes[static_cast<std::size_t>(from)]>) > 0;
    }
  } else {
    return sizeof(LayerAccepts<I, Layer, in>) > 0;
  }
}

template <Shape In, bool Open, class... Layers, std::size_t... I>
constexpr bool all_accepted(std::index_sequence<I...>) {
  return (accepted<Open, I, Layers, shapes_along<In, Open, Layers...>>() && ...);
}

/// Several layers that are written as one, such as Residual: `Layers`, a tuple of their types, and `layers`, their values.
template <class L>
concept Group = requires(const L group) {
  typename L::Layers;
  group.layers;
};

/// The layers of a group, or the layer alone, as a tuple.
template <class Each>
constexpr auto layers_of(const Each& layer) {
  if constexpr (Group<Each>) {
    return layer.layers;
  } else {
    return std::tuple<Each>(layer);
  }
}

template <class... L>
struct Flat {
  using type = std::tuple<L...>;
};
template <class... L>
requires(Group<L> || ...) struct Flat<L...> {
  using type = decltype(std::tuple_cat(layers_of(std::declval<L>())...));
};
/// The layers of a list, one after the other, those of groups included, as the types of a tuple.
template <class... L>
using FlatLayers = typename Flat<L...>::type;

/// The same of values.
template <class... L>
constexpr FlatLayers<L...> flat(const L&... layers) {
  return std::tuple_cat(layers_of(layers)...);
}

/// Elements [Begin, Begin + Count) of a tuple.
template <std::size_t Begin, std::size_t Count, class Tuple>
constexpr auto slice(const Tuple& tuple) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::tuple{std::get<Begin + I>(tuple)...}; }
  (std::make_index_sequence<Count>{});
}

/// A tuple of layers, each as it is by default. Each is spelt out: g++ 12 makes a tuple by default with options that are 0 after
/// layers without any.
template <class Layers>
inline constexpr Layers by_default = [] {
  return []<std::size_t... I>(std::index_sequence<I...>) { return Layers{std::tuple_element_t<I, Layers>{}...}; }
  (std::make_index_sequence<std::tuple_size_v<Layers>>{});
}();

}  // namespace detail

}  // namespace eigencoder
