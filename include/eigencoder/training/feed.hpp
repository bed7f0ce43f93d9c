// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "eigencoder/training/batch.hpp"
#include "eigencoder/training/shuffle.hpp"

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

  virtual Index batch_size() const = 0;  ///< samples of the largest batch
  virtual Index size() const = 0;        ///< samples an epoch; 0: not known
  virtual Index steps() const = 0;       ///< batches an epoch; 0: not known
  /// Goes back to the beginning. The number decides the order where samples are shuffled: another one, another order.
  virtual void begin_epoch(std::uint64_t number) = 0;
  /// The next batch of the epoch, which is valid until the next one is asked for; of size 0 after the last.
  virtual Batch<T> next() = 0;
  /// The last batch, for messages.
  virtual Origin origin() const = 0;
};

/// Samples that are in memory, where they lie.
template <class T>
class SampleFeed final : public Feed<T> {
 public:
  /// The set must outlive the feed.
  SampleFeed(const SampleSet<T>& set, Index batch_size, bool shuffled = false, Seed seed = {})
      : set_(set),
        batch_size_(std::min(batch_size, set.size())),
        seed_(seed),
        order_(shuffled ? static_cast<std::size_t>(set.size()) : 0) {}

  Index batch_size() const override { return batch_size_; }
  Index size() const override { return set_.size(); }
  Index steps() const override { return (set_.size() + batch_size_ - 1) / batch_size_; }
  void begin_epoch(std::uint64_t number) override {
    if (!order_.empty()) put_in_order(number);
    first_ = count_ = 0;
  }
  Batch<T> next() override {
    first_ += count_;
    count_ = std::min(batch_size_, set_.size() - first_);
    return origin().batch;
  }
  typename Feed<T>::Origin origin() const override {
    return {set_.batch(order_.empty() ? set_.order() : order_.data(), first_, count_), first_};
  }

 private:
  /// Makes the order of an epoch that is shuffled.
  void put_in_order(std::uint64_t number) {
    if (set_.chosen.empty()) {
      std::iota(order_.begin(), order_.end(), Index{0});
    } else {
      order_ = set_.chosen;
    }
    shuffle(order_, Random(seed_, number, stream(RandomStream::shuffles)));
  }

  const SampleSet<T>& set_;
  Index batch_size_;
  Seed seed_;
  std::vector<Index> order_;     ///< of the epoch, if it is shuffled
  Index first_ = 0, count_ = 0;  ///< of the last batch
};

}  // namespace eigencoder::detail
