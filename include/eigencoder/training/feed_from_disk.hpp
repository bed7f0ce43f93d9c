// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/training/read_ahead.hpp"

namespace eigencoder::detail {

/// The batches of a SampleFeed, brought into memory: into one of two pieces in turn, so that a batch is valid until the next
/// but one is asked for. Its next() throws FileError.
template <class T>
class LoadingFeed final : public Feed<T> {
 public:
  /// Both must outlive the feed; `set` is that of `from`.
  LoadingFeed(SampleFeed<T>& from, const SampleSet<T>& set) : from_(from), restores_(set.targets == set.inputs) {
    const auto columns = static_cast<std::size_t>(from.most().here);
    const auto rows = [](const Samples<T>& samples) { return static_cast<std::size_t>(samples.rows()); };
    for (Memory& memory : memories_) {
      memory.inputs.resize(rows(set.inputs) * columns);
      if (!restores_) memory.targets.resize(rows(set.targets) * columns);
      if (set.weights) memory.weights.resize(columns);
      if (set.element_weights.stride > 0) memory.element_weights.resize(rows(set.targets) * columns);
      if (set.lengths) memory.lengths.resize(columns);
      if (!set.strata.division().trivial()) memory.borders.resize(set.strata.division().parts + 1);
    }
  }

  BatchSize most() const override { return from_.most(); }
  Index size() const override { return from_.size(); }
  Index steps() const override { return from_.steps(); }
  bool shuffled() const override { return from_.shuffled(); }
  void begin_epoch(std::uint64_t number) override { from_.begin_epoch(number); }
  Batch<T> next() override {
    const Batch<T> from = from_.next();
    if (from.samples() == 0) return {};
    Memory& to = memories_[turn_];
    turn_ = 1 - turn_;
    const auto number = [&](Index j) { return from.order ? from.order[j] : j; };
    const auto loaded = [&](const Samples<T>& samples, Arena<T>& memory) {
      const Index rows = samples.rows();
      for (Index j = 0, run = 1; j < from.size; j += run, run = 1) {
        if (samples.on_disk()) {  // columns that follow one another are read at once
          while (j + run < from.size && number(j + run) == number(j) + run) ++run;
          samples.columns_without_gaps(number(j), run, memory.data() + j * rows);
        } else {
          samples.copy_column(number(j), memory.data() + j * rows);
        }
      }
      return Samples<T>(MatrixView<const T>(memory.data(), rows, from.size));
    };
    const Samples<T> inputs = loaded(from.inputs, to.inputs);
    const Samples<T> targets = restores_ ? inputs : loaded(from.targets, to.targets);
    Batch<T> batch{.inputs = inputs, .targets = targets, .size = from.size, .element_weights = from.element_weights};
    if (from.weights) {
      for (Index j = 0; j < from.size; ++j) to.weights[static_cast<std::size_t>(j)] = from.weights[number(j)];
      batch.weights = to.weights.data();
    }
    if (from.element_weights.stride > 0) {
      const Index rows = from.targets.rows();
      for (Index j = 0; j < from.size; ++j) {
        std::copy_n(from.element_weights.column(number(j)), rows, to.element_weights.data() + j * rows);
      }
      batch.element_weights = {to.element_weights.data(), rows, nullptr};
    }
    if (from.lengths) {
      for (Index j = 0; j < from.size; ++j) to.lengths[static_cast<std::size_t>(j)] = from.lengths[number(j)];
      batch.lengths = to.lengths.data();
    }
    if (from.borders) {
      std::copy_n(from.borders, to.borders.size(), to.borders.begin());
      batch.borders = to.borders.data();
      batch.whole = from.whole;
    }
    return batch;
  }
  typename Feed<T>::Origin origin() const override { return from_.origin(); }

 private:
  struct Memory {
    Arena<T> inputs{}, targets{}, weights{}, element_weights{};
    std::vector<Index> lengths{}, borders{};
  };

  SampleFeed<T>& from_;
  bool restores_;  ///< the targets are the inputs
  std::array<Memory, 2> memories_{};
  std::size_t turn_ = 0;
};

/// The feed of a set: of samples where they lie in memory, or, where inputs or targets are on disk, of batches that a thread
/// reads while the one before is used.
template <class T>
class SetFeed {
 public:
  /// The set must outlive the feed.
  SetFeed(const SampleSet<T>& set, Index batch_size, bool shuffled = false, Seed seed = {})
      : samples_(set, batch_size, shuffled, seed) {
    if (!set.inputs.on_disk() && !set.targets.on_disk()) return;
    feed_ = &loading_.emplace(samples_, set);
    if (samples_.steps() > 1) feed_ = &ahead_.emplace(*feed_);
  }
  SetFeed(const SetFeed&) = delete;
  SetFeed& operator=(const SetFeed&) = delete;

  Feed<T>& operator*() { return *feed_; }
  Feed<T>* operator->() { return feed_; }

 private:
  SampleFeed<T> samples_;
  std::optional<LoadingFeed<T>> loading_{};
  std::optional<ReadAhead<T>> ahead_{};
  Feed<T>* feed_ = &samples_;
};

}  // namespace eigencoder::detail
