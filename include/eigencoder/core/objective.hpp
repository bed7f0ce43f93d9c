// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <tuple>

#include "eigencoder/core/term.hpp"

namespace eigencoder {

/// A term and its weight in an objective.
template <ObjectiveTerm TermType>
struct Weighted {
  using Term = TermType;
  double weight = 1;
  Term term;

  /// The weight in a step of training, which the term's factor(step) scales where it has one.
  double weight_in(std::uint64_t step) const {
    if constexpr (needs_of<Term>.factor) return weight * term.factor(step);
    return weight;
  }
};

/// The step that a penalty sees in an evaluation: later than any step of training.
inline constexpr std::uint64_t last_step = std::numeric_limits<std::uint64_t>::max();

template <class Term>
Weighted(double, Term) -> Weighted<Term>;  // clang 14 does not deduce it without

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

/// An operand of a plus: a term, a weighted term, a sum of such.
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
