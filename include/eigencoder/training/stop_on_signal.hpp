// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#define EIGENCODER_POSIX_SIGNALS
#endif

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM end a fit in order instead of the process:
///   const ec::StopOnSignal interruption;
///   trainer.fit(x, {.epochs = 100, .callbacks = {interruption}});
///   …                                  // saves, writes, prints
///   return interruption.exit_status();  // 0, or 130 after Ctrl-C
/// The first signal ends the fit after the step that it is at; History::stopped tells so, and after_fit of all callbacks comes.
/// A fit that begins later ends before its first step. The second signal does what it does without this: it ends the process at
/// once. A signal that was ignored before, as by a shell for jobs in the background, stays ignored. The handlers that there
/// were before come back when this goes. There may be one at a time, which fits of several threads may share. Throws Error if
/// there is one.
class StopOnSignal {
 public:
  StopOnSignal() {
    if (there_is_one.exchange(true)) throw Error("StopOnSignal: there is one already, and there may be one at a time");
    received = 0;
    for (Saved& saved : saved_) saved.install();
  }
  ~StopOnSignal() {
    for (Saved& saved : saved_) saved.put_back();
    there_is_one = false;
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  /// The signal that came, SIGINT or SIGTERM; 0 if none has.
  int signal() const { return received; }
  bool stopped() const { return received != 0; }
  /// With what a program is to end: 128 + signal, as shells have it, which is 130 after Ctrl-C; 0 without a signal.
  int exit_status() const { return stopped() ? 128 + signal() : 0; }

  /// May outlive this, and stops nothing then: so not of one that nobody holds.
  operator Callback() && = delete;
  operator Callback() const&;

 private:
  // A handler may touch lock-free atomics alone.
  static_assert(std::atomic<int>::is_always_lock_free);
  static inline std::atomic<int> received{0};
  static inline std::atomic<bool> there_is_one{false};

  static void handle(int signal) {
    int none = 0;
    if (received.compare_exchange_strong(none, signal)) return;
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // comes when this returns, where the system holds a signal back while it is handled
  }

  /// A signal with what was done with it before.
  struct Saved {
    int number;
#ifdef EIGENCODER_POSIX_SIGNALS
    struct sigaction before {};
    void install() {
      struct sigaction action {};
      action.sa_handler = &handle;
      action.sa_flags = SA_RESTART;  // the program's reads and writes go on
      sigemptyset(&action.sa_mask);
      sigaction(number, nullptr, &before);
      if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
    }
    void put_back() { sigaction(number, &before, nullptr); }
#else
    void (*before)(int) = SIG_DFL;
    void install() {
      before = std::signal(number, &handle);
      if (before == SIG_IGN) std::signal(number, SIG_IGN);
    }
    void put_back() { std::signal(number, before == SIG_ERR ? SIG_DFL : before); }
#endif
  };
  Saved saved_[2] = {{.number = SIGINT}, {.number = SIGTERM}};
};

}  // namespace eigencoder

#undef EIGENCODER_POSIX_SIGNALS

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/stop_on_signal_impl.hpp"
#endif
