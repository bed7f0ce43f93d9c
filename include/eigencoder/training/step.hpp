// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "eigencoder/engine/execute.hpp"
#include "eigencoder/models/model.hpp"
#include "eigencoder/training/batch.hpp"
#include "eigencoder/training/update.hpp"

namespace eigencoder {

/// What the steps of a program need in memory, and how their batches are cut, as data: for code that is the same for all networks.
struct StepLayout {
  Index input = 0, target = 0;  ///< values a sample
  Index lane = 0, lane_once = 0;  ///< scalars of a lane, a column and in all
  Index shared = 0, packed = 0;   ///< scalars, a column and in all
  Index draws = 1, widest_shard = 1;
  std::size_t totals = 0, terms = 0;
  double operations = 0;  ///< floating-point operations a column
  bool coupled = false, together = false;
  std::span<const bool> overwrites{};      ///< Program::overwrites
  std::span<const Index> theta_at{};       ///< Chain::theta_at
  std::span<const Index> shared_at{};      ///< Program::shared_at
  Index (*part_begin)(Index part, Index parts) = nullptr;
  /// How many values of an input and of a target that layers read are a sample's own; null: all.
  Lengths (*input_lengths)(const Index*) = nullptr, (*target_lengths)(const Index*) = nullptr;
};

/// A program with its network and its objective, without their types: what runs its operations.
template <class T>
class AnyProgram {
 public:
  virtual int phases(bool train) const = 0;
  virtual void prepare(const T* theta, T* packed) const = 0;
  virtual void run(bool train, int phase, const AnyShard<T>& shard) const = 0;
  /// The totals that a phase has gathered, of the shards' shares. Returns from the first to the last of them.
  virtual TotalsSlice total(bool train, int phase, std::span<const double> shares, std::size_t shards,
                            std::span<double> totals) const = 0;
  /// Term k has written its columns of what the shards share in that phase.
  virtual bool gathers(bool train, int phase, std::size_t k) const = 0;
  /// Execute::parameter_gradients.
  virtual void parameter_gradients(const KeptBatch<T>& batch, T* gradient, Index begin, Index end, std::size_t first_trained,
                                   Precision precision) const = 0;
  virtual void settle(T* state, Index columns, std::span<const double> totals) const = 0;

 protected:
  ~AnyProgram() = default;
};

/// Cuts a batch into shards and runs steps on them with a team: forward and backward on every shard, then the Updater's part:
/// the shards' gradients added in a fixed order, an exchange, the optimizer. The result is that of the whole batch, and for one
/// number of threads asked for always the same bits, however many there are. All memory is taken beforehand, by reserve().
///
/// Of ranks that train together each runs its own parts of the batch, and what depends on all of it is put together on all of them:
/// totals and shared columns at the end of the phase that gathers them, then the terms' values, then the gradient.
template <class T>
class StepperOf {
 public:
  StepperOf(const StepLayout& layout, std::size_t threads, Seed seed, double worth_sharing,
            const NetworkLayout& network, std::size_t slots, bool decays);
  virtual ~StepperOf();
  StepperOf(const StepperOf&) = delete;
  StepperOf& operator=(const StepperOf&) = delete;


  void set_precision(Precision precision) { precision_ = precision; }  ///< of products in training
  /// Before anything else.
  void set_ranks(const AnyCommunicator& ranks, const Division& division);
  std::size_t threads() const { return threads_; }  ///< asked for: into so many parts a step is cut, unless its parts are fixed
  Updater<T>& updater() { return updater_; }
  const Updater<T>& updater() const { return updater_; }
  std::size_t terms() const { return layout_.terms; }  ///< of the objective
  /// Number of the last training step, on which schedules of the objective depend.
  std::uint64_t step() const { return step_; }
  /// Whether what this rank has found in the last step is finite.
  bool finite_here() const { return finite_here_; }
  /// Whether the last training step was.
  bool taken() const { return taken_; }

  /// Allocates the memory for batches of up to that many samples. If that fails, nothing has changed.
  void reserve(BatchSize batch);
  /// Allocates what training needs in addition.
  void reserve_training(BatchSize batch);

  void keep(Snapshot<T>& snapshot) const;
  void restore(const Snapshot<T>& snapshot);

 protected:
  std::span<const double> train(const AnyProgram<T>& program, const AnyOptimizerStep<T>& step, T* theta, T* state,
                                const Batch<T>& batch);
  std::span<const double> differentiate(const AnyProgram<T>& program, const T* theta, const T* state, const Batch<T>& batch,
                                        std::uint64_t step, T* gradient);
  std::span<const double> evaluate(const AnyProgram<T>& program, const T* theta, const T* state, const Batch<T>& batch,
                                   std::uint64_t number);

 private:
  /// A batch in shards of nearly equal width, for so many workers. Where parts are fixed, each is a worker's.
  struct Cut {
    Index width = 0;
    std::size_t shards = 0, workers = 1;
    bool together = false;  ///< the workers make the gradient of the layers of Program::overwrites together
    Index columns = 0, all = 0, first = 0;  ///< of this rank, of all, and how many are before this rank's

    std::size_t begin(std::size_t worker) const { return shards * worker / workers; }  ///< of its shards
    std::size_t gradients() const { return together ? 1 : workers; }                   ///< how many there are to add up
  };
  /// Memory whose size depends on the largest batch.
  struct Memory {
    LaneMemory<T> lanes{};
    Arena<T> inputs{}, targets{}, weights{};  ///< of each lane's columns, where the batch does not lie in one piece
    std::vector<Index> lengths{};
    Arena<T> shared{}, packed{};
    std::vector<double> shares{}, values{};  ///< of the shards
  };

  Cut cut_of(Index samples) const;
  Cut cut_into_parts(Index largest) const;
  Cut cut_of(const Batch<T>& batch) const;
  Memory memory_for(const Cut& most, BatchSize batch) const;
  Cut execute(const AnyProgram<T>& program, bool train, const T* theta, const T* state, const Batch<T>& batch);
  void run_shard(const AnyProgram<T>& program, bool train, int phase, const Parameters<T>& parameters, const Batch<T>& batch,
                 const Cut& cut, std::size_t worker, std::size_t shard);
  void total(const AnyProgram<T>& program, bool train, int phase, const Cut& cut, const Batch<T>& batch);
  void share_columns(const AnyProgram<T>& program, bool train, int phase, const Cut& cut);
  void sum_values(const Cut& cut);
  bool all_finite(const Cut& cut, bool train) const;
  template <class F>
  void each_part(const Cut& cut, F f) const;
  std::span<double> slot(std::size_t part, std::size_t size) { return std::span(slots_).subspan(part * size, size); }
  struct Columns {
    Index begin = 0, count = 0;
  };
  Columns columns_of_shard(const Cut& cut, const Batch<T>& batch, std::size_t shard) const;
  void begin_gradient(const Cut& cut, const Batch<T>& batch, std::size_t worker);
  void make_gradient_together(const AnyProgram<T>& program, const Batch<T>& batch, const Cut& cut);
  const T* columns_of(const Samples<T>& samples, const Index* order, Columns columns, T* to, bool copy,
                      const Index* lengths, Lengths (*own)(const Index*)) const;
  template <class Value>
  const Value* values_of(const Value* values, const Batch<T>& batch, Columns columns, Value* to) const;

  static constexpr std::uint64_t evaluations = 0x80000000;  ///< numbers of evaluations begin here, beyond those of any training

  StepLayout layout_;
  std::size_t threads_;
  std::unique_ptr<Team> team_;
  AnyCommunicator ranks_;
  Division division_;
  Seed seed_;
  double worth_sharing_;
  Precision precision_ = Precision::float32;
  std::uint64_t step_ = 0;  ///< numbers the draws of noise
  BatchSize reserved_;
  Memory memory_;
  Updater<T> updater_;
  std::vector<double> totals_, values_;
  std::vector<double> slots_;     ///< of each part of all ranks, what is to be put together
  std::vector<double> gathered_;  ///< what of the totals in them goes between ranks
  bool finite_here_ = true;
  bool finite_ = true;            ///< the last step's values, and in training its gradient, on all ranks
  bool taken_ = false;
};

/// Steps of a model under an objective with an optimizer.
template <class ModelType, class O, Optimizer Opt>
class Stepper : public StepperOf<typename ModelType::Scalar> {
  using C = typename ModelType::Chain;
  using T = typename C::Scalar;
  using P = Program<C, O>;
  using Base = StepperOf<T>;

 public:
  /// A step of fewer than `worth_sharing` floating-point operations, about ten microseconds, is done by one thread, since
  /// waiting for others would cost more than they save. 0: always by all.
  Stepper(std::size_t threads, Seed seed, double worth_sharing = 5e5)
      : Base(layout, threads, seed, worth_sharing, layout_of<C>, Opt::slots, decays) {}

  /// One step on a batch: gradient, then update, unless a term of the objective or the gradient is not finite: then nothing is
  /// changed, and taken() is false. Returns the unweighted terms of the objective before the update.
  std::span<const double> train(ModelType& model, const O& objective, const Opt& optimizer, const Batch<T>& batch) {
    const auto [theta, state] = model.memory();
    return Base::train(Bound(model.layers(), objective), OptimizerStep<T, Opt>(optimizer, this->updater().updates() + 1), theta, state,
                       batch);
  }

  /// The gradient of a batch, ∂ objective / ∂ theta, and no update: to check it. `step` numbers the draws of noise.
  std::span<const double> differentiate(const ModelType& model, const O& objective, const Batch<T>& batch, std::uint64_t step,
                                        T* gradient) {
    return Base::differentiate(Bound(model.layers(), objective), model.parameters().data(), model.state().data(), batch, step,
                               gradient);
  }

  /// The unweighted terms of the objective as in inference: no noise, no update. Latent codes are drawn, as `number` says. Other
  /// parameters may stand in for the model's.
  std::span<const double> evaluate(const ModelType& model, const O& objective, const Batch<T>& batch, std::uint64_t number = 0,
                                   const T* theta = nullptr) {
    return Base::evaluate(Bound(model.layers(), objective), theta ? theta : model.parameters().data(), model.state().data(), batch,
                          number);
  }

 private:
  static constexpr bool decays = !requires { requires !Opt::decays; };

  // Activations of a shard should stay in half of the second-level cache. If the weights alone do not fit there, shards are large
  // instead, so that weights and their gradients are read from memory less often. Samples that are large by themselves are images,
  // and kernels for images are efficient with few samples. Layers whose products are not, ask for more.
  static constexpr Index widest_shard = [] {
    const Index sample = (C::input.size() + P::per_sample) * static_cast<Index>(sizeof(T));
    const Index least = std::max(C::columns, Index{P::heavy ? 16 : 4}), fitting = (P::heavy ? 16 : 1) * P::cache / sample;
    return std::clamp(fitting, least, std::max(least, Index{256}));
  }();

  static constexpr StepLayout layout = [] {
    StepLayout all{.input = C::input.size(),
                   .target = P::target.size(),
                   .lane = P::per_sample,
                   .lane_once = Lane<P>::once,
                   .shared = P::shared_at[P::terms],
                   .packed = C::packed_at[C::size],
                   .draws = P::draws,
                   .widest_shard = widest_shard,
                   .totals = static_cast<std::size_t>(P::totals),
                   .terms = P::terms,
                   .operations = 6.0 * static_cast<double>(C::multiplications),
                   .coupled = P::coupled,
                   .together = P::together,
                   .overwrites = P::overwrites,
                   .theta_at = C::theta_at,
                   .shared_at = P::shared_at};
    if constexpr (P::together) all.part_begin = &P::part_begin;
    if constexpr (Steps<C>::template known<0>) all.input_lengths = Steps<C>::template lengths<0>;
    constexpr bool read = std::any_of(C::needs.begin(), C::needs.end(), [](const Needs& needs) { return needs.targets; });
    if constexpr (read && Steps<C>::template known<C::size>) all.target_lengths = Steps<C>::template lengths<C::size>;
    return all;
  }();

  class Bound final : public AnyProgram<T> {
   public:
    Bound(const typename C::Layers& layers, const O& objective) : layers_(layers), objective_(objective) {}

    int phases(bool train) const override { return (train ? P::training : P::evaluation).phases; }
    void prepare(const T* theta, T* packed) const override { eigencoder::prepare<C>(layers_, theta, packed); }
    void run(bool train, int phase, const AnyShard<T>& any) const override {
      const Shard<P> shard(layers_, objective_, any);
      train ? Execute<P, Mode::train>::phase(phase, shard) : Execute<P, Mode::evaluate>::phase(phase, shard);
    }
    TotalsSlice total(bool train, int phase, std::span<const double> shares, std::size_t shards,
                      std::span<double> totals) const override {
      return P::total(train, phase, shares, shards, totals);
    }
    bool gathers(bool train, int phase, std::size_t k) const override {
      const Operation* const gathering = (train ? P::training : P::evaluation).find(Do::term_gather, k);
      return gathering != nullptr && gathering->phase == phase;
    }
    void parameter_gradients(const KeptBatch<T>& batch, T* gradient, Index begin, Index end, std::size_t first_trained,
                             Precision precision) const override {
      if constexpr (P::together) {
        Execute<P, Mode::train>::parameter_gradients(layers_, batch, gradient, begin, end, first_trained, precision);
      }
    }
    void settle(T* state, Index columns, std::span<const double> totals) const override {
      eigencoder::settle<C>(layers_, state, columns, totals, P::tallies_begin);
    }

   private:
    const typename C::Layers& layers_;
    const O& objective_;
  };
};

}  // namespace eigencoder

#ifdef EIGENCODER_COMPILED_KERNELS
namespace eigencoder {
extern template class StepperOf<float>;
extern template class StepperOf<double>;
}  // namespace eigencoder
#else
#include "eigencoder/training/step_impl.hpp"
#endif
