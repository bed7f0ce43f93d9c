// SPDX-License-Identifier: MIT
// mpi_communicator [ours|own|abandon|leave|part]: ec::Mpi against what a communicator promises, under mpiexec. `own`: the
// program begins and ends MPI itself. `abandon`: the last rank goes no further, and the others wait for it. `leave`: it ends
// with an error, and they wait. `part`: it has nothing left to do, and they have.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include <eigencoder/mpi/mpi.hpp>

namespace ec = eigencoder;

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "%s: does not hold\n", what.c_str());
}
template <class E, class F>
void expect_error(F f, std::string_view text) {
  try {
    f();
    expect(false, ec::message("an error, ", text));
  } catch (const E& error) {
    expect(std::string_view(error.what()).find(text) != std::string_view::npos, ec::message(error.what(), " has: ", text));
  }
}

/// The byte that a rank sends at a place.
std::byte byte_of(int rank, std::size_t place) { return static_cast<std::byte>(31 * rank + 7 * static_cast<int>(place) + 1); }
std::vector<std::byte> bytes_of(int rank, std::size_t length) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = byte_of(rank, i);
  return bytes;
}

/// Sums of whole numbers, which have no rounding.
template <class T, class Ranks>
void check_sum(const Ranks& ranks) {
  for (const std::size_t length : {0U, 1U, 7U, 20U}) {
    std::vector<T> values(length), wanted(length);
    for (std::size_t i = 0; i < length; ++i) {
      values[i] = static_cast<T>(static_cast<int>(i) * (ranks.rank() + 1));
      wanted[i] = static_cast<T>(static_cast<int>(i) * ranks.size() * (ranks.size() + 1) / 2);
    }
    ranks.sum(std::span<T>(values));
    expect(values == wanted, ec::message("the sum of ", length, " values of ", sizeof(T), " bytes"));
  }
}

template <class Ranks>
void check_bytes(const Ranks& ranks) {
  for (int root = 0; root < ranks.size(); ++root) {
    for (const std::size_t length : {0U, 1U, 10U}) {
      std::vector<std::byte> bytes = bytes_of(ranks.rank(), length);
      ranks.broadcast(bytes, root);
      expect(bytes == bytes_of(root, length), ec::message(length, " bytes of rank ", root));
    }
  }
  const int with = ranks.rank() ^ 1;
  if (with >= ranks.size()) return;
  const auto exchange = [&](auto length) {
    std::vector<std::byte> received(length(with));
    ranks.exchange(with, bytes_of(ranks.rank(), length(ranks.rank())), received);
    expect(received == bytes_of(with, length(with)), ec::message(length(with), " bytes for ", length(ranks.rank())));
  };
  exchange([](int rank) { return static_cast<std::size_t>(5 * rank + 2); });
  exchange([](int rank) { return static_cast<std::size_t>(20 - 3 * rank); });
  exchange([](int rank) { return rank % 2 == 0 ? std::size_t{13} : std::size_t{0}; });
  exchange([](int rank) { return rank % 2 == 0 ? std::size_t{0} : std::size_t{1}; });
  exchange([](int) { return std::size_t{0}; });
}

/// What each rank has written before it comes to the barrier, all see behind it.
template <class Ranks>
void check_barrier(const Ranks& ranks) {
  int* mine = nullptr;
  MPI_Win window = MPI_WIN_NULL;
  MPI_Win_allocate_shared(sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &mine, &window);
  std::vector<int*> all;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    MPI_Aint bytes = 0;
    int unit = 0;
    int* place = nullptr;
    MPI_Win_shared_query(window, rank, &bytes, &unit, &place);
    all.push_back(place);
  }
  bool seen = true;
  for (int round = 1; round <= 20; ++round) {
    std::atomic_ref(*mine).store(round);
    ranks.barrier();
    for (int* place : all) seen = seen && std::atomic_ref(*place).load() >= round;
  }
  expect(seen, "a barrier waits for all");
  MPI_Win_free(&window);
}

/// A message of the program's own, which waits with the tag and the type that ours have.
template <class Ranks>
void check_apart(const Ranks& ranks) {
  const int with = ranks.rank() ^ 1;
  if (with >= ranks.size()) return;
  const std::vector<std::byte> own(16, std::byte{255});
  std::vector<std::byte> received(16);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Isend(own.data(), 16, MPI_BYTE, with, 0, MPI_COMM_WORLD, &request);
  ranks.exchange(with, bytes_of(ranks.rank(), 16), received);
  expect(received == bytes_of(with, 16), "a message of ours, not of the program's");
  MPI_Recv(received.data(), 16, MPI_BYTE, with, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  expect(received == own, "a message of the program's");
  MPI_Wait(&request, MPI_STATUS_IGNORE);
}

template <class Ranks>
void check_refusals(const Ranks& ranks) {
  expect_error<ec::OptionError>([] { ec::Mpi{MPI_COMM_NULL}; }, "expected a communicator, found MPI_COMM_NULL");
  expect_error<ec::OptionError>([] { ec::Mpi(MPI_COMM_WORLD, 0); }, "longest must be from 1 to 2147483647, found 0");
  std::vector<std::byte> byte(1);
  expect_error<ec::Error>([&] { ranks.broadcast(byte, ranks.size()); }, "MPI_Bcast: ");
  const int with = ranks.rank() ^ 1;
  if (with >= ranks.size()) return;
  std::vector<std::byte> received(16);
  expect_error<ec::Error>([&] { ranks.exchange(with, bytes_of(0, 10), received); },
                          ec::message("rank ", ranks.rank(), " expected 16 bytes of rank ", with, ", found 10"));
  expect_error<ec::Error>([&] { ranks.exchange(with, bytes_of(0, 20), received); }, "MPI_Sendrecv: ");
}

template <class Ranks>
void check_all(const Ranks& ranks) {
  check_sum<float>(ranks);
  check_sum<double>(ranks);
  check_bytes(ranks);
}

void run() {
  const ec::Mpi world;
  int rank = -1, size = -1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  expect(world.rank() == rank && world.size() == size, "rank and size are MPI's");
  expect(world.local_size() == size, "all run on one machine");
  check_all(world);
  check_all(ec::Mpi{});
  check_all(ec::Mpi(MPI_COMM_WORLD, 3));
  check_all(ec::AnyCommunicator(world));
  check_barrier(world);
  check_apart(world);
  check_refusals(world);
  const ec::AnyCommunicator any(world);
  expect(any.all(true) && !any.all(rank != size - 1), "all agree");

  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank / 2, rank, &half);
  const ec::Mpi pair(half, 2);
  MPI_Comm_free(&half);
  expect(pair.rank() == rank % 2 && pair.size() == std::min(2, size) && pair.local_size() == pair.size(),
         "a communicator of half the ranks");
  check_all(pair);
  // What a rank found is known to all, so that each ends with the same status.
  double found = failures;
  world.sum(std::span(&found, 1));
  if (rank == 0 && found == 0) std::printf("%d ranks: all holds\n", size);
  failures = static_cast<int>(found);
}

bool done = false;

/// Goes after what finalises MPI.
struct Last {
  ~Last() {
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (!done || finalised != 0) return;
    std::fputs("MPI was not finalised\n", stderr);
    std::_Exit(1);
  }
} const last;

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "ours";
  if (mode == "own") MPI_Init(nullptr, nullptr);
  if (mode == "abandon") {
    const ec::Mpi ranks;
    if (ranks.rank() == ranks.size() - 1) ranks.abandon("there is nothing left to read");
    ranks.barrier();
    return 7;  // nobody else has ended this one
  }
  if (mode == "leave" || mode == "part") {
    const ec::Mpi ranks;
    if (ranks.rank() == ranks.size() - 1) return mode == "leave" ? 5 : 0;
    if (mode == "leave") ranks.barrier();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return 0;
  }
  run();
  if (mode == "own") {
    const ec::Mpi copy;
    MPI_Finalize();
    expect_error<ec::Error>([] { ec::Mpi{}; }, "MPI has been finalised");
  }
  done = true;
  return failures == 0 ? 0 : 1;
}
