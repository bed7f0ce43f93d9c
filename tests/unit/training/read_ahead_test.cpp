// SPDX-License-Identifier: MIT
#include <chrono>
#include <optional>
#include <thread>

#include "matrix_columns.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/training/feed_from_disk.hpp>

// A feed that a thread runs. Without a network, so that a sanitizer of threads can look at it in seconds.
namespace ec = eigencoder;
using ec::Index;

namespace {

using Batch = ec::Batch<double>;

/// Ten batches of one sample, whose value is 10 · epoch + batch, in two pieces of memory in turn.
class Counting final : public ec::detail::Feed<double> {
 public:
  ec::BatchSize most() const override { return 1; }
  Index size() const override { return 10; }
  Index steps() const override { return 10; }
  bool shuffled() const override { return true; }
  void begin_epoch(std::uint64_t number) override {
    thread = std::this_thread::get_id();
    epoch_ = number;
    batch_ = 0;
  }
  Batch next() override {
    two_threads = two_threads || thread != std::this_thread::get_id();
    if (batch_ == fails_at) throw ec::FileError("the disk is gone");
    if (batch_ == 10) return last_.batch = {};
    if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    double& value = memory_[batch_ % 2];
    value = static_cast<double>(10 * epoch_ + batch_);
    last_ = {.batch = {}, .first = static_cast<Index>(batch_++)};
    last_.batch.inputs = last_.batch.targets = ec::MatrixView<const double>(&value, 1, 1);
    last_.batch.size = 1;
    return last_.batch;
  }
  Origin origin() const override { return last_; }

  std::thread::id thread{};
  std::size_t fails_at = 99;
  bool slow = false, two_threads = false;

 private:
  std::uint64_t epoch_ = 0;
  std::size_t batch_ = 0;
  double memory_[2]{};
  Origin last_{};
};

}  // namespace

TEST_CASE("read ahead: the batches of the feed, in their order, made by another thread") {
  for (const bool slow : {false, true}) {
    Counting feed;
    feed.slow = slow;
    std::optional<ec::detail::ReadAhead<double>> thread(std::in_place, feed);
    ec::detail::ReadAhead<double>& ahead = *thread;
    CHECK((ahead.size() == 10 && ahead.steps() == 10 && ahead.most().here == 1 && ahead.shuffled()));
    for (const std::uint64_t epoch : {3U, 7U}) {
      ahead.begin_epoch(epoch);
      for (Index k = 0; k < 10; ++k) {
        const Batch batch = ahead.next();
        REQUIRE(batch.size == 1);
        if (!slow) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the next one is made, into other memory
        CHECK(batch.inputs.value(0, 0) == 10 * static_cast<double>(epoch) + static_cast<double>(k));
        CHECK(ahead.origin().first == k);
      }
      CHECK(ahead.next().size == 0);
    }
    thread.reset();
    CHECK(feed.thread != std::this_thread::get_id());
    CHECK_FALSE(feed.two_threads);
  }
}

TEST_CASE("read ahead: an epoch may be left, an error comes out of the next batch, and the thread always ends") {
  Counting feed;
  { ec::detail::ReadAhead<double> never_begun(feed); }
  {
    ec::detail::ReadAhead<double> left(feed);
    left.begin_epoch(1);
    for (int k = 0; k < 3; ++k) left.next();
    left.begin_epoch(2);
    CHECK(left.next().inputs.value(0, 0) == 20);
    CHECK(left.next().inputs.value(0, 0) == 21);
  }
  feed.fails_at = 4;
  {
    ec::detail::ReadAhead<double> failing(feed);
    failing.begin_epoch(1);
    for (int k = 0; k < 4; ++k) CHECK(failing.next().inputs.value(0, 0) == 10 + k);
    expect_error<ec::FileError>([&] { failing.next(); }, {"the disk is gone"});
    CHECK(failing.origin().first == 3);  // still the last one that there was
    failing.begin_epoch(2);              // a dropped batch takes its error with it
    CHECK(failing.next().inputs.value(0, 0) == 20);
  }
  feed.slow = true;
  ec::detail::ReadAhead<double> working(feed);
  working.begin_epoch(0);
}

TEST_CASE("read ahead: samples on disk and their announcements, from several feeds at once") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(5, 700);
  const auto file = std::make_shared<MatrixColumns>(x, 3);
  const ec::detail::SampleSet<double> set{.inputs = file, .targets = file, .strata = ec::detail::Strata(700)};
  ec::detail::SetFeed<double> first(set, 9, true, ec::Seed{1}), second(set, 9);
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    first->begin_epoch(epoch);
    second->begin_epoch(epoch);
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(5);
    Index seen = 0;
    for (auto batch = second->next(); batch.size > 0; batch = second->next()) {
      const auto shuffled = first->next();
      REQUIRE(shuffled.size == batch.size);
      CHECK(batch.inputs.matrix() == x.middleCols(seen, batch.size));
      sum += shuffled.inputs.matrix().rowwise().sum();
      seen += batch.size;
    }
    CHECK((sum - x.rowwise().sum()).norm() < 1e-12);
  }
  file->fails_after = file->reads() + 100;
  first->begin_epoch(3);
  expect_error<ec::FileError>(
      [&] {
        while (first->next().size > 0) {
        }
      },
      {"expected 48 bytes"});
}
