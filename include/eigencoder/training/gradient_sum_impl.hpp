// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/training/update.hpp"

// How an Updater adds up gradients: of its workers, and of all ranks.
namespace eigencoder {

template <class T>
void Updater<T>::set_ranks(const AnyCommunicator& ranks, const Division& division) {
  ranks_ = ranks;
  division_ = division;
  if (!division.trivial()) squares_.resize(ranges_of_ranks * blocks_.size());
  if (!division.fixed) return;
  gradients_.resize(division.mine());
  norms_.resize(division.mine());
}

/// Fixed parts by the nodes of their tree that lie within this rank's.
template <class T>
void Updater<T>::add_up(std::size_t workers, Index begin, Index end) {
  const auto add = [&](std::size_t to, std::size_t from) {
    kernels::add_values(end - begin, gradients_[to].data() + begin, gradients_[from].data() + begin);
  };
  if (!division_.fixed) {
    for (std::size_t w = 1; w < workers; ++w) add(0, w);
  } else if (workers > 1) {
    const std::size_t first = division_.first();
    division_.for_each_join([&](std::size_t to, std::size_t from, std::size_t last) {
      if (first <= to && last <= division_.end()) add(to - first, from - first);
    });
  }
}

/// The first gradient becomes the sum over all ranks. That of fixed parts goes on in their tree: where each rank has a subtree of its
/// own, by recursive doubling, in which both of a pair add the same two gradients.
template <class T>
void Updater<T>::sum_over_ranks() {
  if (ranks_.alone()) return;
  const std::span<T> sum(gradients_[0]);
  if (!division_.fixed) {
    ranks_.sum(sum);
  } else if (const auto size = static_cast<unsigned>(division_.ranks); std::has_single_bit(size)) {
    for (unsigned apart = 1; apart < size; apart *= 2) {
      ranks_.exchange(static_cast<int>(static_cast<unsigned>(division_.rank) ^ apart), std::as_bytes(sum),
                      std::as_writable_bytes(std::span(received_)));
      kernels::add_values(layout_.parameters, sum.data(), received_.data());
    }
  } else {
    sum_over_any_ranks();
  }
}

/// The owner of a node's first part adds what the owner of its second half sends; in the end the first rank has the sum.
template <class T>
void Updater<T>::sum_over_any_ranks() {
  const std::size_t first = division_.first();
  division_.for_each_join([&](std::size_t to, std::size_t from, std::size_t end) {
    const int left = division_.owner(to), right = division_.owner(from);
    if (left == division_.owner(end - 1)) return;  // added up before
    if (left == right) {
      if (left == division_.rank) kernels::add_values(layout_.parameters, gradients_[to - first].data(), gradients_[from - first].data());
    } else if (left == division_.rank) {
      ranks_.exchange(right, {}, std::as_writable_bytes(std::span(received_)));
      kernels::add_values(layout_.parameters, gradients_[to - first].data(), received_.data());
    } else if (right == division_.rank) {
      ranks_.exchange(left, std::as_bytes(std::span(gradients_[from - first])), {});
    }
  });
  ranks_.broadcast(std::as_writable_bytes(std::span(gradients_[0])));
}

}  // namespace eigencoder
