// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "eigencoder/core/lengths.hpp"
#include "eigencoder/core/precision.hpp"
#include "eigencoder/core/random.hpp"
#include "eigencoder/core/stage.hpp"

// One struct a direction: what a layer may see and what it must write. S is the layer's Stage.
namespace eigencoder {

/// The type of what a pass does not hold because the layer's Needs did not ask for it; an error where it is read says which
/// field to set.
template <class SetThisInNeeds>
struct Absent {
  constexpr Absent() = default;
  template <class... Any>
  constexpr explicit Absent(const Any&...) {}
};

namespace asked_for {
struct backward_x;
struct backward_y;
struct cache;
struct packed;
struct scratch;
struct scratch_per_sample;
struct link;
struct tallies;
struct carry;
struct lengths;
struct targets;
struct joined_gradient;  ///< nothing before the joined activation is trained: guard dy with `if constexpr (S::Source::trained)`
struct input_gradient;  ///< nothing before this layer is trained: guard dx with `if constexpr (InputGradient)`
}  // namespace asked_for

template <bool Asked, class View, class Field>
using IfAsked = std::conditional_t<Asked, View, Absent<Field>>;

/// What a linking layer sees of the layer it links to.
template <class Source>
struct SourceLayer {
  using T = typename Source::Scalar;
  typename Source::Theta theta;
  typename Source::DTheta dtheta;  ///< to add to, in backward alone
  MatrixView<const T> cache;       ///< Needs::cache × columns
};

/// What a joining layer sees of the activation that it joins. `dy` is there in backward, and if the loss has a gradient there:
/// guard it with `if constexpr (S::Source::trained)`.
template <class Source>
struct Joined {
  using T = typename Source::Scalar;
  MatrixView<const T> y;
  IfAsked<Source::trained, MatrixView<T>, asked_for::joined_gradient> dy;  ///< add
};

namespace detail {
template <class Source>
struct SourceOf {
  using type = SourceLayer<Source>;
};
template <Shape Is, class T, bool Trained>
struct SourceOf<JoinedActivation<Is, T, Trained>> {
  using type = Joined<JoinedActivation<Is, T, Trained>>;
};
template <>
struct SourceOf<void> {
  using type = Absent<asked_for::link>;
};
}  // namespace detail
template <class S>
using SourceView = typename detail::SourceOf<typename S::Source>::type;

/// theta → packed, once a step.
template <class S>
struct Prepare {
  using T = typename S::Scalar;
  typename S::Theta theta;
  SourceView<S> source;  ///< its parameters alone: there are no samples yet
  VectorView<T> packed;  ///< overwrite; for predictions without Needs::backward_packed at its end
};

/// x → sums over the batch that forward needs.
template <class S>
struct Gather {
  using T = typename S::Scalar;
  MatrixView<const T> x;
  std::span<double> sums;  ///< the shard's own, 0 before
  IfAsked<S::needs.lengths, Lengths, asked_for::lengths> lengths{};
};

/// x, dy → sums over the batch that backward needs.
template <class S>
struct GatherBackward {
  using T = typename S::Scalar;
  typename S::Theta theta;
  MatrixView<const T> x, dy;
  std::span<const double> sums;  ///< totals
  std::span<double> dsums;       ///< add
  Index batch;
  IfAsked<S::needs.lengths, Lengths, asked_for::lengths> lengths{};
};

/// Totals of the batch → running state, once a step.
template <class S>
struct Settle {
  using T = typename S::Scalar;
  typename S::MutableState state;
  std::span<const double> sums;
  Index batch;
  std::span<const double> tallies{};
};

/// x → y for some columns of a batch.
template <class S, Mode M>
struct Forward {
  using T = typename S::Scalar;
  static constexpr bool keeps_cache = S::needs.cache > 0 && (M == Mode::train || S::cache_read_later);

  typename S::Theta theta;
  typename S::State state;
  IfAsked<(S::needs.packed > 0), VectorView<const T>, asked_for::packed> packed;
  SourceView<S> source;
  MatrixView<const T> x;
  MatrixView<T> y;                                              ///< overwrite
  IfAsked<keeps_cache, MatrixView<T>, asked_for::cache> cache;  ///< overwrite
  IfAsked<(S::needs.scratch > 0), VectorView<T>, asked_for::scratch> scratch;
  IfAsked<(S::needs.scratch_per_sample > 0), MatrixView<T>, asked_for::scratch_per_sample> scratch_per_sample;
  Random random;
  std::span<const double> sums;                                                                ///< totals
  IfAsked<(M == Mode::train && S::needs.tallies > 0), std::span<double>, asked_for::tallies> tallies;  ///< add
  Index batch;  ///< samples in the whole batch, of which x holds some
  IfAsked<S::needs.lengths, Lengths, asked_for::lengths> lengths;  ///< of x
  /// In a stream, carry × columns: what the last call left; overwrite. Elsewhere null: begin at zero.
  IfAsked<(S::needs.carry > 0), T*, asked_for::carry> carry;
  IfAsked<(M == Mode::train && S::needs.targets), MatrixView<const T>, asked_for::targets> targets;
  Precision precision = Precision::float32;  ///< of products; in training alone another than float32
  [[no_unique_address]] typename S::Epilogue epilogue;
};

/// dy → dtheta and dx for some columns of a batch. dX always means ∂loss/∂X.
template <class S, bool InputGradient>
struct Backward {
  using T = typename S::Scalar;

  typename S::Theta theta;
  typename S::DTheta dtheta;  ///< add
  IfAsked<(S::needs.packed > 0), VectorView<const T>, asked_for::packed> packed;
  SourceView<S> source;
  IfAsked<S::needs.backward_x, MatrixView<const T>, asked_for::backward_x> x;
  IfAsked<S::needs.backward_y, MatrixView<const T>, asked_for::backward_y> y;
  MatrixView<const T> dy;
  IfAsked<InputGradient, MatrixView<T>, asked_for::input_gradient> dx;  ///< overwrite
  IfAsked<(S::needs.cache > 0), MatrixView<const T>, asked_for::cache> cache;
  IfAsked<(S::needs.scratch + S::needs.backward_scratch > 0), VectorView<T>, asked_for::scratch> scratch;
  IfAsked<(S::needs.scratch_per_sample > 0), MatrixView<T>, asked_for::scratch_per_sample> scratch_per_sample;
  Random random;
  std::span<const double> sums, dsums;  ///< totals
  Index batch;
  IfAsked<S::needs.lengths, Lengths, asked_for::lengths> lengths;  ///< of x
  IfAsked<S::needs.targets, MatrixView<const T>, asked_for::targets> targets;
  Precision precision = Precision::float32;
  [[no_unique_address]] typename S::Previous previous;
};

/// x, dy → dtheta alone. A layer that makes its dtheta of x and dy, and has `input_gradient` too, may have this as
/// `parameter_gradient`: the two then take the place of backward, and dtheta may be overwritten instead of cleared and added to, and
/// made by several threads, each some columns of the first block.
template <class S>
struct ParameterGradient {
  using T = typename S::Scalar;

  typename S::DTheta dtheta;  ///< overwrite, or add, as `add` says: columns [begin, end) of the first block, and with its last
                              ///< column all other blocks
  IfAsked<S::needs.backward_x, MatrixView<const T>, asked_for::backward_x> x;
  MatrixView<const T> dy;
  Index begin, end;  ///< never empty
  bool add;
  Precision precision = Precision::float32;
};

/// The concept of a layer at its place: it has the functions that its Needs call for, and no other.
template <class S>
concept Runs = requires(const typename S::Layer layer, Forward<S, Mode::train> training, Forward<S, Mode::predict> inference,
                        Backward<S, true> inner, Backward<S, false> first) {
  layer.forward(training);
  layer.forward(inference);
  layer.backward(inner);
  layer.backward(first);
};
template <class S>
concept GivesParameterGradient = requires(const typename S::Layer layer, ParameterGradient<S> pass) {
  layer.parameter_gradient(pass);
};
template <class S>
concept Prepares = requires(const typename S::Layer layer, Prepare<S> pass) {
  layer.prepare(pass);
};
template <class S>
concept Gathers = requires(const typename S::Layer layer, Gather<S> pass) {
  layer.gather(pass);
};
template <class L>
concept Merges = requires(std::span<double> total, std::span<const double> part) {
  L::merge(total, part);
};
template <class S>
concept GathersBackward = requires(const typename S::Layer layer, GatherBackward<S> pass) {
  layer.gather_backward(pass);
};
template <class S>
concept Settles = requires(const typename S::Layer layer, Settle<S> pass) {
  layer.settle(pass);
};

}  // namespace eigencoder
