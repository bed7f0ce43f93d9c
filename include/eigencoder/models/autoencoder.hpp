// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/models/model.hpp"

namespace eigencoder {

namespace detail {

/// Fails to compile, naming both shapes, unless the decoder begins where the encoder ends and ends where it began.
template <Shape EncoderInput, Shape Code, Shape DecoderInput, Shape DecoderOutput>
struct DecoderMirrorsEncoder {
  static_assert(Code == DecoderInput,
                "the decoder does not take the encoder's code: see Code and DecoderInput above; write Decoder<Encoder::output, ...>");
  static_assert(EncoderInput.size() == DecoderOutput.size(),
                "the decoder does not restore the encoder's input: see EncoderInput and DecoderOutput above");
};

/// What a decoder is to give back: the encoder's input, or what its first layer makes known of it.
template <Shape In, class First, class...>
inline constexpr Shape restored = [] {
  if constexpr (requires { First::restored; }) {
    return First::restored;
  } else {
    return In;
  }
}();

template <class T, class E, class D>
struct JoinedChain;
template <class T, Shape In, class... A, Shape Code, class... B>
struct JoinedChain<T, Encoder<In, A...>, Decoder<Code, B...>> {
  using type = typename ChainOfLayers<T, In, layer_count<A...>, FlatLayers<A..., B...>>::type;
  /// Where the decoder joins activations of the encoder, its output is known from here on alone.
  static constexpr Shape output = [] {
    constexpr Shape alone = Decoder<Code, B...>::output;
    if constexpr (alone == unknown) {
      return type::output;
    } else {
      return alone;
    }
  }();
  static_assert(sizeof(DecoderMirrorsEncoder<restored<In, A...>, Encoder<In, A...>::output, Code, output>) > 0);
};

}  // namespace detail

/// An encoder and a decoder with their parameters, trained as one. E is an Encoder, D a Decoder, T float or double.
///   using Model = Autoencoder<Encoder<image(28, 28), Dense<32>, ReLU>, Decoder<features(32), Dense<784>, Sigmoid>>;
/// All matrices have one sample a column. Const members are safe from many threads at once; those that take a workspace (one
/// for each thread) never touch the heap. Of sequences that have not all steps, `lengths` says how many each sample has. Throws
/// ShapeError where a matrix does not fit, OptionError where a length is out of range.
template <class E, class D, class T = float>
class Autoencoder : public Model<typename detail::JoinedChain<T, E, D>::type> {
  using Base = Model<typename detail::JoinedChain<T, E, D>::type>;

 public:
  using typename Base::Chain, typename Base::Input, typename Base::InputInPlace, typename Base::Matrix, typename Base::Output,
      typename Base::Workspace;
  using EncoderLayers = E;
  using DecoderLayers = D;
  static constexpr Shape code = E::output;

  explicit Autoencoder(ModelSeed seed = {}) : Autoencoder(E{}, D{}, seed) {}
  Autoencoder(const E& encoder_recipe, const D& decoder_recipe, ModelSeed seed = {})
      : Base(seed.seed, std::tuple_cat(encoder_recipe.layers, decoder_recipe.layers)) {}

  /// Samples, input × N → codes, code × N.
  Matrix encode(const Input& x, StepCounts lengths = {}) const { return Base::template run<0, Chain::code>("encode", x, lengths); }
  void encode(const InputInPlace& x, Output codes, Workspace& workspace, StepCounts lengths = {}) const {
    Base::template run<0, Chain::code>("encode", x, codes, workspace, lengths);
  }

  /// Codes, code × N → samples, output × N.
  Matrix decode(const Input& codes, StepCounts lengths = {}) const {
    check_decodes_alone();
    return Base::template run<Chain::code, Chain::size>("decode", codes, lengths);
  }
  void decode(const InputInPlace& codes, Output y, Workspace& workspace, StepCounts lengths = {}) const {
    check_decodes_alone();
    Base::template run<Chain::code, Chain::size>("decode", codes, y, workspace, lengths);
  }

  /// Samples, input × N → samples, output × N.
  Matrix reconstruct(const Input& x, StepCounts lengths = {}) const { return Base::template run<0, Chain::size>("reconstruct", x, lengths); }
  void reconstruct(const InputInPlace& x, Output y, Workspace& workspace, StepCounts lengths = {}) const {
    Base::template run<0, Chain::size>("reconstruct", x, y, workspace, lengths);
  }

  /// The halves on their own, with copies of their parameters.
  Network<E, T> encoder() const { return {*this, 0, detail::slice<0, Chain::code>(this->layers())}; }
  auto decoder() const {
    static_assert(!links,
                  "this decoder borrows weights or indices from earlier layers (as Tied and MaxUnpool2D do) and cannot be "
                  "taken out of its model: decode with the whole model");
    if constexpr (!links) {
      return Network<D, T>{*this, Chain::code, detail::slice<Chain::code, Chain::size - Chain::code>(this->layers())};
    }
  }

  /// Overwrites the parameters and running state of one half by those of another model's: model.set_encoder(other.encoder()). Its
  /// layers must have the same blocks of parameters, which the compiler checks.
  template <class Other>
  void set_encoder(const Model<Other>& encoder) {
    static_assert(Other::size == Chain::code, "set_encoder: the other model has not as many layers as this encoder");
    this->set_layers(encoder);
  }
  template <class Other>
  void set_decoder(const Model<Other>& decoder) {
    static_assert(Other::size == Chain::size - Chain::code,
                  "set_decoder: the other model has not as many layers as this decoder");
    this->template set_layers<Chain::code>(decoder);
  }

 private:
  /// Layers of the decoder read what earlier ones have; of those before the code, or by a position that counts from the encoder on.
  static constexpr bool links = [] {
    bool any = false;
    Chain::for_each_layer([&]<std::size_t I>() {
      constexpr Index link = Chain::template layer<I>::needs(Chain::shapes[I]).link;
      if (I >= Chain::code && link != no_link) any = any || link >= 0 || Chain::links[I] + 1 < static_cast<Index>(Chain::code);
    });
    return any;
  }();
  static constexpr void check_decodes_alone() {
    static_assert(Chain::decodes_alone,
                  "this decoder reads what the encoder has kept of the same sample (such as a pool's indices, or an activation "
                  "that it joins): codes alone cannot be decoded, use reconstruct");
  }
};

}  // namespace eigencoder
