// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "eigencoder/core/type_name.hpp"
#include "eigencoder/files/json.hpp"
#include "eigencoder/io/gates.hpp"
#include "eigencoder/layers/conv2d.hpp"
#include "eigencoder/layers/conv_transpose2d.hpp"
#include "eigencoder/layers/embedding.hpp"
#include "eigencoder/layers/frozen.hpp"
#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/layers/time_distributed.hpp"
#include "eigencoder/models/model.hpp"

// How the parameters of a model lie in a file: names, order of axes, order of values.
namespace eigencoder {

/// Whose names and orders the tensors of a model's file have.
///   pytorch  as `state_dict` of the same stack has them: weight, bias, running_mean, running_var; Dense (out, in),
///   convolutions
///            (out, in, height, width), transposed ones (in, out, height, width), depthwise ones (channels, 1, height, width);
///            recurrent layers weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 (gates · units, …); Embedding (tokens,
///            units). Where a Dense takes the values of an image, or makes those of one, they are in PyTorch's order, channels
///            slowest
///   keras    as Keras has them: kernel, bias, gamma, beta, moving_mean, moving_variance; Dense (in, out), convolutions
///            (height, width, in, out), transposed ones (height, width, out, in), depthwise ones (height, width, channels, 1);
///            recurrent layers kernel (in, gates · units), recurrent_kernel and bias, with Keras's order of gates: bias has the
///            sum of both of ours, of a GRU (2, gates · units) both; Embedding embeddings (tokens, units);
///            values in the order of memory, channels fastest
enum class Layout : std::uint8_t { pytorch, keras };

constexpr std::string_view to_string(Layout layout) { return layout == Layout::pytorch ? "pytorch" : "keras"; }

namespace detail {

/// A layer as files know it.
struct LayerFacts {
  std::string position;  ///< "encoder.0", or "0" in a network that is no autoencoder
  std::string type;      ///< with its settings: "LeakyReLU{slope=0.1}"
  Shape in, out;
  bool training_only = false;
  bool transposed = false;       ///< a transposed convolution
  bool one_dimensional = false;  ///< a convolution of sequences
  bool reshapes = false;         ///< a Reshape
  bool embeds = false;           ///< an Embedding
  std::optional<Gates> gates{};  ///< of a recurrent layer
  Index source = no_link;        ///< the layer whose parameters it reads
  Index joined = no_link;        ///< the activation that it joins
};

/// A model as files know it, without its types.
struct ModelFacts {
  std::size_t code = 0;     ///< the activation that is the code; beyond the last, there is none
  std::string_view half{};  ///< "encoder." or "decoder.", if it is one half of an autoencoder
  std::vector<LayerFacts> layers{};
  std::vector<PlacedBlock> blocks{};
};

template <std::size_t Position, class Layer>
struct LayerTellsItsNumbers {
  static constexpr bool tells = [] {
    if constexpr (requires(const Layer layer) { layer.settings(); }) return true;
    return std::is_empty_v<Layer>;
  }();
  static_assert(
      tells,
      "this layer holds values that a file could not tell from others: give it settings(), as core/layer.hpp says; see "
      "Position and Layer above");
};

template <class L>
struct Unfrozen {
  using type = L;
};
template <class L>
struct Unfrozen<Frozen<L>> {
  using type = L;
};

/// The layer that has a layer's blocks.
template <class L>
struct Unwrapped {
  using type = L;
};
template <class L>
struct Unwrapped<Frozen<L>> : Unwrapped<L> {};
template <class L>
struct Unwrapped<TimeDistributed<L>> : Unwrapped<L> {};

// What the axes of a block do not tell.
template <Index Filters, Extent Kernel, Extent Stride, auto... Options>
std::true_type transposes(const ConvTranspose2D<Filters, Kernel, Stride, Options...>*);
std::false_type transposes(const void*);
template <Index Filters, Index Kernel, Index Stride, auto... Options>
std::true_type runs_along_sequences(const Conv1D<Filters, Kernel, Stride, Options...>*);
template <Index Filters, Index Kernel, Index Stride, auto... Options>
std::true_type runs_along_sequences(const ConvTranspose1D<Filters, Kernel, Stride, Options...>*);
std::false_type runs_along_sequences(const void*);
template <Shape Target>
std::true_type only_reshapes(const Reshape<Target>*);
std::false_type only_reshapes(const void*);
template <Index Tokens, Index Units, auto... Options>
std::true_type looks_up(const Embedding<Tokens, Units, Options...>*);
std::false_type looks_up(const void*);

/// "{slope=0.1}", or nothing.
template <class Layer>
std::string settings_text(const Layer& layer) {
  std::string text;
  if constexpr (requires { layer.settings(); }) {
    for (const Setting& setting : layer.settings()) {
      if (setting.in_training) continue;
      text += message(text.empty() ? "{" : ", ", setting.name, '=',
                      std::isfinite(setting.value) ? json_number(setting.value) : message(setting.value));
    }
    if (!text.empty()) text += '}';
  }
  return text;
}

template <class C>
ModelFacts model_facts(const Model<C>& model) {
  constexpr bool whole = 0 < C::code && C::code < C::size;
  ModelFacts facts{.code = C::code,
                   .half = C::code == C::size ? "encoder."
                           : C::code == 0     ? "decoder."
                                              : "",
                   .layers = {},
                   .blocks = {C::blocks.begin(), C::blocks.end()}};
  C::for_each_layer([&]<std::size_t I>() {
    using L = typename Unfrozen<typename C::template layer<I>>::type;
    constexpr bool training_only = C::template layer<I>::needs(C::shapes[I]).training_only;
    using Inner = typename Unwrapped<L>::type;
    if constexpr (!training_only) static_assert(sizeof(LayerTellsItsNumbers<I, Inner>) > 0);
    const Inner* const none = nullptr;
    LayerFacts layer{.position = whole ? Model<C>::position(I) : std::to_string(I),
                     .type = type_name<L>() + settings_text(std::get<I>(model.layers())),
                     .in = C::shapes[I],
                     .out = C::shapes[I + 1],
                     .training_only = training_only,
                     .transposed = decltype(transposes(none))::value,
                     .one_dimensional = decltype(runs_along_sequences(none))::value,
                     .reshapes = decltype(only_reshapes(none))::value,
                     .embeds = decltype(looks_up(none))::value,
                     .gates = gates_if_recurrent<Inner>()};
    if (C::joins[I]) {
      layer.joined = static_cast<Index>(C::joined_by(I));
    } else {
      layer.source = C::links[I];
    }
    facts.layers.push_back(std::move(layer));
  });
  return facts;
}

/// Of every activation, in how many channels PyTorch has its values one after the other, each channel with all of its pixels.
/// An image has its own. A vector has those of the image that it is reshaped from or to, as far as layers between treat its
/// values alike, up to one that mixes them, whose weights can be in any order. Otherwise it has as many as values: the order
/// that it has here, which is also that of a network's input and output and of a code.
std::vector<Index> pytorch_channels(const ModelFacts& model);

}  // namespace detail

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/layout_impl.hpp"
#endif
