// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "eigencoder/core/communicator.hpp"
#include "eigencoder/core/division.hpp"
#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// The most samples that batches may have: of this rank, of all, of a part.
struct BatchSize {
  Index here = 0, all = 0, part = 0;
  constexpr BatchSize() = default;
  constexpr BatchSize(Index samples) : BatchSize(samples, samples, samples) {}  ///< of a rank that is alone
  constexpr BatchSize(Index of_this, Index of_all, Index of_a_part) : here(of_this), all(of_all), part(of_a_part) {}
};

namespace detail {

/// The samples of all ranks, and how they become batches. The parts of the division are strata of the samples: a batch takes of
/// each its share, and each is shuffled for itself, so that a rank needs no other samples than its own. With one stratum a batch
/// has as many samples as it may, and the last one what is left; with several, all batches of an epoch are nearly equal.
class Strata {
 public:
  /// One stratum.
  explicit Strata(Index size) : size_(size) {}
  /// On every rank, of which this one has `here` samples. Throws ShapeError where parts are fixed and these are not its own.
  Strata(const AnyCommunicator& ranks, const Division& division, Index here) : division_(division), sizes_(division.parts) {
    std::vector<double> counts(static_cast<std::size_t>(division.ranks));
    counts[static_cast<std::size_t>(division.rank)] = static_cast<double>(here);
    ranks.sum(std::span(counts));
    size_ = static_cast<Index>(std::accumulate(counts.begin(), counts.end(), 0.0));
    for (std::size_t s = 0; s < sizes_.size(); ++s) {
      sizes_[s] = division.fixed ? division.begin_of(s + 1, size_) - division.begin_of(s, size_) : static_cast<Index>(counts[s]);
    }
    if (const Index expected = sum(this->here()); expected != here) {
      throw ShapeError(message("expected ", expected, " of the ", size_, " samples that all ranks have, as part_of gives them, found ",
                               here));
    }
  }

  const Division& division() const { return division_; }
  Index size() const { return size_; }  ///< of all ranks
  std::span<const Index> sizes() const { return sizes_.empty() ? std::span(&size_, 1) : std::span(sizes_); }
  /// The sizes of this rank's own.
  std::span<const Index> here() const { return sizes().subspan(division_.first(), division_.mine()); }
  /// Samples of the ranks before this one.
  Index first() const { return sum(sizes().first(division_.first())); }
  /// Of each as many as to make kept(n) of the first n samples of all.
  template <class Kept>
  Strata shares(Kept kept) const {
    Strata some = *this;
    Index before = 0;
    for (Index& size : some.sizes_) {
      const Index count = size;
      size = kept(before + count) - kept(before);
      before += count;
    }
    some.size_ = kept(size_);
    return some;
  }

  /// Batches of about that many samples; with one stratum of no more.
  Index steps(Index batch_size) const { return (size_ + batch_size - 1) / batch_size; }
  /// How many samples of a stratum come before batch k.
  Index before(std::size_t stratum, Index k, Index batch_size) const {
    if (sizes_.size() < 2) return std::min(k * batch_size, size_);
    const Index all = sizes_[stratum], strata = std::ssize(sizes_), batches = steps(batch_size);
    // Rounded at another place in each stratum: else those that have no sample in a batch would have none in the same ones.
    return (all * k + batches * static_cast<Index>(stratum) / strata) / batches;
  }
  /// Batch k has no samples, as may be where strata are of fewer samples than there are batches.
  bool empty(Index k, Index batch_size) const {
    if (sizes_.size() < 2) return false;
    for (std::size_t s = 0; s < sizes_.size(); ++s) {
      if (before(s, k + 1, batch_size) > before(s, k, batch_size)) return false;
    }
    return true;
  }
  /// Where in batch k each stratum begins, and how many samples it has.
  void borders(Index k, Index batch_size, std::span<Index> at) const {
    at[0] = 0;
    for (std::size_t s = 0; s < sizes().size(); ++s) at[s + 1] = at[s] + before(s, k + 1, batch_size) - before(s, k, batch_size);
  }
  /// The most that a batch may have.
  BatchSize most(Index batch_size) const {
    batch_size = std::min(batch_size, size_);
    if (sizes_.size() < 2) return batch_size;
    BatchSize most;
    const Index batches = steps(batch_size);
    for (std::size_t s = 0; s < sizes_.size(); ++s) {
      const Index part = (sizes_[s] + batches - 1) / batches;
      most.part = std::max(most.part, part);
      most.all += part;
      if (division_.has(s)) most.here += part;
    }
    return most;
  }

 private:
  static Index sum(std::span<const Index> sizes) { return std::accumulate(sizes.begin(), sizes.end(), Index{0}); }

  Division division_;
  std::vector<Index> sizes_{};  ///< of several strata
  Index size_ = 0;
};

}  // namespace detail

}  // namespace eigencoder
