// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>

#include "eigencoder/core/pass.hpp"

// What a term of an objective is: a loss, which compares the network's output with the target, a penalty, which looks at an
// activation, or a penalty on the weights. What it wants beside that it says in its TermNeeds.
namespace eigencoder {

/// What a loss does over the features of a sample. Over the samples of a batch it is always the mean.
enum class Reduction { mean, sum };

/// Where a penalty looks: at the code; at the input of the layer that samples a latent code; at the input of the layer that
/// quantises; at small changes of the input, or of the code, on their way through the encoder; or, as a number, at the output
/// of the layer of that position, counted in the network from the encoder's first on.
enum class Site : Index { tangent = -4, quantised = -3, latent = -2, code = -1 };

/// How many numbers a term asks for: so many, or as many as a function of the shape that it looks at says.
class Count {
 public:
  constexpr Count(Index number = 0) : number_(number) {}
  template <std::convertible_to<Index (*)(Shape)> F>
  constexpr Count(F function) : of_shape_(function) {}

  constexpr bool asked() const { return of_shape_ != nullptr || number_ > 0; }
  constexpr Index operator()(Shape shape) const { return of_shape_ != nullptr ? of_shape_(shape) : number_; }

 private:
  Index number_ = 0;
  Index (*of_shape_)(Shape) = nullptr;
};

/// How many directions a penalty on tangents wants for every sample, and whether they are directions of the code, v = Jᵀ u, in
/// place of the input, v = J u.
struct TangentDirections {
  Index count = 0;
  bool from_code = false;
};

/// Everything a term asks of the framework, as `static constexpr TermNeeds needs`. A field left out means no, a misspelt one
/// does not compile, and a term that asks for nothing need not have it. A wish whose function is missing does not compile, nor
/// does a function without its wish.
struct TermNeeds {
  Site site = Site::code;  ///< of a penalty: where it looks
  Count sums = 0;          ///< doubles that gather() sums over the whole batch, before the term is called
  Count shared = 0;        ///< of a penalty: scalars a column that gather() writes; the penalty sees those of the whole batch
  Index cache = 0;         ///< of a term that is a loss and a penalty: scalars a column that the first leaves for the second
  Index draws = 1;         ///< of a loss: columns of the batch that every sample takes, side by side in one shard
  /// Of a penalty at Site::tangent: how many directions direction() draws, for a network of these shapes.
  TangentDirections (*directions)(Shape input, Shape code) = nullptr;
  Range targets = unbounded;    ///< of a loss: the closed interval that it is meant for
  bool code = false;            ///< at Site::latent and Site::quantised: what the layer there makes of its input
  bool sample_weights = false;  ///< of a loss: it can count samples by their weights
  bool element_weights = false; ///< of a loss: it is a sum over values, can count each by its weight, and leave out padding
  bool factor = false;          ///< factor(step) multiplies the weight in step 1, 2, 3, … of training; not in evaluations
  bool warning = false;         ///< warning(value) → a text if an epoch's value is a sign of trouble, else an empty one
  bool check = false;           ///< check() throws OptionError, when the trainer is made
  /// Of a loss: on_logits() → a cheaper, stable loss on the input of a final layer that makes probabilities in this way.
  Logits on_logits = Logits::none;
  bool class_numbers = false;   ///< of a loss: a target is the number of a channel for every place of y, from 0 on, or −1: unknown
  bool demands = false;         ///< Demands<Chain> holds assertions that say what the term asks of a network, its Chain
};

/// What a term asks for: its `needs`, or nothing.
template <class Term>
inline constexpr TermNeeds needs_of = [] {
  if constexpr (requires { TermNeeds{Term::needs}; }) return TermNeeds{Term::needs};
  return TermNeeds{};
}();

/// A term at its place: all that its passes depend on. Of a penalty it is also the stage of the layer that made what the
/// penalty looks at, with that stage's scalar, blocks and epilogue; Term's needs replace the layer's.
template <class Term, class Producer>
struct TermStage : Producer {
  static constexpr TermNeeds needs = needs_of<Term>;
};

namespace detail {
template <class T>
struct NetworkOutput {
  using Scalar = T;
};
/// The stage of any layer, where a concept asks whether a term takes a pass.
struct AnyStage {
  using Layer = void;
  using Scalar = double;
  using Theta = std::tuple<>;
  using DTheta = std::tuple<>;
  using Epilogue = NoActivation;
};
}  // namespace detail

/// A loss at the output of a network of scalar T.
template <class Loss, class T>
using LossStage = TermStage<Loss, detail::NetworkOutput<T>>;

/// The field of TermNeeds that is missing where a term reads what it did not ask for: see Absent.
namespace term_needs {
struct sums;
struct shared;
struct cache;
struct code;
struct sample_weights;
struct element_weights;
}  // namespace term_needs

/// Weights of the values of a batch's targets, where they lie: of the samples `order` holds, or of all as they stand.
template <class T>
struct ElementWeights {
  const T* data = nullptr;       ///< of the first sample; null: all are 1
  Index stride = 0;              ///< from a sample's to those of the next; 0: every sample has the same
  const Index* order = nullptr;  ///< null: as they stand

  explicit operator bool() const { return data != nullptr; }
  const T* column(Index j) const { return data + stride * (order ? order[j] : j); }
  /// Those of samples order[0], order[1], …, or without an order from sample `first` on.
  ElementWeights of(const Index* samples, Index first) const {
    return samples || !data ? ElementWeights{data, stride, samples} : ElementWeights{data + stride * first, stride, nullptr};
  }
};

/// y, target: features × columns → value and ∂/∂y, for some columns of a batch. The value that a loss returns is its share of
/// the batch's mean (1/batch included, weight not); its gradient carries the weight too. S is the loss's TermStage.
template <class S, bool Gradient = true, bool Accumulate = false>
struct LossPass {
  using T = typename S::Scalar;
  MatrixView<const T> y, target;
  MatrixView<T> dy;  ///< overwrite, or add if Accumulate; untouched unless Gradient
  Index batch;       ///< columns in the whole batch, of which y holds some
  double weight;
  Index channels = y.rows();  ///< of every place of y: of a vector all its values
  IfAsked<S::needs.sums.asked(), std::span<const double>, term_needs::sums> sums{};  ///< totals
  IfAsked<S::needs.sample_weights, const T*, term_needs::sample_weights> weights{};  ///< of the columns; null: all are 1
  IfAsked<S::needs.element_weights, ElementWeights<T>, term_needs::element_weights> element_weights{};
  IfAsked<S::needs.element_weights, Lengths, term_needs::element_weights> lengths{};  ///< of y
  /// Of a term that is a penalty too: what it looks at there, and what the layer at its site makes of it.
  IfAsked<S::needs.code, MatrixView<const T>, term_needs::code> latent{nullptr, 0, 0}, code{nullptr, 0, 0};
  IfAsked<(S::needs.cache > 0), MatrixView<T>, term_needs::cache> cache{nullptr, 0, 0};  ///< overwrite, if Gradient
};

/// A loss's share of the sums over the batch that it needs.
template <class S>
struct LossGather {
  using T = typename S::Scalar;
  MatrixView<const T> y, target;
  std::span<double> sums;  ///< add
};

/// A penalty's share of what it needs of the whole batch.
template <class S>
struct PenaltyGather {
  using T = typename S::Scalar;
  MatrixView<const T> y;
  IfAsked<S::needs.sums.asked(), std::span<double>, term_needs::sums> sums;    ///< add
  IfAsked<S::needs.shared.asked(), MatrixView<T>, term_needs::shared> shared;  ///< overwrite: the columns of y
  Random random;                                                               ///< the term's own draws, by column and element
};

/// y: features × columns → value and gradient of a penalty on an activation. S is the term's TermStage: S::Theta, S::Epilogue
/// and so on are those of the layer that made y.
template <class S, bool Gradient>
struct PenaltyPass {
  using T = typename S::Scalar;
  typename S::Theta theta;
  typename S::DTheta dtheta;  ///< add, if Gradient
  MatrixView<const T> y;
  MatrixView<T> dy;  ///< add, if Gradient
  Index batch;
  double weight;
  [[no_unique_address]] typename S::Epilogue epilogue;
  IfAsked<S::needs.sums.asked(), std::span<const double>, term_needs::sums> sums;    ///< totals
  IfAsked<S::needs.shared.asked(), MatrixView<const T>, term_needs::shared> shared;  ///< of all columns of the batch
  IfAsked<(S::needs.cache > 0), MatrixView<const T>, term_needs::cache> cache;       ///< what the term left as a loss
  IfAsked<S::needs.code, MatrixView<const T>, term_needs::code> code;                ///< what the layer at the site makes of y
  Index first;                                                                       ///< the batch's column that y begins with
  std::uint64_t step;  ///< 1, 2, 3, … in training; in an evaluation the largest there is
};

/// A block of weights → value and gradient of a penalty on them.
template <class T, bool Gradient = true>
struct WeightPass {
  VectorView<const T> theta;
  VectorView<T> dtheta;  ///< add; untouched unless Gradient
  double weight;
};

/// A term that compares the network's output with the target.
template <class Term>
concept Loss = std::is_trivially_copyable_v<Term> && requires(const Term term, LossPass<LossStage<Term, double>> pass) {
  { term(pass) } -> std::convertible_to<double>;
};

namespace detail {
template <class Term>
concept LooksAtActivation = requires(const Term term, PenaltyPass<TermStage<Term, AnyStage>, false> pass) {
  { term(pass) } -> std::convertible_to<double>;
};
}  // namespace detail

/// A term that looks at an activation, or at tangents (core/tangent_pass.hpp).
template <class Term>
concept Penalty = std::is_trivially_copyable_v<Term> &&
    (needs_of<Term>.site == Site::tangent || detail::LooksAtActivation<Term>);

/// A term that looks at the weights: at every block of the network that decays.
template <class Term>
concept WeightPenalty = std::is_trivially_copyable_v<Term> && requires(const Term term, WeightPass<double> pass) {
  { term(pass) } -> std::convertible_to<double>;
};

template <class T>
concept ObjectiveTerm = Loss<T> || Penalty<T> || WeightPenalty<T>;

// The functions that a term has only with their wish.
template <class Term>
concept TermGathers = requires(const Term term, LossGather<LossStage<Term, double>> pass) {
  term.gather(pass);
}
|| requires(const Term term, PenaltyGather<TermStage<Term, detail::AnyStage>> pass) { term.gather(pass); };
template <class Term>
concept HasFactor = requires(const Term term, std::uint64_t step) {
  { term.factor(step) } -> std::convertible_to<double>;
};
template <class Term>
concept HasWarning = requires(const Term term, double value) {
  { term.warning(value) } -> std::convertible_to<std::string>;
};
template <class Term>
concept HasCheck = requires(const Term term) {
  term.check();
};
template <class Term>
concept HasLogitsForm = requires(const Term term) {
  { term.on_logits() } -> Loss;
};
template <class Term, class Chain>
concept HasDemands = requires {
  typename Term::template Demands<Chain>;
};
template <class Term>
concept DrawsDirections = requires(const Term term, MatrixView<double> u) {
  term.direction(Index{}, Random{}, u);
};

/// A penalty that looks at the output of layer Position in place of the code.
template <Index Position, Penalty Term>
struct OnLayer : Term {
  static_assert(Position >= 0, "OnLayer<Position, Term>: layers are counted from 0");
  static_assert(needs_of<Term>.site == Site::code, "OnLayer<Position, Term>: this penalty has a place of its own");
  static constexpr TermNeeds needs = [] {
    TermNeeds moved = needs_of<Term>;
    moved.site = Site{Position};
    return moved;
  }();
};
/// 0.1 * on_layer<1>(L1Activity{}): of layer 1, counted in the network from the encoder's first on.
template <Index Position, Penalty Term>
constexpr OnLayer<Position, Term> on_layer(Term term) {
  return {term};
}

}  // namespace eigencoder
