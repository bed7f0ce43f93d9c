// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <numeric>

#include "eigencoder/training/check_data.hpp"
#include "eigencoder/training/diagnose.hpp"
#include "eigencoder/training/progress.hpp"
#include "eigencoder/training/step.hpp"

namespace eigencoder {

struct TrainerOptions {
  std::size_t threads = 0;  ///< 0: as many as the machine runs at once
  Seed seed{};              ///< of shuffling, noise and dropout
};

template <class T>
struct FitOptions {
  Index epochs = 1;
  Index batch_size = 32;             ///< the last batch of an epoch holds what is left, and is trained on at its true size
  bool shuffle = true;               ///< a new order each epoch
  Samples<T> validation{};           ///< evaluated after each epoch; its own targets unless validation_targets is given
  Samples<T> validation_targets{};
  double validation_fraction = 0;    ///< in [0, 1): that part of the samples, the last ones, is validated on, not trained on
  std::vector<Callback> callbacks{};
  Progress progress = Progress::automatic;
  bool check_data = true;            ///< look for NaN, infinity and targets outside the loss's range before the first step
};

/// Trains a model under an objective with an optimizer:
///   Trainer trainer{model, BinaryCrossEntropy{}, Adam{.learning_rate = 1e-3}};
///   History history = trainer.fit(samples, {.epochs = 10, .batch_size = 256});
/// The optimizer's state lasts as long as the trainer, so a second fit continues the first. Same seed and same number of
/// threads asked for: the same bits. The model must outlive the trainer, which stays where it was made. Throws OptionError.
/// As a member: Trainer<Model, BinaryCrossEntropy, Adam>, or for a sum Trainer<Model, decltype(A{} + 0.1 * B{}), Adam>.
template <class ModelType, ObjectivePart Part, Optimizer Opt>
class Trainer {
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
    detail::check_optimizer<T>(optimizer_);
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
    const Sets sets = check(inputs, targets, options);
    const Index batch_size = std::min(options.batch_size, sets.inputs.cols());
    stepper_.reserve_training(batch_size);

    History history;
    for_each_term([&](const auto& weighted) {
      history.terms.push_back(type_name<typename std::decay_t<decltype(weighted)>::Term>());
    });
    detail::ProgressDisplay display(options.progress, options.epochs, history.terms);
    std::vector<Index> order(options.shuffle ? static_cast<std::size_t>(sets.inputs.cols()) : 0);
    detail::Best<T> best{.kept = snapshot(), .begun = sets.validation.cols() > 0 ? Snapshot<T>{} : snapshot()};

    for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
      EpochReport report{.epoch = epoch,
                         .train = {.loss = 0, .terms = std::vector<double>(O::size)},
                         .validation = {.terms = std::vector<double>(sets.validation.cols() > 0 ? O::size : 0)},
                         .validated = sets.validation.cols() > 0};
      if (!report.validated) keep(best.begun);
      if (options.shuffle) shuffle(order);
      train_epoch(sets, order, batch_size, options, display, best, report);
      if (report.validated) evaluate_batches(sets.validation, sets.validation_targets, batch_size, report.validation);
      best.offer(report, [this](Snapshot<T>& moment) { keep(moment); });
      display.epoch(report);
      history.epochs.push_back(report);
      warn(report, history, display);
      bool stop = false;
      for (const Callback& callback : options.callbacks) {
        if (callback.after_epoch && callback.after_epoch(report) == Training::stop) stop = true;
      }
      if (stop) break;
    }
    return history;
  }

  /// One step on one batch, for those who bring their own loop. Returns the loss before the update. After a first call with the
  /// largest batch it never touches the heap. Throws ShapeError, and NonFiniteError where the loss or its gradient is not
  /// finite: the step is then not taken.
  double train_on_batch(const Samples<T>& inputs) { return train_on_batch(inputs, inputs); }
  double train_on_batch(const Samples<T>& inputs, const Samples<T>& targets) {
    check_model();
    check_pair("inputs", inputs, "targets", targets);
    if (updates() == 0) check_targets(inputs, targets);  // a wrong scale shows at once, and a look at each step costs 3 % of it
    stepper_.reserve_training(inputs.cols());
    const Batch<T> batch{inputs, targets, nullptr, inputs.cols()};
    const double loss = trained(stepper_.train(model_, objective_, optimizer_, batch));
    if (!stepper_.taken()) throw NonFiniteError(message(diverged(loss, batch, 0), " The parameters are as before this step."));
    return loss;
  }

  /// The objective on a set, as in inference: no noise, no update. Only latent codes are drawn, always the same for a set and
  /// batch size: an expectation over them is what is asked for.
  Evaluation evaluate(const Samples<T>& inputs, Index batch_size = 256) { return evaluate(inputs, inputs, batch_size); }
  Evaluation evaluate(const Samples<T>& inputs, const Samples<T>& targets, Index batch_size = 256) {
    check_model();
    check_pair("inputs", inputs, "targets", targets);
    check_batch_size(batch_size);
    check_targets(inputs, targets);
    Evaluation sum{.terms = std::vector<double>(O::size)};
    evaluate_batches(inputs, targets, batch_size, sum);
    return sum;
  }

  /// All that training has changed so far. Throws nothing but for want of memory.
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
    const auto [theta, state] = model_.memory();
    std::copy(snapshot.parameters.begin(), snapshot.parameters.end(), theta);
    std::copy(snapshot.state.begin(), snapshot.state.end(), state);
  }

  /// As many as were asked for. A step is cut into so many parts, which decides the bits of its result; should the system have
  /// given fewer threads, those do all parts.
  std::size_t threads() const { return stepper_.threads(); }
  std::uint64_t updates() const { return stepper_.updates(); }

  /// Changes take effect with the next step; the optimizer's moments stay. Throws OptionError.
  const Opt& optimizer() const { return optimizer_; }
  void set_optimizer(const Opt& optimizer) {
    detail::check_optimizer<T>(optimizer);
    optimizer_ = optimizer;
  }

 private:
  struct Sets {
    Samples<T> inputs, targets, validation, validation_targets;
  };

  void keep(Snapshot<T>& snapshot) const {
    const auto copy = [](auto view, Arena<T>& to) { to.assign(view.data(), view.data() + view.size()); };
    copy(std::as_const(model_).parameters(), snapshot.parameters);
    copy(std::as_const(model_).state(), snapshot.state);
    stepper_.keep(snapshot);
    snapshot.shuffles = shuffles_;
  }

  /// Throws what a model that has been moved from throws.
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
  static void check_batch_size(Index batch_size) {
    if (batch_size < 1) throw OptionError(message("batch_size must be at least 1, found ", batch_size));
  }
  static void check_pair(const char* inputs_name, const Samples<T>& inputs, const char* targets_name, const Samples<T>& targets) {
    check_samples(inputs_name, inputs, ModelType::input);
    check_samples(targets_name, targets, ModelType::output);
    if (inputs.cols() != targets.cols()) {
      throw ShapeError(message(targets_name, ": expected ", inputs.cols(), " samples, as many as ", inputs_name, " has, found ",
                               targets.cols()));
    }
  }

  static Sets check(const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options) {
    if (options.epochs < 1) throw OptionError(message("epochs must be at least 1, found ", options.epochs));
    check_batch_size(options.batch_size);
    if (!(options.validation_fraction >= 0 && options.validation_fraction < 1)) {
      throw OptionError(message("validation_fraction must be in [0, 1), found ", options.validation_fraction));
    }
    check_pair("inputs", inputs, "targets", targets);
    Sets sets{inputs, targets, options.validation, options.validation_targets};
    if (sets.validation.rows() > 0 && options.validation_fraction > 0) {
      throw OptionError("validation and validation_fraction exclude each other: give one of them");
    }
    if (sets.validation.rows() == 0 && sets.validation_targets.rows() > 0) {
      throw OptionError("validation_targets needs validation: give the inputs that they belong to");
    }
    if (options.validation_fraction > 0) {
      const auto kept = static_cast<Index>(static_cast<double>(inputs.cols()) * (1 - options.validation_fraction));
      if (kept < 1) {
        throw OptionError(message("validation_fraction ", options.validation_fraction, " leaves none of ", inputs.cols(),
                                  " samples to train on"));
      }
      if (std::round(options.validation_fraction * static_cast<double>(inputs.cols())) < 1) {
        throw OptionError(message("validation_fraction ", options.validation_fraction, " leaves none of ", inputs.cols(),
                                  " samples to validate on; 0 is for no validation"));
      }
      sets = {inputs.columns(0, kept), targets.columns(0, kept), inputs.columns(kept, inputs.cols() - kept),
              targets.columns(kept, inputs.cols() - kept)};
    } else if (sets.validation.rows() > 0) {
      if (sets.validation_targets.rows() == 0) sets.validation_targets = sets.validation;
      check_pair("validation", sets.validation, "validation_targets", sets.validation_targets);
    }
    if (options.check_data) {
      check_data("inputs", sets.inputs, "targets", sets.targets);
      check_data("validation", sets.validation, "validation_targets", sets.validation_targets);
    }
    return sets;
  }

  static constexpr TargetRange target_range = detail::target_range(std::type_identity<O>{});
  static void check_data(const char* inputs_name, const Samples<T>& inputs, const char* targets_name, const Samples<T>& targets) {
    constexpr std::string_view instead = ", or set check_data = false";
    const bool restored = targets == inputs;
    check_values(inputs_name, inputs, restored ? target_range : TargetRange{}, instead);
    if (!restored) check_values(targets_name, targets, target_range, instead);
  }
  static void check_targets(const Samples<T>& inputs, const Samples<T>& targets) {
    if (target_range.term != nullptr) check_values(targets == inputs ? "inputs" : "targets", targets, target_range);
  }

  /// Fisher and Yates, on the counter-based stream, so that the order is the same on every machine.
  void shuffle(std::vector<Index>& order) {
    const Random random(seed_, shuffles_++, shuffling);
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

  /// Lets every term speak that has a warning(value) and has not spoken yet.
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

  void train_epoch(const Sets& sets, const std::vector<Index>& order, Index batch_size, const FitOptions<T>& options,
                   detail::ProgressDisplay& display, const detail::Best<T>& best, EpochReport& report) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const Index total = sets.inputs.cols();
    for (Index first = 0; first < total; first += batch_size) {
      Batch<T> batch{sets.inputs, sets.targets, nullptr, std::min(batch_size, total - first)};
      if (order.empty()) {
        batch.inputs = sets.inputs.columns(first, batch.size);
        batch.targets = sets.targets.columns(first, batch.size);
      } else {
        batch.order = order.data() + first;
      }
      const auto values = stepper_.train(model_, objective_, optimizer_, batch);
      const double loss = trained(values);
      if (!stepper_.taken()) {
        const Index number = first / batch_size + 1;
        go_back([&] { return message("batch ", number, ": ", diverged(loss, batch, first)); }, report.epoch, best);
      }
      add(report.train, loss, values, static_cast<double>(batch.size) / static_cast<double>(total));
      report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
      const double seen = static_cast<double>(first + batch.size) / static_cast<double>(total);
      const BatchReport progress{report.epoch, options.epochs, first + batch.size, total, report.train.loss / seen, report.seconds};
      display.batch(progress);
      for (const Callback& callback : options.callbacks) {
        if (callback.after_batch) callback.after_batch(progress);
      }
    }
    report.samples_per_second = static_cast<double>(total) / std::max(report.seconds, 1e-9);
    if (const ModelType& now = model_; !now.parameters().allFinite() || !now.state().allFinite()) {
      const Samples<T> any = sets.inputs.columns(0, 1);
      go_back([&] { return message("after its last step: ", diagnose(model_, any), advice()); }, report.epoch, best);
    }
  }

  void evaluate_batches(const Samples<T>& inputs, const Samples<T>& targets, Index batch_size, Evaluation& sum) {
    batch_size = std::min(batch_size, inputs.cols());
    stepper_.reserve(batch_size);
    sum.loss = 0;
    for (Index first = 0; first < inputs.cols(); first += batch_size) {
      const Index size = std::min(batch_size, inputs.cols() - first);
      const Batch<T> batch{inputs.columns(first, size), targets.columns(first, size), nullptr, size};
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
      return message("the loss became ", loss, " in step ", stepper_.updates() + 1, ": ",
                     diagnose(model_, batch.inputs, order, first), advice());
    }
    return message("the gradient overflowed in step ", stepper_.updates() + 1, ", most of all that of ",
                   name_of_parameter(model_, stepper_.steepest()), ", at a loss of ", loss, '.', advice());
  }
  /// Ends a fit that has diverged: back to the best so far, once what() has looked at what there is.
  template <class What>
  [[noreturn]] void go_back(const What& what, Index epoch, const detail::Best<T>& best) {
    std::string text;
    try {
      text = message("epoch ", epoch, ", ", what());
    } catch (...) {
      restore(best.kept);
      throw;
    }
    restore(best.kept);
    throw NonFiniteError(message(text, " The model and the optimizer are what they were ", best.moment(), '.'));
  }

  /// Stands in the place of a layer in the stream of the shuffles, where no layer is.
  static constexpr std::size_t shuffling = 0xffffffff;

  ModelType& model_;
  O objective_;
  Opt optimizer_;
  Seed seed_;
  std::uint64_t shuffles_ = 0;
  Stepper<ModelType, O, Opt> stepper_;
};

}  // namespace eigencoder
