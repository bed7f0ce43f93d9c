// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "eigencoder/models/check_data.hpp"
#include "eigencoder/training/batch_source.hpp"
#include "eigencoder/training/fit_options.hpp"
#include "eigencoder/training/step.hpp"

namespace eigencoder {

namespace detail {
template <class T>
class Fit;
}

struct TrainerOptions {
  std::size_t threads = 0;  ///< 0: as many as the machine runs at once, divided among the ranks on it
  Seed seed{};              ///< of shuffling, noise and dropout
  GradientClip clip{};      ///< bounds the gradient before the optimizer sees it: {.clip = {.global_norm = 1}}
  WeightAverage average{};  ///< of the parameters, to validate and predict with: {.average = {.decay = 0.999}}
  Precision precision = Precision::float32;  ///< of products in training, of a network of floats (docs/precision.md)
  /// With which others the trainer trains its model: `ec::Mpi{}` for the processes that mpirun has started. Each is given its own
  /// part of the samples (part_of), and does everything else alike; FitOptions::batch_size counts the samples of all.
  AnyCommunicator communicator{};
  /// The same bits for any number of ranks and threads: a batch is cut into `parts`, whose results are added in a fixed order.
  bool reproducible = false;
  /// A power of two; at most so many ranks, and threads of all ranks, are of use. It decides the bits.
  std::size_t parts = 16;
};

/// What trainers of all models of T, objectives and optimizers have in common: all but the step itself.
template <class T>
class TrainerOf : public AnyTrainer {
 public:
  ~TrainerOf() override;
  TrainerOf(const TrainerOf&) = delete;
  TrainerOf& operator=(const TrainerOf&) = delete;

  /// Trains the model to restore `inputs`, input × N. Everything is checked before the first step.
  /// Throws ShapeError, OptionError, NonFiniteError (also if training diverges: model and optimizer are then what they were at
  /// the best so far).
  History fit(const Samples<T>& inputs, const FitOptions<T>& options = {}) { return fit(inputs, inputs, options); }

  /// Trains the model to make `targets`, output × N, of `inputs`, input × N.
  History fit(const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options = {});

  /// Trains the model on batches that a function of yours fills. Throws also what that function throws: the model is then what it
  /// was after the last step.
  History fit(const BatchSource<T>& source, const FitOptions<T>& options = {});

  /// One step on one batch, for a training loop of your own, with weights of the samples and of the targets' elements and lengths
  /// of sequences if there are any (as FitOptions::sample_weights, element_weights and lengths). Returns the loss before the update. After a first call with the
  /// largest batch it never touches the heap, in a trainer that is alone and not `reproducible`. With ranks all call it, each with
  /// samples of its own. Throws ShapeError, OptionError, and NonFiniteError where the loss or its gradient is
  /// not finite: the step is then not taken.
  double train_on_batch(const Samples<T>& inputs) { return train_on_batch(inputs, inputs); }
  double train_on_batch(const Samples<T>& inputs, const Samples<T>& targets, const Samples<T>& weights = {},
                        const Samples<T>& element_weights = {}, StepCounts lengths = {});

  /// The objective on a set, as in inference: no noise, no update. Only latent codes are drawn, always the same for a set and
  /// batch size, since the objective is an expectation over them.
  Evaluation evaluate(const Samples<T>& inputs, Index batch_size = 256) { return evaluate(inputs, inputs, batch_size); }
  Evaluation evaluate(const Samples<T>& inputs, const EvaluateOptions<T>& options) { return evaluate(inputs, inputs, options); }
  Evaluation evaluate(const Samples<T>& inputs, const Samples<T>& targets, Index batch_size = 256) {
    return evaluate(inputs, targets, EvaluateOptions<T>{.batch_size = batch_size});
  }
  Evaluation evaluate(const Samples<T>& inputs, const Samples<T>& targets, const EvaluateOptions<T>& options);

  const WeightAverage& weight_average() const { return stepper_->updater().weight_average(); }

  /// All that training has changed so far. Throws Error if the model has been moved from.
  Snapshot<T> snapshot() const {
    Snapshot<T> now;
    keep(now);
    return now;
  }
  /// Goes back to a snapshot of this trainer, or on from one of another of the same model, objective and optimizer: model,
  /// optimizer's vectors and counters. The optimizer's options stay. Throws ShapeError.
  void restore(const Snapshot<T>& snapshot);

  /// The best moment of the fit that runs, or of the last one: the smallest loss so far with a snapshot of what it speaks for.
  const Best<T>& best() const { return best_; }

  /// As many as were asked for. A step is cut into so many parts, which decides the bits of its result; should the system have
  /// given fewer threads, those do all parts.
  std::size_t threads() const { return stepper_->threads(); }
  Seed seed() const { return seed_; }
  const AnyCommunicator& communicator() const { return ranks_; }
  /// Of a batch of `batch_size` samples of all ranks, how many are this one's to give to train_on_batch.
  Index share(Index batch_size) const { return division_.share(batch_size); }
  /// The names of the objective's terms, in its order.
  virtual std::vector<std::string> terms() const = 0;
  std::uint64_t updates() const override { return stepper_->updater().updates(); }
  std::uint64_t epochs() const override { return epochs_; }
  /// ‖gradient‖₂ of the last step, of the whole batch and before clipping.
  double gradient_norm() const { return stepper_->updater().norm(); }

  double best_loss() const override { return best_.loss; }
  Index best_epoch() const override { return best_.epoch; }
  void restore_best() override { restore(best_.snapshot); }

  const GradientClip& clip() const { return stepper_->updater().clip(); }
  /// Takes effect with the next step; the optimizer's moments stay. Throws OptionError.
  void set_clip(const GradientClip& clip) { stepper_->updater().set_clip(clip); }

  /// The factor of each block, by name.
  std::vector<std::pair<std::string, double>> rates() const { return stepper_->updater().rates(); }

  /// Has every step hand what it has found to a function, before it clips and updates: to add noise to the gradient, or to look at
  /// it. An empty function, as at first, costs nothing. What it throws leaves the step not taken.
  void set_exchange(std::function<void(Exchange<T>&)> exchange) { stepper_->updater().set_exchange(std::move(exchange)); }

 protected:
  using Values = std::span<const double>;  ///< of the objective's terms, unweighted
  using Contents = Parameters<T>;          ///< of the model
  struct Memory {
    T *theta, *state;
  };

  TrainerOf(const NetworkLayout& layout, const detail::SampleRules& rules, std::unique_ptr<StepperOf<T>> stepper,
            const TrainerOptions& options);
  static std::size_t checked_threads(const TrainerOptions& options);
  /// Throws OptionError unless a term, a loss or another, may have that weight in an objective.
  static void check_weight(double weight, bool loss, std::string (*term)());

  /// The moving average of the parameters, or without one the parameters.
  const T* weights_to_predict() const {
    const T* const average = stepper_->updater().average();
    return average ? average : contents().theta;
  }
  /// Goes on from a checkpoint.
  void go_on_from(Snapshot<T> snapshot, const GradientClip& clip, const std::vector<std::pair<std::string, double>>& rates);

  StepperOf<T>& stepper() { return *stepper_; }
  const StepperOf<T>& stepper() const { return *stepper_; }

 private:
  friend class detail::Fit<T>;

  // What depends on the types of model, objective and optimizer.

  /// Throws Error if the model has been moved from.
  virtual Contents contents() const = 0;
  virtual Memory memory() = 0;
  virtual Values train_step(const Batch<T>& batch) = 0;
  virtual Values evaluate_step(const Batch<T>& batch, std::uint64_t number, const T* theta) = 0;
  /// Σ weight · term, in training with the weights of the last step.
  virtual double weighted(Values values, bool training) const = 0;
  /// What the term of that number says to its value in an epoch: a warning, or nothing.
  virtual std::string warning(std::size_t term, double value) const = 0;
  virtual std::string diagnosis(const Samples<T>& inputs, std::span<const Index> order, Index first) const = 0;
  /// Of samples [first, end) of a set; from many threads at once.
  virtual void predict(const T* theta, const detail::SampleSet<T>& set, Index first, Index end, T* outputs) const = 0;

  void keep(Snapshot<T>& snapshot) const;
  /// Model, optimizer's vectors, counters and learning rate become those of rank 0. Throws ShapeError.
  void synchronise();
  /// Calls fit() after all ranks have the same model; where one throws, no other waits for it.
  template <class F>
  History together(F fit);
  template <class F>
  auto or_abandon(F f);
  /// Throws OptionError unless all ranks fit alike.
  void check_alike(const FitOptions<T>& options) const;
  /// The samples of all ranks, of which this one has so many.
  detail::Strata strata_of(Index here) const;
  /// With parameters of the given ones, or of the model's where that is null.
  void evaluate_batches(const detail::SampleSet<T>& set, Index batch_size, const T* theta, Evaluation& sum);
  static void add(Evaluation& sum, double loss, Values values, double share);
  /// Why the last step was not taken. Without an order the batch's samples are `first` and those after it in their set.
  std::string why_not_taken(double loss, const Batch<T>& batch, Index first) const;
  static std::string after_divergence(double learning_rate);

  const NetworkLayout& layout_;
  const detail::SampleRules& rules_;
  Seed seed_;
  std::uint64_t shuffles_ = 0, epochs_ = 0;
  std::unique_ptr<StepperOf<T>> stepper_;
  AnyCommunicator ranks_;
  Division division_;
  bool synchronised_ = false, agreed_ = false;  ///< what a fit throws, all ranks do
  Best<T> best_;
  std::vector<T> weights_;      ///< of the samples of a single call
  std::vector<Index> borders_;  ///< of its parts
};

}  // namespace eigencoder

#ifdef EIGENCODER_COMPILED_KERNELS
namespace eigencoder {
extern template class TrainerOf<float>;
extern template class TrainerOf<double>;
}  // namespace eigencoder
#else
#include "eigencoder/training/trainer_of_impl.hpp"
#endif
