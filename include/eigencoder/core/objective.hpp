// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <tuple>

#include "eigencoder/core/pass.hpp"

namespace eigencoder {

/// What a loss does over the features of a sample. Over the samples of a batch it is always the mean.
enum class Reduction { mean, sum };

/// Where a penalty looks: at the code, at the input of the layer that samples a latent distribution, at what becomes, on the
/// way to the code, of small changes of the input, or at the output of the layer of that number, counted in the network from
/// the encoder's first on.
enum class Site : Index { tangent = -3, latent = -2, code = -1 };

/// y, target → value and ∂/∂y for some columns of a batch. The value that a loss returns is its share of the batch's mean
/// (1/batch included, weight not); its gradient carries the weight too.
template <class T, bool Gradient = true, bool Accumulate = false>
struct LossPass {
  MatrixView<const T> y, target;
  MatrixView<T> dy;  ///< overwrite, or add if Accumulate; untouched unless Gradient
  Index batch;       ///< columns in the whole batch, of which y holds some
  double weight;
  std::span<const double> sums{};                ///< totals
  MatrixView<const T> latent{nullptr, 0, 0};     ///< what the layer that samples a latent code reads, if there is one
  MatrixView<const T> code{nullptr, 0, 0};       ///< and what it makes of it
  MatrixView<T> cache{nullptr, 0, 0};            ///< overwrite, if the term is a penalty too, which reads it
};

/// A loss's share of the sums over the batch that it needs.
template <class T>
struct LossGather {
  MatrixView<const T> y, target;
  std::span<double> sums;  ///< add
};

/// A penalty's share of the sums over the batch that it needs.
template <class S>
struct PenaltyGather {
  MatrixView<const typename S::Scalar> y;
  std::span<double> sums;                 ///< add
  MatrixView<typename S::Scalar> shared;  ///< overwrite: the shard's columns of what the whole batch shares
  Random random;                          ///< the term's own draws, addressed by column and element
};

/// y → value and gradient of a penalty on an activation. S is the stage that produced y, its epilogue included.
template <class S, bool Gradient>
struct PenaltyPass {
  using T = typename S::Scalar;
  typename S::Theta theta;
  typename S::DTheta dtheta;  ///< add, if Gradient
  MatrixView<const T> y;
  MatrixView<T> dy;              ///< add, if Gradient
  std::span<const double> sums;  ///< totals
  Index batch;
  double weight;
  [[no_unique_address]] typename S::Epilogue epilogue;
  MatrixView<const T> code;    ///< at Site::latent what the layer there makes of y, elsewhere y
  MatrixView<const T> shared;  ///< what all shards have gathered, column by column of the batch
  MatrixView<const T> cache;   ///< of the same columns, what the term left there as a loss
  Index first;                 ///< the batch's column that y begins with
  std::uint64_t step;          ///< 1, 2, 3, … in training; in an evaluation the largest there is
};

/// v = J u, the change of the code that belongs to a direction u of the input → value and ∂/∂v. A penalty at Site::tangent says
/// how many `directions(shape)` it wants, and draws each by `direction(d, random, u)`. If it has a `from_code<Network>` that is
/// true, u is a direction of the code instead, v = Jᵀ u, and the penalty a sum of squares: v · w, with w in the place of v where
/// it can be had for less.
template <class T, bool Gradient>
struct TangentPass {
  MatrixView<const T> v, w;
  MatrixView<T> dv;  ///< overwrite, if Gradient
  Index batch;
  double weight;
};

/// A block of weights → value and gradient of a penalty on them.
template <class T, bool Gradient = true>
struct WeightPass {
  VectorView<const T> theta;
  VectorView<T> dtheta;  ///< add; untouched unless Gradient
  double weight;
};

/// A term that compares the network's output with the target. One that is meant for targets in a closed range says so by
/// `static constexpr Range targets{0, 1}`. One that needs totals over the batch says how many in `loss_sums` and has
/// gather(LossGather<T>). One that is a penalty too may leave `cache` scalars a column for its second part.
template <class Term>
concept Loss = std::is_trivially_copyable_v<Term> && requires(const Term term, LossPass<double> pass) {
  { term(pass) } -> std::convertible_to<double>;
};

/// A term that looks at an activation. One whose samples meet says what it gathers: `sums(shape)` totals, or `shared(shape)`
/// scalars a column that every shard may then read. Any term may say what it asks of a network, in the assertions of a member
/// template `Demands<Network>`, where Network is the Chain.
template <class Term>
concept Penalty = std::is_trivially_copyable_v<Term> && requires(Shape shape) {
  { Term::site } -> std::convertible_to<Site>;
  { Term::sums(shape) } -> std::convertible_to<Index>;
};

/// A term that looks at the weights: at every block of the network that decays.
template <class Term>
concept WeightPenalty = std::is_trivially_copyable_v<Term> && requires(const Term term, WeightPass<double> pass) {
  { term(pass) } -> std::convertible_to<double>;
};

/// A penalty that looks at the output of layer Position in place of the code.
template <Index Position, Penalty Term>
struct OnLayer : Term {
  static_assert(Position >= 0, "OnLayer<Position, Term>: layers are counted from 0");
  static_assert(Term::site == Site::code, "OnLayer<Position, Term>: this penalty has a place of its own");
  static constexpr Site site{Position};
};
/// 0.1 * on_layer<1>(L1Activity{}): of layer 1, counted in the network from the encoder's first on.
template <Index Position, Penalty Term>
constexpr OnLayer<Position, Term> on_layer(Term term) {
  return {term};
}

/// A loss that has a cheaper, stable form on the input of a final Sigmoid: on_logits() is that form, a loss itself.
template <class Term>
concept HasLogitsForm = Loss<Term> && requires(const Term term) {
  { term.on_logits() } -> Loss;
};

template <class T>
concept ObjectiveTerm = Loss<T> || Penalty<T> || WeightPenalty<T>;

template <ObjectiveTerm TermType>
struct Weighted {
  using Term = TermType;
  double weight = 1;
  Term term;

  /// The weight in a step of training: a term that has a `factor(step)` comes in by and by.
  double weight_in(std::uint64_t step) const {
    if constexpr (requires { term.factor(step); }) return weight * term.factor(step);
    return weight;
  }
};

/// The step that a penalty sees in an evaluation: behind all of training.
inline constexpr std::uint64_t last_step = std::numeric_limits<std::uint64_t>::max();

template <class Term>
Weighted(double, Term) -> Weighted<Term>;  // clang 14 does not find it by itself

/// Σ weight · term. Written with + and *: MeanSquaredError{} + 1e-4 * Contractive{}.
template <ObjectiveTerm... Terms>
struct Objective {
  static constexpr std::size_t size = sizeof...(Terms);
  template <std::size_t I>
  using term = std::tuple_element_t<I, std::tuple<Terms...>>;

  std::tuple<Weighted<Terms>...> terms;
};

template <ObjectiveTerm Term>
constexpr Objective<Term> as_objective(Term term) {
  return {{Weighted<Term>{1, term}}};
}
template <ObjectiveTerm Term>
constexpr Objective<Term> as_objective(Weighted<Term> term) {
  return {{term}};
}
template <ObjectiveTerm... Terms>
constexpr Objective<Terms...> as_objective(Objective<Terms...> objective) {
  return objective;
}

/// What may stand on either side of a plus: a term, a weighted term, a sum of such.
template <class T>
concept ObjectivePart = requires(const T part) {
  as_objective(part);
};

template <ObjectiveTerm Term>
constexpr Weighted<Term> operator*(double weight, Term term) {
  return {weight, term};
}
template <ObjectiveTerm Term>
constexpr Weighted<Term> operator*(Term term, double weight) {
  return {weight, term};
}
template <ObjectivePart Left, ObjectivePart Right>
constexpr auto operator+(Left left, Right right) {
  const auto join = []<class... A, class... B>(Objective<A...> a, Objective<B...> b) {
    return Objective<A..., B...>{std::tuple_cat(a.terms, b.terms)};
  };
  return join(as_objective(left), as_objective(right));
}

}  // namespace eigencoder
