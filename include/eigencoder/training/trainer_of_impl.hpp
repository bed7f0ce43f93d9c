// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>

#include "eigencoder/training/batch_source_feed.hpp"
#include "eigencoder/training/feed_from_disk.hpp"
#include "eigencoder/training/fit.hpp"
#include "eigencoder/training/on_all_ranks.hpp"
#include "eigencoder/training/team.hpp"

namespace eigencoder {

template <class T>
TrainerOf<T>::TrainerOf(const NetworkLayout& layout, const detail::SampleRules& rules, std::unique_ptr<StepperOf<T>> stepper,
                        const TrainerOptions& options)
    : layout_(layout), rules_(rules), seed_(options.seed), stepper_(std::move(stepper)), ranks_(options.communicator) {
  const int size = ranks_.size();
  if (options.reproducible) {
    if (!std::has_single_bit(options.parts)) {
      throw OptionError(message("parts must be a power of two, found ", options.parts));
    }
    if (options.parts < static_cast<std::size_t>(size) || options.parts > Team::most) {
      throw OptionError(message("parts must be at least the number of ranks, ", size, ", and at most ", Team::most, ", found ",
                                options.parts));
    }
    division_ = {ranks_.rank(), size, options.parts, true};
  } else {
    division_ = {ranks_.rank(), size, static_cast<std::size_t>(size), false};
  }
  stepper_->set_ranks(ranks_, division_);
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
std::size_t TrainerOf<T>::checked_threads(const TrainerOptions& options) {
  const std::size_t threads = options.threads;
  if (threads > Team::most) throw OptionError(message("threads must be at most ", Team::most, ", found ", threads));
  const unsigned shared_by = static_cast<unsigned>(options.communicator.local_size());
  return threads > 0 ? threads : std::clamp(std::thread::hardware_concurrency() / shared_by, 1U, Team::most);
}

template <class T>
void TrainerOf<T>::check_weight(double weight, bool loss, std::string (*term)()) {
  if (!std::isfinite(weight)) throw OptionError(message("the weight of a term of the objective must be finite, found ", weight));
  if (!loss && weight < 0) throw OptionError(message("the weight of ", term(), " must not be negative, found ", weight));
}

template <class T>
detail::Strata TrainerOf<T>::strata_of(Index here) const {
  if (division_.trivial()) return detail::Strata(here);
  return detail::on_all_ranks(ranks_, [&] { return detail::Strata(ranks_, division_, here); });
}

template <class T>
History TrainerOf<T>::fit(const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options) {
  static_cast<void>(contents());
  auto sets = detail::on_all_ranks(ranks_, [&] { return detail::checked_sets(rules_, inputs, targets, options); });
  check_alike(options);
  auto &train = sets.train, &validation = sets.validation;
  train.strata = strata_of(inputs.cols());
  if (options.validation_fraction > 0) {
    detail::hold_out(train, validation, options.validation_fraction, options.validation_shuffle, seed_);
  } else if (validation.inputs.rows() > 0) {
    validation.strata = strata_of(validation.inputs.cols());
  }
  return together([&] {
    detail::SetFeed<T> feed(train, options.batch_size, options.shuffle, seed_);
    return detail::Fit<T>(*this, *feed, validation, options).run();
  });
}

template <class T>
History TrainerOf<T>::fit(const BatchSource<T>& source, const FitOptions<T>& options) {
  static_cast<void>(contents());
  std::vector<T> weights;
  auto validation = detail::on_all_ranks(ranks_, [&] { return detail::checked_source(rules_, source, options, division_, weights); });
  check_alike(options);
  if (validation.inputs.rows() > 0) validation.strata = strata_of(validation.inputs.cols());
  return together([&] {
    detail::BatchSourceFeed<T> filled(source, rules_, division_.share(options.batch_size), options.check_data);
    std::optional<detail::ReadAhead<T>> ahead;
    if (source.ahead) ahead.emplace(filled);
    detail::Feed<T>& own = ahead ? static_cast<detail::Feed<T>&>(*ahead) : filled;
    if (division_.trivial()) return detail::Fit<T>(*this, own, validation, options).run();
    detail::RanksFeed<T> all(own, ranks_, division_, options.batch_size);
    return detail::Fit<T>(*this, all, validation, options).run();
  });
}

template <class T>
template <class F>
History TrainerOf<T>::together(F fit) {
  synchronise();
  agreed_ = false;
  return or_abandon(fit);
}

/// What f throws on this rank alone, the others cannot know: they must not wait for it.
template <class T>
template <class F>
auto TrainerOf<T>::or_abandon(F f) {
  try {
    return f();
  } catch (const std::exception& error) {
    if (!agreed_ && !ranks_.alone()) ranks_.abandon(error.what());
    throw;
  } catch (...) {
    if (!ranks_.alone()) ranks_.abandon("an exception of another kind");
    throw;
  }
}

template <class T>
void TrainerOf<T>::check_alike(const FitOptions<T>& options) const {
  if (ranks_.alone()) return;
  const std::array<std::pair<const char*, double>, 8> here{{{"epochs", options.epochs},
                                                            {"batch_size", options.batch_size},
                                                            {"shuffle", options.shuffle},
                                                            {"validation_fraction", options.validation_fraction},
                                                            {"validation_shuffle", options.validation_shuffle},
                                                            {"a validation", options.validation.rows() > 0},
                                                            {"metrics", options.metrics.size()},
                                                            {"callbacks", options.callbacks.size()}}};
  std::array<double, 8> first{};
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = here[i].second;
  ranks_.broadcast(std::as_writable_bytes(std::span(first)));
  detail::on_all_ranks(ranks_, [&] {
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (first[i] == here[i].second) continue;
      throw OptionError(message("all ranks must fit alike: expected the ", here[i].first, " of rank 0, ", first[i], ", found ",
                                here[i].second));
    }
  });
}

template <class T>
double TrainerOf<T>::train_on_batch(const Samples<T>& inputs, const Samples<T>& targets, const Samples<T>& weights,
                                    const Samples<T>& element_weights, StepCounts lengths) {
  static_cast<void>(contents());
  const Index size = inputs.cols();
  Batch<T> batch{.inputs = inputs, .targets = targets, .size = size};
  detail::on_all_ranks(ranks_, [&] {
    detail::check_pair(rules_, "inputs", inputs, "targets", targets);
    if (inputs.on_disk()) batch.inputs = inputs.matrix();
    if (targets == inputs) {
      batch.targets = batch.inputs;
    } else if (targets.on_disk()) {
      batch.targets = targets.matrix();
    }
    batch.weights = detail::checked_weights(rules_, "weights", weights, size, weights_);
    batch.element_weights = detail::checked_training_weights(rules_, element_weights, size);
    batch.lengths = detail::checked_lengths(rules_, "lengths", lengths, size);
    // A look in every step would cost 3 % of it.
    if (updates() == 0) detail::check_targets(rules_, batch.inputs, batch.targets, batch.lengths);
  });
  if (division_.trivial()) {
    stepper_->reserve_training(size);
  } else {
    if (!synchronised_) synchronise();
    const detail::Strata strata = strata_of(size);
    borders_.resize(division_.parts + 1);
    strata.borders(0, strata.size(), borders_);
    batch.borders = borders_.data();
    batch.whole = strata.size();
    stepper_->reserve_training(strata.most(strata.size()));
  }
  const double loss = weighted(train_step(batch), true);
  if (!stepper_->taken()) throw NonFiniteError(message(why_not_taken(loss, batch, 0), " The parameters are as before this step."));
  return loss;
}

template <class T>
Evaluation TrainerOf<T>::evaluate(const Samples<T>& inputs, const Samples<T>& targets, const EvaluateOptions<T>& options) {
  static_cast<void>(contents());
  const Index size = inputs.cols();
  detail::SampleSet<T> set{.inputs = inputs, .targets = targets};
  detail::on_all_ranks(ranks_, [&] {
    detail::check_pair(rules_, "inputs", inputs, "targets", targets);
    detail::check_batch_size(options.batch_size);
    set.weights = detail::checked_weights(rules_, "sample_weights", options.sample_weights, size, weights_);
    set.element_weights = detail::checked_element_weights(rules_, "element_weights", options.element_weights, size);
    set.lengths = detail::checked_lengths(rules_, "lengths", options.lengths, size);
    detail::check_targets(rules_, inputs, targets, set.lengths);
  });
  set.strata = strata_of(size);
  if (!synchronised_) synchronise();
  agreed_ = false;
  Evaluation sum{.terms = std::vector<double>(stepper_->terms())};
  or_abandon([&] { evaluate_batches(set, options.batch_size, options.averaged ? weights_to_predict() : nullptr, sum); });
  return sum;
}

template <class T>
void TrainerOf<T>::evaluate_batches(const detail::SampleSet<T>& set, Index batch_size, const T* theta, Evaluation& sum) {
  detail::SetFeed<T> feed(set, batch_size);
  stepper_->reserve(feed->most());
  sum.loss = 0;
  Index seen = 0;
  feed->begin_epoch(0);
  for (Batch<T> batch = feed->next(); batch.samples() > 0; batch = feed->next()) {
    const Values values = evaluate_step(batch, static_cast<std::uint64_t>(seen), theta);
    add(sum, weighted(values, false), values, static_cast<double>(batch.samples()) / static_cast<double>(feed->size()));
    seen += batch.samples();
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
  synchronised_ = false;  // each rank goes back to what it had
  stepper_->restore(snapshot);
  shuffles_ = snapshot.shuffles;
  epochs_ = snapshot.epochs;
  const auto [theta, state] = memory();
  std::copy(snapshot.parameters.begin(), snapshot.parameters.end(), theta);
  std::copy(snapshot.state.begin(), snapshot.state.end(), state);
}

template <class T>
void TrainerOf<T>::synchronise() {
  if (ranks_.alone()) return;
  Snapshot<T> first = snapshot();
  const std::array vectors{&first.parameters, &first.state, &first.slots, &first.average};
  const std::array counters{&first.updates, &first.step, &first.shuffles, &first.epochs};
  std::array<std::uint64_t, 8> numbers{};
  for (std::size_t i = 0; i < 4; ++i) numbers[i] = vectors[i]->size(), numbers[4 + i] = *counters[i];
  double rate = this->learning_rate();
  ranks_.broadcast(std::as_writable_bytes(std::span(numbers)));
  ranks_.broadcast(std::as_writable_bytes(std::span(&rate, 1)));
  detail::on_all_ranks(ranks_, [&] {
    for (std::size_t i = 0; i < 2; ++i) {
      if (vectors[i]->size() == numbers[i]) continue;
      throw ShapeError(message("expected the network of rank 0, with ", numbers[i], i == 0 ? " parameters" : " scalars of running state",
                               ", found one with ", vectors[i]->size()));
    }
  });
  for (std::size_t i = 0; i < 4; ++i) {
    vectors[i]->resize(numbers[i]);
    *counters[i] = numbers[4 + i];
    ranks_.broadcast(std::as_writable_bytes(std::span(vectors[i]->data(), vectors[i]->size())));
  }
  if (ranks_.rank() > 0) {
    if (rate != this->learning_rate()) this->set_learning_rate(rate);
    restore(first);
  }
  synchronised_ = true;
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
    if (stepper_->finite_here()) return message("the loss became ", loss, " in step ", step, " by the samples of another rank.", advice);
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
