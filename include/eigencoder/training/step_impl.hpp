// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/step.hpp"
#include "eigencoder/training/team.hpp"

namespace eigencoder {

template <class T>
StepperOf<T>::StepperOf(const StepLayout& layout, std::size_t threads, Seed seed, double worth_sharing,
                        const NetworkLayout& network, std::size_t slots, bool decays)
    : layout_(layout),
      team_(std::make_unique<Team>(threads)),
      seed_(seed),
      worth_sharing_(worth_sharing),
      updater_(network, threads, slots, decays),
      totals_(layout.totals),
      values_(layout.terms) {}

template <class T>
StepperOf<T>::~StepperOf() = default;

// — memory

template <class T>
typename StepperOf<T>::Cut StepperOf<T>::cut_of(Index columns) const {
  const std::size_t workers = layout_.operations * static_cast<double>(columns) < worth_sharing_ ? 1 : threads();
  const auto ceiling = [](Index a, Index b) { return (a + b - 1) / b; };
  const Index share = ceiling(columns, static_cast<Index>(workers));
  const Index width = ceiling(ceiling(share, ceiling(share, layout_.widest_shard)), layout_.draws) * layout_.draws;  // a sample's draws together
  const auto shards = static_cast<std::size_t>(ceiling(columns, width));
  // Of a batch whose shards are all in lanes at once.
  return {width, shards, workers, layout_.together && workers > 1 && shards <= workers};
}

template <class T>
void StepperOf<T>::reserve(Index batch) {
  if (batch <= reserved_) return;
  Cut most;
  for (Index size = 1; size <= batch; ++size) {  // a smaller batch may be cut into wider shards, for fewer workers
    const Cut cut = cut_of(size * layout_.draws);
    most.width = std::max(most.width, cut.width);
    most.shards = std::max(most.shards, cut.shards);
  }
  memory_ = memory_for(most, batch);
  reserved_ = batch;
}

template <class T>
typename StepperOf<T>::Memory StepperOf<T>::memory_for(const Cut& most, Index batch) const {
  const std::size_t lanes = layout_.coupled ? most.shards : threads();
  const auto columns = static_cast<std::size_t>(most.width);
  const auto scalars = [](Index count) { return Arena<T>(static_cast<std::size_t>(count)); };
  Memory memory{.lanes = {},
                .shared = scalars(layout_.shared * batch * layout_.draws),
                .packed = scalars(layout_.packed),
                .kept = std::vector<KeptShard<T>>(layout_.together ? lanes : 0),
                .shares = std::vector<double>(most.shards * layout_.totals),
                .values = std::vector<double>(most.shards * layout_.terms)};
  memory.lanes.reserve(lanes);
  while (memory.lanes.size() < lanes) {
    memory.lanes.push_back({LaneMemory<T>(most.width, layout_.lane, layout_.lane_once), scalars(layout_.input * most.width),
                            scalars(layout_.target * most.width), scalars(most.width),
                            std::vector<Index>(layout_.input_lengths ? columns : 0)});
  }
  return memory;
}

template <class T>
void StepperOf<T>::reserve_training(Index batch) {
  reserve(batch);
  updater_.reserve();
}

template <class T>
void StepperOf<T>::keep(Snapshot<T>& snapshot) const {
  updater_.keep(snapshot);
  snapshot.step = step_;
}

template <class T>
void StepperOf<T>::restore(const Snapshot<T>& snapshot) {
  updater_.restore(snapshot);
  step_ = snapshot.step;
}

// — steps

template <class T>
std::span<const double> StepperOf<T>::train(const AnyProgram<T>& program, const AnyOptimizerStep<T>& step, T* theta, T* state,
                                            const Batch<T>& batch) {
  ++step_;
  taken_ = false;
  try {
    const Cut cut = execute(program, true, theta, state, batch);
    const bool finite = std::all_of(values_.begin(), values_.end(), [](double value) { return std::isfinite(value); });
    taken_ = updater_.update(*team_, cut.workers, cut.gradients(), step, theta,
                             {.gradient = {}, .totals = totals_, .values = values_, .finite = finite, .samples = batch.size});
  } catch (...) {  // a user's exchange
    --step_;
    throw;
  }
  if (taken_) {
    program.settle(state, batch.size * layout_.draws, totals_);
  } else {
    --step_;
  }
  return values_;
}

template <class T>
std::span<const double> StepperOf<T>::differentiate(const AnyProgram<T>& program, const T* theta, const T* state,
                                                    const Batch<T>& batch, std::uint64_t step, T* gradient) {
  step_ = step;
  const Cut cut = execute(program, true, theta, state, batch);
  updater_.copy_gradient(cut.gradients(), gradient);
  return values_;
}

template <class T>
std::span<const double> StepperOf<T>::evaluate(const AnyProgram<T>& program, const T* theta, const T* state, const Batch<T>& batch,
                                               std::uint64_t number) {
  const std::uint64_t step = std::exchange(step_, evaluations + number);
  execute(program, false, theta, state, batch);
  step_ = step;
  return values_;
}

/// Forward, and in training backward into the workers' gradients. Returns how the batch was cut.
template <class T>
typename StepperOf<T>::Cut StepperOf<T>::execute(const AnyProgram<T>& program, bool train, const T* theta, const T* state,
                                                 const Batch<T>& batch) {
  const Parameters<T> parameters{.theta = theta,
                                 .state = state,
                                 .packed = memory_.packed.data(),
                                 .precision = train ? precision_ : Precision::float32};
  program.prepare(theta, memory_.packed.data());
  const Cut cut = cut_of(batch.size * layout_.draws);
  std::fill(memory_.values.begin(), memory_.values.end(), 0.0);
  std::fill(memory_.shares.begin(), memory_.shares.end(), 0.0);
  const int phases = program.phases(train);
  for (int phase = 0; phase < phases; ++phase) {
    team_->run(cut.workers, [&](std::size_t worker) {
      if (train && phase == 0) begin_gradient(cut, worker);
      for (std::size_t s = cut.begin(worker); s < cut.begin(worker + 1); ++s) {
        run_shard(program, train, phase, parameters, batch, cut, worker, s);
      }
      if (train && phase + 1 == phases && !cut.together) updater_.complete(worker);
    });
    program.total(train, phase, memory_.shares, cut.shards, totals_);
  }
  if (train && cut.together) make_gradient_together(program, cut);
  std::fill(values_.begin(), values_.end(), 0.0);
  for (std::size_t s = 0; s < cut.shards; ++s) {
    for (std::size_t k = 0; k < layout_.terms; ++k) values_[k] += memory_.values[s * layout_.terms + k];
  }
  return cut;
}

/// Clears of a worker's gradient what its first shard does not overwrite.
template <class T>
void StepperOf<T>::begin_gradient(const Cut& cut, std::size_t worker) {
  const bool overwritten = cut.together || cut.begin(worker) < cut.begin(worker + 1);
  T* const gradient = updater_.gradient(worker);
  for (std::size_t i = 0; i < layout_.overwrites.size(); ++i) {
    if (!(layout_.overwrites[i] && overwritten)) std::fill(gradient + layout_.theta_at[i], gradient + layout_.theta_at[i + 1], T(0));
  }
}

/// The first gradient, a part by each worker: from the whole batch, or added up where layers have added to each worker's own.
template <class T>
void StepperOf<T>::make_gradient_together(const AnyProgram<T>& program, const Cut& cut) {
  const auto border = [&](std::size_t w) { return layout_.part_begin(static_cast<Index>(w), static_cast<Index>(cut.workers)); };
  team_->run(cut.workers, [&](std::size_t worker) {
    const Index begin = border(worker), end = border(worker + 1);
    program.parameter_gradients(std::span<const KeptShard<T>>(memory_.kept).first(cut.shards), updater_.gradient(0), begin, end,
                                updater_.first_trained(), precision_);
    for (std::size_t i = 0; i < layout_.overwrites.size(); ++i) {
      const Index first = std::max(begin, layout_.theta_at[i]), last = std::min(end, layout_.theta_at[i + 1]);
      if (!layout_.overwrites[i] && first < last) updater_.add_up(cut.workers, first, last);
    }
    updater_.complete_part(worker, begin, end);
  });
}

template <class T>
void StepperOf<T>::run_shard(const AnyProgram<T>& program, bool train, int phase, const Parameters<T>& parameters,
                             const Batch<T>& batch, const Cut& cut, std::size_t worker, std::size_t s) {
  WorkerLane& mine = memory_.lanes[layout_.coupled || cut.together ? s : worker];
  const Index all = batch.size * layout_.draws;
  const Index begin = static_cast<Index>(s) * cut.width, columns = std::min(cut.width, all - begin);
  const bool copy = phase == 0;
  const Index* const lengths = values_of(batch.lengths, batch, begin, columns, mine.lengths.data());
  const T* const x = columns_of(batch.inputs, batch.order, begin, columns, mine.inputs.data(), copy, lengths, layout_.input_lengths);
  const T* const target = batch.targets == batch.inputs ? x
                                                        : columns_of(batch.targets, batch.order, begin, columns, mine.targets.data(),
                                                                     copy, lengths, layout_.target_lengths);
  const bool together = train && cut.together;
  if (together) memory_.kept[s] = {&mine.lane, x, columns};
  program.run(train, phase,
              {.memory = mine.lane,
               .parameters = parameters,
               .gradient = updater_.gradient(worker),
               .first_of_gradient = s == cut.begin(worker),
               .together = together,
               .x = x,
               .target = target,
               .weights = values_of(batch.weights, batch, begin, columns, mine.weights.data()),
               .element_weights = batch.element_weights.of(batch.order ? batch.order + begin : nullptr, begin),
               .lengths = lengths,
               .first = begin,
               .columns = columns,
               .batch = all,
               .share = std::span(memory_.shares).subspan(s * layout_.totals, layout_.totals),
               .totals = totals_,
               .values = std::span(memory_.values).subspan(s * layout_.terms, layout_.terms),
               .shared = memory_.shared.data(),
               .seed = seed_,
               .step = step_,
               .first_trained = updater_.first_trained()});
}

/// The shard's columns without gaps: where they lie, or copied into `to` (once a step). Of sequences with padding, of which `own`
/// values are a sample's, always a copy, in which the padding is zero.
template <class T>
const T* StepperOf<T>::columns_of(const Samples<T>& samples, const Index* order, Index begin, Index columns, T* to, bool copy,
                                  const Index* lengths, Lengths (*own)(const Index*)) const {
  const bool padded = lengths && own;
  if (layout_.draws == 1 && order == nullptr && samples.in_place() && !padded) return samples.column(begin);
  if (!copy) return to;
  const auto column = [&](Index j) {
    const Index sample = (begin + j) / layout_.draws;
    return order ? order[sample] : sample;
  };
  for (Index j = 0; j < columns; ++j) {
    if (j + 2 < columns) samples.prefetch_column(column(j + 2));
    samples.copy_column(column(j), to + j * samples.rows());
  }
  if (padded) detail::clear_padding(to, samples.rows(), columns, own(lengths));
  return to;
}

/// What each of the shard's columns has of `values`, one a sample, copied into `to`. Null if there are none.
template <class T>
template <class Value>
const Value* StepperOf<T>::values_of(const Value* values, const Batch<T>& batch, Index begin, Index columns, Value* to) const {
  if (values == nullptr) return nullptr;
  for (Index j = 0; j < columns; ++j) {
    const Index sample = (begin + j) / layout_.draws;
    to[j] = values[batch.order ? batch.order[sample] : sample];
  }
  return to;
}

}  // namespace eigencoder
