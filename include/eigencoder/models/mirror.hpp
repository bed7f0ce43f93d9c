// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/models/sequential.hpp"

// Decoders that are derived from their encoder, by what each layer says of itself: see Mirroring in core/layer.hpp.
namespace eigencoder {

namespace detail {

template <class L>
concept TrainingOnly = Recipe<L> && std::bool_constant<L::needs(Shape{}).training_only>::value;
template <class L>
concept SaysMirroring = std::same_as<decltype(L::mirroring), const Mirroring>;

template <class L>
constexpr Mirroring mirroring_of() {
  if constexpr (SaysMirroring<L>) return L::mirroring;
  return Mirroring::leaves;
}

/// Fails to compile, naming a layer of an encoder that cannot be mirrored.
template <std::size_t Position, class Layer, Shape Input>
struct LayerMirrors {
  static constexpr bool known = SaysMirroring<Layer> || TrainingOnly<Layer>;
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

/// The reflection of layers that take shape In, of which the first has position First in the network.
template <bool Tie, Index First, Shape In, class... L>
struct Reflection {
  using Layers = std::tuple<L...>;
  template <std::size_t I>
  using layer = std::tuple_element_t<I, Layers>;

  static constexpr std::size_t size = sizeof...(L);
  static constexpr auto shapes = shapes_along<In, false, L...>;
  static constexpr std::array<Mirroring, size> kinds{mirroring_of<L>()...};
  static constexpr bool all_known = []<std::size_t... I>(std::index_sequence<I...>) {
    return (LayerMirrors<I, L, shapes[I]>::known && ...);
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
    return std::all_of(kinds.begin(), kinds.begin() + i, [](Mirroring kind) { return kind >= Mirroring::follows; });
  }

  /// The type of layer I's mirror.
  template <std::size_t I>
  static auto mirror_of() {
    if constexpr (Tie && has_weights(kinds[I])) {
      return std::type_identity<typename layer<I>::template TiedMirror<First + static_cast<Index>(I), shapes[I]>>{};
    } else {
      return std::type_identity<typename layer<I>::template Mirror<shapes[I]>>{};
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
  /// What stands in the place of layer I: its mirror, and the layers that followed the one whose output is now restored.
  template <std::size_t I>
  static constexpr auto part(const Layers& layers) {
    if constexpr (kinds[I] == Mirroring::follows || kinds[I] == Mirroring::leaves) {
      return std::tuple{};
    } else {
      using M = typename decltype(mirror_of<I>())::type;
      constexpr Shape found = M::output(shapes[I + 1]);
      if constexpr (found.size() != shapes[I].size()) {
        static_assert(sizeof(MirrorRestores<I, layer<I>, shapes[I], M, found>) > 0);
      }
      return [&]<std::size_t... K>(std::index_sequence<K...>) {
        return std::tuple_cat(std::tuple{M{}}, fitted<I, found>(), tuple_if<follows_before(K, I)>(std::get<K>(layers))...);
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
                    std::tuple_cat(Reflection<Tie, 0, In, L...>::mirrored(encoder.layers), std::tuple<Last...>{last...}));
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
