// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace eigencoder {

/// A place where a fixed number of threads meet. Waits spin first, since a step is over in microseconds, then park.
class Barrier {
 public:
  explicit Barrier(std::size_t threads) : threads_(static_cast<std::uint32_t>(threads)) {}

  void wait() {
    const std::uint32_t round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      advance(round_);
    } else {
      await_change(round_, round);
    }
  }

  static void advance(std::atomic<std::uint32_t>& counter) {
    counter.fetch_add(1, std::memory_order_release);
    counter.notify_all();
  }
  static void await_change(const std::atomic<std::uint32_t>& counter, std::uint32_t old) {
    constexpr int spins = 4000;
    for (int i = 0; i < spins; ++i) {
      if (counter.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
    while (counter.load(std::memory_order_acquire) == old) counter.wait(old, std::memory_order_acquire);
  }

 private:
  std::uint32_t threads_;
  std::atomic<std::uint32_t> arrived_{0}, round_{0};
};

/// Threads that run one job together again and again; the caller is worker 0. Jobs must not throw.
class Team {
 public:
  explicit Team(std::size_t workers) : workers_(workers), barrier_(workers) {
    threads_.reserve(workers - 1);
    for (std::size_t worker = 1; worker < workers; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    if (threads_.empty()) return;
    job_ = nullptr;
    Barrier::advance(start_);
    for (std::thread& thread : threads_) thread.join();
  }

  std::size_t size() const { return workers_; }

  /// Calls job(worker) for every worker below `active`, which is 1 or size(), and returns when all have ended.
  template <class Job>
  void run(Job& job, std::size_t active) {
    solo_ = active == 1;
    if (solo_) {
      job(std::size_t{0});
      return;
    }
    context_ = &job;
    job_ = [](void* context, std::size_t worker) noexcept { (*static_cast<Job*>(context))(worker); };
    Barrier::advance(start_);
    job_(context_, 0);
    barrier_.wait();
  }

  /// Within a job: waits until all its workers have come here.
  void wait() {
    if (!solo_) barrier_.wait();
  }

 private:
  void serve(std::size_t worker) {
    for (std::uint32_t round = 0;; ++round) {
      Barrier::await_change(start_, round);
      if (job_ == nullptr) return;
      job_(context_, worker);
      barrier_.wait();
    }
  }

  std::size_t workers_;
  Barrier barrier_;
  std::atomic<std::uint32_t> start_{0};
  void (*job_)(void*, std::size_t) noexcept = nullptr;
  void* context_ = nullptr;
  bool solo_ = true;
  std::vector<std::thread> threads_;
};

}  // namespace eigencoder
