// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <numeric>

#include "eigencoder/training/diagnose.hpp"
#include "eigencoder/training/sets.hpp"
#include "eigencoder/training/step.hpp"

namespace eigencoder {

struct TrainerOptions {
  std::size_t threads = 0;  ///< 0: as many as the machine runs at once
  Seed seed{};              ///< of shuffling, noise and dropout
  GradientClip clip{};      ///< bounds the gradient before the optimizer sees it: {.clip = {.global_norm = 1}}
};

/// Trains a model under an objective with an optimizer:
///   Trainer trainer{model, BinaryCrossEntropy{}, Adam{.learning_rate = 1e-3}};
///   History history = trainer.fit(samples, {.epochs = 10, .batch_size = 256});
/// The optimizer's state lasts as long as the trainer, so a second fit continues the first. Same seed and same number of
/// threads asked for: the same bits. The model must outlive the trainer, which can be neither copied nor moved. Throws
/// OptionError. As a member: Trainer<Model, BinaryCrossEntropy, Adam>, or for a sum Trainer<Model, decltype(A{} + 0.1 * B{}),
/// Adam>.
template <class ModelType, ObjectivePart Part, Optimizer Opt>
class Trainer : public AnyTrainer {
  static_assert(!std::is_const_v<ModelType>, "a Trainer changes its model: this one is const");
  using O = decltype(as_objective(std::declval<Part>()));

 public:
  using T = typename ModelType::Scalar;

  Trainer(ModelType& model, Part objective, Opt optimizer, TrainerOptions options = {})
      : model_(model),
        objective_(as_objective(objective)),
        optimizer_(optimizer),
        seed_(options.seed),
        stepper_(checked_threads(options.threads), options.seed) {
    set_clip(options.clip);
    stepper_.updater().check(optimizer_);
    for_each_term([](const auto& weighted) {
      if (!std::isfinite(weighted.weight)) {
        throw OptionError(message("the weight of a term of the objective must be finite, found ", weighted.weight));
      }
      using Term = typename std::decay_t<decltype(weighted)>::Term;
      if (!Loss<Term> && weighted.weight < 0) {
        throw OptionError(message("the weight of ", type_name<Term>(), " must not be negative, found ", weighted.weight));
      }
      if constexpr (needs_of<Term>.check) weighted.term.check();
    });
  }

  /// Trains the model to restore `inputs`, input × N. Everything is checked before the first step.
  /// Throws ShapeError, OptionError, NonFiniteError (also if training diverges: model and optimizer are then what they were at
  /// the best so far).
  History fit(const Samples<T>& inputs, const FitOptions<T>& options = {}) { return fit(inputs, inputs, options); }

  /// Trains the model to make `targets`, output × N, of `inputs`, input × N.
  History fit(const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options = {}) {
    check_model();
    const Sets sets = detail::checked_sets(rules, inputs, targets, options);
    const Index batch_size = std::min(options.batch_size, sets.inputs.cols());
    stepper_.reserve_training(batch_size);

    History history;
    for_each_term(
        [&](const auto& weighted) { history.terms.push_back(type_name<typename std::decay_t<decltype(weighted)>::Term>()); });
    detail::ProgressDisplay display(options.progress, options.epochs, history.terms);
    std::vector<Index> order(options.shuffle ? static_cast<std::size_t>(sets.inputs.cols()) : 0);
    best_ = {.snapshot = snapshot(), .begun = sets.validation.cols() > 0 ? Snapshot<T>{} : snapshot()};
    stop_.clear();
    const FitPlan plan{.epochs = options.epochs,
                       .steps_per_epoch = (sets.inputs.cols() + batch_size - 1) / batch_size,
                       .first_update = updates(),
                       .terms = history.terms,
                       .validates = sets.validation.cols() > 0};
    for (const Callback& callback : options.callbacks) {
      if (callback.before_fit) callback.before_fit(*this, plan);
    }

    for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
      EpochReport report{.epoch = epoch,
                         .train = {.loss = 0, .terms = std::vector<double>(O::size)},
                         .validation = {.terms = std::vector<double>(sets.validation.cols() > 0 ? O::size : 0)},
                         .validated = sets.validation.cols() > 0};
      if (!report.validated) keep(best_.begun);
      if (options.shuffle) shuffle(order);
      if (!train_epoch(sets, order, batch_size, options, display, report)) break;
      ++epochs_;
      if (report.validated) {
        evaluate_batches(sets.validation, sets.validation_targets, data_of(sets.validation_weights), batch_size,
                         report.validation);
      }
      best_.offer(report, [this](Snapshot<T>& moment) { keep(moment); });
      display.epoch(report);
      history.epochs.push_back(report);
      warn(report, history, display);
      for (const Callback& callback : options.callbacks) {
        if (callback.after_epoch && callback.after_epoch(report) == Training::stop && stop_.empty()) {
          stop(message("a callback stopped it after epoch ", epoch));
        }
      }
      if (!stop_.empty()) break;
    }
    best_.begun = {};
    history.stopped = stop_;
    for (const Callback& callback : options.callbacks) {
      if (callback.after_fit) callback.after_fit(history);
    }
    return history;
  }

  /// One step on one batch, for a training loop of your own, with weights of the samples if there are any (as
  /// FitOptions::sample_weights). Returns the loss before the update. After a first call with the largest batch it never
  /// touches the heap. Throws ShapeError, OptionError, and NonFiniteError where the loss or its gradient is not finite: the
  /// step is then not taken.
  double train_on_batch(const Samples<T>& inputs) { return train_on_batch(inputs, inputs); }
  double train_on_batch(const Samples<T>& inputs, const Samples<T>& targets, const Samples<T>& weights = {}) {
    check_model();
    detail::check_pair(rules, "inputs", inputs, "targets", targets);
    if (updates() == 0) detail::check_targets(rules, inputs, targets);  // a look in every step would cost 3 % of it
    stepper_.reserve_training(inputs.cols());
    const T* const read = detail::checked_weights(rules, "weights", weights, inputs.cols(), weights_);
    const Batch<T> batch{inputs, targets, nullptr, inputs.cols(), read};
    const double loss = trained(stepper_.train(model_, objective_, optimizer_, batch));
    if (!stepper_.taken()) throw NonFiniteError(message(diverged(loss, batch, 0), " The parameters are as before this step."));
    return loss;
  }

  /// The objective on a set, as in inference: no noise, no update. Only latent codes are drawn, always the same for a set and
  /// batch size, since the objective is an expectation over them.
  Evaluation evaluate(const Samples<T>& inputs, Index batch_size = 256) { return evaluate(inputs, inputs, batch_size); }
  Evaluation evaluate(const Samples<T>& inputs, const Samples<T>& targets, Index batch_size = 256,
                      const Samples<T>& weights = {}) {
    check_model();
    detail::check_pair(rules, "inputs", inputs, "targets", targets);
    detail::check_batch_size(batch_size);
    detail::check_targets(rules, inputs, targets);
    Evaluation sum{.terms = std::vector<double>(O::size)};
    const T* const read = detail::checked_weights(rules, "weights", weights, inputs.cols(), weights_);
    evaluate_batches(inputs, targets, read, batch_size, sum);
    return sum;
  }

  /// All that training has changed so far. Throws Error if the model has been moved from.
  Snapshot<T> snapshot() const {
    Snapshot<T> now;
    keep(now);
    return now;
  }
  /// Goes back to a snapshot of this trainer, or on from one of another of the same model, objective and optimizer: model,
  /// optimizer's vectors and counters. The optimizer's options stay. Throws ShapeError.
  void restore(const Snapshot<T>& snapshot) {
    check_model();
    const auto require = [](const char* what, std::size_t found, std::size_t wanted) {
      if (found == wanted) return;
      throw ShapeError(message("restore: expected a snapshot of ", wanted, ' ', what, ", as this trainer has, found ", found));
    };
    require("parameters", snapshot.parameters.size(), static_cast<std::size_t>(ModelType::parameter_count));
    require("scalars of running state", snapshot.state.size(), static_cast<std::size_t>(ModelType::state_count));
    const bool stepped = !snapshot.slots.empty();
    require("scalars of the optimizer", snapshot.slots.size(), stepped ? Opt::slots * snapshot.parameters.size() : 0);
    stepper_.restore(snapshot);
    shuffles_ = snapshot.shuffles;
    epochs_ = snapshot.epochs;
    const auto [theta, state] = model_.memory();
    std::copy(snapshot.parameters.begin(), snapshot.parameters.end(), theta);
    std::copy(snapshot.state.begin(), snapshot.state.end(), state);
  }

  /// The best moment of the fit that runs, or of the last one: the smallest loss so far with a snapshot of what it speaks for.
  const Best<T>& best() const { return best_; }

  /// As many as were asked for. A step is cut into so many parts, which decides the bits of its result; should the system have
  /// given fewer threads, those do all parts.
  std::size_t threads() const { return stepper_.threads(); }
  Seed seed() const { return seed_; }
  const O& objective() const { return objective_; }
  std::uint64_t updates() const override { return stepper_.updater().updates(); }
  std::uint64_t epochs() const override { return epochs_; }
  /// ‖gradient‖₂ of the last step, of the whole batch and before clipping.
  double gradient_norm() const { return stepper_.updater().norm(); }

  // What follows takes effect with the next step; the optimizer's moments stay.

  const Opt& optimizer() const { return optimizer_; }
  /// Throws OptionError.
  void set_optimizer(const Opt& optimizer) {
    stepper_.updater().check(optimizer);
    optimizer_ = optimizer;
  }

  double learning_rate() const override { return optimizer_.learning_rate; }
  void set_learning_rate(double rate) override {
    Opt changed = optimizer_;
    changed.learning_rate = rate;
    set_optimizer(changed);
  }

  double best_loss() const override { return best_.loss; }
  Index best_epoch() const override { return best_.epoch; }
  void restore_best() override { restore(best_.snapshot); }

  /// Writes a checkpoint: all that training has changed, and what the trainer is made of, to be compared by resume.
  void save(const std::filesystem::path&) const override { throw Error("checkpoints are not there yet"); }

  const GradientClip& clip() const { return stepper_.updater().clip(); }
  /// Throws OptionError.
  void set_clip(const GradientClip& clip) { stepper_.updater().set_clip(clip); }

  /// Trains a part of the model with `factor` times the learning rate; 1 is what it begins with. A part is a block of
  /// parameters, "encoder.0.weight", a layer, "encoder.0", or "encoder" or "decoder"; in a Network, "layer.0.weight" and so on.
  /// A factor of 0 freezes: parameters and the optimizer's vectors keep their bits, weight decay included, and the layers
  /// before the first one that is not frozen are left out of backward. Running state, such as the averages of BatchNorm, moves
  /// on all the same. Throws OptionError, which lists the names if there is no such part.
  void set_rate(std::string_view part, double factor) {
    if (factor > 0 && std::isfinite(factor)) detail::check_optimizer<T>(detail::scaled(optimizer_, factor));
    stepper_.updater().set_rate(part, factor);
  }
  /// The same as set_rate(part, 0).
  void freeze(std::string_view part) { set_rate(part, 0); }
  /// The factor of each block, by name.
  std::vector<std::pair<std::string, double>> rates() const { return stepper_.updater().rates(); }

  /// Has every step hand what it has found to a function, before it clips and updates: where processes that train one model
  /// together exchange gradients. An empty function, as at first, costs nothing. What it throws leaves the step not taken.
  void set_exchange(std::function<void(Exchange<T>&)> exchange) { stepper_.updater().set_exchange(std::move(exchange)); }

 private:
  using Sets = detail::Sets<T>;
  static constexpr detail::SampleRules rules{.input = ModelType::input,
                                             .output = ModelType::output,
                                             .targets = detail::target_range(std::type_identity<O>{}),
                                             .unweighted = Program<typename ModelType::Chain, O>::takes_sample_weights
                                                               ? nullptr
                                                               : detail::unweighted_loss(std::type_identity<O>{})};

  void keep(Snapshot<T>& snapshot) const {
    const auto copy = [](auto view, Arena<T>& to) { to.assign(view.data(), view.data() + view.size()); };
    copy(std::as_const(model_).parameters(), snapshot.parameters);
    copy(std::as_const(model_).state(), snapshot.state);
    stepper_.keep(snapshot);
    snapshot.shuffles = shuffles_;
    snapshot.epochs = epochs_;
  }

  /// Throws Error if the model has been moved from.
  void check_model() const { static_cast<void>(std::as_const(model_).parameters()); }

  template <class F>
  void for_each_term(F f) const {
    std::apply([&](const auto&... terms) { (f(terms), ...); }, objective_.terms);
  }
  /// Σ weight · term, with the weights of the last step.
  double trained(std::span<const double> values) const {
    return weighted(values, [this](const auto& term) { return term.weight_in(stepper_.step()); });
  }
  double evaluated(std::span<const double> values) const {
    return weighted(values, [](const auto& term) { return term.weight; });
  }
  template <class Weight>
  double weighted(std::span<const double> values, Weight weight) const {
    double sum = 0;
    std::size_t k = 0;
    for_each_term([&](const auto& term) { sum += weight(term) * values[k++]; });
    return sum;
  }

  static std::size_t checked_threads(std::size_t threads) {
    if (threads > Team::most) throw OptionError(message("threads must be at most ", Team::most, ", found ", threads));
    return threads > 0 ? threads : std::clamp(std::thread::hardware_concurrency(), 1U, Team::most);
  }
  /// The shuffle of Fisher and Yates, by counter-based random numbers, so that the order is the same on every machine.
  void shuffle(std::vector<Index>& order) {
    const Random random(seed_, shuffles_++, stream(Stream::shuffles));
    std::iota(order.begin(), order.end(), Index{0});
    const auto swap_last = [&](std::size_t count, double uniform) {
      std::swap(order[count - 1], order[static_cast<std::size_t>(uniform * static_cast<double>(count))]);
    };
    for (std::size_t count = order.size(); count > 1; count -= 2) {
      const auto [first, second] = random.uniforms(0, static_cast<Index>(count));
      swap_last(count, first);
      swap_last(count - 1, second);
    }
  }

  /// Shows and keeps the first warning(value) of every term that has one.
  void warn(const EpochReport& report, History& history, detail::ProgressDisplay& display) const {
    std::size_t k = 0;
    for_each_term([&](const auto& weighted) {
      const std::string from = history.terms[k] + ": ";
      const double value = report.train.terms[k++];
      if constexpr (needs_of<typename std::decay_t<decltype(weighted)>::Term>.warning) {
        const auto spoke = [&](const std::string& text) { return text.starts_with(from); };
        if (std::any_of(history.warnings.begin(), history.warnings.end(), spoke)) return;
        const std::string text = weighted.term.warning(value);
        if (text.empty()) return;
        history.warnings.push_back(from + text);
        display.warning(history.warnings.back());
      }
    });
  }

  /// Returns whether it came to its end: false if a callback has stopped it.
  bool train_epoch(const Sets& sets, const std::vector<Index>& order, Index batch_size, const FitOptions<T>& options,
                   detail::ProgressDisplay& display, EpochReport& report) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const Index total = sets.inputs.cols();
    for (Index first = 0; first < total; first += batch_size) {
      Batch<T> batch{sets.inputs, sets.targets, nullptr, std::min(batch_size, total - first), data_of(sets.weights)};
      if (order.empty()) {
        batch.inputs = sets.inputs.columns(first, batch.size);
        batch.targets = sets.targets.columns(first, batch.size);
        if (batch.weights) batch.weights += first;
      } else {
        batch.order = order.data() + first;
      }
      const auto values = stepper_.train(model_, objective_, optimizer_, batch);
      const double loss = trained(values);
      if (!stepper_.taken()) {
        const Index number = first / batch_size + 1;
        go_back([&] { return message("batch ", number, ": ", diverged(loss, batch, first)); }, report.epoch);
      }
      add(report.train, loss, values, static_cast<double>(batch.size) / static_cast<double>(total));
      report.gradient_norm += gradient_norm() / static_cast<double>((total + batch_size - 1) / batch_size);
      report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
      const double seen = static_cast<double>(first + batch.size) / static_cast<double>(total);
      const BatchReport progress{
          report.epoch, options.epochs, first + batch.size, total, report.train.loss / seen, report.seconds, gradient_norm(),
          loss};
      display.batch(progress);
      for (const Callback& callback : options.callbacks) {
        if (callback.after_batch) callback.after_batch(progress);
      }
      if (!stop_.empty() && first + batch.size < total) return false;
    }
    report.samples_per_second = static_cast<double>(total) / std::max(report.seconds, 1e-9);
    if (const ModelType& now = model_; !now.parameters().allFinite() || !now.state().allFinite()) {
      const Samples<T> any = sets.inputs.columns(0, 1);
      go_back([&] { return message("after its last step: ", diagnose(model_, any), advice()); }, report.epoch);
    }
    return true;
  }

  static const T* data_of(const std::vector<T>& weights) { return weights.empty() ? nullptr : weights.data(); }

  void evaluate_batches(const Samples<T>& inputs, const Samples<T>& targets, const T* weights, Index batch_size,
                        Evaluation& sum) {
    batch_size = std::min(batch_size, inputs.cols());
    stepper_.reserve(batch_size);
    sum.loss = 0;
    for (Index first = 0; first < inputs.cols(); first += batch_size) {
      const Index size = std::min(batch_size, inputs.cols() - first);
      const Batch<T> batch{inputs.columns(first, size), targets.columns(first, size), nullptr, size,
                           weights ? weights + first : nullptr};
      const auto values = stepper_.evaluate(model_, objective_, batch, static_cast<std::uint64_t>(first));
      add(sum, evaluated(values), values, static_cast<double>(size) / static_cast<double>(inputs.cols()));
    }
  }

  static void add(Evaluation& sum, double loss, std::span<const double> values, double share) {
    sum.loss += share * loss;
    for (std::size_t k = 0; k < values.size(); ++k) sum.terms[k] += share * values[k];
  }

  std::string advice() const {
    return message(" A smaller learning_rate (now ", optimizer_.learning_rate, ") or inputs scaled to about [0, 1] may help.");
  }
  /// Why a step was not taken. Without an order the batch's samples are `first` and those after it in their set.
  std::string diverged(double loss, const Batch<T>& batch, Index first) const {
    if (!std::isfinite(loss)) {
      const std::span<const Index> order(batch.order, batch.order ? static_cast<std::size_t>(batch.size) : 0);
      return message("the loss became ", loss, " in step ", updates() + 1, ": ", diagnose(model_, batch.inputs, order, first),
                     advice());
    }
    if (stepper_.updater().refused_by_exchange()) {
      return message("the exchange left values that are not finite in step ", updates() + 1, ", at a loss of ", loss, '.',
                     advice());
    }
    return message("the gradient overflowed in step ", updates() + 1, ", most of all that of ",
                   name_of_parameter(model_, stepper_.updater().steepest()), ", at a loss of ", loss, '.', advice());
  }
  /// Ends a fit that has diverged: goes back to the best so far, after what() has looked at the state that diverged.
  template <class What>
  [[noreturn]] void go_back(const What& what, Index epoch) {
    std::string text;
    try {
      text = message("epoch ", epoch, ", ", what());
    } catch (...) {
      restore(best_.snapshot);
      throw;
    }
    restore(best_.snapshot);
    throw NonFiniteError(message(text, " The model and the optimizer are what they were ", best_.moment(), '.'));
  }

  ModelType& model_;
  O objective_;
  Opt optimizer_;
  Seed seed_;
  std::uint64_t shuffles_ = 0, epochs_ = 0;
  Stepper<ModelType, O, Opt> stepper_;
  Best<T> best_;
  std::vector<T> weights_;  ///< of the samples of a single call
};

}  // namespace eigencoder
