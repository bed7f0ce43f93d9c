// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/recurrent_decoder.hpp"
#include "eigencoder/models/autoencoder.hpp"

namespace eigencoder {

namespace detail {

/// The layer that makes a state: the last of the encoder's.
template <class E>
struct LastLayer;
template <Shape In, class... L>
struct LastLayer<Encoder<In, L...>> {
  using type = std::tuple_element_t<sizeof...(L) - 1, std::tuple<L...>>;
};

template <class L>
inline constexpr bool returns_state = [] {
  if constexpr (requires { L::Recurrent::returns; }) return L::Recurrent::returns == Returns::state;
  return false;
}();

template <class L>
inline constexpr bool decodes_steps = false;
template <class L, Index Steps, Index Features, Feed Fed>
inline constexpr bool decodes_steps<RecurrentDecoder<L, Steps, Features, Fed>> = true;

template <class D>
inline constexpr bool begins_with_state = false;
template <Shape In, class First, class... L>
inline constexpr bool begins_with_state<Decoder<In, First, L...>> = decodes_steps<First>;

}  // namespace detail

/// A sequence-to-sequence autoencoder: the last state of the encoder, of an LSTM h above c, is the code, and begins the decoder.
///   using Encoder = ec::Encoder<ec::sequence(28, 4), ec::LSTM<64, ec::Returns::state>>;
///   using Decoder = ec::Decoder<Encoder::output, ec::RecurrentDecoder<ec::LSTM<64>, 28, 4>>;
///   ec::SequenceAutoencoder<Encoder, Decoder> model{ec::Seed{1}};
/// `Stream` runs model.encoder() and model.decoder() a step at a time: codes of what has come so far, and the steps of a code.
/// It is an Autoencoder; what its halves are is checked by the compiler. Where a code of another size is wanted, or a
/// distribution, an Autoencoder or a VariationalAutoencoder of the same layers does it, with a Dense between state and code:
///   Decoder<features(2), Dense<128>, RecurrentDecoder<LSTM<64>, 28, 4>>
/// Sutskever, Vinyals and Le, 2014; Srivastava, Mansimov and Salakhutdinov, 2015.
template <class E, class D, class T = float>
class SequenceAutoencoder : public Autoencoder<E, D, T> {
  static_assert(detail::returns_state<typename detail::LastLayer<E>::type>,
                "SequenceAutoencoder: the encoder must end with a recurrent layer that returns its state: LSTM<Units, Returns::state>");
  static_assert(detail::begins_with_state<D>, "SequenceAutoencoder: the decoder must begin with a RecurrentDecoder");

 public:
  using Autoencoder<E, D, T>::Autoencoder;
};

}  // namespace eigencoder
