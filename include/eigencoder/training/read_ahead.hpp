// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "eigencoder/training/feed.hpp"

namespace eigencoder::detail {

/// The batches of another feed, each made by a thread while the one before is trained on: they must be valid until the next but
/// one is made. What the other feed throws comes out of next(). If the system gives no thread, the caller's makes them.
template <class T>
class ReadAhead final : public Feed<T> {
 public:
  /// From now on the thread alone uses the feed, which must outlive it. Sizes are read by both.
  explicit ReadAhead(Feed<T>& feed) : feed_(feed) {
    try {
      thread_ = std::thread([this] { serve(); });
    } catch (const std::system_error&) {
    }
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() override {
    if (!thread_.joinable()) return;
    ask_for(Work::end);
    thread_.join();
  }

  BatchSize most() const override { return feed_.most(); }
  Index size() const override { return feed_.size(); }
  Index steps() const override { return feed_.steps(); }
  bool shuffled() const override { return feed_.shuffled(); }
  /// Batches that were made for an epoch which has not come to its end are dropped.
  void begin_epoch(std::uint64_t number) override {
    if (thread_.joinable()) await_batch();
    number_ = number;
    failure_ = nullptr;
    ask_for(Work::first_batch);
  }
  Batch<T> next() override {
    if (thread_.joinable()) {
      await_batch();
    } else {
      make_batch(work_);
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    last_ = made_;
    if (last_.batch.samples() > 0) ask_for(Work::next_batch);
    return last_.batch;
  }
  typename Feed<T>::Origin origin() const override { return last_.origin; }

 private:
  enum class Work { none, first_batch, next_batch, end };
  struct Made {
    Batch<T> batch{};
    typename Feed<T>::Origin origin{};
  };

  void ask_for(Work work) {
    {
      const std::lock_guard lock(mutex_);
      work_ = work;
    }
    changed_.notify_all();
  }
  /// Afterwards the thread waits, and what it has made is this thread's.
  void await_batch() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return work_ == Work::none; });
  }
  void make_batch(Work work) noexcept {
    try {
      if (work == Work::first_batch) feed_.begin_epoch(number_);
      made_.batch = feed_.next();
      made_.origin = feed_.origin();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return work_ != Work::none; });
      const Work work = work_;
      if (work == Work::end) return;
      lock.unlock();
      make_batch(work);
      lock.lock();
      if (work_ != Work::end) work_ = Work::none;
      changed_.notify_all();
    }
  }

  Feed<T>& feed_;
  Made made_{}, last_{};  ///< the batch that the thread has made, and the one that was given out last
  std::uint64_t number_ = 0;
  std::exception_ptr failure_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  Work work_ = Work::none;
  std::thread thread_;
};

}  // namespace eigencoder::detail
