// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <limits>
#include <string_view>
#include <type_traits>

#include "eigencoder/core/block.hpp"

namespace eigencoder {

/// What a forward pass is for. In `predict` nothing is random. In `evaluate`, of an objective, layers that say `Needs::samples`
/// draw, since an expectation over codes is estimated by drawing them; all others see `predict` in its place.
enum class Mode { predict, evaluate, train };

/// A position that says there is none.
inline constexpr Index no_link = std::numeric_limits<Index>::min();

/// Everything a layer asks of the framework. A field left out means no; a misspelt one does not compile.
struct Needs {
  Index cache = 0;  ///< scalars a sample that forward leaves for backward, and for a later layer that links to this one
  Index scratch = 0;             ///< scalars of working memory
  Index backward_scratch = 0;    ///< the same, where backward needs more of it than `scratch`
  Index scratch_per_sample = 0;  ///< the same, for each sample
  Index packed = 0;              ///< scalars that prepare() derives from theta once a step, for forward and backward
  Index backward_packed = 0;     ///< how many of them, at their end, forward does not read
  Index carry = 0;               ///< scalars a sample that a stream keeps from one call of forward to the next
  Index columns = 1;             ///< samples at a time that its products need to be efficient
  Index sums = 0;                ///< doubles that gather() sums over the whole batch before forward
  Index dsums = 0;               ///< doubles that gather_backward() sums over the whole batch before backward
  Index tallies = 0;             ///< doubles that forward itself sums over the whole batch in training, for settle()
  bool backward_x = false;       ///< backward reads x
  bool backward_y = false;       ///< backward reads y
  bool in_place = false;         ///< y may lie over x, and dx over dy
  bool derivative = false;       ///< multiplies dx with the derivative of the previous elementwise layer in its own store
  bool epilogue = false;         ///< applies the elementwise layer that follows in its own store
  bool training_only = false;    ///< inference passes x through
  bool samples = false;          ///< x is a distribution that this layer draws from, in evaluations too
  bool quantises = false;        ///< replaces x by the nearest of a set of values
  bool lengths = false;          ///< reads how many steps of x are each sample's own
  bool targets = false;          ///< in training forward and backward read the targets, which have the shape of y
  bool weighs_targets = false;   ///< in training its cache holds a weight for each value of the targets, by which the losses count it
  bool joins = false;            ///< reads the output of the layer at `link`, and adds to its gradient
  Index link = no_link;          ///< position of the earlier layer whose parameters, cache or output this one reads; negative ones
                                 ///< count back from this one: −1 is the previous layer
};

/// A number that a layer holds as a value, and not in its type. A layer that holds some says them, as
///   constexpr std::array<Setting, 1> settings() const { return {{{"slope", slope}}}; }
/// by which files and exports tell one network from another of the same type.
struct Setting {
  std::string_view name;
  double value;
  bool in_training = false;  ///< predictions do not depend on it: files of models leave it out, checkpoints do not
};

/// The option of type Option among a layer's template arguments, in any order: Dense<32, Init::he_normal, Bias::none>.
template <class Option, auto... Given>
constexpr Option option_or(Option fallback) {
  [[maybe_unused]] const auto take = [&](auto given) {
    if constexpr (std::is_same_v<decltype(given), Option>) fallback = given;
  };
  (take(Given), ...);
  return fallback;
}

/// A template argument that is an option of type Option.
template <auto Given, class Option>
concept OptionOf = std::is_same_v<std::remove_const_t<decltype(Given)>, Option>;

/// Whether a layer adds a bias to every output: an option of layers with weights.
enum class Bias { added, none };

/// What becomes of a layer in a decoder that `Mirror` or `Tied` of models/mirror.hpp derives from its encoder. A layer says it
/// by a member `mirroring`; without, it has no mirror, unless it acts in training only: then it leaves.
///   weights  its mirror restores its input with weights: it has the member templates Mirror<Shape In>, a layer with weights of
///            its own, and TiedMirror<Index Position, Shape In>, one with those of the layer at Position
///   shape    its mirror restores its input's shape: it has Mirror<Shape In>
///   follows  it is used as it is, after the mirror of the layer that follows it: activations and normalisation
///   leaves   it has no place in the decoder
enum class Mirroring { weights, shape, follows, leaves };

/// A layer whose output depends on its input and on an earlier activation, `joined`, as `Needs::joins` asks for it.
template <class L>
concept Join = requires(Shape in, Shape joined) {
  { L::accepts(in, joined) } -> std::same_as<bool>;
  { L::output(in, joined) } -> std::same_as<Shape>;
};

/// A layer recipe: small, immutable, owner of no memory, ignorant of its input until asked with a shape.
template <class L>
concept Recipe = std::is_trivially_copyable_v<L> && (Join<L> || requires(Shape in) {
  { L::accepts(in) } -> std::same_as<bool>;
  { L::output(in) } -> std::same_as<Shape>;
}) && requires(Shape in) {
  { L::needs(in) } -> std::same_as<Needs>;
  L::parameters(in).size();
};

/// A layer y = A x + b, which takes a small change of x to A times that. `Tangent` is the layer without b, over the first of
/// the same blocks.
template <class L>
concept Affine = Recipe<L> && requires {
  typename L::Tangent;
};

/// An activation that works value by value and whose derivative follows from its output.
template <class L>
concept Elementwise = Recipe<L> && requires(const L layer, double v) {
  layer.apply(v);
  layer.derivative(v);
  layer.curvature(v);
};

/// One whose derivative is not the same in pieces: it does not say `piecewise_linear`.
template <class L>
concept Curved = Elementwise<L> && !requires {
  requires L::piecewise_linear;
};

/// How a layer makes probabilities of its input, the logits: value by value with the logistic function, or over the channels of
/// every place. A final layer that says so, as `static constexpr Logits logits`, leaves its work to a loss that works on logits.
enum class Logits : unsigned char { none, logistic, softmax };

template <class L>
inline constexpr Logits logits_of = [] {
  if constexpr (requires { L::logits; }) return L::logits;
  return Logits::none;
}();

/// An interval.
struct Range {
  double low = 0, high = 1;
};
inline constexpr Range unbounded{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};

/// An activation all of whose values lie in a known open range.
template <class L>
concept Bounded = Elementwise<L> && requires {
  { L::range } -> std::convertible_to<Range>;
};

}  // namespace eigencoder
