// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>
#include <utility>

#include "eigencoder/engine/execute.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/models/model.hpp"
#include "eigencoder/optimizers/optimizer.hpp"
#include "eigencoder/training/snapshot.hpp"
#include "eigencoder/training/team.hpp"

namespace eigencoder {

/// Some samples of a set: columns order[0], order[1], … or, without an order, the columns as they stand.
template <class T>
struct Batch {
  Samples<T> inputs, targets;
  const Index* order = nullptr;
  Index size = 0;
};

/// Cuts a batch into shards and runs steps on them with a team: forward and backward on every shard, the shards' gradients
/// added in a fixed order, one pass of the optimizer. The result is that of the whole batch, and for one number of threads
/// asked for always the same bits, however many there are. All memory is taken beforehand, by reserve().
template <class ModelType, class O, Optimizer Opt>
class Stepper {
  using C = typename ModelType::Chain;
  using T = typename C::Scalar;
  using P = Program<C, O>;

 public:
  static constexpr std::size_t parameters = static_cast<std::size_t>(C::parameter_count);

  /// A step of fewer than `worth_sharing` floating-point operations, some ten microseconds of them, is done by one thread: to meet
  /// would cost more than the others save. 0: by all.
  Stepper(std::size_t threads, Seed seed, double worth_sharing = 5e5)
      : team_(threads),
        seed_(seed),
        worth_sharing_(worth_sharing),
        gradients_(threads),
        norms_(threads),
        totals_(static_cast<std::size_t>(P::totals)) {}

  std::size_t threads() const { return gradients_.size(); }  ///< asked for: into so many parts a step is cut
  std::uint64_t updates() const { return updates_; }
  std::uint64_t step() const { return step_; }  ///< of the last training step: what schedules of the objective go by

  /// Takes the memory for batches of up to `batch` samples. Where there is none, nothing has changed.
  void reserve(Index batch) {
    if (batch <= reserved_) return;
    Cut most;
    for (Index size = 1; size <= batch; ++size) {  // a smaller batch may be cut into wider shards, for fewer workers
      const Cut cut = cut_of(size * P::draws, batch_workers(size * P::draws));
      most = {std::max(most.width, cut.width), std::max(most.shards, cut.shards)};
    }
    memory_ = Memory(most, P::coupled ? most.shards : threads(), batch);
    reserved_ = batch;
  }

  /// Takes the memory that training needs beside that.
  void reserve_training(Index batch) {
    reserve(batch);
    for (Arena<T>& gradient : gradients_) gradient.resize(parameters);
    slots_.resize(Opt::slots * parameters);
  }

  /// One step on a batch: gradient, then update, unless a term of the objective or the gradient is not finite: then nothing is
  /// changed, and taken() is false. Returns the unweighted terms of the objective before the update.
  std::span<const double> train(ModelType& model, const O& objective, const Opt& optimizer, const Batch<T>& batch) {
    const auto memory = model.memory();
    ++step_;
    const std::size_t workers = execute<Mode::train>(model, objective, batch);
    taken_ = std::all_of(values_.begin(), values_.end(), [](double value) { return std::isfinite(value); }) &&
             finite_gradient(workers);
    if (taken_) {
      ++updates_;
      const auto rule = at_step(optimizer, updates_);
      team_.run(workers, [&](std::size_t worker) { update(rule, memory.theta, worker, workers); });
      settle(model.layers(), memory.state, batch.size * P::draws);
    } else {
      --step_;
      steepest_ = steepest(workers);
      for (Arena<T>& gradient : gradients_) std::fill(gradient.begin(), gradient.end(), T(0));
    }
    return values_;
  }
  bool taken() const { return taken_; }
  /// The parameter whose gradient was the largest, or not a number, in a step that was not taken.
  Index steepest() const { return steepest_; }

  void keep(Snapshot<T>& snapshot) const {
    snapshot.slots = slots_;
    snapshot.updates = updates_;
    snapshot.step = step_;
  }
  void restore(const Snapshot<T>& snapshot) {
    slots_.resize(Opt::slots * parameters);
    std::fill(slots_.begin(), slots_.end(), T(0));
    std::copy(snapshot.slots.begin(), snapshot.slots.end(), slots_.begin());
    updates_ = snapshot.updates;
    step_ = snapshot.step;
  }

  /// The gradient of a batch, ∂ objective / ∂ theta, and no update: to check it. `step` numbers the draws of noise.
  std::span<const double> differentiate(const ModelType& model, const O& objective, const Batch<T>& batch, std::uint64_t step,
                                        T* gradient) {
    step_ = step;
    const std::size_t workers = execute<Mode::train>(model, objective, batch);
    for (std::size_t i = 0; i < parameters; ++i) {
      gradient[i] = 0;
      for (std::size_t w = 0; w < workers; ++w) gradient[i] += std::exchange(gradients_[w][i], T(0));
    }
    return values_;
  }

  /// The unweighted terms of the objective as in inference: no noise, no update. Latent codes are drawn, as `number` says.
  std::span<const double> evaluate(const ModelType& model, const O& objective, const Batch<T>& batch, std::uint64_t number = 0) {
    const std::uint64_t step = std::exchange(step_, evaluations + number);
    execute<Mode::evaluate>(model, objective, batch);
    step_ = step;
    return values_;
  }

 private:
  static constexpr std::uint64_t evaluations = 0x80000000;  ///< where the draws of evaluations begin: no training gets so far

  /// A batch in shards of nearly equal width.
  struct Cut {
    Index width = 0;
    std::size_t shards = 0;
  };

  struct WorkerLane {
    explicit WorkerLane(Index columns)
        : lane(columns),
          inputs(static_cast<std::size_t>(C::input.size() * columns)),
          targets(static_cast<std::size_t>(C::output.size() * columns)) {}
    Lane<P> lane;
    Arena<T> inputs, targets;
  };

  /// What goes by the size of the largest batch.
  struct Memory {
    Memory() = default;
    Memory(const Cut& most, std::size_t lane_count, Index batch)
        : shared(static_cast<std::size_t>(P::shared_at[P::terms] * batch * P::draws)),
          packed(static_cast<std::size_t>(C::packed_at[C::size])),
          sums(most.shards * static_cast<std::size_t>(P::totals)),
          values(most.shards * P::terms) {
      lanes.reserve(lane_count);
      while (lanes.size() < lane_count) lanes.emplace_back(most.width);
    }
    std::vector<WorkerLane> lanes;
    Arena<T> shared, packed;
    std::vector<double> sums, values;  ///< of the shards
  };

  // Activations of a shard should stay in the second cache, half of which is taken as 512 KiB. Where the weights do not fit
  // either, shards are large instead, so that weights and their gradients stream through seldom. Samples that are large by
  // themselves are images, whose kernels are content with a few.
  static constexpr Index cache = Index{512} * 1024;
  static constexpr Index widest_shard = [] {
    const Index sample = (C::input.size() + P::per_sample) * static_cast<Index>(sizeof(T));
    const bool heavy = C::parameter_count * static_cast<Index>(sizeof(T)) > cache;
    return heavy ? std::clamp(16 * cache / sample, Index{16}, Index{256}) : std::clamp(cache / sample, Index{4}, Index{256});
  }();

  static Cut cut_of(Index batch, std::size_t workers) {
    const auto ceiling = [](Index a, Index b) { return (a + b - 1) / b; };
    const Index share = ceiling(batch, static_cast<Index>(workers));
    const Index width = ceiling(ceiling(share, ceiling(share, widest_shard)), P::draws) * P::draws;  // a sample's draws together
    return {width, static_cast<std::size_t>(ceiling(batch, width))};
  }
  std::size_t batch_workers(Index batch) const {
    return 6.0 * static_cast<double>(C::multiplications) * static_cast<double>(batch) < worth_sharing_ ? 1 : threads();
  }

  /// Forward, and backward into the workers' gradients. Returns how many workers there were.
  template <Mode M>
  std::size_t execute(const ModelType& model, const O& objective, const Batch<T>& batch) {
    prepare<C>(model.layers(), model.parameters().data(), memory_.packed.data());
    const Index columns = batch.size * P::draws;
    const std::size_t workers = batch_workers(columns);
    const Cut cut = cut_of(columns, workers);
    std::fill(memory_.values.begin(), memory_.values.end(), 0.0);
    std::fill(memory_.sums.begin(), memory_.sums.end(), 0.0);
    run_phases<M, 0>(model, objective, batch, cut, workers);
    values_.fill(0);
    for (std::size_t i = 0; i < cut.shards * P::terms; ++i) values_[i % P::terms] += memory_.values[i];
    return workers;
  }

  template <Mode M, int Phase>
  void run_phases(const ModelType& model, const O& objective, const Batch<T>& batch, const Cut& cut, std::size_t workers) {
    constexpr int phases = (M == Mode::train ? P::training : P::evaluation).phases;
    team_.run(workers, [&](std::size_t worker) {
      for (std::size_t s = cut.shards * worker / workers; s < cut.shards * (worker + 1) / workers; ++s) {
        run_shard<M, Phase>(model, objective, batch, cut, worker, s);
      }
      constexpr bool complete = M == Mode::train && Phase + 1 == phases;
      if constexpr (complete) norms_[worker] = norm(gradients_[worker]);  // while it is in the cache
    });
    if constexpr (Phase + 1 < phases || C::tallies_at[C::size] > 0) {
      Execute<P, M>::template total<Phase>(memory_.sums, cut.shards, totals_);
    }
    if constexpr (Phase + 1 < phases) {
      run_phases<M, Phase + 1>(model, objective, batch, cut, workers);
    }
  }

  template <Mode M, int Phase>
  void run_shard(const ModelType& model, const O& objective, const Batch<T>& batch, const Cut& cut, std::size_t worker,
                 std::size_t s) {
    WorkerLane& mine = memory_.lanes[P::coupled ? s : worker];
    const Index all = batch.size * P::draws;
    const Index begin = static_cast<Index>(s) * cut.width, columns = std::min(cut.width, all - begin);
    const T* const x = columns_of(batch.inputs, batch.order, begin, columns, mine.inputs.data(), Phase == 0);
    const T* const target = batch.targets == batch.inputs
                                ? x
                                : columns_of(batch.targets, batch.order, begin, columns, mine.targets.data(), Phase == 0);
    Execute<P, M>::template phase<Phase>(
        Shard<P>{.layers = model.layers(),
                 .objective = objective,
                 .lane = mine.lane,
                 .parameters = {model.parameters().data(), model.state().data(), memory_.packed.data()},
                 .gradient = gradients_[worker].data(),
                 .x = x,
                 .target = target,
                 .first = begin,
                 .columns = columns,
                 .batch = all,
                 .sums = std::span(memory_.sums).subspan(s * totals_.size(), totals_.size()),
                 .totals = totals_,
                 .values = std::span(memory_.values).subspan(s * P::terms, P::terms),
                 .shared = memory_.shared.data(),
                 .seed = seed_,
                 .step = step_});
  }

  /// The shard's columns without gaps: where they lie, or copied into `to` (once a step).
  static const T* columns_of(const Samples<T>& samples, const Index* order, Index begin, Index columns, T* to, bool copy) {
    if (P::draws == 1 && order == nullptr && samples.in_place()) return samples.column(begin);
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

  static T norm(const Arena<T>& gradient) { return std::sqrt(kernels::sum_squares(C::parameter_count, gradient.data())); }

  /// Whether the square of the gradient's norm is a finite T: then so are all averages of the gradient and of its square. The
  /// gradient has not been added up yet; its norm is at most the sum of those of its parts.
  bool finite_gradient(std::size_t workers) const {
    const T norm = std::accumulate(norms_.begin(), norms_.begin() + static_cast<std::ptrdiff_t>(workers), T(0));
    return std::isfinite(norm * norm);
  }
  Index steepest(std::size_t workers) const {
    Index place = 0;
    T largest = 0;
    for (Index i = 0; i < C::parameter_count; ++i) {
      T g = 0;
      for (std::size_t w = 0; w < workers; ++w) g += gradients_[w][static_cast<std::size_t>(i)];
      if (std::abs(g) <= largest) continue;
      place = i;
      largest = std::abs(g);
      if (!std::isfinite(g)) break;
    }
    return place;
  }

  struct Range {
    std::size_t begin, end;
  };
  /// The worker's part of the flat vectors, whole cache lines each.
  static Range range(std::size_t worker, std::size_t workers) {
    const auto border = [&](std::size_t w) { return w == workers ? parameters : parameters * w / workers / 16 * 16; };
    return {border(worker), border(worker + 1)};
  }

  /// What the optimizer does in step t, made once a step if it has such a form.
  static auto at_step(const Opt& optimizer, std::uint64_t t) {
    if constexpr (requires { optimizer.at(t); }) {
      return optimizer.at(t);
    } else {
      return optimizer;
    }
  }

  /// Adds the workers' gradients in their order, updates, and leaves them zero for the next step: one pass through memory.
  template <class Rule>
  void update(const Rule& rule, T* theta, std::size_t worker, std::size_t workers) {
    constexpr std::size_t chunk = 1024;  // stays in the first cache between the sum and the update
    const auto [begin, end] = range(worker, workers);
    for (const Stretch& stretch : stretches) {
      const std::size_t last = std::min(end, stretch.end);
      for (std::size_t at = std::max(begin, stretch.begin); at < last; at += chunk) {
        const auto count = static_cast<Index>(std::min(chunk, last - at));
        using Vector = typename Update<T, Opt::slots>::Vector;
        Vector gradient(gradients_[0].data() + at, count);
        for (std::size_t w = 1; w < workers; ++w) {
          Vector other(gradients_[w].data() + at, count);
          gradient += other;
          other.setZero();
        }
        std::array<T*, Opt::slots> slots;
        for (std::size_t k = 0; k < Opt::slots; ++k) slots[k] = slots_.data() + k * parameters + at;
        rule(Update<T, Opt::slots>{Vector(theta + at, count), gradient, slots, updates_, stretch.decay});
        gradient.setZero();
      }
    }
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

  /// Parameters in a row that decay alike.
  struct Stretch {
    std::size_t begin = 0, end = 0;
    bool decay = true;
  };
  /// An optimizer that says `decays = false` treats all alike: one stretch, and no short ones.
  static constexpr bool all_alike = requires { requires !Opt::decays; };
  static constexpr std::size_t stretch_count = [] {
    if (all_alike) return std::size_t{1};
    std::size_t count = 0;
    C::for_each_layer([&]<std::size_t I>() { count += C::template stage<I>::Trainable::count; });
    return count;
  }();
  static constexpr std::array<Stretch, stretch_count> stretches = [] {
    std::array<Stretch, stretch_count> all{};
    if (all_alike) {
      all[0] = {0, parameters, true};
      return all;
    }
    std::size_t n = 0;
    C::for_each_layer([&]<std::size_t I>() {
      for (const auto& entry : C::template stage<I>::Trainable::entries) {
        const auto begin = static_cast<std::size_t>(C::theta_at[I] + entry.offset);
        all[n++] = {begin, begin + static_cast<std::size_t>(entry.block.size()), entry.block.decay};
      }
    });
    return all;
  }();

  Team team_;
  Seed seed_;
  double worth_sharing_;
  std::uint64_t step_ = 0;     ///< numbers the draws of noise
  std::uint64_t updates_ = 0;  ///< of the parameters: the optimizer's t
  Index reserved_ = 0;
  Memory memory_;
  std::vector<Arena<T>> gradients_;  ///< one a worker
  std::vector<T> norms_;             ///< theirs
  std::vector<double> totals_;
  std::array<double, P::terms> values_{};
  Arena<T> slots_;
  bool taken_ = false;
  Index steepest_ = 0;
};

}  // namespace eigencoder
