// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "eigencoder/engine/execute.hpp"
#include "eigencoder/engine/parallel.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/check_data.hpp"
#include "eigencoder/models/model.hpp"

namespace eigencoder {

/// The loss of each sample and of each feature.
struct SampleErrors {
  Eigen::VectorXd samples;   ///< N: over the features as the loss reduces them. How unusual a sample is
  Eigen::VectorXd features;  ///< output: the mean over the samples. What the model restores badly
};

namespace detail {

/// A loss that writes down what each sample and each feature adds to it.
template <class Loss>
struct RecordedLoss {
  static constexpr TermNeeds needs{.on_logits = needs_of<Loss>.on_logits, .demands = true};
  template <class Chain>
  struct Demands {
    static constexpr bool content = [] {
      if constexpr (needs_of<Loss>.demands) return sizeof(typename Loss::template Demands<Chain>) > 0;
      return true;
    }();
    static_assert(content);
  };

  Loss loss;
  double *samples = nullptr, *features = nullptr;  ///< overwritten, added to

  constexpr auto on_logits() const requires HasLogitsForm<Loss> {
    return RecordedLoss<decltype(loss.on_logits())>{loss.on_logits(), samples, features};
  }

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    using T = typename S::Scalar;
    using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    const Index rows = pass.y.rows(), columns = pass.y.cols();
    const auto of = [&](const T* y, const T* target, Index features_of, Index samples_of) {
      return loss(LossPass<LossStage<Loss, T>, false>{.y = {y, features_of, samples_of},
                                                      .target = {target, features_of, samples_of},
                                                      .dy = {nullptr, features_of, samples_of},
                                                      .batch = 1,
                                                      .weight = 1});
    };
    for (Index j = 0; j < columns; ++j) samples[j] = of(pass.y.col(j).data(), pass.target.col(j).data(), rows, 1);
    const Matrix y = pass.y.transpose(), target = pass.target.transpose();
    for (Index i = 0; i < rows; ++i) features[i] += of(y.col(i).data(), target.col(i).data(), 1, columns);
    return 0;
  }
};

template <class Loss>
struct Recording : Objective<RecordedLoss<Loss>> {
  static constexpr bool trains = false;
};

}  // namespace detail

/// The loss of each of N samples, input × N, and of each feature of their targets, output × N, as in inference and, other than
/// in Trainer::evaluate, with the means of latent codes. For losses that are sums over values: those that take weights of
/// elements.
///   const ec::SampleErrors errors = ec::sample_errors(model, x, ec::MeanSquaredError{});
/// mean(samples) is the loss of the set, and so is mean(features), or with Reduction::sum sum(features). Memory is that of a
/// few samples for each thread. Throws ShapeError, and OptionError or NonFiniteError where a target is none that the loss is
/// meant for.
template <class C, Loss Term>
SampleErrors sample_errors(const Model<C>& model, const Samples<typename C::Scalar>& x,
                           const Samples<typename C::Scalar>& targets, const Term& loss) {
  static_assert(needs_of<Term>.element_weights && !needs_of<Term>.class_numbers,
                "sample_errors needs a loss that is a sum over values, such as MeanSquaredError or Bernoulli");
  using T = typename C::Scalar;
  using O = detail::Recording<Term>;
  using P = Program<C, O>;
  detail::SampleRules rules{.input = C::input,
                            .target = C::output,
                            .targets = detail::target_range(std::type_identity<Objective<Term>>{}, C::output.channels),
                            .inputs = detail::input_range<C>()};
  detail::add_length_rules<C>(rules);
  detail::check_pair(rules, "inputs", x, "targets", targets);
  detail::check_targets(rules, x, targets);
  if constexpr (needs_of<Term>.check) loss.check();

  const Index count = x.cols();
  const auto* const theta = model.parameters().data();
  Arena<T> packed(static_cast<std::size_t>(C::packed_at[C::size]));
  prepare<C>(model.layers(), theta, packed.data());
  constexpr Index piece = std::clamp<Index>(512 * 1024 / (P::per_sample * static_cast<Index>(sizeof(T))), 4, 64);
  const Index pieces = (count + piece - 1) / piece;
  const double operations = 2.0 * static_cast<double>(C::multiplications) * static_cast<double>(count);
  const std::size_t threads = useful_threads(operations, static_cast<std::size_t>(pieces));

  SampleErrors errors{Eigen::VectorXd(count), Eigen::VectorXd::Zero(C::output.size())};
  Eigen::MatrixXd features = Eigen::MatrixXd::Zero(C::output.size(), static_cast<Index>(threads));
  in_parallel(threads, [&](std::size_t thread) {
    LaneMemory<T> lane = Lane<P>::memory(piece);
    Arena<T> inputs(static_cast<std::size_t>(C::input.size() * piece)),
        wanted(static_cast<std::size_t>(C::output.size() * piece));
    std::vector<double> totals(static_cast<std::size_t>(P::totals)), values(P::terms);
    const auto border = [&](std::size_t t) { return pieces * static_cast<Index>(t) / static_cast<Index>(threads) * piece; };
    for (Index first = border(thread); first < std::min(count, border(thread + 1)); first += piece) {
      const Index columns = std::min(piece, count - first);
      double* const of_features = features.col(static_cast<Index>(thread)).data();
      const O objective{as_objective(detail::RecordedLoss<Term>{loss, errors.samples.data() + first, of_features})};
      const T* const read = x.columns_without_gaps(first, columns, inputs.data());
      Execute<P, Mode::predict>::phase(
          0, Shard<P>(model.layers(), objective,
                      {.memory = lane,
                       .parameters = {theta, model.state().data(), packed.data()},
                       .x = read,
                       .target = targets == x ? read : targets.columns_without_gaps(first, columns, wanted.data()),
                       .first = first,
                       .columns = columns,
                       .batch = count,
                       .share = totals,
                       .totals = totals,
                       .values = values,
                       .seed = {}}));
    }
  });
  errors.features = features.rowwise().sum() / static_cast<double>(count);
  return errors;
}
/// Of restoring the samples themselves: sample_errors(model, x).
template <class C, Loss Term = MeanSquaredError>
SampleErrors sample_errors(const Model<C>& model, const Samples<typename C::Scalar>& x, const Term& loss = {}) {
  return sample_errors(model, x, x, loss);
}

}  // namespace eigencoder
