// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/batch_norm.hpp"
#include "eigencoder/layers/conv2d.hpp"
#include "eigencoder/layers/conv_transpose2d.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/k_sparse.hpp"
#include "eigencoder/layers/layer_norm.hpp"
#include "eigencoder/layers/pooling.hpp"
#include "eigencoder/layers/resampling.hpp"
#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/layers/softmax.hpp"
#include "eigencoder/layers/tied.hpp"
#include "eigencoder/layers/vector_quantizer.hpp"
#include "eigencoder/models/sequential.hpp"

// Decoders that are derived from their encoder.
namespace eigencoder {

/// Where a layer's mirror stands in the decoder.
///   weighs   in its place, and if tied it borrows the layer's weights
///   shapes   in its place; without weights
///   follows  as it is, behind the layer that restores what it acted on: activations and normalisation
///   leaves   nowhere: noise, which acts in training only
enum class MirrorRole { weighs, shapes, follows, leaves };

/// The mirror of a layer; to be specialised for layers of one's own. What weighs or shapes has a member template
/// `Mirror<Shape In>`, the layer that restores inputs of that shape, and what weighs also `Tied<Index Position, Shape In>`.
template <class Layer>
struct MirrorOf;

namespace detail {

/// Fails to compile, naming a layer of an encoder that cannot be mirrored.
template <std::size_t Position, class Layer, Shape Input>
struct LayerMirrors {
  static constexpr bool known = requires { MirrorOf<Layer>::role; };
  static_assert(known,
                "this layer has no mirror: see Position and Layer above; write the decoder out, or specialise MirrorOf<Layer>");
};

/// Fails to compile unless a mirrored layer gives at least what the layer took.
template <std::size_t Position, class Layer, Shape Input, class Mirror, Shape Restored>
struct MirrorRestores {
  static_assert(
      Restored.channels == Input.channels && Restored.height >= Input.height && Restored.width >= Input.width,
      "the mirror of this layer restores less than its input, since its windows lose rows or columns: see Layer, Input and "
      "Restored above");
};

template <class L>
concept TrainingOnly = Recipe<L> && std::bool_constant<L::needs(Shape{}).training_only>::value;

template <bool Tie, Shape In, class... L>
struct Reflection {
  using Layers = std::tuple<L...>;
  template <std::size_t I>
  using layer = std::tuple_element_t<I, Layers>;

  static constexpr std::size_t size = sizeof...(L);
  static constexpr auto shapes = shapes_along<In, false, L...>;
  static constexpr bool all_known = []<std::size_t... I>(std::index_sequence<I...>) {
    return (LayerMirrors<I, L, shapes[I]>::known && ...);
  }
  (std::make_index_sequence<size>{});
  static constexpr std::array<MirrorRole, size> roles = [] {
    if constexpr (all_known) return std::array<MirrorRole, size>{MirrorOf<L>::role...};
    return std::array<MirrorRole, size>{};
  }();

  /// Layer K follows the last layer with weights before layer I.
  static constexpr bool restored_by(std::size_t i, std::size_t k) {
    if (k >= i || roles[i] != MirrorRole::weighs || roles[k] != MirrorRole::follows) return false;
    const auto weighs = [](MirrorRole role) { return role == MirrorRole::weighs; };
    return std::any_of(roles.begin(), roles.begin() + k, weighs) && std::none_of(roles.begin() + k, roles.begin() + i, weighs);
  }

  /// What makes a shape of what the mirror of layer I gives: nothing, where that is right.
  template <std::size_t I, Shape Found>
  static constexpr auto fitted() {
    constexpr Shape wanted = shapes[I];
    if constexpr (Found == wanted || (Found.size() == wanted.size() && first(I))) {
      return std::tuple{};
    } else if constexpr (Found.size() == wanted.size()) {
      return std::tuple{Reshape<wanted>{}};
    } else {
      return std::tuple{Crop2D<Border{0, Found.height - wanted.height, 0, Found.width - wanted.width}>{}};
    }
  }
  /// No layer before this one asks for a shape.
  static constexpr bool first(std::size_t i) {
    return std::all_of(roles.begin(), roles.begin() + i, [](MirrorRole role) { return role >= MirrorRole::follows; });
  }

  template <std::size_t I>
  static auto mirror_of() {
    using Rule = MirrorOf<layer<I>>;
    if constexpr (Tie && roles[I] == MirrorRole::weighs) {
      return std::type_identity<typename Rule::template Tied<static_cast<Index>(I), shapes[I]>>{};
    } else {
      return std::type_identity<typename Rule::template Mirror<shapes[I]>>{};
    }
  }

  template <std::size_t I>
  static constexpr auto part(const Layers& layers) {
    if constexpr (roles[I] == MirrorRole::follows || roles[I] == MirrorRole::leaves) {
      return std::tuple{};
    } else {
      using M = typename decltype(mirror_of<I>())::type;
      constexpr Shape found = M::output(shapes[I + 1]);
      if constexpr (found.size() != shapes[I].size()) {
        static_assert(sizeof(MirrorRestores<I, layer<I>, shapes[I], M, found>) > 0);
      }
      return std::tuple_cat(std::tuple{M{}}, fitted<I, found>(), followers<I>(layers, std::make_index_sequence<I>{}));
    }
  }
  template <std::size_t I, std::size_t... K>
  static constexpr auto followers(const Layers& layers, std::index_sequence<K...>) {
    static_cast<void>(layers);
    return std::tuple_cat(follower<restored_by(I, K), K>(layers)...);
  }
  template <bool There, std::size_t K>
  static constexpr auto follower(const Layers& layers) {
    if constexpr (There) {
      return std::tuple{std::get<K>(layers)};
    } else {
      return std::tuple{};
    }
  }

  template <std::size_t... I, class... Last>
  static constexpr auto decoder(const Layers& layers, std::index_sequence<I...>, Last... last) {
    if constexpr (all_known) {
      return std::apply([](auto... mirrored) { return eigencoder::decoder<shapes[size]>(mirrored...); },
                        std::tuple_cat(part<size - 1 - I>(layers)..., std::tuple{last...}));
    } else {
      return eigencoder::decoder<shapes[size]>(last...);
    }
  }
};

}  // namespace detail

/// The decoder that undoes an encoder's layers in reverse order, with weights of its own, and ends with the layers `last`.
/// Activations stay between the layers that they stood between; the code has none.
template <Shape In, class... L, class... Last>
constexpr auto mirror(const Encoder<In, L...>& encoder, Last... last) {
  return detail::Reflection<false, In, L...>::decoder(encoder.layers, std::index_sequence_for<L...>{}, last...);
}

/// The same with the encoder's weights, transposed, and biases of its own.
template <Shape In, class... L, class... Last>
constexpr auto tied(const Encoder<In, L...>& encoder, Last... last) {
  return detail::Reflection<true, In, L...>::decoder(encoder.layers, std::index_sequence_for<L...>{}, last...);
}

/// The same as types: Autoencoder<E, Mirror<E, Sigmoid>>, Autoencoder<E, Tied<E, Sigmoid>>.
template <class E, class... Last>
using Mirror = decltype(mirror(std::declval<E>(), std::declval<Last>()...));
template <class E, class... Last>
using Tied = decltype(tied(std::declval<E>(), std::declval<Last>()...));

template <class L>
requires(Elementwise<L> || std::derived_from<L, InputActivation<L>>) struct MirrorOf<L> {
  static constexpr auto role = MirrorRole::follows;
};
template <>
struct MirrorOf<Softmax> {
  static constexpr auto role = MirrorRole::follows;
};
template <>
struct MirrorOf<BatchNorm> {
  static constexpr auto role = MirrorRole::follows;
};
template <>
struct MirrorOf<LayerNorm> {
  static constexpr auto role = MirrorRole::follows;
};
template <Index K>
struct MirrorOf<KSparse<K>> {
  static constexpr auto role = MirrorRole::follows;
};
template <Index K>
struct MirrorOf<VectorQuantizer<K>> {
  static constexpr auto role = MirrorRole::leaves;
};
template <detail::TrainingOnly L>
struct MirrorOf<L> {
  static constexpr auto role = MirrorRole::leaves;
};

template <Index Units, auto... Options>
struct MirrorOf<Dense<Units, Options...>> {
  static constexpr auto role = MirrorRole::weighs;
  template <Shape In>
  using Mirror = Dense<In.size(), Options...>;
  template <Index Position, Shape In>
  using Tied = TiedDense<Position, In, option_or<Bias, Options...>(Bias::added)>;
};

template <Index Filters, Extent Kernel, Extent Stride, auto... Options>
struct MirrorOf<Conv2D<Filters, Kernel, Stride, Options...>> {
  static constexpr auto role = MirrorRole::weighs;
  static constexpr Padding padding = option_or<Padding, Options...>(Padding::same);
  static constexpr Dilation dilation = option_or<Dilation, Options...>(Dilation{1});
  static constexpr Bias bias = option_or<Bias, Options...>(Bias::added);

  template <Index Channels>
  static auto untied() {
    if constexpr (Stride == Extent(1) && padding == Padding::same) {
      return Conv2D<Channels, Kernel, 1, Options...>{};
    } else {
      static_assert(dilation == Dilation{1}, "a dilated convolution has no mirror unless its stride is 1 and its padding same");
      return ConvTranspose2D<Channels, Kernel, Stride, padding, bias, option_or<Init, Options...>(Init::glorot_uniform)>{};
    }
  }
  template <Shape In>
  using Mirror = decltype(untied<In.channels>());
  template <Index Position, Shape In>
  using Tied = TiedConv2D<Position, In, Kernel, Stride, padding, dilation, bias>;
};
template <Index Filters, Index Kernel, Index Stride, auto... Options>
struct MirrorOf<Conv1D<Filters, Kernel, Stride, Options...>>
    : MirrorOf<Conv2D<Filters, Extent{1, Kernel}, Extent{1, Stride}, Options...>> {};

namespace detail {
template <Extent Stride>
struct MirrorOfPool {
  static constexpr auto role = MirrorRole::shapes;
  template <Shape>
  using Mirror = UpSample2D<Stride>;
};
}  // namespace detail
template <Extent Window, Extent Stride, auto... Options>
struct MirrorOf<MaxPool2D<Window, Stride, Options...>> : detail::MirrorOfPool<Stride> {};
template <Extent Window, Extent Stride, auto... Options>
struct MirrorOf<AvgPool2D<Window, Stride, Options...>> : detail::MirrorOfPool<Stride> {};
template <Index Window, Index Stride, auto... Options>
struct MirrorOf<MaxPool1D<Window, Stride, Options...>> : detail::MirrorOfPool<Extent{1, Stride}> {};
template <Index Window, Index Stride, auto... Options>
struct MirrorOf<AvgPool1D<Window, Stride, Options...>> : detail::MirrorOfPool<Extent{1, Stride}> {};
template <>
struct MirrorOf<GlobalAvgPool2D> {
  static constexpr auto role = MirrorRole::shapes;
  template <Shape In>
  using Mirror = UpSample2D<Extent{In.height, In.width}>;
};

template <Border Zeros>
struct MirrorOf<ZeroPad2D<Zeros>> {
  static constexpr auto role = MirrorRole::shapes;
  template <Shape>
  using Mirror = Crop2D<Zeros>;
};
template <Border Cut>
struct MirrorOf<Crop2D<Cut>> {
  static constexpr auto role = MirrorRole::shapes;
  template <Shape>
  using Mirror = ZeroPad2D<Cut>;
};
template <Shape Target>
struct MirrorOf<Reshape<Target>> {
  static constexpr auto role = MirrorRole::shapes;
  template <Shape In>
  using Mirror = Reshape<In>;
};

}  // namespace eigencoder
