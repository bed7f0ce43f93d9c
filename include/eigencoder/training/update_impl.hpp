// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>

#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/training/gradient_sum_impl.hpp"
#include "eigencoder/training/team.hpp"
#include "eigencoder/training/update.hpp"

// What an Updater does, in a program that does not link the component `kernels`, which has it.
namespace eigencoder {

// — what each block is trained with

template <class T>
Updater<T>::Updater(const NetworkLayout& layout, std::size_t workers, std::size_t slots, bool decays)
    : layout_(layout),
      parameters_(static_cast<std::size_t>(layout.parameters)),
      slot_count_(slots),
      decays_(decays),
      gradients_(workers),
      norms_(workers) {
  for (const auto& [layer, block, offset] : layout.blocks) {
    if (!block.trainable) continue;
    const auto begin = static_cast<std::size_t>(offset), size = static_cast<std::size_t>(block.size());
    blocks_.push_back({layer, block.name, begin, begin + size, block.decay, layout.frozen[layer]});
    rates_.push_back(layout.frozen[layer] ? 0 : 1);
  }
  groups_.resize(blocks_.size());
  squares_.resize(workers * blocks_.size());
  arrange();
}

template <class T>
void Updater<T>::reserve() {
  for (Arena<T>& gradient : gradients_) gradient.resize(parameters_);
  if (division_.fixed && !ranks_.alone()) received_.resize(parameters_);
  slots_.resize(slot_count_ * parameters_);
  if (weight_average_.on()) average_.resize(parameters_);
}

template <class T>
void Updater<T>::set_clip(const GradientClip& clip) {
  clip.check();
  if (clip.value < GradientClip::none) detail::require_positive_as<T>("GradientClip: value", clip.value);
  clip_ = clip;
  arrange();
}

template <class T>
std::vector<std::pair<std::string, double>> Updater<T>::rates() const {
  std::vector<std::pair<std::string, double>> all;
  for (std::size_t b = 0; b < blocks_.size(); ++b) all.emplace_back(name_of(blocks_[b]), rates_[b]);
  return all;
}

template <class T>
void Updater<T>::set_rate(std::string_view part, double factor) {
  if (!(factor >= 0 && std::isfinite(factor))) {
    throw OptionError(message("the factor of the learning rate of \"", part, "\" must be finite and not negative, found ", factor));
  }
  std::vector<double> rates = rates_;
  bool found = false, frozen = true;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const std::string name = name_of(blocks_[b]);
    if (!name.starts_with(part) || (name.size() > part.size() && name[part.size()] != '.')) continue;
    found = true;
    frozen = frozen && blocks_[b].frozen;
    if (!blocks_[b].frozen) rates[b] = factor;
  }
  if (!found) throw OptionError(message("there are no parameters \"", part, "\"; there are: ", names()));
  if (frozen && factor > 0) {
    throw OptionError(message('"', part, "\" is frozen by its type, Frozen<…>, and has no learning rate"));
  }
  rates_.swap(rates);
  arrange();
}

/// "encoder, encoder.0, encoder.0.weight, encoder.0.bias, decoder, …"
template <class T>
std::string Updater<T>::names() const {
  std::string all, part, layer;
  for (const Place& place : blocks_) {
    const std::string here = layout_.position(place.layer), half = here.substr(0, here.find('.'));
    if (half != part) all += (all.empty() ? "" : ", ") + half;
    if (here != layer) all += ", " + here;
    all += ", " + name_of(place);
    part = half;
    layer = here;
  }
  return all;
}

/// Blocks that are not frozen, as groups.
template <class T>
void Updater<T>::arrange() {
  group_count_ = 0;
  first_trained_ = layout_.layers();
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (rates_[b] == 0) continue;
    first_trained_ = std::min(first_trained_, blocks_[b].layer);
    const ParameterGroup next{blocks_[b].begin, blocks_[b].end, blocks_[b].decay, rates_[b]};
    const bool joins = !decays_ && !(clip_.norm < GradientClip::none) && group_count_ > 0 &&
                       groups_[group_count_ - 1].end == next.begin && groups_[group_count_ - 1].rate == next.rate;
    if (joins) {
      groups_[group_count_ - 1].end = next.end;
    } else {
      groups_[group_count_++] = next;
    }
  }
}

// — the gradients of the workers

/// Clears what is frozen of the parameters [begin, end) of that gradient, and measures the rest while it is in the cache.
template <class T>
void Updater<T>::complete(std::size_t worker, std::size_t of, Index begin, Index end) {
  T* const gradient = gradients_[of].data();
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const Index first = std::max(begin, static_cast<Index>(blocks_[b].begin)), last = std::min(end, static_cast<Index>(blocks_[b].end));
    if (rates_[b] == 0 && first < last) std::fill(gradient + first, gradient + last, T(0));
  }
  norms_[worker] = std::sqrt(kernels::sum_squares(end - begin, gradient + begin));
}

template <class T>
void Updater<T>::copy_gradient(std::size_t summands, T* sum) {
  add_up(summands, 0, layout_.parameters);
  std::copy(gradients_[0].begin(), gradients_[0].end(), sum);
}

/// Of a gradient whose parts the workers made.
template <class T>
double Updater<T>::norm_of_parts(std::size_t workers) const {
  if (workers == 1) return static_cast<double>(norms_[0]);
  double squares = 0;
  for (std::size_t w = 0; w < workers; ++w) squares += static_cast<double>(norms_[w]) * static_cast<double>(norms_[w]);
  return std::sqrt(squares);
}

template <class T>
bool Updater<T>::finite_gradient(std::size_t workers) const {
  const auto end = norms_.begin() + static_cast<std::ptrdiff_t>(workers);
  // As if all parts had such a norm. Fixed ones are looked at one by one, so that it does not matter whose they are.
  const auto finite = [&](T norm) {
    const T most = norm * static_cast<T>(division_.parts);
    return std::isfinite(most * most);
  };
  return division_.fixed ? std::all_of(norms_.begin(), end, finite) : finite(std::accumulate(norms_.begin(), end, T(0)));
}

template <class T>
Index Updater<T>::steepest(std::size_t summands) const {
  std::size_t place = 0;
  T largest = 0;
  for (std::size_t i = 0; i < parameters_; ++i) {
    T g = 0;
    for (std::size_t w = 0; w < summands; ++w) g += gradients_[w][i];
    if (std::abs(g) <= largest) continue;
    place = i;
    largest = std::abs(g);
    if (!std::isfinite(g)) break;
  }
  return static_cast<Index>(place);
}

// — the update

/// Where a worker's part of the flat vectors begins: whole cache lines.
template <class T>
std::size_t Updater<T>::border(std::size_t worker, std::size_t workers) const {
  return worker == workers ? parameters_ : parameters_ * worker / workers / 16 * 16;
}

/// Calls f(begin, count) for the chunks of [first, end) that lie in the worker's part.
template <class T>
template <class F>
void Updater<T>::each_chunk(std::size_t first, std::size_t end, std::size_t worker, std::size_t workers, F f) const {
  const std::size_t last = std::min(border(worker + 1, workers), end);
  for (std::size_t at = std::max(border(worker, workers), first); at < last; at += chunk) {
    f(at, static_cast<Index>(std::min(chunk, last - at)));
  }
}

/// One pass through the worker's part of a group: the chunks, of which each has its gradient added up, measured and clipped before
/// the optimizer's turn, and its average moved after it. The sum of squares is measured only where it is not known already.
template <class T>
class Updater<T>::Pass final : public Stretches<T> {
 public:
  Pass(Updater& updater, std::size_t group, std::size_t worker, std::size_t workers, std::size_t summands, bool measures, T* theta,
       T fresh)
      : updater_(updater),
        group_(updater.groups_[group]),
        summands_(summands),
        measures_(measures),
        theta_(theta),
        fresh_(fresh),
        squares_(updater.squares_[worker * updater.blocks_.size() + group]),
        at_(std::max(updater.border(worker, workers), group_.begin)),
        end_(std::min(updater.border(worker + 1, workers), group_.end)) {
    if (measures) squares_ = 0;
  }

  const Stretch<T>* next() override {
    if (stretch_.count > 0) {
      if (updater_.averages_) updater_.move_average(theta_, at_, stretch_.count, fresh_);
      at_ += static_cast<std::size_t>(stretch_.count);
    }
    if (at_ >= end_) return nullptr;
    const auto count = static_cast<Index>(std::min(chunk, end_ - at_)), begin = static_cast<Index>(at_);
    updater_.add_up(summands_, begin, begin + count);
    Vector gradient(updater_.gradients_[0].data() + at_, count);
    if (measures_) squares_ += static_cast<double>(kernels::sum_squares(count, gradient.data()));
    if (group_.factor != T(1)) gradient *= group_.factor;
    if (updater_.clip_.value < GradientClip::none) {
      const T bound = static_cast<T>(updater_.clip_.value);
      gradient = gradient.cwiseMin(bound).cwiseMax(-bound);
    }
    stretch_ = {theta_ + at_, gradient.data(), updater_.slots_.data() + at_, updater_.parameters_, count, group_.decay};
    return &stretch_;
  }

 private:
  Updater& updater_;
  const ParameterGroup& group_;
  std::size_t summands_;
  bool measures_;
  T *theta_, fresh_;
  double& squares_;
  std::size_t at_, end_;
  Stretch<T> stretch_{};
};

template <class T>
bool Updater<T>::update(Team& team, std::size_t workers, std::size_t summands, const AnyOptimizerStep<T>& step, T* theta,
                        Exchange<T> found) {
  const std::size_t ranges = division_.trivial() ? workers : ranges_of_ranks;
  const bool finite_here = found.finite, alone = ranks_.alone();
  const bool before = exchange_ || clip_.by_norm();  // the sum is measured before the update
  const bool while_updating = !before && (summands > 1 || !alone);  // or in the same pass; else its norm is known
  if (before || !alone) {
    if (summands > 1 || (alone && !exchange_)) reduce(team, ranges, summands);
    summands = 1;
    sum_over_ranks();
    if (exchange_) {
      found.gradient = std::span(gradients_[0]);
      exchange_(found);
    }
    if (before && (exchange_ || !alone)) reduce(team, ranges, 1);  // measures what has come of it
  }
  if (before) found.finite = found.finite && sum_of_squares(ranges) <= static_cast<double>(std::numeric_limits<T>::max());
  if (!found.finite) {
    steepest_ = steepest(summands);
    refused_by_exchange_ = finite_here && exchange_;
    return false;
  }
  if (before) set_factors(ranges);
  ++updates_;
  const T fresh = averages_ ? static_cast<T>(1 - weight_average_.decay) : T(1);  // the share of the new parameters
  averages_ = weight_average_.on();
  team.run(ranges, [&](std::size_t worker) {
    for (std::size_t s = 0; s < group_count_; ++s) {
      Pass pass(*this, s, worker, ranges, summands, while_updating, theta, fresh);
      step.update(pass, groups_[s].rate);
    }
    for (std::size_t b = 0; b < blocks_.size() && averages_; ++b) {
      if (rates_[b] != 0) continue;  // frozen: in no group
      each_chunk(blocks_[b].begin, blocks_[b].end, worker, ranges,
                 [&](std::size_t at, Index count) { move_average(theta, at, count, fresh); });
    }
  });
  norm_ = before || while_updating ? std::sqrt(sum_of_squares(ranges)) : norm_of_parts(workers);
  return true;
}

/// θ̄ + (1 − d) (θ − θ̄), in which equal values stay what they are.
template <class T>
void Updater<T>::move_average(const T* theta, std::size_t at, Index count, T fresh) {
  Vector mean(average_.data() + at, count);
  if (const Eigen::Map<const typename Vector::PlainObject> now(theta + at, count); fresh == T(1)) {
    mean = now;
  } else {
    mean += fresh * (now - mean);
  }
}

/// Adds the first `summands` gradients into the first, and measures the sum.
template <class T>
void Updater<T>::reduce(Team& team, std::size_t workers, std::size_t summands) {
  team.run(workers, [&](std::size_t worker) {
    for (std::size_t s = 0; s < group_count_; ++s) {
      double squares = 0;
      each_chunk(groups_[s].begin, groups_[s].end, worker, workers, [&](std::size_t at, Index count) {
        add_up(summands, static_cast<Index>(at), static_cast<Index>(at) + count);
        squares += static_cast<double>(kernels::sum_squares(count, gradients_[0].data() + at));
      });
      squares_[worker * blocks_.size() + s] = squares;
    }
  });
}

template <class T>
double Updater<T>::squares_of(std::size_t group, std::size_t workers) const {
  double sum = 0;
  for (std::size_t w = 0; w < workers; ++w) sum += squares_[w * blocks_.size() + group];
  return sum;
}

template <class T>
double Updater<T>::sum_of_squares(std::size_t workers) const {
  double sum = 0;
  for (std::size_t s = 0; s < group_count_; ++s) sum += squares_of(s, workers);
  return sum;
}

/// What clipping by norm multiplies the gradient of each group with.
template <class T>
void Updater<T>::set_factors(std::size_t workers) {
  const auto factor = [](double bound, double squares) {
    return squares > bound * bound ? static_cast<T>(bound / std::sqrt(squares)) : T(1);
  };
  const T of_all = factor(clip_.global_norm, sum_of_squares(workers));
  for (std::size_t s = 0; s < group_count_; ++s) {
    groups_[s].factor = clip_.norm < GradientClip::none ? factor(clip_.norm, squares_of(s, workers)) : of_all;
  }
}

// — what a snapshot keeps

template <class T>
void Updater<T>::keep(Snapshot<T>& snapshot) const {
  snapshot.slots = slots_;
  snapshot.average.assign(average_.begin(), averages_ ? average_.end() : average_.begin());
  snapshot.updates = updates_;
}

template <class T>
void Updater<T>::restore(const Snapshot<T>& snapshot) {
  slots_.resize(slot_count_ * parameters_);
  std::fill(slots_.begin(), slots_.end(), T(0));
  std::copy(snapshot.slots.begin(), snapshot.slots.end(), slots_.begin());
  averages_ = weight_average_.on() && !snapshot.average.empty();
  if (averages_) average_ = snapshot.average;
  updates_ = snapshot.updates;
}

}  // namespace eigencoder
