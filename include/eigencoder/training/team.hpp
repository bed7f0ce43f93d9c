// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

namespace eigencoder {

/// A pool of threads for work that is divided into parts; the calling thread is one of them. A thread that is free takes the next
/// part, so that no part waits for a thread that the system has not scheduled: the result of a part must not depend on the thread
/// that computes it. Between two works threads spin for a while, since a step takes microseconds, then sleep. If the system gives
/// fewer threads than asked for, those that exist do all parts.
class Team {
 public:
  static constexpr std::uint32_t most = 0xfff;  ///< threads, and parts of a work

  explicit Team(std::size_t size) {
    threads_.reserve(size - 1);
    try {
      while (threads_.size() + 1 < size) threads_.emplace_back([this] { serve(); });
    } catch (const std::exception&) {  // the system gives no more threads, or there is no memory for one
    }
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    stop_ = true;
    publish(0);
    for (std::thread& thread : threads_) thread.join();
  }

  std::size_t size() const { return threads_.size() + 1; }  ///< threads that exist, including the caller's

  /// Calls job(part) for every part < parts, each once, and returns when all have ended. Jobs must not throw.
  template <class Job>
  void run(std::size_t parts, Job&& job) {
    if (parts == 1 || threads_.empty()) {
      for (std::size_t part = 0; part < parts; ++part) job(part);
      return;
    }
    job_ = [](void* context, std::size_t part) noexcept { (*static_cast<std::remove_reference_t<Job>*>(context))(part); };
    context_ = &job;
    ended_.store(0, std::memory_order_relaxed);
    publish(static_cast<std::uint32_t>(parts));
    take_parts();
    for (std::uint32_t ended; (ended = ended_.load(std::memory_order_acquire)) != parts;) await_change(ended_, ended);
  }

 private:
  // A ticket holds the number of a round (8 bits), its number of parts (12) and the next part to take (12) in one word: a thread
  // that advances it owns that part. Numbers of rounds may repeat: a thread that advances an old ticket which is valid again owns
  // a part of the new round.
  static constexpr std::uint32_t parts_of(std::uint32_t ticket) { return ticket >> 12 & most; }
  static constexpr std::uint32_t next_of(std::uint32_t ticket) { return ticket & most; }

  void publish(std::uint32_t parts) {
    const std::uint32_t round = (ticket_.load(std::memory_order_relaxed) >> 24) + 1;
    ticket_.store(round << 24 | parts << 12, std::memory_order_release);
    ticket_.notify_all();
  }

  /// Takes parts while there are any. Returns the ticket that had none left.
  std::uint32_t take_parts() {
    std::uint32_t ticket = ticket_.load(std::memory_order_acquire);
    while (next_of(ticket) < parts_of(ticket)) {
      if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      const std::uint32_t parts = parts_of(ticket);
      job_(context_, next_of(ticket));
      if (ended_.fetch_add(1, std::memory_order_acq_rel) + 1 == parts) ended_.notify_all();
      ticket = ticket_.load(std::memory_order_acquire);
    }
    return ticket;
  }

  void serve() {
    for (std::uint32_t ticket = take_parts(); !stop_; ticket = take_parts()) await_change(ticket_, ticket);
  }

  static void await_change(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
    constexpr int spins = 4000;
    for (int i = 0; i < spins; ++i) {
      if (word.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
    word.wait(old, std::memory_order_acquire);
  }

  void (*job_)(void*, std::size_t) noexcept = nullptr;
  void* context_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> ticket_{0};
  alignas(64) std::atomic<std::uint32_t> ended_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace eigencoder
