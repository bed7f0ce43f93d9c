// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/diagnose.hpp"
#include "eigencoder/training/resume.hpp"
#include "eigencoder/training/sample_rules.hpp"
#include "eigencoder/training/trainer_of.hpp"

namespace eigencoder {

/// Trains a model under an objective with an optimizer:
///   Trainer trainer{model, BinaryCrossEntropy{}, Adam{.learning_rate = 1e-3}};
///   History history = trainer.fit(samples, {.epochs = 10, .batch_size = 256});
/// The optimizer's state lasts as long as the trainer, so a second fit continues the first. Same seed and same number of
/// threads asked for: the same bits. The model must outlive the trainer, which can be neither copied nor moved. Throws
/// OptionError. As a member: Trainer<Model, BinaryCrossEntropy, Adam>, or for a sum Trainer<Model, decltype(A{} + 0.1 * B{}),
/// Adam>. What does not depend on these types, such as fit and evaluate, is in TrainerOf.
template <class ModelType, ObjectivePart Part, Optimizer Opt>
class Trainer : public TrainerOf<typename ModelType::Scalar> {
  static_assert(!std::is_const_v<ModelType>, "a Trainer changes its model: this one is const");
  using C = typename ModelType::Chain;
  using O = decltype(as_objective(std::declval<Part>()));
  using Base = TrainerOf<typename ModelType::Scalar>;
  using Stepper = eigencoder::Stepper<ModelType, O, Opt>;

 public:
  using T = typename ModelType::Scalar;

  Trainer(ModelType& model, Part objective, Opt optimizer, TrainerOptions options = {})
      : Base(layout_of<C>, detail::sample_rules<C, O>,
             std::make_unique<Stepper>(Base::checked_threads(options), options.seed), options),
        model_(model),
        objective_(as_objective(objective)),
        optimizer_(optimizer) {
    stepper().updater().check(optimizer_);
    for_each_term([](const auto& weighted) {
      using Term = typename std::decay_t<decltype(weighted)>::Term;
      Base::check_weight(weighted.weight, Loss<Term>, type_name<Term>);
      if constexpr (needs_of<Term>.check) weighted.term.check();
    });
  }

  /// A copy of the model with the moving average of its parameters (TrainerOptions::average), for predictions and to be saved.
  /// Before the first update, and without an average, it has the parameters as they are. Running state is the model's.
  ModelType averaged() const {
    ModelType copy = model_;
    copy.set_parameters(VectorView<const T>(this->weights_to_predict(), ModelType::parameter_count));
    return copy;
  }

  const O& objective() const { return objective_; }
  std::vector<std::string> terms() const override {
    std::vector<std::string> names;
    for_each_term([&](const auto& weighted) { names.push_back(type_name<typename std::decay_t<decltype(weighted)>::Term>()); });
    return names;
  }

  // What follows takes effect with the next step; the optimizer's moments stay.

  const Opt& optimizer() const { return optimizer_; }
  /// Throws OptionError.
  void set_optimizer(const Opt& optimizer) {
    stepper().updater().check(optimizer);
    optimizer_ = optimizer;
  }

  double learning_rate() const override { return optimizer_.learning_rate; }
  void set_learning_rate(double rate) override {
    Opt changed = optimizer_;
    changed.learning_rate = rate;
    set_optimizer(changed);
  }

  /// Trains a part of the model with `factor` times the learning rate; 1 is what it begins with. A part is a block of
  /// parameters, "encoder.0.weight", a layer, "encoder.0", or "encoder" or "decoder"; in a Network, "layer.0.weight" and so on.
  /// A factor of 0 freezes: parameters and the optimizer's vectors keep their bits, weight decay included, and the layers
  /// before the first one that is not frozen are left out of backward. Running state, such as the averages of BatchNorm, moves
  /// on all the same. Throws OptionError, which lists the names if there is no such part.
  void set_rate(std::string_view part, double factor) {
    if (factor > 0 && std::isfinite(factor)) detail::check_optimizer<T>(detail::scaled(optimizer_, factor));
    stepper().updater().set_rate(part, factor);
  }
  /// The same as set_rate(part, 0).
  void freeze(std::string_view part) { set_rate(part, 0); }

  /// Writes a checkpoint: all that training has changed, and what the trainer is made of, to be compared by resume. Whatever
  /// happens, the old file or all of the new one is there. With ranks, the first one writes. Throws FileError.
  void save(const std::filesystem::path& path) const override {
    if (this->communicator().rank() == 0) detail::write_checkpoint(path, model_, *this);
  }
  /// Goes on from a checkpoint: what trains from here on has the bits that it would have had in the trainer that saved it
  /// between two epochs, given the same number of threads and the same precision. Model, optimizer's vectors, counters, learning rate, clip and rates
  /// are then the checkpoint's. Throws FileError, and changes nothing, where it cannot be read, or where network, scalar,
  /// objective, seed or the optimizer's other options are not this trainer's. Needs eigencoder::safetensors.
  template <class Path>
  void resume(const Path& path) {
    auto checkpoint = detail::read_checkpoint(std::filesystem::path(path), model_, *this);
    this->go_on_from(std::move(checkpoint.snapshot), checkpoint.clip, checkpoint.rates);
    optimizer_ = checkpoint.optimizer;
  }

 private:
  using typename Base::Contents, typename Base::Memory, typename Base::Values;

  Contents contents() const override {
    const ModelType& model = model_;
    return {model.parameters().data(), model.state().data()};
  }
  Memory memory() override {
    const auto [theta, state] = model_.memory();
    return {theta, state};
  }
  Values train_step(const Batch<T>& batch) override { return stepper().train(model_, objective_, optimizer_, batch); }
  Values evaluate_step(const Batch<T>& batch, std::uint64_t number, const T* theta) override {
    return stepper().evaluate(model_, objective_, batch, number, theta);
  }
  double weighted(Values values, bool training) const override {
    double sum = 0;
    std::size_t k = 0;
    for_each_term([&](const auto& term) { sum += (training ? term.weight_in(stepper().step()) : term.weight) * values[k++]; });
    return sum;
  }
  std::string warning(std::size_t number, double value) const override {
    std::string text;
    std::size_t k = 0;
    for_each_term([&](const auto& weighted) {
      if constexpr (needs_of<typename std::decay_t<decltype(weighted)>::Term>.warning) {
        if (k == number) text = weighted.term.warning(value);
      }
      ++k;
    });
    return text;
  }
  std::string diagnosis(const Samples<T>& inputs, std::span<const Index> order, Index first) const override {
    return diagnose(model_, inputs, order, first);
  }
  void predict(const T* theta, const detail::SampleSet<T>& set, Index first, Index end, T* outputs) const override {
    constexpr Index piece = 64;
    Workspace<C> workspace(std::min(piece, end - first));
    Arena<T> inputs(static_cast<std::size_t>(C::input.size() * workspace.columns()));
    for (Index count = 0; first < end; first += count, outputs += count * C::output.size()) {
      count = std::min(piece, end - first);
      const T* read = inputs.data();
      if (set.chosen.empty()) {
        read = set.inputs.columns_without_gaps(first, count, inputs.data());
      } else {
        for (Index j = 0; j < count; ++j) set.inputs.copy_column(set.sample(first + j), inputs.data() + j * C::input.size());
      }
      workspace.template run<0, C::size>(model_.layers(), contents_with(theta), 1, read, outputs, count);
    }
  }
  Parameters<T> contents_with(const T* theta) const { return {theta, contents().state}; }

  template <class F>
  void for_each_term(F f) const {
    std::apply([&](const auto&... terms) { (f(terms), ...); }, objective_.terms);
  }
  Stepper& stepper() { return static_cast<Stepper&>(Base::stepper()); }
  const Stepper& stepper() const { return static_cast<const Stepper&>(Base::stepper()); }

  ModelType& model_;
  O objective_;
  Opt optimizer_;
};

}  // namespace eigencoder
