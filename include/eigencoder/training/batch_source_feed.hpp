// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <numeric>

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/training/batch_source.hpp"
#include "eigencoder/training/feed.hpp"
#include "eigencoder/training/sets.hpp"

namespace eigencoder::detail {

/// Throws OptionError for what makes no sense with a BatchSource, and what else a fit checks before its first step. Returns
/// what it validates on; `weights` is memory for the weights of that.
template <class T>
SampleSet<T> checked_source(const SampleRules& rules, const BatchSource<T>& source, const FitOptions<T>& options,
                            const Division& division, std::vector<T>& weights) {
  const auto refuse = [](bool given, const char* option, const char* instead) {
    if (given)
      throw OptionError(
          message(option, ": expected none with a BatchSource, which has no samples that are known before: ", instead));
  };
  if (!source.fill) throw OptionError("BatchSource::fill: expected a function, found none");
  if (source.steps_per_epoch < 0) {
    throw OptionError(message("BatchSource::steps_per_epoch must not be negative, found ", source.steps_per_epoch));
  }
  refuse(options.validation_fraction != 0, "validation_fraction", "give validation");
  refuse(options.sample_weights.rows() > 0, "sample_weights", "its function may fill them");
  refuse(options.element_weights.rows() > 0, "element_weights", "train_on_batch takes them");
  refuse(!options.lengths.empty(), "lengths", "train_on_batch takes them");
  if (source.fill.weights() && rules.unweighted != nullptr) {
    throw OptionError(message("BatchSource::fill: ", rules.unweighted(), " takes no weights of samples"));
  }
  if (!source.fill.targets() && rules.input.size() != rules.target.size()) {
    throw ShapeError(message("BatchSource::fill: expected a function that fills targets, of shape ", to_string(rules.target),
                             ", since the inputs have the shape ", to_string(rules.input), ", found one of inputs alone"));
  }
  check_fit(options);
  if (options.batch_size < division.ranks) {
    throw OptionError(
        message("batch_size: expected at least one sample for each of ", division.ranks, " ranks, found ", options.batch_size));
  }
  return checked_validation(rules, options, weights);
}

/// The batches of a BatchSource, filled into one of two pieces of memory in turn. Its next() throws what the source throws,
/// OptionError for a number of columns that cannot be, ShapeError for an epoch of none, and what check_values throws.
template <class T>
class BatchSourceFeed final : public Feed<T> {
 public:
  /// Source and rules must outlive the feed.
  BatchSourceFeed(const BatchSource<T>& source, const SampleRules& rules, Index batch_size, bool check_data)
      : source_(source), rules_(rules), batch_size_(batch_size), check_data_(check_data) {
    const auto columns = static_cast<std::size_t>(batch_size);
    for (Memory& memory : memories_) {
      memory.inputs.resize(static_cast<std::size_t>(rules.input.size()) * columns);
      if (source.fill.targets()) memory.targets.resize(static_cast<std::size_t>(rules.target.size()) * columns);
      if (source.fill.weights()) memory.weights.resize(columns);
    }
  }

  BatchSize most() const override { return batch_size_; }
  Index size() const override { return source_.steps_per_epoch * batch_size_; }
  Index steps() const override { return source_.steps_per_epoch; }
  bool shuffled() const override { return true; }
  void begin_epoch(std::uint64_t number) override {
    if (source_.begin_epoch) source_.begin_epoch(number);
    step_ = 0;
    ended_ = false;
    last_ = {};
  }
  Batch<T> next() override {
    last_.first += last_.batch.size;
    last_.batch = {};
    if (ended_ || (steps() > 0 && step_ == steps())) return last_.batch;
    ++step_;
    Memory& to = memories_[turn_];
    turn_ = 1 - turn_;
    const MatrixView<T> inputs(to.inputs.data(), rules_.input.size(), batch_size_);
    const MatrixView<T> targets(to.targets.data(), source_.fill.targets() ? rules_.target.size() : 0, batch_size_);
    const Index count = source_.fill(inputs, targets, to.weights);
    if (count < 0 || count > batch_size_) {
      throw OptionError(
          message("BatchSource::fill: expected that it fills 0 to ", batch_size_, " columns, found ", count, in_batch()));
    }
    ended_ = count < batch_size_;
    if (count == 0 && step_ == 1) {
      throw ShapeError(
          "BatchSource::fill: expected at least one sample an epoch, found none; begin_epoch may go back to the first one");
    }
    if (count == 0) return last_.batch;
    last_.batch.size = count;
    last_.batch.inputs = MatrixView<const T>(to.inputs.data(), inputs.rows(), count);
    last_.batch.targets =
        source_.fill.targets() ? Samples<T>(MatrixView<const T>(to.targets.data(), targets.rows(), count)) : last_.batch.inputs;
    if (source_.fill.weights()) {
      check_weights(std::span(to.weights).first(static_cast<std::size_t>(count)));
      last_.batch.weights = to.weights.data();
    }
    if (check_data_) check_data();
    return last_.batch;
  }
  typename Feed<T>::Origin origin() const override { return last_; }

 private:
  struct Memory {
    Arena<T> inputs{}, targets{}, weights{};
  };

  std::string in_batch() const { return message(", in batch ", step_, " of the epoch"); }
  void check_data() const {
    try {
      check_pair_values(rules_, "inputs", last_.batch.inputs, "targets", last_.batch.targets, nullptr);
    } catch (const NonFiniteError& error) {
      throw NonFiniteError(message("BatchSource", in_batch(), ": ", error.what()));
    } catch (const OptionError& error) {
      throw OptionError(message("BatchSource", in_batch(), ": ", error.what()));
    }
  }
  void check_weights(std::span<const T> weights) const {
    for (const T weight : weights) {
      if (std::isfinite(weight) && weight >= 0) continue;
      throw OptionError(
          message("BatchSource::fill: expected finite weights that are not negative, found ", weight, in_batch()));
    }
  }

  const BatchSource<T>& source_;
  const SampleRules& rules_;
  Index batch_size_;
  bool check_data_;
  std::array<Memory, 2> memories_{};
  std::size_t turn_ = 0;
  Index step_ = 0;      ///< batches of the epoch that have been asked for
  bool ended_ = false;  ///< the epoch
  typename Feed<T>::Origin last_{};
};

/// The batches of a feed of every rank's own, as one batch of them all.
template <class T>
class RanksFeed final : public Feed<T> {
 public:
  /// `own` is of Division::share samples. The feed, the communicator and the division must outlive it.
  RanksFeed(Feed<T>& own, const AnyCommunicator& ranks, const Division& division, Index batch_size)
      : own_(own),
        ranks_(ranks),
        division_(division),
        batch_size_(batch_size),
        counts_(static_cast<std::size_t>(division.ranks)),
        borders_(division.parts + 1) {}

  BatchSize most() const override {
    Index part = 0;
    for (int r = 0; r < division_.ranks; ++r) {
      part = std::max(part, (division_.share(batch_size_, r) + parts_of(r) - 1) / parts_of(r));
    }
    return {own_.most().here, batch_size_, part};
  }
  Index size() const override { return own_.steps() * batch_size_; }
  Index steps() const override { return own_.steps(); }
  bool shuffled() const override { return own_.shuffled(); }
  void begin_epoch(std::uint64_t number) override { own_.begin_epoch(number); }
  /// There is one as long as a rank has samples.
  Batch<T> next() override {
    Batch<T> batch = own_.next();
    std::fill(counts_.begin(), counts_.end(), 0.0);
    counts_[static_cast<std::size_t>(division_.rank)] = static_cast<double>(batch.size);
    ranks_.sum(std::span(counts_));
    const double all = std::accumulate(counts_.begin(), counts_.end(), 0.0);
    if (all == static_cast<double>(batch_size_)) {  // all ranks have filled their shares
      for (std::size_t part = 0; part <= division_.parts; ++part) borders_[part] = division_.begin_of(part, batch_size_);
    } else {
      spread();
    }
    batch.borders = borders_.data();
    batch.whole = borders_.back();
    return batch;
  }
  typename Feed<T>::Origin origin() const override { return own_.origin(); }

 private:
  /// Over each rank's parts what it has.
  void spread() {
    auto border = borders_.begin();
    for (int r = 0; r < division_.ranks; ++r) {
      const auto count = static_cast<Index>(counts_[static_cast<std::size_t>(r)]);
      const Index first = *border;
      for (Index k = 1; k <= parts_of(r); ++k) *++border = first + count * k / parts_of(r);
    }
  }
  Index parts_of(int r) const { return static_cast<Index>(division_.first_of(r + 1) - division_.first_of(r)); }

  Feed<T>& own_;
  const AnyCommunicator& ranks_;
  const Division& division_;
  Index batch_size_;
  std::vector<double> counts_;  ///< samples of the ranks in the last batch
  std::vector<Index> borders_;  ///< of its parts
};

}  // namespace eigencoder::detail
