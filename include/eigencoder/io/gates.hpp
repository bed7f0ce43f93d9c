// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>

#include "eigencoder/layers/gru.hpp"
#include "eigencoder/layers/lstm.hpp"
#include "eigencoder/layers/simple_rnn.hpp"

// Recurrent layers as other libraries have them.
namespace eigencoder::detail {

/// The gates of a recurrent layer, of as many rows each of its weights and biases. Here they lie as in PyTorch: entry k of an
/// order says which of these is gate k elsewhere.
struct Gates {
  Index count;
  std::array<Index, 4> keras, onnx;
  bool keras_sums_biases;  ///< Keras has one bias, the sum of the two; else it has both, as the rows of a matrix
  const char* onnx_operator;
};

constexpr Gates gates_of(LSTMCell) { return {4, {0, 1, 2, 3}, {0, 3, 1, 2}, true, "LSTM"}; }  // i f g o; ONNX: i o f g
constexpr Gates gates_of(GRUCell) { return {3, {1, 0, 2}, {1, 0, 2}, false, "GRU"}; }         // r z n; Keras, ONNX: z r n
constexpr Gates gates_of(SimpleRNNCell) { return {1, {0}, {0}, true, "RNN"}; }

/// A recurrent layer, of one direction or both.
template <class L>
concept HasGates = requires {
  gates_of(typename L::Recurrent::Cell{});
};

/// Of a layer that has any, as a RecurrentDecoder has too.
template <class L>
constexpr std::optional<Gates> gates_if_recurrent() {
  if constexpr (HasGates<L>) {
    return gates_of(typename L::Recurrent::Cell{});
  } else if constexpr (requires { gates_of(typename L::Cell{}); }) {
    return gates_of(typename L::Cell{});
  } else {
    return std::nullopt;
  }
}

}  // namespace eigencoder::detail
