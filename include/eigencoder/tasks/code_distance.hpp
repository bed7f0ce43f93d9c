// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/mahalanobis.hpp"
#include "eigencoder/tasks/sample_values.hpp"

namespace eigencoder {

/// A score of anomalies: how far the code of a sample is from those of training, as Mahalanobis measures it. Of a variational
/// model the code is its mean. It needs few values, and tells what lies far from all codes, but not what the decoder restores
/// badly.
struct CodeDistance {
  double shrinkage = 1e-6;
};

namespace detail {

/// How AnomalyDetector comes to scores: what it learns of scaled training samples, the scores of others, and errors of
/// features. By an objective: its values; there is nothing to learn.
template <class ModelType, class Score>
class ScoreValues {
  static_assert(ObjectivePart<Score>,
                "AnomalyDetector's score is a loss such as MeanSquaredError, an Elbo, an ImportanceWeighted, or CodeDistance");
  using T = typename ModelType::Scalar;
  using Matrix = typename ModelType::Matrix;

  /// The loss of the objective, or the likelihood within it, that is a sum over values.
  template <class Term>
  static constexpr auto value_loss(const Term& term) {
    if constexpr (requires { term.likelihood; }) {
      return term.likelihood;
    } else {
      return term;
    }
  }
  static constexpr auto first_loss(const Score& score) { return value_loss(std::get<0>(as_objective(score).terms).term); }
  using ValueLoss = decltype(first_loss(std::declval<Score>()));

 public:
  struct Learnt {};
  using Workspace = typename SampleValues<ModelType, Score>::Workspace;
  static constexpr bool has_errors = Loss<ValueLoss> && needs_of<ValueLoss>.element_weights;
  /// It is meant for values of any size.
  static constexpr bool any_values =
      detail::target_range(std::type_identity<decltype(as_objective(std::declval<Score>()))>{}, 1).term == nullptr;

  ScoreValues(const ModelType& model, const Score& score) : model_(model), score_(score), values_(model, score) {}

  static void check(const Learnt&) {}
  Learnt learn(const Matrix&) const { return {}; }
  double value(const Learnt&, const Matrix& x, Workspace& workspace) const { return values_.value(x, workspace); }
  Eigen::VectorXd values(const Learnt&, const Matrix& x) const { return values_.values(x); }
  Eigen::VectorXd errors(const Matrix& x) const { return sample_errors(model_, x, first_loss(score_)).features; }

 private:
  const ModelType& model_;
  Score score_;
  SampleValues<ModelType, Score> values_;
};

/// By the distance of codes.
template <class ModelType>
class ScoreValues<ModelType, CodeDistance> {
  static_assert(
      requires { ModelType::code; }, "CodeDistance needs a model with a code: an Autoencoder");
  using Matrix = typename ModelType::Matrix;

 public:
  using Learnt = Mahalanobis;
  static constexpr bool has_errors = false, any_values = true;

  class Workspace {
   private:
    friend ScoreValues;
    typename ModelType::Workspace encoder{1};
    Matrix code{ModelType::code.size(), 1};
    Eigen::VectorXd work{ModelType::code.size()};
  };

  ScoreValues(const ModelType& model, const CodeDistance& score) : model_(model), score_(score) {
    if (!(score.shrinkage >= 0 && score.shrinkage <= 1)) {
      throw OptionError(message("CodeDistance: expected a shrinkage from 0 to 1, found ", score.shrinkage));
    }
  }

  static void check(const Learnt& learnt) {
    if (learnt.size() == ModelType::code.size()) return;
    throw ShapeError(message("CodeDistance: expected codes of ", ModelType::code.size(), " values, as the model has, found ",
                             learnt.size()));
  }
  Learnt learn(const Matrix& x) const { return Mahalanobis::fit(model_.encode(x), score_.shrinkage); }
  double value(const Learnt& learnt, const Matrix& x, Workspace& workspace) const {
    model_.encode(x, workspace.code, workspace.encoder);
    return learnt.distance(workspace.code.col(0), workspace.work);
  }
  Eigen::VectorXd values(const Learnt& learnt, const Matrix& x) const { return learnt.distances(model_.encode(x)); }

 private:
  const ModelType& model_;
  CodeDistance score_;
};

}  // namespace detail

}  // namespace eigencoder
