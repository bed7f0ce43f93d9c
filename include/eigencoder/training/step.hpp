// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "eigencoder/engine/execute.hpp"
#include "eigencoder/training/batch.hpp"
#include "eigencoder/training/update.hpp"

namespace eigencoder {

/// Cuts a batch into shards and runs steps on them with a team: forward and backward on every shard, then the Updater's part:
/// the shards' gradients added in a fixed order, an exchange, the optimizer. The result is that of the whole batch, and for one
/// number of threads asked for always the same bits, however many there are. All memory is taken beforehand, by reserve().
template <class ModelType, class O, Optimizer Opt>
class Stepper {
  using C = typename ModelType::Chain;
  using T = typename C::Scalar;
  using P = Program<C, O>;

 public:
  /// A step of fewer than `worth_sharing` floating-point operations, about ten microseconds, is done by one thread, since
  /// waiting for others would cost more than they save. 0: always by all.
  Stepper(std::size_t threads, Seed seed, double worth_sharing = 5e5)
      : team_(threads),
        seed_(seed),
        worth_sharing_(worth_sharing),
        updater_(threads),
        totals_(static_cast<std::size_t>(P::totals)) {}

  std::size_t threads() const { return updater_.workers(); }  ///< asked for: into so many parts a step is cut
  Updater<ModelType, Opt>& updater() { return updater_; }
  const Updater<ModelType, Opt>& updater() const { return updater_; }
  std::uint64_t step() const {
    return step_;
  }  ///< number of the last training step, on which schedules of the objective depend

  /// Allocates the memory for batches of up to `batch` samples. If that fails, nothing has changed.
  void reserve(Index batch) {
    if (batch <= reserved_) return;
    Cut most;
    for (Index size = 1; size <= batch; ++size) {  // a smaller batch may be cut into wider shards, for fewer workers
      const Cut cut = cut_of(size * P::draws);
      most.width = std::max(most.width, cut.width);
      most.shards = std::max(most.shards, cut.shards);
    }
    memory_ = Memory(most, P::coupled ? most.shards : threads(), batch);
    reserved_ = batch;
  }

  /// Allocates what training needs in addition.
  void reserve_training(Index batch) {
    reserve(batch);
    updater_.reserve();
  }

  /// One step on a batch: gradient, then update, unless a term of the objective or the gradient is not finite: then nothing is
  /// changed, and taken() is false. Returns the unweighted terms of the objective before the update.
  std::span<const double> train(ModelType& model, const O& objective, const Opt& optimizer, const Batch<T>& batch) {
    const auto memory = model.memory();
    ++step_;
    taken_ = false;
    try {
      const Cut cut = execute<Mode::train>(model, model.parameters().data(), objective, batch);
      const bool finite = std::all_of(values_.begin(), values_.end(), [](double value) { return std::isfinite(value); });
      taken_ = updater_.update(team_, cut.workers, cut.gradients(), optimizer, memory.theta,
                               {.gradient = {}, .totals = totals_, .values = values_, .finite = finite, .samples = batch.size});
    } catch (...) {  // a user's exchange
      --step_;
      throw;
    }
    if (taken_) {
      settle(model.layers(), memory.state, batch.size * P::draws);
    } else {
      --step_;
    }
    return values_;
  }
  bool taken() const { return taken_; }

  void keep(Snapshot<T>& snapshot) const {
    updater_.keep(snapshot);
    snapshot.step = step_;
  }
  void restore(const Snapshot<T>& snapshot) {
    updater_.restore(snapshot);
    step_ = snapshot.step;
  }

  /// The gradient of a batch, ∂ objective / ∂ theta, and no update: to check it. `step` numbers the draws of noise.
  std::span<const double> differentiate(const ModelType& model, const O& objective, const Batch<T>& batch, std::uint64_t step,
                                        T* gradient) {
    step_ = step;
    const Cut cut = execute<Mode::train>(model, model.parameters().data(), objective, batch);
    updater_.copy_gradient(cut.gradients(), gradient);
    return values_;
  }

  /// The unweighted terms of the objective as in inference: no noise, no update. Latent codes are drawn, as `number` says. Other
  /// parameters may stand in for the model's.
  std::span<const double> evaluate(const ModelType& model, const O& objective, const Batch<T>& batch, std::uint64_t number = 0,
                                   const T* theta = nullptr) {
    const std::uint64_t step = std::exchange(step_, evaluations + number);
    execute<Mode::evaluate>(model, theta ? theta : model.parameters().data(), objective, batch);
    step_ = step;
    return values_;
  }

 private:
  static constexpr std::uint64_t evaluations =
      0x80000000;  ///< step numbers of evaluations begin here, beyond those of any training

  /// A batch in shards of nearly equal width, for so many workers.
  struct Cut {
    Index width = 0;
    std::size_t shards = 0, workers = 1;

    std::size_t begin(std::size_t worker) const { return shards * worker / workers; }  ///< of its shards
    /// The workers make the gradient of the layers of P::overwrites together: of a batch whose shards are all in lanes at once.
    bool together() const { return P::together && workers > 1 && shards <= workers; }
    std::size_t gradients() const { return together() ? 1 : workers; }  ///< how many there are to add up
  };

  struct WorkerLane {
    explicit WorkerLane(Index columns)
        : lane(columns),
          inputs(static_cast<std::size_t>(C::input.size() * columns)),
          targets(static_cast<std::size_t>(P::target.size() * columns)),
          weights(static_cast<std::size_t>(columns)),
          lengths(Steps<C>::sequence(0) ? static_cast<std::size_t>(columns) : 0) {}
    Lane<P> lane;
    Arena<T> inputs, targets, weights;
    std::vector<Index> lengths;
  };

  /// Memory whose size depends on the largest batch.
  struct Memory {
    Memory() = default;
    Memory(const Cut& most, std::size_t lane_count, Index batch)
        : shared(static_cast<std::size_t>(P::shared_at[P::terms] * batch * P::draws)),
          packed(static_cast<std::size_t>(C::packed_at[C::size])),
          kept(P::together ? lane_count : 0),
          shares(most.shards * static_cast<std::size_t>(P::totals)),
          values(most.shards * P::terms) {
      lanes.reserve(lane_count);
      while (lanes.size() < lane_count) lanes.emplace_back(most.width);
    }
    std::vector<WorkerLane> lanes;
    Arena<T> shared, packed;
    std::vector<KeptShard<P>> kept;  ///< each in the lane of its number
    std::vector<double> shares, values;  ///< of the shards
  };

  // Activations of a shard should stay in half of the second-level cache. If the weights alone do not fit there, shards are large
  // instead, so that weights and their gradients are read from memory less often. Samples that are large by themselves are images,
  // and kernels for images are efficient with few samples. Layers whose products are not, ask for more.
  static constexpr Index widest_shard = [] {
    const Index sample = (C::input.size() + P::per_sample) * static_cast<Index>(sizeof(T));
    const Index least = std::max(C::columns, Index{P::heavy ? 16 : 4}), fitting = (P::heavy ? 16 : 1) * P::cache / sample;
    return std::clamp(fitting, least, std::max(least, Index{256}));
  }();

  Cut cut_of(Index batch) const {
    const std::size_t workers = batch_workers(batch);
    const auto ceiling = [](Index a, Index b) { return (a + b - 1) / b; };
    const Index share = ceiling(batch, static_cast<Index>(workers));
    const Index width =
        ceiling(ceiling(share, ceiling(share, widest_shard)), P::draws) * P::draws;  // a sample's draws together
    return {width, static_cast<std::size_t>(ceiling(batch, width)), workers};
  }
  std::size_t batch_workers(Index batch) const {
    return 6.0 * static_cast<double>(C::multiplications) * static_cast<double>(batch) < worth_sharing_ ? 1 : threads();
  }

  /// Forward, and backward into the workers' gradients. Returns how the batch was cut.
  template <Mode M>
  Cut execute(const ModelType& model, const T* theta, const O& objective, const Batch<T>& batch) {
    const Parameters<T> parameters{theta, model.state().data(), memory_.packed.data()};
    prepare<C>(model.layers(), theta, memory_.packed.data());
    const Cut cut = cut_of(batch.size * P::draws);
    std::fill(memory_.values.begin(), memory_.values.end(), 0.0);
    std::fill(memory_.shares.begin(), memory_.shares.end(), 0.0);
    run_phases<M, 0>(model.layers(), parameters, objective, batch, cut);
    if constexpr (M == Mode::train && P::together) {
      if (cut.together()) make_gradient_together(model.layers(), cut);
    }
    values_.fill(0);
    for (std::size_t i = 0; i < cut.shards * P::terms; ++i) values_[i % P::terms] += memory_.values[i];
    return cut;
  }

  template <Mode M, int Phase>
  void run_phases(const typename C::Layers& layers, const Parameters<T>& parameters, const O& objective, const Batch<T>& batch,
                  const Cut& cut) {
    constexpr int phases = (M == Mode::train ? P::training : P::evaluation).phases;
    team_.run(cut.workers, [&](std::size_t worker) {
      if constexpr (M == Mode::train && Phase == 0) begin_gradient(cut, worker);
      for (std::size_t s = cut.begin(worker); s < cut.begin(worker + 1); ++s) {
        run_shard<M, Phase>(layers, parameters, objective, batch, cut, worker, s);
      }
      if (M == Mode::train && Phase + 1 == phases && !cut.together()) updater_.complete(worker);
    });
    if constexpr (Phase + 1 < phases || C::tallies_at[C::size] > 0) {
      Execute<P, M>::template total<Phase>(memory_.shares, cut.shards, totals_);
    }
    if constexpr (Phase + 1 < phases) {
      run_phases<M, Phase + 1>(layers, parameters, objective, batch, cut);
    }
  }

  /// Clears of a worker's gradient what its first shard does not overwrite.
  void begin_gradient(const Cut& cut, std::size_t worker) {
    const bool overwritten = cut.together() || cut.begin(worker) < cut.begin(worker + 1);
    T* const gradient = updater_.gradient(worker);
    for (std::size_t i = 0; i < C::size; ++i) {
      if (!(P::overwrites[i] && overwritten)) std::fill(gradient + C::theta_at[i], gradient + C::theta_at[i + 1], T(0));
    }
  }

  /// The first gradient, a part by each worker: from the whole batch, or added up where layers have added to each worker's own.
  void make_gradient_together(const typename C::Layers& layers, const Cut& cut) {
    const auto border = [&](std::size_t w) { return P::part_begin(static_cast<Index>(w), static_cast<Index>(cut.workers)); };
    team_.run(cut.workers, [&](std::size_t worker) {
      const Index begin = border(worker), end = border(worker + 1);
      Execute<P, Mode::train>::parameter_gradients(layers, std::span(memory_.kept).first(cut.shards), updater_.gradient(0), begin,
                                                   end, updater_.first_trained());
      for (std::size_t i = 0; i < C::size; ++i) {
        const Index first = std::max(begin, C::theta_at[i]), last = std::min(end, C::theta_at[i + 1]);
        if (!P::overwrites[i] && first < last) updater_.add_up(cut.workers, first, last);
      }
      updater_.complete_part(worker, begin, end);
    });
  }

  template <Mode M, int Phase>
  void run_shard(const typename C::Layers& layers, const Parameters<T>& parameters, const O& objective, const Batch<T>& batch,
                 const Cut& cut, std::size_t worker, std::size_t s) {
    WorkerLane& mine = memory_.lanes[P::coupled || cut.together() ? s : worker];
    const Index all = batch.size * P::draws;
    const Index begin = static_cast<Index>(s) * cut.width, columns = std::min(cut.width, all - begin);
    const Index* const lengths = values_of(batch.lengths, batch, begin, columns, mine.lengths.data());
    const T* const x = inputs_of(batch, begin, columns, mine.inputs.data(), Phase == 0, lengths);
    const T* const target = batch.targets == batch.inputs
                                ? x
                                : targets_of(batch, begin, columns, mine.targets.data(), Phase == 0, lengths);
    if (M == Mode::train && cut.together()) memory_.kept[s] = {&mine.lane, x, columns};
    Execute<P, M>::template phase<Phase>(
        Shard<P>{.layers = layers,
                 .objective = objective,
                 .lane = mine.lane,
                 .parameters = parameters,
                 .gradient = updater_.gradient(worker),
                 .first_of_gradient = s == cut.begin(worker),
                 .together = M == Mode::train && cut.together(),
                 .x = x,
                 .target = target,
                 .weights = values_of(batch.weights, batch, begin, columns, mine.weights.data()),
                 .element_weights = batch.element_weights.of(batch.order ? batch.order + begin : nullptr, begin),
                 .lengths = lengths,
                 .first = begin,
                 .columns = columns,
                 .batch = all,
                 .share = std::span(memory_.shares).subspan(s * totals_.size(), totals_.size()),
                 .totals = totals_,
                 .values = std::span(memory_.values).subspan(s * P::terms, P::terms),
                 .shared = memory_.shared.data(),
                 .seed = seed_,
                 .step = step_,
                 .first_trained = updater_.first_trained()});
  }

  /// The shard's inputs; of sequences with padding a copy in which this is zero.
  static const T* inputs_of(const Batch<T>& batch, Index begin, Index columns, T* to, bool copy, const Index* lengths) {
    const T* const x = columns_of(batch.inputs, batch.order, begin, columns, to, copy, lengths != nullptr);
    if (copy) detail::clear_padding<C, 0>(to, columns, lengths);
    return x;
  }

  /// Its targets, likewise where layers read them.
  static const T* targets_of(const Batch<T>& batch, Index begin, Index columns, T* to, bool copy, const Index* lengths) {
    constexpr bool read = std::any_of(C::needs.begin(), C::needs.end(), [](const Needs& needs) { return needs.targets; });
    if (!read) lengths = nullptr;
    const T* const targets = columns_of(batch.targets, batch.order, begin, columns, to, copy, lengths != nullptr);
    if (copy) detail::clear_padding<C, C::size>(to, columns, lengths);
    return targets;
  }

  /// The shard's columns without gaps: where they lie, unless they are `moved`, or copied into `to` (once a step).
  static const T* columns_of(const Samples<T>& samples, const Index* order, Index begin, Index columns, T* to, bool copy,
                             bool moved = false) {
    if (P::draws == 1 && order == nullptr && samples.in_place() && !moved) return samples.column(begin);
    const auto column = [&](Index j) {
      const Index sample = (begin + j) / P::draws;
      return order ? order[sample] : sample;
    };
    for (Index j = 0; copy && j < columns; ++j) {
      if (j + 2 < columns) samples.prefetch_column(column(j + 2));
      samples.copy_column(column(j), to + j * samples.rows());
    }
    return to;
  }

  /// What each of the shard's columns has of `values`, one a sample, copied into `to`. Null if there are none.
  template <class Value>
  static const Value* values_of(const Value* values, const Batch<T>& batch, Index begin, Index columns, Value* to) {
    if (values == nullptr) return nullptr;
    for (Index j = 0; j < columns; ++j) {
      const Index sample = (begin + j) / P::draws;
      to[j] = values[batch.order ? batch.order[sample] : sample];
    }
    return to;
  }

  void settle(const typename C::Layers& layers, T* state, Index batch) {
    C::for_each_layer([&]<std::size_t I>() {
      using S = typename P::template stage<I>;
      if constexpr (S::Running::count > 0) {
        const std::span<const double> totals = totals_;
        run_settle<C, I, S>(layers, state, batch, detail::part(totals, C::sums_at[I], S::needs.sums),
                            detail::part(totals, P::tallies_begin + C::tallies_at[I], S::needs.tallies));
      }
    });
  }

  Team team_;
  Seed seed_;
  double worth_sharing_;
  std::uint64_t step_ = 0;  ///< numbers the draws of noise
  Index reserved_ = 0;
  Memory memory_;
  Updater<ModelType, Opt> updater_;
  std::vector<double> totals_;
  std::array<double, P::terms> values_{};
  bool taken_ = false;
};

}  // namespace eigencoder
