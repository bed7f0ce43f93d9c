// SPDX-License-Identifier: MIT
#pragma once

// The C interface alone: the C++ one, which was removed from the standard, is a library of its own.
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX
#endif
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX
#endif
#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mpi.h>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "eigencoder/core/communicator.hpp"
#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// The processes that mpirun has started, as a Communicator:
///   Trainer trainer{model, loss, optimizer, {.communicator = Mpi{}}};
/// Without mpirun it is the only rank of one. The first Mpi of a process is made by all of them together. It initialises MPI
/// (MPI_THREAD_FUNNELED: the thread that makes it is the one that trains) where nobody has, and finalises it then when the
/// program ends; one that ends with an error, a status from 1 to 127, ends the others after five seconds. Copies are cheap and
/// stand for the same processes. Messages do not meet those of the program's own communicators: it works on a duplicate. All
/// throw an Error with MPI's own words where MPI fails.
class Mpi {
 public:
  /// All processes: MPI_COMM_WORLD.
  Mpi() : group_(world()) {}
  /// The processes of a communicator of one's own, all of which call this. It remains the caller's, who frees it. A message has
  /// at most so many values or bytes, from 1 to INT_MAX, the same on all ranks; what is longer goes in pieces. Throws
  /// OptionError.
  explicit Mpi(MPI_Comm communicator, std::size_t longest = INT_MAX)
      : longest_(longest), group_((check_longest(), start(), std::make_shared<const Group>(communicator))) {}

  int rank() const { return group_->rank; }
  int size() const { return group_->size; }
  int local_size() const { return group_->local_size; }

  void sum(std::span<float> values) const { sum_of(values, MPI_FLOAT); }
  void sum(std::span<double> values) const { sum_of(values, MPI_DOUBLE); }

  void broadcast(std::span<std::byte> bytes, int root) const {
    for (std::size_t at = 0; at < bytes.size(); at += longest_) {
      call("MPI_Bcast", MPI_Bcast, bytes.data() + at, piece(bytes.size(), at), MPI_BYTE, root, group_->handle);
    }
  }

  void exchange(int with, std::span<const std::byte> send, std::span<std::byte> receive) const {
    for (std::size_t at = 0; at < std::max(send.size(), receive.size()); at += longest_) {
      const std::size_t from = std::min(at, send.size()), to = std::min(at, receive.size());
      const int wanted = piece(receive.size(), to);
      int found = 0;
      MPI_Status status;
      call("MPI_Sendrecv", MPI_Sendrecv, send.data() + from, piece(send.size(), from), MPI_BYTE, with, 0, receive.data() + to,
           wanted, MPI_BYTE, with, 0, group_->handle, &status);
      call("MPI_Get_count", MPI_Get_count, &status, MPI_BYTE, &found);
      if (found != wanted)
        throw Error(message("rank ", rank(), " expected ", wanted, " bytes of rank ", with, ", found ", found));
    }
  }

  void barrier() const { call("MPI_Barrier", MPI_Barrier, group_->handle); }

  /// Says why on standard error, and ends all processes. Returns where there are no others, or MPI has been finalised.
  void abandon(const std::string& why) const noexcept {
    std::fprintf(stderr, "rank %d: %s\n", rank(), why.c_str());
    std::fflush(stderr);
    if (size() > 1 && usable()) MPI_Abort(group_->handle, 1);
  }

 private:
  /// A duplicate of a communicator, whose errors return.
  struct Group {
    explicit Group(MPI_Comm communicator) {
      if (communicator == MPI_COMM_NULL) throw OptionError("Mpi: expected a communicator, found MPI_COMM_NULL");
      int between = 0;
      call("MPI_Comm_test_inter", MPI_Comm_test_inter, communicator, &between);
      if (between != 0) throw OptionError("Mpi: expected a communicator of one group of processes, found one between two");
      call("MPI_Comm_dup", MPI_Comm_dup, communicator, &handle);
      call("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler, handle, MPI_ERRORS_RETURN);
      call("MPI_Comm_rank", MPI_Comm_rank, handle, &rank);
      call("MPI_Comm_size", MPI_Comm_size, handle, &size);
      MPI_Comm here = MPI_COMM_NULL;  // those that share memory
      call("MPI_Comm_split_type", MPI_Comm_split_type, handle, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &here);
      call("MPI_Comm_size", MPI_Comm_size, here, &local_size);
      call("MPI_Comm_free", MPI_Comm_free, &here);
    }
    ~Group() {
      if (usable()) MPI_Comm_free(&handle);
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    MPI_Comm handle = MPI_COMM_NULL;
    int rank = 0, size = 1, local_size = 1;
  };

  /// Begins MPI where nobody has, and has it ended with the program.
  struct Session {
    Session() {
      if (is(MPI_Initialized)) return;
      int provided = 0;
      call("MPI_Init_thread", MPI_Init_thread, nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
#ifdef __GLIBC__
      on_exit([](int status, void*) { finish(status); }, nullptr);
#else
      std::atexit([] { finish(0); });
#endif
      if (provided < MPI_THREAD_FUNNELED)
        throw Error("Mpi: this MPI cannot be used in a program with threads (MPI_THREAD_FUNNELED)");
    }
  };

  /// A rank whose program ends with an error, of which the others may not know, waits for them for some seconds, then ends them
  /// too: else they and MPI_Finalize would wait for one another. From 128 on a status is that of a signal, at which all end in
  /// order.
  static void finish(int status) {
    if (!usable()) return;
    waiting = true;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    if (status == 0 || status >= 128) {
      MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
      int all_here = 0;
      for (int moment = 0; moment < 500 && all_here == 0; ++moment) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        MPI_Test(&request, &all_here, MPI_STATUS_IGNORE);
      }
      if (all_here == 0) MPI_Abort(MPI_COMM_WORLD, status);
    }
    MPI_Finalize();
  }

  void check_longest() const {
    if (longest_ < 1 || longest_ > INT_MAX)
      throw OptionError(message("Mpi: longest must be from 1 to ", INT_MAX, ", found ", longest_));
  }
  static void start() {
    static const Session session;
    if (is(MPI_Finalized)) throw Error("Mpi: MPI has been finalised");
  }
  static std::shared_ptr<const Group> world() {
    start();
    static const auto all = std::make_shared<const Group>(MPI_COMM_WORLD);
    return all;
  }

  /// Where another rank has given up, MPI may end the program from within a call, which no other call may then follow.
  static bool usable() { return !waiting && !is(MPI_Finalized); }
  static inline bool waiting = false;

  /// What MPI_Initialized or MPI_Finalized says.
  static bool is(int (*state)(int*)) {
    int flag = 0;
    state(&flag);
    return flag != 0;
  }
  template <class Function, class... Arguments>
  static void call(const char* name, Function function, Arguments... arguments) {
    waiting = true;
    const int error = function(arguments...);
    waiting = false;
    if (error == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(error, text, &length);
    throw Error(message(name, ": ", std::string_view(text, static_cast<std::size_t>(length))));
  }

  /// How long the piece of a message is that begins at `at`.
  int piece(std::size_t length, std::size_t at) const { return static_cast<int>(std::min(longest_, length - at)); }

  template <class T>
  void sum_of(std::span<T> values, MPI_Datatype type) const {
    for (std::size_t at = 0; at < values.size(); at += longest_) {
      call("MPI_Allreduce", MPI_Allreduce, MPI_IN_PLACE, values.data() + at, piece(values.size(), at), type, MPI_SUM,
           group_->handle);
    }
  }

  std::size_t longest_ = INT_MAX;
  std::shared_ptr<const Group> group_;
};

static_assert(Communicator<Mpi>);

}  // namespace eigencoder
