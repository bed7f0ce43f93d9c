// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/models/model.hpp"
#include "eigencoder/optimizers/optimizer.hpp"
#include "eigencoder/training/exchange.hpp"
#include "eigencoder/training/gradient_clip.hpp"
#include "eigencoder/training/snapshot.hpp"
#include "eigencoder/training/team.hpp"
#include "eigencoder/training/weight_average.hpp"

namespace eigencoder {

/// The second half of a step: reduce | exchange | update. Holds the workers' gradients and the optimizer's vectors, and what
/// each block of parameters is trained with: its factor of the learning rate, 0 if it is frozen.
///
/// Where nothing is between reduction and update, both are one pass through memory. An exchange, or clipping by norm, needs the
/// reduced gradient as a whole: then they are two passes.
template <class ModelType, Optimizer Opt>
class Updater {
  using C = typename ModelType::Chain;
  using T = typename C::Scalar;

 public:
  static constexpr std::size_t parameters = static_cast<std::size_t>(C::parameter_count);

  explicit Updater(std::size_t workers) : gradients_(workers), norms_(workers), squares_(workers * block_count) {
    for (std::size_t b = 0; b < block_count; ++b) rates_[b] = blocks[b].frozen ? 0 : 1;
    arrange();
  }

  std::size_t workers() const { return gradients_.size(); }
  std::uint64_t updates() const { return updates_; }
  /// ‖g‖₂ of the last step that was taken, before clipping.
  double norm() const { return norm_; }

  void reserve() {
    for (Arena<T>& gradient : gradients_) gradient.resize(parameters);
    slots_.resize(Opt::slots * parameters);
    if (weight_average_.on()) average_.resize(parameters);
  }

  const GradientClip& clip() const { return clip_; }
  /// Throws OptionError.
  void set_clip(const GradientClip& clip) {
    clip.check();
    if (clip.value < GradientClip::none) detail::require_positive_as<T>("GradientClip: value", clip.value);
    clip_ = clip;
    arrange();
  }
  const WeightAverage& weight_average() const { return weight_average_; }
  /// Before the first step. Throws OptionError.
  void set_weight_average(const WeightAverage& average) {
    average.check();
    weight_average_ = average;
  }
  /// The average of the parameters, or null where there is none.
  const T* average() const { return averages_ ? average_.data() : nullptr; }
  void set_exchange(std::function<void(Exchange<T>&)> exchange) { exchange_ = std::move(exchange); }

  /// The factor of the learning rate of every block, by name.
  std::vector<std::pair<std::string, double>> rates() const {
    std::vector<std::pair<std::string, double>> all;
    for (std::size_t b = 0; b < block_count; ++b) all.emplace_back(name_of(b), rates_[b]);
    return all;
  }
  /// Sets the factor of all blocks of that name, or under it. Throws OptionError, listing the names.
  void set_rate(std::string_view part, double factor) {
    if (!(factor >= 0 && std::isfinite(factor))) {
      throw OptionError(
          message("the factor of the learning rate of \"", part, "\" must be finite and not negative, found ", factor));
    }
    std::array<double, block_count> rates = rates_;
    bool found = false, frozen = true;
    for (std::size_t b = 0; b < block_count; ++b) {
      const std::string name = name_of(b);
      if (!name.starts_with(part) || (name.size() > part.size() && name[part.size()] != '.')) continue;
      found = true;
      frozen = frozen && blocks[b].frozen;
      if (!blocks[b].frozen) rates[b] = factor;
    }
    if (!found) throw OptionError(message("there are no parameters \"", part, "\"; there are: ", names()));
    if (frozen && factor > 0)
      throw OptionError(message('"', part, "\" is frozen by its type, Frozen<…>, and has no learning rate"));
    rates_ = rates;
    arrange();
  }
  /// Throws OptionError unless the optimizer may run at the learning rate of every block.
  void check(const Opt& optimizer) const {
    detail::check_optimizer<T>(optimizer);
    for (const double rate : rates_) {
      if (rate > 0 && rate != 1) detail::check_optimizer<T>(detail::scaled(optimizer, rate));
    }
  }
  /// The first layer with parameters that are not frozen: before it no gradient is needed. C::size if there is none.
  std::size_t first_trained() const { return first_trained_; }

  /// What a worker adds to. Nothing is known of it when a step begins.
  T* gradient(std::size_t worker) { return gradients_[worker].data(); }
  /// The worker has added all that it had to add.
  void complete(std::size_t worker) { complete(worker, worker, 0, C::parameter_count); }
  /// The same of a worker that has made the parameters [begin, end) of the first gradient, for all workers.
  void complete_part(std::size_t worker, Index begin, Index end) { complete(worker, 0, begin, end); }
  /// Adds what the workers have at [begin, end) into the first gradient.
  void add_up(std::size_t workers, Index begin, Index end) {
    for (std::size_t w = 1; w < workers; ++w) {
      kernels::add_values(end - begin, gradients_[0].data() + begin, gradients_[w].data() + begin);
    }
  }

  /// Adds up the first `summands` gradients, has them exchanged, clips and updates, unless something is not finite: then nothing
  /// but the gradient is changed. Returns whether the update was made.
  bool update(Team& team, std::size_t workers, std::size_t summands, const Opt& optimizer, T* theta, Exchange<T> found) {
    found.finite = found.finite && finite_gradient(workers);
    const bool finite_here = found.finite;
    const bool apart = exchange_ || clip_.by_norm();
    if (apart) {
      reduce(team, workers, summands);
      if (exchange_) {
        found.gradient = std::span(gradients_[0]);
        exchange_(found);
        reduce(team, workers, 1);  // measures what has come of it
      }
      found.finite = found.finite && sum_of_squares(workers) <= static_cast<double>(std::numeric_limits<T>::max());
    }
    if (!found.finite) {
      steepest_ = steepest(apart ? 1 : summands);
      refused_by_exchange_ = finite_here && exchange_;
      return false;
    }
    if (apart) {
      set_factors(workers);
      summands = 1;
    }
    ++updates_;
    const auto rule = detail::at_step(optimizer, updates_);
    const T fresh = averages_ ? static_cast<T>(1 - weight_average_.decay) : T(1);  // the share of the new parameters
    averages_ = weight_average_.on();
    team.run(workers, [&](std::size_t worker) {
      for (std::size_t s = 0; s < group_count_; ++s) {
        if (groups_[s].rate == 1) {
          apply(rule, theta, s, worker, workers, summands, fresh);
        } else {
          const auto scaled = detail::at_step(detail::scaled(optimizer, groups_[s].rate), updates_);
          apply(scaled, theta, s, worker, workers, summands, fresh);
        }
      }
      for (std::size_t b = 0; b < block_count && averages_; ++b) {
        if (rates_[b] != 0) continue;  // frozen: in no group
        each_chunk(static_cast<std::size_t>(blocks[b].begin), static_cast<std::size_t>(blocks[b].end), worker, workers,
                   [&](std::size_t at, Index count) { move_average(theta, at, count, fresh); });
      }
    });
    norm_ = apart || summands > 1 ? std::sqrt(sum_of_squares(workers)) : norm_of_parts(workers);
    return true;
  }
  /// The parameter whose gradient was the largest, or not a number, where no update was made.
  Index steepest() const { return steepest_; }
  /// Where no update was made: all was finite before the exchange.
  bool refused_by_exchange() const { return refused_by_exchange_; }
  /// The sum of the first `summands` gradients.
  void copy_gradient(std::size_t summands, T* sum) {
    add_up(summands, 0, C::parameter_count);
    std::copy(gradients_[0].begin(), gradients_[0].end(), sum);
  }

  void keep(Snapshot<T>& snapshot) const {
    snapshot.slots = slots_;
    snapshot.average.assign(average_.begin(), averages_ ? average_.end() : average_.begin());
    snapshot.updates = updates_;
  }
  void restore(const Snapshot<T>& snapshot) {
    slots_.resize(Opt::slots * parameters);
    std::fill(slots_.begin(), slots_.end(), T(0));
    std::copy(snapshot.slots.begin(), snapshot.slots.end(), slots_.begin());
    averages_ = weight_average_.on() && !snapshot.average.empty();
    if (averages_) average_ = snapshot.average;
    updates_ = snapshot.updates;
  }

 private:
  /// A block of parameters in the flat vectors.
  struct Place {
    std::size_t layer = 0;
    std::string_view name;
    std::ptrdiff_t begin = 0, end = 0;
    bool decay = true, frozen = false;
  };
  static constexpr std::size_t block_count = [] {
    std::size_t count = 0;
    for (const PlacedBlock& each : C::blocks) count += each.block.trainable;
    return count;
  }();
  static constexpr std::array<Place, block_count> blocks = [] {
    std::array<Place, block_count> all{};
    [[maybe_unused]] std::size_t n = 0;
    for (const auto& [layer, block, offset] : C::blocks) {
      if (block.trainable) all[n++] = {layer, block.name, offset, offset + block.size(), block.decay, C::frozen[layer]};
    }
    return all;
  }();
  static std::string name_of(std::size_t block) {
    return message(ModelType::position(blocks[block].layer), '.', blocks[block].name);
  }
  /// "encoder, encoder.0, encoder.0.weight, encoder.0.bias, decoder, …"
  static std::string names() {
    std::string all, part, layer;
    for (std::size_t b = 0; b < block_count; ++b) {
      const std::string here = ModelType::position(blocks[b].layer), half = here.substr(0, here.find('.'));
      if (half != part) all += (all.empty() ? "" : ", ") + half;
      if (here != layer) all += ", " + here;
      all += ", " + name_of(b);
      part = half;
      layer = here;
    }
    return all;
  }

  /// Parameters in a row that are updated alike.
  struct ParameterGroup {
    std::size_t begin = 0, end = 0;
    bool decay = true;
    double rate = 1;
  };
  /// Blocks that are not frozen, as groups. An optimizer that says `decays = false` treats all alike that have one rate:
  /// then there are no short ones, unless each block is clipped by its own norm.
  void arrange() {
    constexpr bool all_alike = requires { requires !Opt::decays; };
    group_count_ = 0;
    first_trained_ = C::size;
    for (std::size_t b = 0; b < block_count; ++b) {
      if (rates_[b] == 0) continue;
      first_trained_ = std::min(first_trained_, blocks[b].layer);
      const ParameterGroup next{static_cast<std::size_t>(blocks[b].begin), static_cast<std::size_t>(blocks[b].end),
                                blocks[b].decay, rates_[b]};
      const bool joins = all_alike && !(clip_.norm < GradientClip::none) && group_count_ > 0 &&
                         groups_[group_count_ - 1].end == next.begin && groups_[group_count_ - 1].rate == next.rate;
      if (joins) {
        groups_[group_count_ - 1].end = next.end;
      } else {
        groups_[group_count_++] = next;
      }
    }
    factors_.fill(T(1));
  }

  /// Clears what is frozen of the parameters [begin, end) of that gradient, and measures the rest while it is in the cache.
  void complete(std::size_t worker, std::size_t of, std::ptrdiff_t begin, std::ptrdiff_t end) {
    const auto gradient = gradients_[of].begin();
    for (std::size_t b = 0; b < block_count; ++b) {
      const std::ptrdiff_t first = std::max(begin, blocks[b].begin), last = std::min(end, blocks[b].end);
      if (rates_[b] == 0 && first < last) std::fill(gradient + first, gradient + last, T(0));
    }
    norms_[worker] = std::sqrt(kernels::sum_squares(end - begin, gradients_[of].data() + begin));
  }
  /// Of a gradient whose parts the workers made.
  double norm_of_parts(std::size_t workers) const {
    if (workers == 1) return static_cast<double>(norms_[0]);
    double squares = 0;
    for (std::size_t w = 0; w < workers; ++w) squares += static_cast<double>(norms_[w]) * static_cast<double>(norms_[w]);
    return std::sqrt(squares);
  }
  /// Whether the square of the gradient's norm is a finite T: then so are all averages of the gradient and of its square. The
  /// gradient has not been added up yet; its norm is at most the sum of those of its summands or parts.
  bool finite_gradient(std::size_t workers) const {
    const T norm = std::accumulate(norms_.begin(), norms_.begin() + static_cast<std::ptrdiff_t>(workers), T(0));
    return std::isfinite(norm * norm);
  }
  Index steepest(std::size_t summands) const {
    Index place = 0;
    T largest = 0;
    for (Index i = 0; i < C::parameter_count; ++i) {
      T g = 0;
      for (std::size_t w = 0; w < summands; ++w) g += gradients_[w][static_cast<std::size_t>(i)];
      if (std::abs(g) <= largest) continue;
      place = i;
      largest = std::abs(g);
      if (!std::isfinite(g)) break;
    }
    return place;
  }

  using Vector = typename Update<T, Opt::slots>::Vector;
  /// Calls f(begin, count) for the chunks of [first, end) that lie in the worker's part of the flat vectors: whole cache lines,
  /// and few enough that a chunk stays in the first cache from one use to the next.
  template <class F>
  static void each_chunk(std::size_t first, std::size_t end, std::size_t worker, std::size_t workers, F f) {
    constexpr std::size_t chunk = 1024;
    const auto border = [&](std::size_t w) { return w == workers ? parameters : parameters * w / workers / 16 * 16; };
    const std::size_t last = std::min(border(worker + 1), end);
    for (std::size_t at = std::max(border(worker), first); at < last; at += chunk) {
      f(at, static_cast<Index>(std::min(chunk, last - at)));
    }
  }
  template <class F>
  void each_chunk(std::size_t group, std::size_t worker, std::size_t workers, F f) const {
    each_chunk(groups_[group].begin, groups_[group].end, worker, workers, f);
  }
  /// θ̄ + (1 − d) (θ − θ̄), in which equal values stay what they are.
  void move_average(const T* theta, std::size_t at, Index count, T fresh) {
    Vector mean(average_.data() + at, count);
    if (const Eigen::Map<const typename Vector::PlainObject> now(theta + at, count); fresh == T(1)) {
      mean = now;
    } else {
      mean += fresh * (now - mean);
    }
  }
  /// The first gradient there, once the others have been added in their order.
  Vector summed(std::size_t at, Index count, std::size_t summands) {
    add_up(summands, static_cast<Index>(at), static_cast<Index>(at) + count);
    return Vector(gradients_[0].data() + at, count);
  }

  /// Adds the first `summands` gradients into the first, and measures the sum.
  void reduce(Team& team, std::size_t workers, std::size_t summands) {
    team.run(workers, [&](std::size_t worker) {
      for (std::size_t s = 0; s < group_count_; ++s) {
        double squares = 0;
        each_chunk(s, worker, workers, [&](std::size_t at, Index count) {
          squares += static_cast<double>(kernels::sum_squares(count, summed(at, count, summands).data()));
        });
        squares_[worker * block_count + s] = squares;
      }
    });
  }
  double squares_of(std::size_t group, std::size_t workers) const {
    double sum = 0;
    for (std::size_t w = 0; w < workers; ++w) sum += squares_[w * block_count + group];
    return sum;
  }
  double sum_of_squares(std::size_t workers) const {
    double sum = 0;
    for (std::size_t s = 0; s < group_count_; ++s) sum += squares_of(s, workers);
    return sum;
  }
  /// What clipping by norm multiplies the gradient of each group with.
  void set_factors(std::size_t workers) {
    const auto factor = [](double bound, double squares) {
      return squares > bound * bound ? static_cast<T>(bound / std::sqrt(squares)) : T(1);
    };
    const T of_all = factor(clip_.global_norm, sum_of_squares(workers));
    for (std::size_t s = 0; s < group_count_; ++s) {
      factors_[s] = clip_.norm < GradientClip::none ? factor(clip_.norm, squares_of(s, workers)) : of_all;
    }
  }

  /// One pass through the worker's part of a group. The sum of squares is measured here only where it is not known already.
  template <class Rule>
  void apply(const Rule& rule, T* theta, std::size_t group, std::size_t worker, std::size_t workers, std::size_t summands,
             T fresh) {
    double squares = 0;
    each_chunk(group, worker, workers, [&](std::size_t at, Index count) {
      Vector gradient = summed(at, count, summands);
      if (summands > 1) squares += static_cast<double>(kernels::sum_squares(count, gradient.data()));
      if (factors_[group] != T(1)) gradient *= factors_[group];
      if (clip_.value < GradientClip::none) {
        const T bound = static_cast<T>(clip_.value);
        gradient = gradient.cwiseMin(bound).cwiseMax(-bound);
      }
      std::array<T*, Opt::slots> slots;
      for (std::size_t k = 0; k < Opt::slots; ++k) slots[k] = slots_.data() + k * parameters + at;
      kernels::launch(detail::UpdateStretch<T, Opt::slots, Rule>{rule, theta + at, gradient.data(), count, slots, updates_,
                                                             groups_[group].decay});
      if (averages_) move_average(theta, at, count, fresh);
    });
    if (summands > 1) squares_[worker * block_count + group] = squares;
  }

  std::vector<Arena<T>> gradients_;  ///< one a worker
  std::vector<T> norms_;             ///< theirs, or of the part of the first that each worker made
  std::vector<double> squares_;      ///< Σ g² of the sum: of each worker's part of each group
  Arena<T> slots_, average_;
  std::uint64_t updates_ = 0;  ///< of the parameters: the optimizer's t
  double norm_ = 0;
  Index steepest_ = 0;
  bool refused_by_exchange_ = false;
  bool averages_ = false;  ///< average_ holds one
  WeightAverage weight_average_;
  GradientClip clip_;
  std::function<void(Exchange<T>&)> exchange_;
  std::array<double, block_count> rates_{};  ///< factors of the learning rate
  std::array<ParameterGroup, block_count> groups_{};
  std::array<T, block_count> factors_{};  ///< of the groups' gradients: what clips them
  std::size_t group_count_ = 0, first_trained_ = 0;
};

}  // namespace eigencoder
