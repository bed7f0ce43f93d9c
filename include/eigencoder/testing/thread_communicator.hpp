// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "eigencoder/core/communicator.hpp"
#include "eigencoder/core/error.hpp"

namespace eigencoder {

class ThreadCommunicator;

/// Calls f(ThreadCommunicator) on `size` threads, one a rank, and returns when all have ended. Throws what a rank threw first.
template <class F>
void run_ranks(int size, F f);

/// Threads of one process as ranks: to try without MPI what is to run on it.
class ThreadCommunicator {
 public:
  int rank() const { return rank_; }
  int size() const { return common_->size; }
  int local_size() const { return common_->size; }

  void sum(std::span<float> values) const { sum_of(values); }
  void sum(std::span<double> values) const { sum_of(values); }
  void broadcast(std::span<std::byte> bytes, int root) const {
    together(bytes.data(), bytes.size(), [&] {
      if (rank_ != root)
        std::copy_n(static_cast<const std::byte*>(common_->places[static_cast<std::size_t>(root)]), bytes.size(), bytes.data());
    });
  }
  void exchange(int with, std::span<const std::byte> send, std::span<std::byte> receive) const {
    std::unique_lock lock(common_->mutex);
    if (!send.empty()) {
      common_->messages[{rank_, with}].emplace_back(send.begin(), send.end());
      common_->changed.notify_all();
    }
    if (receive.empty()) return;
    auto& waiting = common_->messages[{with, rank_}];
    await(lock, [&] { return !waiting.empty(); });
    if (waiting.front().size() != receive.size()) {
      throw Error(
          message("rank ", rank_, " expected ", receive.size(), " bytes of rank ", with, ", found ", waiting.front().size()));
    }
    std::copy(waiting.front().begin(), waiting.front().end(), receive.begin());
    waiting.erase(waiting.begin());
  }
  void barrier() const {
    std::unique_lock lock(common_->mutex);
    arrive(lock);
  }
  void abandon(const std::string& why) const noexcept {
    const std::lock_guard lock(common_->mutex);
    if (common_->abandoned) return;
    common_->abandoned = true;
    common_->by = rank_;
    common_->why = why;
    common_->changed.notify_all();
  }

  template <class F>
  friend void run_ranks(int size, F f);

 private:
  struct Common {
    explicit Common(int ranks) : size(ranks), places(static_cast<std::size_t>(ranks)), lengths(places.size()) {}
    const int size;
    std::mutex mutex{};
    std::condition_variable changed{};
    std::vector<const void*> places;  ///< of what each rank has brought
    std::vector<std::size_t> lengths;
    std::map<std::pair<int, int>, std::vector<std::vector<std::byte>>> messages{};  ///< from and to
    int arrived = 0;
    std::uint64_t round = 0;
    bool abandoned = false;
    int by = -1;
    std::string why{};
    std::exception_ptr thrown{};
  };

  ThreadCommunicator(std::shared_ptr<Common> common, int rank) : common_(std::move(common)), rank_(rank) {}

  template <class Condition>
  void await(std::unique_lock<std::mutex>& lock, Condition holds) const {
    common_->changed.wait(lock, [&] { return common_->abandoned || holds(); });
    if (holds()) return;
    throw Error(common_->by < 0 ? "another rank has ended" : message("rank ", common_->by, " has ended: ", common_->why));
  }
  void arrive(std::unique_lock<std::mutex>& lock) const {
    const std::uint64_t round = common_->round;
    if (++common_->arrived == size()) {
      common_->arrived = 0;
      ++common_->round;
      common_->changed.notify_all();
    } else {
      await(lock, [&] { return common_->round != round; });
    }
  }
  /// Calls f between two meetings of all ranks, when each has said where its values lie.
  template <class F>
  void together(const void* place, std::size_t length, F f) const {
    std::unique_lock lock(common_->mutex);
    common_->places[static_cast<std::size_t>(rank_)] = place;
    common_->lengths[static_cast<std::size_t>(rank_)] = length;
    arrive(lock);
    for (const std::size_t other : common_->lengths) {
      if (other != length) throw Error(message("rank ", rank_, " has ", length, " values where another has ", other));
    }
    lock.unlock();
    f();
    lock.lock();
    arrive(lock);
  }
  template <class T>
  void sum_of(std::span<T> values) const {
    std::vector<T> sum(values.size());
    together(values.data(), values.size(), [&] {
      for (const void* place : common_->places) {
        const T* const theirs = static_cast<const T*>(place);
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += theirs[i];
      }
    });
    std::copy(sum.begin(), sum.end(), values.begin());
  }

  std::shared_ptr<Common> common_;
  int rank_;
};

template <class F>
void run_ranks(int size, F f) {
  const auto common = std::make_shared<ThreadCommunicator::Common>(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&f, ranks = ThreadCommunicator(common, rank)] {
      try {
        f(ranks);
      } catch (...) {
        const std::lock_guard lock(ranks.common_->mutex);
        if (!ranks.common_->thrown) ranks.common_->thrown = std::current_exception();
        ranks.common_->abandoned = true;
        ranks.common_->changed.notify_all();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (common->thrown) std::rethrow_exception(common->thrown);
}

}  // namespace eigencoder
