// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/fit.hpp"
#include "eigencoder/training/resume.hpp"
#include "eigencoder/training/step.hpp"

namespace eigencoder {

struct TrainerOptions {
  std::size_t threads = 0;  ///< 0: as many as the machine runs at once
  Seed seed{};              ///< of shuffling, noise and dropout
  GradientClip clip{};      ///< bounds the gradient before the optimizer sees it: {.clip = {.global_norm = 1}}
  WeightAverage average{};  ///< of the parameters, to validate and predict with: {.average = {.decay = 0.999}}
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
    stepper_.updater().set_weight_average(options.average);
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
    return detail::Fit<Trainer>(*this, inputs, targets, options).run();
  }

  /// One step on one batch, for a training loop of your own, with weights of the samples and of the targets' elements and lengths
  /// of sequences if there are any (as FitOptions::sample_weights, element_weights and lengths). Returns the loss before the update. After a first call with the
  /// largest batch it never touches the heap. Throws ShapeError, OptionError, and NonFiniteError where the loss or its gradient is
  /// not finite: the step is then not taken.
  double train_on_batch(const Samples<T>& inputs) { return train_on_batch(inputs, inputs); }
  double train_on_batch(const Samples<T>& inputs, const Samples<T>& targets, const Samples<T>& weights = {},
                        const Samples<T>& element_weights = {}, StepCounts lengths = {}) {
    check_model();
    detail::check_pair(rules, "inputs", inputs, "targets", targets);
    stepper_.reserve_training(inputs.cols());
    const Index size = inputs.cols();
    const Batch<T> batch{.inputs = inputs,
                         .targets = targets,
                         .size = size,
                         .weights = detail::checked_weights(rules, "weights", weights, size, weights_),
                         .element_weights =
                             detail::checked_training_weights(rules, element_weights, size),
                         .lengths = detail::checked_lengths(rules, "lengths", lengths, size)};
    // A look in every step would cost 3 % of it.
    if (updates() == 0) detail::check_targets(rules, inputs, targets, batch.lengths);
    const double loss = trained(stepper_.train(model_, objective_, optimizer_, batch));
    if (!stepper_.taken()) throw NonFiniteError(message(why_not_taken(loss, batch, 0), " The parameters are as before this step."));
    return loss;
  }

  /// The objective on a set, as in inference: no noise, no update. Only latent codes are drawn, always the same for a set and
  /// batch size, since the objective is an expectation over them.
  Evaluation evaluate(const Samples<T>& inputs, Index batch_size = 256) { return evaluate(inputs, inputs, batch_size); }
  Evaluation evaluate(const Samples<T>& inputs, const EvaluateOptions<T>& options) {
    return evaluate(inputs, inputs, options);
  }
  Evaluation evaluate(const Samples<T>& inputs, const Samples<T>& targets, Index batch_size = 256) {
    return evaluate(inputs, targets, EvaluateOptions<T>{.batch_size = batch_size});
  }
  Evaluation evaluate(const Samples<T>& inputs, const Samples<T>& targets, const EvaluateOptions<T>& options) {
    check_model();
    detail::check_pair(rules, "inputs", inputs, "targets", targets);
    detail::check_batch_size(options.batch_size);
    const SampleSet set{
        .inputs = inputs,
        .targets = targets,
        .weights = detail::checked_weights(rules, "sample_weights", options.sample_weights, inputs.cols(), weights_),
        .element_weights =
            detail::checked_element_weights(rules, "element_weights", options.element_weights, inputs.cols()),
        .lengths = detail::checked_lengths(rules, "lengths", options.lengths, inputs.cols())};
    detail::check_targets(rules, inputs, targets, set.lengths);
    Evaluation sum{.terms = std::vector<double>(O::size)};
    evaluate_batches(set, options.batch_size, options.averaged ? weights_to_predict() : nullptr, sum);
    return sum;
  }

  /// A copy of the model with the moving average of its parameters (TrainerOptions::average), for predictions and to be saved.
  /// Before the first update, and without an average, it has the parameters as they are. Running state is the model's.
  ModelType averaged() const {
    ModelType copy = model_;
    copy.set_parameters(VectorView<const T>(weights_to_predict(), ModelType::parameter_count));
    return copy;
  }
  const WeightAverage& weight_average() const { return stepper_.updater().weight_average(); }

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
    require("averaged parameters", snapshot.average.size(), snapshot.average.empty() ? 0 : snapshot.parameters.size());
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
  /// The names of the objective's terms, in its order.
  std::vector<std::string> terms() const {
    std::vector<std::string> names;
    for_each_term([&](const auto& weighted) { names.push_back(type_name<typename std::decay_t<decltype(weighted)>::Term>()); });
    return names;
  }
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

  /// Writes a checkpoint: all that training has changed, and what the trainer is made of, to be compared by resume. Whatever
  /// happens, the old file or all of the new one is there. Throws FileError.
  void save(const std::filesystem::path& path) const override { detail::write_checkpoint(path, model_, *this); }
  /// Goes on from a checkpoint: what trains from here on has the bits that it would have had in the trainer that saved it
  /// between two epochs, given the same number of threads. Model, optimizer's vectors, counters, learning rate, clip and rates
  /// are then the checkpoint's. Throws FileError, and changes nothing, where it cannot be read, or where network, scalar,
  /// objective, seed or the optimizer's other options are not this trainer's. Needs eigencoder::safetensors.
  template <class Path>
  void resume(const Path& path) {
    auto checkpoint = detail::read_checkpoint(std::filesystem::path(path), model_, *this);
    restore(checkpoint.snapshot);
    optimizer_ = checkpoint.optimizer;
    stepper_.updater().set_clip(checkpoint.clip);
    for (const auto& [block, rate] : checkpoint.rates) stepper_.updater().set_rate(block, rate);
    best_ = {.snapshot = std::move(checkpoint.snapshot), .begun = {}};
  }

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
  friend class detail::Fit<Trainer>;
  using SampleSet = detail::SampleSet<T>;
  static constexpr detail::SampleRules rules = [] {
    using C = typename ModelType::Chain;
    constexpr std::type_identity<O> objective{};
    detail::SampleRules all{.input = ModelType::input,
                            .target = Terms<C, O>::target,
                            .targets = detail::target_range(objective, ModelType::output.channels),
                            .inputs = detail::input_range<C>(),
                            .unweighted = detail::unweighted_loss(objective, &TermNeeds::sample_weights),
                            .unweighted_elements = detail::unweighted_loss(objective, &TermNeeds::element_weights),
                            .weighing = detail::weighing_layer<Program<C, O>>(),
                            .whole = detail::refuses_padding<Program<C, O>>()};
    detail::add_length_rules<C>(all);
    return all;
  }();

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
  /// The moving average of the parameters, or without one the parameters.
  const T* weights_to_predict() const {
    const T* const average = stepper_.updater().average();
    return average ? average : std::as_const(model_).parameters().data();
  }

  /// With parameters of the given ones, or of the model's where that is null.
  void evaluate_batches(const SampleSet& set, Index batch_size, const T* theta, Evaluation& sum) {
    batch_size = std::min(batch_size, set.size());
    stepper_.reserve(batch_size);
    sum.loss = 0;
    for (Index first = 0; first < set.size(); first += batch_size) {
      const Batch<T> batch = set.batch(set.order(), first, std::min(batch_size, set.size() - first));
      const auto values = stepper_.evaluate(model_, objective_, batch, static_cast<std::uint64_t>(first), theta);
      add(sum, evaluated(values), values, static_cast<double>(batch.size) / static_cast<double>(set.size()));
    }
  }

  static void add(Evaluation& sum, double loss, std::span<const double> values, double share) {
    sum.loss += share * loss;
    for (std::size_t k = 0; k < values.size(); ++k) sum.terms[k] += share * values[k];
  }

  std::string why_not_taken(double loss, const Batch<T>& batch, Index first) const {
    return detail::why_not_taken(model_, stepper_.updater(), loss, batch, first, learning_rate());
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
