// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "eigencoder/training/batch.hpp"
#include "eigencoder/training/block_shuffle.hpp"
#include "eigencoder/training/strata.hpp"

namespace eigencoder::detail {

/// Where the batches of a fit or an evaluation come from.
template <class T>
class Feed {
 public:
  /// Samples where they were taken from; without an order the first one's number there is `first`.
  struct Origin {
    Batch<T> batch;
    Index first = 0;
  };

  virtual ~Feed() = default;

  virtual BatchSize most() const = 0;  ///< of a batch
  virtual Index size() const = 0;      ///< samples of all ranks in an epoch; 0: not known
  virtual Index steps() const = 0;     ///< batches an epoch; 0: not known
  virtual bool shuffled() const = 0;   ///< the number of an epoch makes a difference
  /// Goes back to the beginning. The number decides the order: another one, another order.
  virtual void begin_epoch(std::uint64_t number) = 0;
  /// The next batch of the epoch, of no samples after the last.
  virtual Batch<T> next() = 0;
  /// The last batch, for messages.
  virtual Origin origin() const = 0;
};

/// The samples of a set where they are, in memory or on disk. Those on disk are shuffled in blocks.
template <class T>
class SampleFeed final : public Feed<T> {
 public:
  /// The set must outlive the feed.
  SampleFeed(const SampleSet<T>& set, Index batch_size, bool shuffled = false, Seed seed = {})
      : set_(set),
        batch_size_(std::min(batch_size, strata_.size())),
        shuffled_(shuffled),
        seed_(seed),
        order_(shuffled || strata_.here().size() > 1 ? static_cast<std::size_t>(set.size()) : 0),
        borders_(strata_.division().trivial() ? 0 : strata_.division().parts + 1) {
    // Inputs and targets are read at the same places: the shorter block, so that none is longer than its file advises.
    Index block = 0;
    for (const Samples<T>* samples : {&set.inputs, &set.targets})
      if (samples->on_disk()) block = block == 0 ? samples->block() : std::min(block, samples->block());
    const auto pool = std::max<Index>(32 / static_cast<Index>(strata_.division().parts), 4);  // of 1 MiB; a file has them at once
    if (shuffled && block > 1) block_shuffles_.assign(strata_.here().size(), BlockShuffle(block, pool));
  }

  BatchSize most() const override { return strata_.most(batch_size_); }
  Index size() const override { return strata_.size(); }
  Index steps() const override { return steps_; }
  bool shuffled() const override { return shuffled_; }
  void begin_epoch(std::uint64_t number) override {
    if (!order_.empty()) put_in_order(number);
    next_ = first_ = count_ = 0;
  }
  Batch<T> next() override {
    first_ += count_;
    count_ = 0;
    while (next_ < steps_ && strata_.empty(next_, batch_size_)) ++next_;
    if (next_ == steps_) return {};
    std::size_t s = 0;
    for_each_share(next_, [&](Index first, Index share) {
      count_ += share;
      if (s < block_shuffles_.size()) announce(block_shuffles_[s++], first + share);
    });
    Batch<T> batch = origin().batch;
    if (!borders_.empty()) {
      strata_.borders(next_, batch_size_, borders_);
      batch.borders = borders_.data();
      batch.whole = borders_.back();
    }
    ++next_;
    return batch;
  }
  typename Feed<T>::Origin origin() const override {
    return {set_.batch(order_.empty() ? set_.order() : order_.data(), first_, count_), first_};
  }

 private:
  /// Calls f(first, count) with the samples that batch k takes of each of this rank's strata, counted in the stratum.
  template <class F>
  void for_each_share(Index k, F f) const {
    const Division& division = strata_.division();
    for (std::size_t s = division.first(); s < division.end(); ++s) {
      const Index first = strata_.before(s, k, batch_size_);
      f(first, strata_.before(s, k + 1, batch_size_) - first);
    }
  }

  /// Makes the order of an epoch: the strata, each shuffled for itself, then batch by batch.
  void put_in_order(std::uint64_t number) {
    if (!set_.subset) {
      std::iota(order_.begin(), order_.end(), Index{0});
    } else {
      order_ = set_.chosen;
    }
    const std::span<const Index> sizes = strata_.here();
    auto stratum = order_.begin();
    for (std::size_t s = 0; s < sizes.size() && shuffled_; stratum += sizes[s++]) {
      const Random random(seed_, number, stream(RandomStream::shuffles), static_cast<Index>(strata_.division().first() + s));
      const std::span<Index> all(stratum, stratum + sizes[s]);
      block_shuffles_.empty() ? shuffle(all, random) : block_shuffles_[s](all, random);
    }
    if (sizes.size() == 1) return;
    in_strata_ = order_;
    auto to = order_.begin();
    for (Index k = 0; k < steps(); ++k) {
      auto from = in_strata_.begin();
      std::size_t s = 0;
      for_each_share(k, [&](Index first, Index count) {
        to = std::copy_n(from + first, count, to);
        from += sizes[s++];
      });
    }
  }

  void announce(BlockShuffle& blocks, Index used) const {
    blocks.announce(used, [&](Index first, Index count) {
      set_.inputs.will_need(first, count);
      if (!(set_.targets == set_.inputs)) set_.targets.will_need(first, count);
    });
  }

  const SampleSet<T>& set_;
  const Strata& strata_ = set_.strata;
  Index batch_size_, steps_ = strata_.steps(batch_size_);
  bool shuffled_;
  Seed seed_;
  std::vector<Index> order_;         ///< of the epoch, where it is not the set's
  std::vector<Index> in_strata_{};   ///< the same, not yet batch by batch
  std::vector<BlockShuffle> block_shuffles_{};  ///< of the strata, where they are shuffled in blocks
  std::vector<Index> borders_;       ///< of the last batch
  Index next_ = 0;                   ///< number of the next batch
  Index first_ = 0, count_ = 0;      ///< of the last batch
};

}  // namespace eigencoder::detail
