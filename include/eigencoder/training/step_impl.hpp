// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/step.hpp"
#include "eigencoder/training/team.hpp"

namespace eigencoder {

template <class T>
StepperOf<T>::StepperOf(const StepLayout& layout, std::size_t threads, Seed seed, double worth_sharing,
                        const NetworkLayout& network, std::size_t slots, bool decays)
    : layout_(layout),
      threads_(threads),
      team_(std::make_unique<Team>(threads)),
      seed_(seed),
      worth_sharing_(worth_sharing),
      updater_(network, threads, slots, decays),
      totals_(layout.totals),
      values_(layout.terms) {}

template <class T>
StepperOf<T>::~StepperOf() = default;

template <class T>
void StepperOf<T>::set_ranks(const AnyCommunicator& ranks, const Division& division) {
  ranks_ = ranks;
  division_ = division;
  if (!division.trivial()) {
    slots_.resize(division.parts * std::max(layout_.totals, layout_.terms) + 1);
    gathered_.resize(division.parts * layout_.totals);
  }
  updater_.set_ranks(ranks, division);
}

// — memory

namespace detail {
constexpr Index ceiling(Index a, Index b) { return (a + b - 1) / b; }

/// Of the columns of so many samples, in as few shards as may be; the draws of a sample stay together.
constexpr Index shard_width(Index columns, Index widest, Index draws) {
  return columns == 0 ? draws : ceiling(ceiling(columns, ceiling(columns, widest)), draws) * draws;
}
}  // namespace detail

template <class T>
typename StepperOf<T>::Cut StepperOf<T>::cut_of(Index samples) const {
  const Index columns = samples * layout_.draws;
  const std::size_t workers = layout_.operations * static_cast<double>(columns) < worth_sharing_ ? 1 : threads();
  const Index share = detail::ceiling(columns, static_cast<Index>(workers));
  const Index width = detail::shard_width(share, layout_.widest_shard, layout_.draws);
  const auto shards = static_cast<std::size_t>(detail::ceiling(columns, width));
  // Of a batch whose shards are all in lanes at once.
  return {width, shards, workers, layout_.together && workers > 1 && shards <= workers, columns, columns, 0};
}

/// Fixed parts, of which the largest of all ranks has so many samples: all are cut alike.
template <class T>
typename StepperOf<T>::Cut StepperOf<T>::cut_into_parts(Index largest) const {
  const Index columns = largest * layout_.draws, width = detail::shard_width(columns, layout_.widest_shard, layout_.draws);
  const std::size_t mine = division_.mine();
  return {.width = width, .shards = mine * static_cast<std::size_t>(detail::ceiling(columns, width)), .workers = mine};
}

template <class T>
typename StepperOf<T>::Cut StepperOf<T>::cut_of(const Batch<T>& batch) const {
  if (division_.trivial()) return cut_of(batch.size);
  const Index* const borders = batch.borders;
  Index largest = 0;
  for (std::size_t part = 0; part < division_.parts; ++part) largest = std::max(largest, borders[part + 1] - borders[part]);
  Cut cut = division_.fixed ? cut_into_parts(largest) : cut_of(batch.size);
  cut.columns = batch.size * layout_.draws;
  cut.all = borders[division_.parts] * layout_.draws;
  cut.first = borders[division_.first()] * layout_.draws;
  return cut;
}

template <class T>
void StepperOf<T>::reserve(BatchSize batch) {
  if (batch.here <= reserved_.here && batch.all <= reserved_.all && batch.part <= reserved_.part) return;
  batch = {std::max(batch.here, reserved_.here), std::max(batch.all, reserved_.all), std::max(batch.part, reserved_.part)};
  Cut most;
  for (Index size = 1; size <= (division_.fixed ? batch.part : batch.here); ++size) {  // a smaller batch may be cut into wider shards
    const Cut cut = division_.fixed ? cut_into_parts(size) : cut_of(size);
    most.width = std::max(most.width, cut.width);
    most.shards = std::max(most.shards, cut.shards);
  }
  memory_ = memory_for(most, batch);
  reserved_ = batch;
}

template <class T>
typename StepperOf<T>::Memory StepperOf<T>::memory_for(const Cut& most, BatchSize batch) const {
  const std::size_t count = layout_.coupled ? most.shards : division_.fixed ? division_.mine() : threads();
  LaneMemory<T> lanes(static_cast<Index>(count), most.width, layout_.lane, layout_.lane_once);
  const Index columns = lanes.capacity;
  const auto scalars = [](Index number) { return Arena<T>(static_cast<std::size_t>(number)); };
  return {.lanes = std::move(lanes),
          .inputs = scalars(layout_.input * columns),
          .targets = scalars(layout_.target * columns),
          .weights = scalars(columns),
          .lengths = std::vector<Index>(static_cast<std::size_t>(columns)),
          .shared = scalars(layout_.shared * batch.all * layout_.draws),
          .packed = scalars(layout_.packed),
          .shares = std::vector<double>(most.shards * layout_.totals),
          .values = std::vector<double>(most.shards * layout_.terms)};
}

template <class T>
void StepperOf<T>::reserve_training(BatchSize batch) {
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
  Index columns = 0;
  try {
    const Cut cut = execute(program, true, theta, state, batch);
    columns = cut.all;
    taken_ = updater_.update(*team_, cut.workers, cut.gradients(), step, theta,
                             {.gradient = {},
                              .totals = totals_,
                              .values = values_,
                              .finite = finite_,
                              .samples = cut.all / layout_.draws});
  } catch (...) {  // a user's exchange
    --step_;
    throw;
  }
  if (taken_) {
    program.settle(state, columns, totals_);
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
  const Cut cut = cut_of(batch);
  std::fill(memory_.values.begin(), memory_.values.end(), 0.0);
  std::fill(memory_.shares.begin(), memory_.shares.end(), 0.0);
  if (!ranks_.alone()) std::fill(memory_.shared.begin(), memory_.shared.end(), T(0));
  const int phases = program.phases(train);
  for (int phase = 0; phase < phases; ++phase) {
    team_->run(cut.workers, [&](std::size_t worker) {
      if (train && phase == 0) begin_gradient(cut, batch, worker);
      for (std::size_t s = cut.begin(worker); s < cut.begin(worker + 1); ++s) {
        run_shard(program, train, phase, parameters, batch, cut, worker, s);
      }
      if (train && phase + 1 == phases && !cut.together) updater_.complete(worker);
    });
    total(program, train, phase, cut, batch);
    if (!ranks_.alone()) share_columns(program, train, phase, cut);
  }
  if (train && cut.together) make_gradient_together(program, batch, cut);
  finite_ = finite_here_ = all_finite(cut, train);
  sum_values(cut);
  return cut;
}

// — what the parts have found, put together

/// Calls f(part, first, count) for each of this rank's parts and its shards.
template <class T>
template <class F>
void StepperOf<T>::each_part(const Cut& cut, F f) const {
  const std::size_t shards = cut.shards / division_.mine();
  for (std::size_t i = 0; i < division_.mine(); ++i) f(division_.first() + i, i * shards, shards);
}

/// The totals that a phase has gathered: of each part of its shards, then of all parts that are not empty. An element of the slots
/// is of one rank alone, so that its sum over the ranks has its bits, by whatever order they are added.
template <class T>
void StepperOf<T>::total(const AnyProgram<T>& program, bool train, int phase, const Cut& cut, const Batch<T>& batch) {
  const std::size_t size = layout_.totals;
  if (division_.trivial() || size == 0) {
    program.total(train, phase, memory_.shares, cut.shards, totals_);
    return;
  }
  std::fill(slots_.begin(), slots_.end(), 0.0);
  TotalsSlice gathered;
  each_part(cut, [&](std::size_t part, std::size_t first, std::size_t count) {
    while (count > 0 && columns_of_shard(cut, batch, first + count - 1).count == 0) --count;
    gathered = program.total(train, phase, std::span<const double>(memory_.shares).subspan(first * size), count, slot(part, size));
  });
  if (gathered.size == 0) return;
  const auto of_slot = [&](std::size_t part) { return detail::part(slot(part, size), gathered.begin, gathered.size); };
  const auto each = static_cast<std::size_t>(gathered.size);
  const auto of_message = [&](std::size_t part) { return std::span(gathered_).subspan(part * each, each); };
  for (std::size_t part = 0; part < division_.parts; ++part) std::ranges::copy(of_slot(part), of_message(part).begin());
  ranks_.sum(std::span(gathered_).first(division_.parts * each));
  std::size_t found = 0;
  for (std::size_t part = 0; part < division_.parts; ++part) {
    if (batch.borders[part] != batch.borders[part + 1]) std::ranges::copy(of_message(part), of_slot(found++).begin());
  }
  program.total(train, phase, slots_, found, totals_);
}

/// Of the columns that a term has written for all shards to read, each rank has its own, and zeros.
template <class T>
void StepperOf<T>::share_columns(const AnyProgram<T>& program, bool train, int phase, const Cut& cut) {
  for (std::size_t k = 0; k < layout_.terms; ++k) {
    const Index begin = layout_.shared_at[k] * cut.all, end = layout_.shared_at[k + 1] * cut.all;
    if (begin < end && program.gathers(train, phase, k)) {
      ranks_.sum(std::span(memory_.shared).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    }
  }
}

/// Whether what this rank has found is finite: then so are all averages of its gradient and of its square.
template <class T>
bool StepperOf<T>::all_finite(const Cut& cut, bool train) const {
  const auto values = std::span(memory_.values).first(cut.shards * layout_.terms);
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }) &&
         (!train || updater_.finite_gradient(cut.workers));
}

/// The terms' values of the batch, in the order of shards and parts, and whether all ranks are finite.
template <class T>
void StepperOf<T>::sum_values(const Cut& cut) {
  const std::size_t terms = layout_.terms;
  const auto add = [&](const double* values, double* sum) {
    for (std::size_t k = 0; k < terms; ++k) sum[k] += values[k];
  };
  std::fill(values_.begin(), values_.end(), 0.0);
  if (division_.trivial()) {
    for (std::size_t s = 0; s < cut.shards; ++s) add(memory_.values.data() + s * terms, values_.data());
    return;
  }
  std::fill(slots_.begin(), slots_.end(), 0.0);
  each_part(cut, [&](std::size_t part, std::size_t first, std::size_t count) {
    for (std::size_t s = first; s < first + count; ++s) add(memory_.values.data() + s * terms, slot(part, terms).data());
  });
  const std::span<double> all = std::span(slots_).first(division_.parts * terms + 1);
  all.back() = finite_ ? 0 : 1;
  ranks_.sum(all);
  finite_ = all.back() == 0;
  for (std::size_t part = 0; part < division_.parts; ++part) add(slot(part, terms).data(), values_.data());
}

// — shards

/// Clears of a worker's gradient what its first shard does not overwrite.
template <class T>
void StepperOf<T>::begin_gradient(const Cut& cut, const Batch<T>& batch, std::size_t worker) {
  const bool overwritten =
      cut.together || (cut.begin(worker) < cut.begin(worker + 1) && columns_of_shard(cut, batch, cut.begin(worker)).count > 0);
  T* const gradient = updater_.gradient(worker);
  for (std::size_t i = 0; i < layout_.overwrites.size(); ++i) {
    if (!(layout_.overwrites[i] && overwritten)) std::fill(gradient + layout_.theta_at[i], gradient + layout_.theta_at[i + 1], T(0));
  }
}

/// The first gradient, a part by each worker: from the whole batch, or added up where layers have added to each worker's own.
template <class T>
void StepperOf<T>::make_gradient_together(const AnyProgram<T>& program, const Batch<T>& batch, const Cut& cut) {
  const T* const x = columns_of(batch.inputs, batch.order, {0, cut.columns}, memory_.inputs.data(), false, batch.lengths,
                                layout_.input_lengths);
  const auto border = [&](std::size_t w) { return layout_.part_begin(static_cast<Index>(w), static_cast<Index>(cut.workers)); };
  team_->run(cut.workers, [&](std::size_t worker) {
    const Index begin = border(worker), end = border(worker + 1);
    program.parameter_gradients({memory_.lanes, x, cut.columns}, updater_.gradient(0), begin, end, updater_.first_trained(),
                                precision_);
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
  const Columns mine = columns_of_shard(cut, batch, s);
  if (mine.count == 0) return;
  const auto lane = static_cast<Index>(layout_.coupled || cut.together ? s : worker);
  const Index place = lane * (cut.together ? cut.width : memory_.lanes.width);  // together without gaps
  const bool copy = phase == 0;
  const Index* const lengths = values_of(batch.lengths, batch, mine, memory_.lengths.data() + place);
  const T* const x = columns_of(batch.inputs, batch.order, mine, memory_.inputs.data() + place * layout_.input, copy, lengths,
                                layout_.input_lengths);
  const T* const target = batch.targets == batch.inputs
                              ? x
                              : columns_of(batch.targets, batch.order, mine, memory_.targets.data() + place * layout_.target, copy,
                                           lengths, layout_.target_lengths);
  program.run(train, phase,
              {.memory = memory_.lanes,
               .place = {lane, place},
               .parameters = parameters,
               .gradient = updater_.gradient(worker),
               .first_of_gradient = s == cut.begin(worker),
               .together = train && cut.together,
               .x = x,
               .target = target,
               .weights = values_of(batch.weights, batch, mine, memory_.weights.data() + place),
               .element_weights = batch.element_weights.of(batch.order ? batch.order + mine.begin : nullptr, mine.begin),
               .lengths = lengths,
               .first = cut.first + mine.begin,
               .columns = mine.count,
               .batch = cut.all,
               .share = std::span(memory_.shares).subspan(s * layout_.totals, layout_.totals),
               .totals = totals_,
               .values = std::span(memory_.values).subspan(s * layout_.terms, layout_.terms),
               .shared = memory_.shared.data(),
               .seed = seed_,
               .step = step_,
               .first_trained = updater_.first_trained()});
}

/// Of this rank's columns of the batch.
template <class T>
typename StepperOf<T>::Columns StepperOf<T>::columns_of_shard(const Cut& cut, const Batch<T>& batch, std::size_t s) const {
  if (!division_.fixed) {
    const Index begin = static_cast<Index>(s) * cut.width;
    return {begin, std::min(cut.width, cut.columns - begin)};
  }
  const std::size_t shards = cut.shards / cut.workers, part = division_.first() + s / shards;
  const Index end = batch.borders[part + 1] * layout_.draws - cut.first;
  const Index begin = std::min(batch.borders[part] * layout_.draws - cut.first + static_cast<Index>(s % shards) * cut.width, end);
  return {begin, std::min(cut.width, end - begin)};
}

/// The shard's columns without gaps: where they lie, or copied into `to` (once a step). Of sequences with padding, of which `own`
/// values are a sample's, always a copy, in which the padding is zero.
template <class T>
const T* StepperOf<T>::columns_of(const Samples<T>& samples, const Index* order, Columns columns, T* to, bool copy,
                                  const Index* lengths, Lengths (*own)(const Index*)) const {
  const bool padded = lengths && own;
  if (layout_.draws == 1 && order == nullptr && samples.in_place() && !padded) return samples.column(columns.begin);
  if (!copy) return to;
  const auto column = [&](Index j) {
    const Index sample = (columns.begin + j) / layout_.draws;
    return order ? order[sample] : sample;
  };
  for (Index j = 0; j < columns.count; ++j) {
    if (j + 2 < columns.count) samples.prefetch_column(column(j + 2));
    samples.copy_column(column(j), to + j * samples.rows());
  }
  if (padded) detail::clear_padding(to, samples.rows(), columns.count, own(lengths));
  return to;
}

/// What each of the shard's columns has of `values`, one a sample, copied into `to`. Null if there are none.
template <class T>
template <class Value>
const Value* StepperOf<T>::values_of(const Value* values, const Batch<T>& batch, Columns columns, Value* to) const {
  if (values == nullptr) return nullptr;
  for (Index j = 0; j < columns.count; ++j) {
    const Index sample = (columns.begin + j) / layout_.draws;
    to[j] = values[batch.order ? batch.order[sample] : sample];
  }
  return to;
}

}  // namespace eigencoder
