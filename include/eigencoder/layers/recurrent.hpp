// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/kernels/draw.hpp"
#include "eigencoder/kernels/recurrence_backward.hpp"
#include "eigencoder/kernels/recurrence_forward.hpp"

// What LSTM, GRU and SimpleRNN share: their options, their blocks, and the passes around kernels/recurrence.hpp.
namespace eigencoder {

/// What a recurrent layer gives out: the state after the last step that it reads (Keras's default), the states of all steps
/// (Keras: return_sequences), or the whole last state, which of an LSTM is h above c (Keras: return_state).
enum class Returns { last, sequence, state };

/// The order in which a recurrent layer reads a sequence. Backward: from its end to its beginning; output t still belongs to
/// input t (PyTorch: the `_reverse` half of a bidirectional layer; Keras: go_backwards, whose outputs are in the order of
/// reading).
enum class Direction { forward, backward };

/// Truncated backpropagation through time: the gradient of the state is cut at every step whose number, in the order of
/// reading, is a multiple of `steps`, so it goes through at most that many.
struct Truncation {
  Index steps;

  constexpr explicit Truncation(Index most) : steps(most) {
    if (most <= 0) raise<OptionError>("Truncation: steps must be positive, found ", most);
  }
};

/// Dropout within a recurrent layer, LSTM<64>{RecurrentDropout{0.2}}: in training, the recurrent weights are multiplied with m ∘ h, where
/// a value of m is 0 with this probability, else 1 / (1 − p), the same at all steps of a sequence. Throws OptionError.
/// Gal and Ghahramani, 2016.
struct RecurrentDropout {
  double value = 0;

  constexpr RecurrentDropout() = default;
  constexpr explicit RecurrentDropout(double rate) : value(rate) {
    if (!(rate >= 0 && rate < 1)) raise<OptionError>("RecurrentDropout: the probability must be in [0, 1), found ", rate);
  }
};

namespace detail {

/// The directions of a layer: one, or, of Bidirectional, forward and backward.
template <class Cell, std::size_t N>
using Directions = std::array<kernels::Recurrence<Cell>, N>;

/// A layer that reads backwards cannot go on where it ended.
template <class Cell, std::size_t N>
constexpr Needs recurrent_needs(const Directions<Cell, N>& directions) {
  constexpr Index n = N;
  const auto& r = directions.front();
  return {.cache = n * r.cache(),
          .backward_scratch = r.scratch(),
          .scratch_per_sample = n * r.units + r.scratch_per_sample(),  // with the masks
          .packed = n * (r.forward_packed() + r.weights()),
          .backward_packed = n * r.weights(),
          .carry = n > 1 || r.reversed ? 0 : r.state_size(),
          .columns = 32,
          .backward_x = r.repeated,
          .lengths = !r.repeated};
}

/// Four blocks a direction, as PyTorch's.
template <std::size_t N, class Cell>
constexpr std::array<Block, 4 * N> recurrent_blocks(const kernels::Recurrence<Cell>& r, Init input_weights) {
  constexpr std::string_view names[] = {"weight_ih",         "weight_hh",         "bias_ih",         "bias_hh",
                                        "weight_ih_reverse", "weight_hh_reverse", "bias_ih_reverse", "bias_hh_reverse"};
  const Index rows = Cell::weight_gates * r.units;
  std::array<Block, 4 * N> blocks;
  for (std::size_t first = 0; first < blocks.size(); first += 4) {
    blocks[first] = {.name = names[first], .rows = rows, .cols = r.inputs, .init = input_weights};
    blocks[first + 1] = {.name = names[first + 1], .rows = rows, .cols = r.units, .init = Init::orthogonal};
    blocks[first + 2] = {.name = names[first + 2], .rows = rows, .init = Cell::bias(r.units), .decay = false};
    blocks[first + 3] = {.name = names[first + 3], .rows = rows, .decay = false};
  }
  return blocks;
}

/// Direction D's of the parameters, or of their gradients.
template <std::size_t D, class T, class Views>
kernels::RecurrentWeights<T> weights_of(Views& views) {
  return {std::get<4 * D>(views).data(), std::get<4 * D + 1>(views).data(), std::get<4 * D + 2>(views).data(),
          std::get<4 * D + 3>(views).data()};
}

/// Calls f.operator()<D>() for each of N directions.
template <std::size_t N, class F>
constexpr void for_each_direction(F f) {
  f.template operator()<0>();
  if constexpr (N > 1) f.template operator()<1>();
}

/// The masks of all directions, one under the other, for each column: one a sequence, which every step is multiplied with.
template <class T>
void draw_recurrent_masks(const Random& random, double rate, Index units, Index columns, T* masks) {
  for (Index j = 0; j < columns; ++j) {
    kernels::transform_draws<kernels::Uniform>(random, j, units, masks + j * units, kernels::DrawnFactor{rate, 1 / (1 - rate)});
  }
}

/// What direction `d` of N gives out, or its gradient.
template <Returns What, class Cell, class T>
kernels::RecurrentOutput<T> recurrent_output(const kernels::Recurrence<Cell>& r, Shape out, T* data, std::size_t d) {
  using Output = kernels::RecurrentOutput<T>;
  constexpr auto kind = What == Returns::last ? Output::last : What == Returns::sequence ? Output::sequence : Output::state;
  return {.kind = kind,
          .data = data + static_cast<Index>(d) * (What == Returns::state ? r.state_size() : r.units),
          .stride = out.size(),
          .step = What == Returns::sequence ? out.channels : 0};
}

template <class Cell, std::size_t N, class S>
void prepare_recurrent(const Directions<Cell, N>& directions, Prepare<S>& pass) {
  using T = typename S::Scalar;
  constexpr Index n = N;
  const auto& r = directions.front();
  const bool backward = pass.packed.size() > n * r.forward_packed();
  for_each_direction<N>([&]<std::size_t D>() {
    constexpr Index d = D;
    const auto weights = weights_of<D, const T>(pass.theta);
    kernels::pack_recurrence_forward(r, weights, pass.packed.data() + d * r.forward_packed());
    if (backward) kernels::pack_recurrence_backward(r, weights, pass.packed.data() + n * r.forward_packed() + d * r.weights());
  });
}

template <Returns What, class Cell, std::size_t N, class S, Mode M>
void recurrent_forward(const Directions<Cell, N>& directions, double dropout, Forward<S, M>& pass) {
  using T = typename S::Scalar;
  const Index B = pass.x.cols(), masked = static_cast<Index>(N) * directions.front().units;
  T* const masks = pass.scratch_per_sample.data();
  const bool drops = M == Mode::train && dropout > 0;
  if (drops) draw_recurrent_masks(pass.random, dropout, masked, B, masks);
  for (std::size_t d = 0; d < N; ++d) {
    const auto& r = directions[d];
    const auto at = static_cast<Index>(d);
    kernels::RecurrentForward<T> forward{.columns = B,
                                         .packed = pass.packed.data() + at * r.forward_packed(),
                                         .x = pass.x.data(),
                                         .x_stride = S::in.size(),
                                         .y = recurrent_output<What>(r, S::out, pass.y.data(), d),
                                         .memory = nullptr,
                                         .scratch_per_sample = masks + masked * B,
                                         .mask = drops ? masks + at * r.units : nullptr,
                                         .mask_stride = masked};
    if constexpr (Forward<S, M>::keeps_cache) forward.memory = pass.cache.data() + at * r.cache() * B;
    if constexpr (S::needs.lengths) forward.lengths = pass.lengths;
    if constexpr (S::needs.carry > 0) forward.begin = forward.end = pass.carry;
    kernels::recurrence_forward(r, forward);
  }
}

template <Returns What, bool WeightGradients, class Cell, std::size_t N, class S, bool InputGradient>
void recurrent_backward(const Directions<Cell, N>& directions, double dropout, Backward<S, InputGradient>& pass) {
  using T = typename S::Scalar;
  constexpr Index n = N;
  const Index B = pass.dy.cols(), masked = n * directions.front().units;
  T* const masks = pass.scratch_per_sample.data();
  if (dropout > 0) draw_recurrent_masks(pass.random, dropout, masked, B, masks);
  for_each_direction<N>([&]<std::size_t D>() {
    constexpr Index d = D;
    const auto& r = directions[D];
    kernels::RecurrentBackward<T> backward{.columns = B,
                                           .packed = pass.packed.data() + n * r.forward_packed() + d * r.weights(),
                                           .x_stride = S::in.size(),
                                           .dy = recurrent_output<What>(r, S::out, pass.dy.data(), D),
                                           .memory = pass.cache.data() + d * r.cache() * B,
                                           .scratch_per_sample = masks + masked * B,
                                           .scratch = pass.scratch.data(),
                                           .adds_dx = D > 0,
                                           .mask = dropout > 0 ? masks + d * r.units : nullptr,
                                           .mask_stride = masked};
    if constexpr (S::needs.backward_x) backward.x = pass.x.data();
    if constexpr (InputGradient) backward.dx = pass.dx.data();
    if constexpr (WeightGradients) backward.dweights = weights_of<D, T>(pass.dtheta);
    if constexpr (S::needs.lengths) backward.lengths = pass.lengths;
    kernels::recurrence_backward(r, backward);
  });
}

/// What LSTM, GRU and SimpleRNN are, but for the equations of their cell.
template <class CellType, Index Units, auto... Options>
struct RecurrentLayer {
  static_assert(Units > 0, "a recurrent layer's number of units must be positive");
  static_assert(((OptionOf<Options, Returns> || OptionOf<Options, Direction> || OptionOf<Options, Truncation> ||
                  OptionOf<Options, Init>)&&...),
                "an option of a recurrent layer is a Returns, a Direction, a Truncation or an Init");
  using Recurrent = RecurrentLayer;
  using Cell = CellType;
  static constexpr Index units = Units;
  static constexpr Returns returns = option_or<Returns, Options...>(Returns::last);
  static constexpr Init input_weights = option_or<Init, Options...>(Init::glorot_uniform);
  static constexpr Direction direction = option_or<Direction, Options...>(Direction::forward);
  static constexpr Truncation truncation = option_or<Truncation, Options...>(Truncation(std::numeric_limits<Index>::max()));

  RecurrentDropout recurrent_dropout{};

  constexpr RecurrentLayer() = default;
  constexpr RecurrentLayer(RecurrentDropout dropout) : recurrent_dropout(dropout) {}

  /// On an input of in.width steps of in.channels values.
  static constexpr kernels::Recurrence<Cell> recurrence(Shape in, Direction read, bool repeated = false) {
    return {.inputs = in.channels,
            .units = Units,
            .steps = in.width,
            .reversed = read == Direction::backward,
            .repeated = repeated,
            .truncation = truncation.steps};
  }

  static constexpr Directions<Cell, 1> directions(Shape in) { return {recurrence(in, direction)}; }
  static constexpr Index state_size = recurrence({}, direction).state_size();

  static constexpr bool accepts(Shape in) { return in.height == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "a recurrent layer reads a sequence(steps, channels), not an image: put a Reshape before it");
  };
  static constexpr Shape output(Shape in) {
    if (returns == Returns::sequence) return sequence(in.width, Units);
    return features(returns == Returns::state ? state_size : Units);
  }
  static constexpr Needs needs(Shape in) { return recurrent_needs(directions(in)); }
  static constexpr std::array<Block, 4> parameters(Shape in) {
    return recurrent_blocks<1>(recurrence(in, direction), input_weights);
  }

  constexpr std::array<Setting, 1> settings() const { return {{{"recurrent_dropout", recurrent_dropout.value, true}}}; }

  template <class S>
  void prepare(Prepare<S> pass) const {
    prepare_recurrent(directions(S::in), pass);
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    recurrent_forward<returns>(directions(S::in), recurrent_dropout.value, pass);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    recurrent_backward<returns, true>(directions(S::in), recurrent_dropout.value, pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    recurrent_backward<returns, false>(directions(S::in), recurrent_dropout.value, pass);
  }
};

}  // namespace detail

}  // namespace eigencoder
