// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/kernels/draw.hpp"
#include "eigencoder/kernels/recurrence.hpp"

// What LSTM, GRU and SimpleRNN share: their options, their blocks, and the passes around kernels/recurrence.hpp.
namespace eigencoder {

/// What a recurrent layer gives out: the state after the last step that it reads (Keras's default), the states of all steps
/// (Keras: return_sequences), or the whole last state, which of an LSTM is h above c (Keras: return_state).
enum class Returns { last, sequence, state };

/// The order in which a recurrent layer reads a sequence. Backward: from its end to its beginning; output t still belongs to
/// input t (PyTorch: the `_reverse` half of a bidirectional layer; Keras: go_backwards, whose outputs are in the order of reading).
enum class Direction { forward, backward };

/// Truncated backpropagation through time: the gradient of the state is cut at every step whose number, in the order of
/// reading, is a multiple of `steps`, so it goes through at most that many.
struct Truncation {
  Index steps;

  constexpr explicit Truncation(Index most) : steps(most) {
    if (most <= 0) raise<OptionError>("Truncation: steps must be positive, found ", most);
  }
};

namespace detail {

/// The probability of a zero in the mask of recurrent dropout. Throws OptionError, in the layer's name.
template <class Layer>
struct RecurrentDropout {
  double value;
  constexpr RecurrentDropout(double rate) : value(rate) {
    if (!(rate >= 0 && rate < 1)) raise<OptionError>(type_name<Layer>(), ": recurrent_dropout must be in [0, 1), found ", rate);
  }
};

/// A layer that reads backwards cannot go on where it ended.
template <class Cell>
constexpr Needs recurrent_needs(const kernels::Recurrence<Cell>& r) {
  return {.cache = r.cache(),
          .backward_scratch = r.scratch(),
          .scratch_per_sample = r.scratch_per_sample(),
          .packed = r.packed(),
          .backward_packed = r.weights(),
          .carry = r.reversed ? 0 : r.state_size(),
          .backward_x = r.repeated,
          .lengths = !r.repeated};
}

/// Four blocks, as PyTorch's.
template <class Cell>
constexpr std::array<Block, 4> recurrent_blocks(Index inputs, Index units, Init input_weights) {
  const Index rows = Cell::weight_gates * units;
  return {{{.name = "weight_ih", .rows = rows, .cols = inputs, .init = input_weights},
           {.name = "weight_hh", .rows = rows, .cols = units, .init = Init::orthogonal},
           {.name = "bias_ih", .rows = rows, .init = Cell::bias(units), .decay = false},
           {.name = "bias_hh", .rows = rows, .decay = false}}};
}

/// The mask of each column: one a sequence, which every step is multiplied with.
template <class T>
void draw_recurrent_mask(const Random& random, double rate, Index units, Index columns, T* mask) {
  using V = kernels::Packet<T>;
  for (Index j = 0; j < columns; ++j) {
    kernels::transform_draws<kernels::Uniform>(random, j, units, mask + j * units, [=](V u) {
      return where(u < V(rate), V(0), V(1 / (1 - rate)));
    });
  }
}

template <Returns What, class T>
kernels::RecurrentOutput<T> recurrent_output(Shape out, T* data) {
  using Output = kernels::RecurrentOutput<T>;
  constexpr auto kind = What == Returns::last ? Output::last : What == Returns::sequence ? Output::sequence : Output::state;
  return {.kind = kind, .data = data, .stride = out.size(), .step = What == Returns::sequence ? out.channels : 0};
}

template <class Cell, class S>
void prepare_recurrent(const kernels::Recurrence<Cell>& r, Prepare<S>& pass) {
  const auto& [weight_ih, weight_hh, bias_ih, bias_hh] = pass.theta;
  kernels::pack_recurrence(r, weight_ih.data(), weight_hh.data(), bias_ih.data(), bias_hh.data(), pass.packed.data(),
                           pass.packed.size() < r.packed());
}

/// A layer's pass as the kernel's, but for y. `scratch` has r.scratch_per_sample() scalars a column.
template <class T, class Cell, class S, Mode M>
kernels::RecurrentForward<T> recurrent_operands(const kernels::Recurrence<Cell>& r, double dropout, Forward<S, M>& pass, T* scratch) {
  const Index B = pass.x.cols();
  constexpr bool kept = Forward<S, M>::keeps_cache;
  kernels::RecurrentForward<T> operands{.columns = B,
                                        .packed = pass.packed.data(),
                                        .x = pass.x.data(),
                                        .x_stride = S::in.size(),
                                        .y = {},
                                        .memory = scratch + r.constants() * B,
                                        .kept = kept,
                                        .constants = scratch};
  if constexpr (kept) operands.memory = pass.cache.data();
  if constexpr (S::needs.lengths) operands.lengths = pass.lengths;
  if (M == Mode::train && dropout > 0) {
    T* const mask = scratch + (r.constants() - r.units) * B;
    draw_recurrent_mask(pass.random, dropout, r.units, B, mask);
    operands.mask = mask;
  }
  return operands;
}
/// The same of a backward pass, but for dy and dx.
template <bool WeightGradients, class T, class Cell, class S, bool InputGradient>
kernels::RecurrentBackward<T> recurrent_operands(const kernels::Recurrence<Cell>& r, double dropout,
                                                 Backward<S, InputGradient>& pass, T* scratch) {
  const Index B = pass.dy.cols();
  kernels::RecurrentBackward<T> operands{.columns = B,
                                         .packed = pass.packed.data() + r.forward_packed(),
                                         .x_stride = S::in.size(),
                                         .dy = {},
                                         .memory = pass.cache.data(),
                                         .constants = scratch,
                                         .scratch_per_sample = scratch + r.constants() * B,
                                         .scratch = pass.scratch.data()};
  if constexpr (S::needs.backward_x) operands.x = pass.x.data();
  if constexpr (S::needs.lengths) operands.lengths = pass.lengths;
  if constexpr (WeightGradients) {
    operands.dweight_ih = std::get<0>(pass.dtheta).data(), operands.dweight_hh = std::get<1>(pass.dtheta).data();
    operands.dbias_ih = std::get<2>(pass.dtheta).data(), operands.dbias_hh = std::get<3>(pass.dtheta).data();
  }
  if (dropout > 0) {
    T* const mask = scratch + (r.constants() - r.units) * B;
    draw_recurrent_mask(pass.random, dropout, r.units, B, mask);
    operands.mask = mask;
  }
  return operands;
}

template <Returns What, class Cell, class S, Mode M>
void recurrent_forward(const kernels::Recurrence<Cell>& r, double dropout, Forward<S, M>& pass) {
  using T = typename S::Scalar;
  auto operands = recurrent_operands<T>(r, dropout, pass, pass.scratch_per_sample.data());
  operands.y = recurrent_output<What>(S::out, pass.y.data());
  if constexpr (S::needs.carry > 0) operands.begin = operands.end = pass.carry;
  kernels::recurrence_forward(r, operands);
}

template <Returns What, bool WeightGradients, class Cell, class S, bool InputGradient>
void recurrent_backward(const kernels::Recurrence<Cell>& r, double dropout, Backward<S, InputGradient>& pass) {
  using T = typename S::Scalar;
  auto operands = recurrent_operands<WeightGradients, T>(r, dropout, pass, pass.scratch_per_sample.data());
  operands.dy = recurrent_output<What>(S::out, pass.dy.data());
  if constexpr (InputGradient) operands.dx = pass.dx.data();
  kernels::recurrence_backward(r, operands);
}

/// What a layer of a kind of cell does; the layer itself holds the value of `recurrent_dropout`.
template <class CellType, Index Units, auto... Options>
struct Recurrent {
  static_assert(Units > 0, "a recurrent layer's number of units must be positive");
  static_assert(((OptionOf<Options, Returns> || OptionOf<Options, Direction> || OptionOf<Options, Truncation> ||
                  OptionOf<Options, Init>)&&...),
                "an option of a recurrent layer is a Returns, a Direction, a Truncation or an Init");
  using Cell = CellType;
  static constexpr Index units = Units;
  static constexpr Returns returns = option_or<Returns, Options...>(Returns::last);
  static constexpr Direction direction = option_or<Direction, Options...>(Direction::forward);

  /// On an input of in.width steps of in.channels values.
  static constexpr kernels::Recurrence<Cell> recurrence(Shape in, bool repeated = false) {
    return {.inputs = in.channels,
            .units = Units,
            .steps = in.width,
            .reversed = direction == Direction::backward,
            .repeated = repeated,
            .truncation = option_or<Truncation, Options...>(Truncation(in.width)).steps};
  }

  static constexpr bool accepts(Shape in) { return in.height == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "a recurrent layer reads a sequence(steps, channels), not an image: put a Reshape before it");
  };
  static constexpr Shape output(Shape in) {
    if (returns == Returns::sequence) return sequence(in.width, Units);
    return features(returns == Returns::state ? recurrence(in).state_size() : Units);
  }
  static constexpr Needs needs(Shape in) { return recurrent_needs(recurrence(in)); }
  static constexpr std::array<Block, 4> parameters(Shape in) {
    return recurrent_blocks<Cell>(in.channels, Units, option_or<Init, Options...>(Init::glorot_uniform));
  }

  template <class S>
  static void prepare(Prepare<S>& pass) {
    prepare_recurrent(recurrence(S::in), pass);
  }
  template <class S, Mode M>
  static void forward(Forward<S, M>& pass, double dropout) {
    recurrent_forward<returns>(recurrence(S::in), dropout, pass);
  }
  template <bool WeightGradients, class S, bool InputGradient>
  static void backward(Backward<S, InputGradient>& pass, double dropout) {
    recurrent_backward<returns, WeightGradients>(recurrence(S::in), dropout, pass);
  }
};

}  // namespace detail

}  // namespace eigencoder
