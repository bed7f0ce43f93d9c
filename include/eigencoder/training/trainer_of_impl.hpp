// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/fit.hpp"
#include "eigencoder/training/sets.hpp"
#include "eigencoder/training/team.hpp"

namespace eigencoder {

template <class T>
TrainerOf<T>::TrainerOf(const NetworkLayout& layout, const detail::SampleRules& rules, std::unique_ptr<StepperOf<T>> stepper,
                        const TrainerOptions& options)
    : layout_(layout), rules_(rules), seed_(options.seed), stepper_(std::move(stepper)) {
  set_clip(options.clip);
  stepper_->updater().set_weight_average(options.average);
  if (!std::same_as<T, float> && options.precision != Precision::float32) {
    throw OptionError(message("Precision::bfloat16 is for networks of float, found one of ", type_name<T>()));
  }
  stepper_->set_precision(options.precision);
}

template <class T>
TrainerOf<T>::~TrainerOf() = default;

template <class T>
std::size_t TrainerOf<T>::checked_threads(std::size_t threads) {
  if (threads > Team::most) throw OptionError(message("threads must be at most ", Team::most, ", found ", threads));
  return threads > 0 ? threads : std::clamp(std::thread::hardware_concurrency(), 1U, Team::most);
}

template <class T>
void TrainerOf<T>::check_weight(double weight, bool loss, std::string (*term)()) {
  if (!std::isfinite(weight)) throw OptionError(message("the weight of a term of the objective must be finite, found ", weight));
  if (!loss && weight < 0) throw OptionError(message("the weight of ", term(), " must not be negative, found ", weight));
}

template <class T>
History TrainerOf<T>::fit(const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options) {
  static_cast<void>(contents());
  const detail::Sets<T> sets = detail::checked_sets(rules_, inputs, targets, options, seed_);
  detail::SampleFeed<T> feed(sets.train, options.batch_size, options.shuffle, seed_);
  return detail::Fit<T>(*this, feed, sets.validation, options).run();
}

template <class T>
double TrainerOf<T>::train_on_batch(const Samples<T>& inputs, const Samples<T>& targets, const Samples<T>& weights,
                                    const Samples<T>& element_weights, StepCounts lengths) {
  static_cast<void>(contents());
  detail::check_pair(rules_, "inputs", inputs, "targets", targets);
  stepper_->reserve_training(inputs.cols());
  const Index size = inputs.cols();
  const Batch<T> batch{.inputs = inputs,
                       .targets = targets,
                       .size = size,
                       .weights = detail::checked_weights(rules_, "weights", weights, size, weights_),
                       .element_weights = detail::checked_training_weights(rules_, element_weights, size),
                       .lengths = detail::checked_lengths(rules_, "lengths", lengths, size)};
  // A look in every step would cost 3 % of it.
  if (updates() == 0) detail::check_targets(rules_, inputs, targets, batch.lengths);
  const double loss = weighted(train_step(batch), true);
  if (!stepper_->taken()) throw NonFiniteError(message(why_not_taken(loss, batch, 0), " The parameters are as before this step."));
  return loss;
}

template <class T>
Evaluation TrainerOf<T>::evaluate(const Samples<T>& inputs, const Samples<T>& targets, const EvaluateOptions<T>& options) {
  static_cast<void>(contents());
  detail::check_pair(rules_, "inputs", inputs, "targets", targets);
  detail::check_batch_size(options.batch_size);
  const Index size = inputs.cols();
  const detail::SampleSet<T> set{.inputs = inputs,
                      .targets = targets,
                      .weights = detail::checked_weights(rules_, "sample_weights", options.sample_weights, size, weights_),
                      .element_weights = detail::checked_element_weights(rules_, "element_weights", options.element_weights, size),
                      .lengths = detail::checked_lengths(rules_, "lengths", options.lengths, size)};
  detail::check_targets(rules_, inputs, targets, set.lengths);
  Evaluation sum{.terms = std::vector<double>(stepper_->terms())};
  evaluate_batches(set, options.batch_size, options.averaged ? weights_to_predict() : nullptr, sum);
  return sum;
}

template <class T>
void TrainerOf<T>::evaluate_batches(const detail::SampleSet<T>& set, Index batch_size, const T* theta, Evaluation& sum) {
  batch_size = std::min(batch_size, set.size());
  stepper_->reserve(batch_size);
  sum.loss = 0;
  for (Index first = 0; first < set.size(); first += batch_size) {
    const Batch<T> batch = set.batch(set.order(), first, std::min(batch_size, set.size() - first));
    const Values values = evaluate_step(batch, static_cast<std::uint64_t>(first), theta);
    add(sum, weighted(values, false), values, static_cast<double>(batch.size) / static_cast<double>(set.size()));
  }
}

template <class T>
void TrainerOf<T>::add(Evaluation& sum, double loss, Values values, double share) {
  sum.loss += share * loss;
  for (std::size_t k = 0; k < values.size(); ++k) sum.terms[k] += share * values[k];
}

template <class T>
void TrainerOf<T>::keep(Snapshot<T>& snapshot) const {
  const Contents now = contents();
  snapshot.parameters.assign(now.theta, now.theta + layout_.parameters);
  snapshot.state.assign(now.state, now.state + layout_.state);
  stepper_->keep(snapshot);
  snapshot.shuffles = shuffles_;
  snapshot.epochs = epochs_;
}

template <class T>
void TrainerOf<T>::restore(const Snapshot<T>& snapshot) {
  static_cast<void>(contents());
  const auto require = [](const char* what, std::size_t found, std::size_t wanted) {
    if (found == wanted) return;
    throw ShapeError(message("restore: expected a snapshot of ", wanted, ' ', what, ", as this trainer has, found ", found));
  };
  require("parameters", snapshot.parameters.size(), static_cast<std::size_t>(layout_.parameters));
  require("scalars of running state", snapshot.state.size(), static_cast<std::size_t>(layout_.state));
  const bool stepped = !snapshot.slots.empty();
  require("scalars of the optimizer", snapshot.slots.size(), stepped ? stepper_->updater().slots() * snapshot.parameters.size() : 0);
  require("averaged parameters", snapshot.average.size(), snapshot.average.empty() ? 0 : snapshot.parameters.size());
  stepper_->restore(snapshot);
  shuffles_ = snapshot.shuffles;
  epochs_ = snapshot.epochs;
  const auto [theta, state] = memory();
  std::copy(snapshot.parameters.begin(), snapshot.parameters.end(), theta);
  std::copy(snapshot.state.begin(), snapshot.state.end(), state);
}

template <class T>
void TrainerOf<T>::go_on_from(Snapshot<T> snapshot, const GradientClip& clip,
                              const std::vector<std::pair<std::string, double>>& rates) {
  restore(snapshot);
  stepper_->updater().set_clip(clip);
  for (const auto& [block, rate] : rates) stepper_->updater().set_rate(block, rate);
  best_ = {.snapshot = std::move(snapshot), .begun = {}};
}

template <class T>
std::string TrainerOf<T>::after_divergence(double learning_rate) {
  return message(" A smaller learning_rate (now ", learning_rate, ") or inputs scaled to about [0, 1] may help.");
}

template <class T>
std::string TrainerOf<T>::why_not_taken(double loss, const Batch<T>& batch, Index first) const {
  const std::string advice = after_divergence(this->learning_rate());
  const Updater<T>& updater = std::as_const(*stepper_).updater();
  const std::uint64_t step = updater.updates() + 1;
  if (!std::isfinite(loss)) {
    const std::span<const Index> order(batch.order, batch.order ? static_cast<std::size_t>(batch.size) : 0);
    return message("the loss became ", loss, " in step ", step, ": ", diagnosis(batch.inputs, order, first), advice);
  }
  if (updater.refused_by_exchange()) {
    return message("the exchange left values that are not finite in step ", step, ", at a loss of ", loss, '.', advice);
  }
  return message("the gradient overflowed in step ", step, ", most of all that of ", updater.name_of_steepest(), ", at a loss of ",
                 loss, '.', advice);
}

}  // namespace eigencoder
