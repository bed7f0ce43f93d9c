// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/core/communicator.hpp"
#include "eigencoder/core/division.hpp"
#include "eigencoder/engine/network_layout.hpp"
#include "eigencoder/training/exchange.hpp"
#include "eigencoder/training/gradient_clip.hpp"
#include "eigencoder/training/optimizer_step.hpp"
#include "eigencoder/training/snapshot.hpp"
#include "eigencoder/training/weight_average.hpp"

namespace eigencoder {

class Team;

/// The second half of a step: reduce | exchange | update. Holds the workers' gradients and the optimizer's vectors, and what
/// each block of parameters is trained with: its factor of the learning rate, 0 if it is frozen.
///
/// Where nothing is between reduction and update, both are one pass through memory. An exchange, or clipping by norm, needs the
/// reduced gradient as a whole: then they are two passes.
template <class T>
class Updater {
 public:
  /// For an optimizer of so many `slots`. One that does not look at Stretch::decay (`decays` is false) gets blocks of one rate
  /// together, as long stretches, unless each is clipped by its own norm.
  Updater(const NetworkLayout& layout, std::size_t workers, std::size_t slots, bool decays);

  std::size_t slots() const { return slot_count_; }  ///< vectors of the optimizer
  std::uint64_t updates() const { return updates_; }
  /// ‖g‖₂ of the last step that was taken, before clipping.
  double norm() const { return norm_; }

  void reserve();

  const GradientClip& clip() const { return clip_; }
  /// Throws OptionError.
  void set_clip(const GradientClip& clip);
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
  std::vector<std::pair<std::string, double>> rates() const;
  /// Sets the factor of all blocks of that name, or under it. Throws OptionError, listing the names.
  void set_rate(std::string_view part, double factor);
  /// Throws OptionError unless the optimizer may run at the learning rate of every block.
  template <Optimizer Opt>
  void check(const Opt& optimizer) const {
    detail::check_optimizer<T>(optimizer);
    for (const double rate : rates_) {
      if (rate > 0 && rate != 1) detail::check_optimizer<T>(detail::scaled(optimizer, rate));
    }
  }
  /// The first layer with parameters that are not frozen: before it no gradient is needed. All layers if there is none.
  std::size_t first_trained() const { return first_trained_; }

  /// Before anything else: the gradients are those of this rank's parts where these are fixed.
  void set_ranks(const AnyCommunicator& ranks, const Division& division);

  /// What a worker adds to. Nothing is known of it when a step begins.
  T* gradient(std::size_t worker) { return gradients_[worker].data(); }
  /// The worker has added all that it had to add.
  void complete(std::size_t worker) { complete(worker, worker, 0, layout_.parameters); }
  /// The same of a worker that has made the parameters [begin, end) of the first gradient, for all workers.
  void complete_part(std::size_t worker, Index begin, Index end) { complete(worker, 0, begin, end); }
  /// Adds what the workers have at [begin, end) into the first gradient.
  void add_up(std::size_t workers, Index begin, Index end);
  /// Whether the square of the gradient's norm is a finite T: then so are all averages of the gradient and of its square. The
  /// gradient has not been added up yet; its norm is at most the sum of those of its summands or parts.
  bool finite_gradient(std::size_t workers) const;

  /// Adds up the first `summands` gradients, and those of all ranks, has the sum exchanged, clips and updates, unless something is
  /// not finite: then nothing but the gradient is changed. `step` is that of number updates() + 1. Returns whether the update was made.
  bool update(Team& team, std::size_t workers, std::size_t summands, const AnyOptimizerStep<T>& step, T* theta, Exchange<T> found);
  /// The name of the parameter whose gradient was the largest, or not a number, where no update was made.
  std::string name_of_steepest() const { return layout_.name_of_parameter(steepest_); }
  Index steepest() const { return steepest_; }
  /// Where no update was made: all was finite before the exchange.
  bool refused_by_exchange() const { return refused_by_exchange_; }
  /// The sum of the first `summands` gradients.
  void copy_gradient(std::size_t summands, T* sum);

  void keep(Snapshot<T>& snapshot) const;
  void restore(const Snapshot<T>& snapshot);

 private:
  using Vector = typename Update<T, 0>::Vector;
  /// A block of parameters in the flat vectors.
  struct Place {
    std::size_t layer = 0;
    std::string_view name;
    std::size_t begin = 0, end = 0;
    bool decay = true, frozen = false;
  };
  /// Parameters in a row that are updated alike.
  struct ParameterGroup {
    std::size_t begin = 0, end = 0;
    bool decay = true;
    double rate = 1;
    T factor = 1;  ///< of its gradient: what clips it
  };
  class Pass;

  std::string name_of(const Place& place) const { return message(layout_.position(place.layer), '.', place.name); }
  std::string names() const;
  void arrange();

  void complete(std::size_t worker, std::size_t of, Index begin, Index end);
  double norm_of_parts(std::size_t workers) const;
  Index steepest(std::size_t summands) const;

  template <class F>
  void each_chunk(std::size_t first, std::size_t end, std::size_t worker, std::size_t workers, F f) const;
  std::size_t border(std::size_t worker, std::size_t workers) const;
  void move_average(const T* theta, std::size_t at, Index count, T fresh);
  void reduce(Team& team, std::size_t workers, std::size_t summands);
  void sum_over_ranks();
  void sum_over_any_ranks();
  double squares_of(std::size_t group, std::size_t workers) const;
  double sum_of_squares(std::size_t workers) const;
  void set_factors(std::size_t workers);

  /// Into so many the parameters are divided where ranks train together: the same on all of them, whatever threads they have.
  static constexpr std::size_t ranges_of_ranks = 32;
  static constexpr std::size_t chunk = 1024;  ///< a chunk stays in the first cache from one use to the next

  NetworkLayout layout_;
  std::size_t parameters_, slot_count_;
  bool decays_;
  AnyCommunicator ranks_;
  Division division_;
  std::vector<Place> blocks_;
  std::vector<Arena<T>> gradients_;  ///< one a worker
  Arena<T> received_;                ///< of another rank
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
  std::vector<double> rates_;           ///< of the blocks: factors of the learning rate
  std::vector<ParameterGroup> groups_;  ///< as many as blocks; the first group_count_ are meant
  std::size_t group_count_ = 0, first_trained_ = 0;
};

}  // namespace eigencoder

#ifdef EIGENCODER_COMPILED_KERNELS
namespace eigencoder {
extern template class Updater<float>;
extern template class Updater<double>;
}  // namespace eigencoder
#else
#include "eigencoder/training/update_impl.hpp"
#endif
