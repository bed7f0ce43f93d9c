// SPDX-License-Identifier: MIT
#include "eigencoder/testing/thread_communicator.hpp"

#include <numeric>

#include "eigencoder/core/division.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;

namespace {

void require(bool holds, const char* what) {
  if (!holds) throw ec::Error(ec::message("a rank expected ", what));
}

}  // namespace

TEST_CASE("communicator: threads as ranks do with one another what the concept says") {
  static_assert(ec::Communicator<ec::ThreadCommunicator> && ec::Communicator<ec::AnyCommunicator>);
  for (const int size : {1, 2, 3, 5}) {
    CAPTURE(size);
    ec::run_ranks(size, [size](const ec::ThreadCommunicator& threads) {
      const ec::AnyCommunicator ranks(threads);
      const int rank = ranks.rank();
      require(ranks.size() == size && ranks.local_size() == size && ranks.alone() == (size == 1), "its size");
      for (int round = 0; round < 20; ++round) {
        std::vector<double> doubles{1.0, static_cast<double>(rank), static_cast<double>(round)};
        ranks.sum(std::span(doubles));
        require(doubles == std::vector<double>{double(size), size * (size - 1) / 2.0, double(round * size)}, "sums of doubles");
        std::vector<float> floats{static_cast<float>(rank + round)};
        ranks.sum(std::span(floats));
        require(floats[0] == static_cast<float>(size * (size - 1) / 2 + round * size), "a sum of floats");
        const int root = round % size;
        int number = rank == root ? 77 + round : 0;
        ranks.broadcast(std::as_writable_bytes(std::span(&number, 1)), root);
        require(number == 77 + round, "what the root has");
        if (const int with = rank ^ 1; with < size) {  // pairs, of which one receives more than it sends
          const std::vector<int> send(static_cast<std::size_t>(1 + rank), rank);
          std::vector<int> receive(static_cast<std::size_t>(1 + with));
          ranks.exchange(with, std::as_bytes(std::span(send)), std::as_writable_bytes(std::span(receive)));
          require(receive == std::vector<int>(static_cast<std::size_t>(1 + with), with), "the other's numbers");
        }
        ranks.barrier();
        require(ranks.all(true) && !ranks.all(rank != size - 1), "agreement");
      }
    });
  }
}

TEST_CASE("communicator: a rank that has ended is not waited for") {
  const auto ended = [](auto last) {
    return [last] {
      ec::run_ranks(3, [last](const ec::ThreadCommunicator& ranks) {
        if (ranks.rank() == 1) return last(ranks);
        ranks.barrier();
      });
    };
  };
  expect_error<ec::Error>(ended([](const auto& ranks) { ranks.abandon("no memory"); }), {"rank 1 has ended: no memory"});
  expect_error<ec::OptionError>(ended([](const auto&) { throw ec::OptionError("its own"); }), {"its own"});
  expect_error<ec::Error>(
      [] {
        ec::run_ranks(2, [](const ec::ThreadCommunicator& ranks) {
          std::vector<double> values(static_cast<std::size_t>(2 + ranks.rank()));
          ranks.sum(std::span(values));
        });
      },
      {"values where another has"});
}

TEST_CASE("division: parts are a rank's in a row, and their tree joins each once, halves first") {
  for (const int size : {1, 2, 3, 5, 8}) {
    std::size_t next = 0;
    for (int rank = 0; rank < size; ++rank) {
      const ec::Division mine{rank, size, 8, true};
      CHECK(mine.first() == next);
      for (std::size_t part = mine.first(); part < mine.end(); ++part) CHECK((mine.owner(part) == rank && mine.has(part)));
      next = mine.end();
    }
    CHECK(next == 8);
  }
  std::vector<std::size_t> width(8, 1);
  ec::Division{0, 1, 8, true}.for_each_join([&](std::size_t to, std::size_t from, std::size_t end) {
    CHECK((from == to + width[to] && end == from + width[from] && width[to] == width[from]));
    width[to] += width[from];
  });
  CHECK(width[0] == 8);
  for (const ec::Index count : {0, 5, 16, 61}) {
    ec::Index before = 0;
    for (int rank = 0; rank < 3; ++rank) {
      const auto [begin, here] = ec::range_of_part(count, rank, 3, 8);
      CHECK(begin == before);
      before += here;
    }
    CHECK(before == count);
  }
  expect_error<ec::OptionError>([] { static_cast<void>(ec::range_of_part(10, 3, 3)); },
                                {"part_of: expected a rank from 0 to 2, found 3"});
}
