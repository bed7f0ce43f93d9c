// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/models/branches.hpp"
#include "eigencoder/models/sequential.hpp"

// Decoders that are derived from their encoder, by what each layer says of itself: see Mirroring in core/layer.hpp.
namespace eigencoder {

namespace detail {

template <class L>
concept TrainingOnly = Recipe<L> && std::bool_constant<L::needs(Shape{}).training_only>::value;
template <class L>
concept SaysMirroring = std::same_as<decltype(L::mirroring), const Mirroring>;

template <class L>
inline constexpr bool is_residual = false;
template <class... L>
inline constexpr bool is_residual<Residual<L...>> = true;

template <class L>
constexpr Mirroring mirroring_of() {
  if constexpr (is_residual<L>) return Mirroring::weights;
  if constexpr (SaysMirroring<L>) return L::mirroring;
  return Mirroring::leaves;
}

/// Fails to compile, naming a layer of an encoder that cannot be mirrored.
template <std::size_t Position, class Layer, Shape Input>
struct LayerMirrors {
  static constexpr bool known = is_residual<Layer> || SaysMirroring<Layer> || TrainingOnly<Layer>;
  static_assert(known,
                "this layer has no mirror: see Position and Layer above; write the decoder out, or give the layer a member "
                "`mirroring`");
};

/// Fails to compile unless a mirrored layer gives at least what the layer took.
template <std::size_t Position, class Layer, Shape Input, class Mirror, Shape Restored>
struct MirrorRestores {
  static_assert(
      Restored.channels == Input.channels && Restored.height >= Input.height && Restored.width >= Input.width,
      "the mirror of this layer restores less than its input, since its windows lose rows or columns: see Layer, Input and "
      "Restored above");
};

/// The value as a tuple, or an empty tuple.
template <bool There, class T>
constexpr auto tuple_if([[maybe_unused]] const T& value) {
  if constexpr (There) return std::tuple<T>{value};
  if constexpr (!There) return std::tuple{};
}

/// Layers and groups that take shape In, of which the first has position First in the network. `Whole`: nothing comes before them.
template <bool Tie, bool Whole, std::size_t First, Shape In, class... L>
struct Reflection;

/// The mirror of a residual block: one of the mirrored layers. `layers`: those that the block is made of.
template <bool Tie, std::size_t First, Shape In, class Block>
struct BlockMirror;
template <bool Tie, std::size_t First, Shape In, class... L>
struct BlockMirror<Tie, First, In, Residual<L...>> {
  static constexpr auto of(const FlatLayers<Residual<L...>>& layers) {
    return std::apply([](auto... mirrored) { return residual(mirrored...); },
                      Reflection<Tie, false, First, In, L...>::mirrored(slice<0, layer_count<L...>>(layers)));
  }
};
template <bool Tie, std::size_t First, Shape In, class... P, class... L>
struct BlockMirror<Tie, First, In, Residual<Projection<P...>, L...>> {
  static constexpr auto of(const FlatLayers<Residual<Projection<P...>, L...>>& layers) {
    constexpr std::size_t before = layer_count<P...> + 1;
    const auto through = std::apply([](auto... mirrored) { return projection(mirrored...); },
                                    Reflection<Tie, false, First, In, P...>::mirrored(slice<0, before - 1>(layers)));
    return std::apply([&](auto... mirrored) { return residual(through, mirrored...); },
                      Reflection<Tie, false, First + before, In, L...>::mirrored(slice<before, layer_count<L...>>(layers)));
  }
};
template <bool Tie, bool Whole, std::size_t First, Shape In, class... L>
struct Reflection {
  using Layers = FlatLayers<L...>;
  template <std::size_t I>
  using layer = std::tuple_element_t<I, std::tuple<L...>>;

  static constexpr std::size_t size = sizeof...(L);
  /// Where each layer or group begins among the layers of all.
  static constexpr auto at = running_total<size>([](std::size_t i) {
    constexpr std::array<std::size_t, size> counts{layer_count<L>...};
    return static_cast<Index>(counts[i]);
  });
  static constexpr std::array<Shape, size + 1> shapes = [] {
    constexpr auto all = []<class... Each>(std::type_identity<std::tuple<Each...>>) {
      return shapes_along<In, false, Each...>;
    }(std::type_identity<Layers>{});
    std::array<Shape, size + 1> each{};
    for (std::size_t i = 0; i <= size; ++i) each[i] = all[static_cast<std::size_t>(at[i])];
    return each;
  }();
  static constexpr std::array<Mirroring, size> kinds{mirroring_of<L>()...};
  static constexpr bool all_known = []<std::size_t... I>(std::index_sequence<I...>) {
    return (LayerMirrors<First + static_cast<std::size_t>(at[I]), L, shapes[I]>::known && ...);
  }
  (std::make_index_sequence<size>{});

  static constexpr bool has_weights(Mirroring kind) { return kind == Mirroring::weights; }
  /// Layer k follows the last layer with weights before layer i.
  static constexpr bool follows_before(std::size_t k, std::size_t i) {
    return k < i && kinds[k] == Mirroring::follows && has_weights(kinds[i]) &&
           std::any_of(kinds.begin(), kinds.begin() + k, has_weights) &&
           std::none_of(kinds.begin() + k, kinds.begin() + i, has_weights);
  }
  /// No layer before layer i asks for a shape.
  static constexpr bool first(std::size_t i) {
    return Whole && std::all_of(kinds.begin(), kinds.begin() + i, [](Mirroring kind) { return kind >= Mirroring::follows; });
  }

  /// The mirror of layer or group I.
  template <std::size_t I>
  static constexpr auto mirror_of(const Layers& layers) {
    constexpr auto begin = static_cast<std::size_t>(at[I]);
    if constexpr (is_residual<layer<I>>) {
      return BlockMirror<Tie, First + begin, shapes[I], layer<I>>::of(slice<begin, layer_count<layer<I>>>(layers));
    } else if constexpr (Tie && has_weights(kinds[I])) {
      static_cast<void>(layers);
      return typename layer<I>::template TiedMirror<static_cast<Index>(First + begin), shapes[I]>{};
    } else {
      static_cast<void>(layers);
      return typename layer<I>::template Mirror<shapes[I]>{};
    }
  }
  /// What makes layer I's input of a shape of as many values, or more: nothing, where the shape is right.
  template <std::size_t I, Shape Found>
  static constexpr auto fitted() {
    constexpr Shape wanted = shapes[I];
    if constexpr (Found.size() == wanted.size()) {
      return tuple_if < Found != wanted && !first(I) > (Reshape<wanted>{});
    } else {
      return std::tuple{Crop2D<Border{0, Found.height - wanted.height, 0, Found.width - wanted.width}>{}};
    }
  }
  /// What replaces layer I: its mirror, and the layers that followed the one whose output is now restored.
  template <std::size_t I>
  static constexpr auto part(const Layers& layers) {
    if constexpr (kinds[I] == Mirroring::follows || kinds[I] == Mirroring::leaves) {
      return std::tuple{};
    } else {
      const auto mirror = mirror_of<I>(layers);
      constexpr Shape found = Sequential<shapes[I + 1], std::remove_const_t<decltype(mirror)>>::output;
      if constexpr (found.size() != shapes[I].size()) {
        static_assert(sizeof(MirrorRestores<First + static_cast<std::size_t>(at[I]), layer<I>, shapes[I], decltype(mirror), found>) > 0);
      }
      return [&]<std::size_t... K>(std::index_sequence<K...>) {
        return std::tuple_cat(std::tuple{mirror}, fitted<I, found>(),
                              tuple_if<follows_before(K, I)>(std::get<static_cast<std::size_t>(at[K])>(layers))...);
      }
      (std::make_index_sequence<I>{});
    }
  }

  /// The mirrored layers, from what the last layer gives back to In.
  static constexpr auto mirrored(const Layers& layers) {
    if constexpr (all_known) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::tuple_cat(part<size - 1 - I>(layers)...); }
      (std::make_index_sequence<size>{});
    } else {
      return std::tuple{};
    }
  }
};

template <bool Tie, Shape In, class... L, class... Last>
constexpr auto reflected(const Encoder<In, L...>& encoder, Last... last) {
  return std::apply([](auto... layers) { return eigencoder::decoder<Encoder<In, L...>::output>(layers...); },
                    std::tuple_cat(Reflection<Tie, true, 0, In, L...>::mirrored(encoder.layers), std::tuple<Last...>{last...}));
}

}  // namespace detail

/// The decoder that undoes an encoder's layers in reverse order, with weights of its own, and ends with the layers `last`.
/// Activations stay between the layers that they stood between; the code has none.
template <Shape In, class... L, class... Last>
constexpr auto mirror(const Encoder<In, L...>& encoder, Last... last) {
  return detail::reflected<false>(encoder, last...);
}

/// The same with the encoder's weights, transposed, and biases of its own.
template <Shape In, class... L, class... Last>
constexpr auto tied(const Encoder<In, L...>& encoder, Last... last) {
  return detail::reflected<true>(encoder, last...);
}

/// The same as types: Autoencoder<E, Mirror<E, Sigmoid>>, Autoencoder<E, Tied<E, Sigmoid>>.
template <class E, class... Last>
using Mirror = decltype(mirror(std::declval<E>(), std::declval<Last>()...));
template <class E, class... Last>
using Tied = decltype(tied(std::declval<E>(), std::declval<Last>()...));

}  // namespace eigencoder
