// SPDX-License-Identifier: MIT
#include <fstream>

#include "matrix_columns.hpp"
#include "support/allocations.hpp"
#include "support/folder.hpp"
#include "training_golden.hpp"
#include <eigencoder/training/feed_from_disk.hpp>

// Where a fit's batches come from, and in which order.
using namespace training;
using ec::Index;

namespace {

constexpr auto quiet = ec::Progress::quiet;
using Set = ec::detail::SampleSet<double>;
using ec::detail::Strata;
using Order = std::vector<Index>;

auto make(Model& model) {
  start(model);
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.02}, {.threads = 1, .seed = ec::Seed{3}}};
}
auto on_disk(const Eigen::MatrixXd& matrix, Index block = 4) { return std::make_shared<MatrixColumns>(matrix, block); }

/// Column j has 100 + j in its first row.
Eigen::MatrixXd numbered(Index count) {
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(2, count);
  x.row(0) = Eigen::RowVectorXd::LinSpaced(count, 100, 99 + static_cast<double>(count));
  return x;
}
/// The numbers of an epoch's samples.
Order order_of(ec::detail::Feed<double>& feed, std::uint64_t epoch) {
  Order order;
  feed.begin_epoch(epoch);
  for (auto batch = feed.next(); batch.size > 0; batch = feed.next()) {
    CHECK(batch.size <= feed.most().here);
    for (Index j = 0; j < batch.size; ++j) {
      order.push_back(std::lround(batch.inputs.value(0, batch.order ? batch.order[j] : j)) - 100);
    }
  }
  return order;
}
/// Fisher's and Yates's shuffle, from the last place down, two draws of one address.
void shuffle_by_hand(Index* first, std::size_t count, std::uint64_t epoch, Index number) {
  const ec::Random random(ec::Seed{3}, epoch, 0xffffffff);
  for (std::size_t left = count; left > 1; left -= 2) {
    const auto draws = random.uniforms(number, static_cast<Index>(left));
    for (std::size_t k = 0; k < 2; ++k) {
      std::swap(first[left - k - 1], first[static_cast<std::size_t>(draws[k] * static_cast<double>(left - k))]);
    }
  }
}
/// The blocks of so many samples in random order, each 32 of them shuffled as one.
Order blocks_by_hand(Index count, Index block, std::uint64_t epoch) {
  Order blocks, order;
  for (Index b = 0; b * block < count; ++b) blocks.push_back(b);
  shuffle_by_hand(blocks.data(), blocks.size(), epoch, 0);
  for (std::size_t pool = 0; 32 * pool < blocks.size(); ++pool) {
    const std::size_t begin = order.size();
    for (std::size_t b = 32 * pool; b < std::min(32 * (pool + 1), blocks.size()); ++b) {
      for (Index j = blocks[b] * block; j < std::min((blocks[b] + 1) * block, count); ++j) order.push_back(j);
    }
    shuffle_by_hand(order.data() + begin, order.size() - begin, epoch, 4096 * (static_cast<Index>(pool) + 1));
  }
  return order;
}

}  // namespace

TEST_CASE("feed: what is on disk is shuffled in blocks, every sample once, another order each epoch") {
  for (const auto& [count, block] : {std::pair<Index, Index>{403, 4}, {64, 2}, {130, 200}, {33, 1}}) {
    const auto file = on_disk(numbered(count), block);
    const Set set{.inputs = file, .targets = file, .strata = Strata(count)};
    ec::detail::SetFeed<double> feed(set, 10, true, ec::Seed{3});
    const Order first = order_of(*feed, 0), second = order_of(*feed, 1);
    CHECK(first != second);
    CHECK(order_of(*feed, 0) == first);
    CHECK(feed->steps() == (count + 9) / 10);
    Order sorted = first;
    std::sort(sorted.begin(), sorted.end());
    for (Index j = 0; j < count; ++j) REQUIRE(sorted[static_cast<std::size_t>(j)] == j);
    if (block > 1) CHECK(second == blocks_by_hand(count, block, 1));
    // What is read in an epoch has been announced, pool by pool.
    Order announced = file->announced();
    if (block > 1) {
      CHECK(std::ssize(announced) == 3 * count);
      announced.resize(static_cast<std::size_t>(count));
      std::sort(announced.begin(), announced.end());
      CHECK(announced == sorted);
    }
  }
}

TEST_CASE("feed: inputs and targets on disk are shuffled in the shorter of their blocks, memory has no say") {
  const Index count = 403;
  const Eigen::MatrixXd x = numbered(count);
  const ec::Samples<double> images = on_disk(x, 4), labels = on_disk(x, 200), memory = x;
  for (const auto& [inputs, targets] : {std::pair{images, labels}, {labels, images}, {memory, images}, {images, memory}}) {
    const Set set{.inputs = inputs, .targets = targets, .strata = Strata(count)};
    ec::detail::SetFeed<double> feed(set, 10, true, ec::Seed{3});
    CHECK(order_of(*feed, 1) == blocks_by_hand(count, 4, 1));
  }
}

TEST_CASE("feed: strata of fewer samples than there are batches give every sample once, in batches of nearly one size") {
  for (const auto& [count, batch] : {std::pair<Index, Index>{61, 6}, {61, 1}, {16, 2}, {5, 1}, {403, 32}}) {
    const Eigen::MatrixXd x = numbered(count);
    const auto file = on_disk(x, 3);
    for (const ec::Samples<double>& samples : {ec::Samples<double>(x), ec::Samples<double>(file)}) {
      for (const bool shuffled : {false, true}) {
        const ec::Division eight{.rank = 0, .ranks = 1, .parts = 8, .fixed = true};
        const Set set{.inputs = samples, .targets = samples, .strata = Strata(ec::AnyCommunicator(), eight, count)};
        ec::detail::SetFeed<double> feed(set, batch, shuffled, ec::Seed{3});
        Order order = order_of(*feed, 1);
        std::sort(order.begin(), order.end());
        REQUIRE(std::ssize(order) == count);
        for (Index j = 0; j < count; ++j) CHECK(order[static_cast<std::size_t>(j)] == j);
        feed->begin_epoch(0);
        Index batches = 0;
        for (auto next = feed->next(); next.samples() > 0; next = feed->next(), ++batches) {
          CHECK(next.borders[8] == next.size);
          CHECK(next.size <= batch + 7);
        }
        CHECK(batches > feed->steps() / 2);
      }
    }
  }
}

TEST_CASE("feed: a part of a set, chosen at random, is shuffled in blocks too") {
  const auto file = on_disk(numbered(500), 3);
  Set set{.inputs = file, .targets = file, .subset = true};
  for (Index j = 0; j < 500; j += j % 7 == 0 ? 2 : 1) set.chosen.push_back(j);
  set.strata = Strata(set.size());
  ec::detail::SetFeed<double> feed(set, 16, true, ec::Seed{3}), in_order(set, 16);
  Order order = order_of(*feed, 5);
  CHECK(order != set.chosen);
  std::sort(order.begin(), order.end());
  CHECK(order == set.chosen);
  CHECK(order_of(*in_order, 0) == set.chosen);
  CHECK_FALSE(in_order->shuffled());
}

TEST_CASE("feed: the batches from disk have weights, lengths and targets in the samples' order") {
  const Index count = 90;
  const auto file = on_disk(numbered(count), 5);
  const Eigen::MatrixXd targets = 2 * numbered(count), elements = 3 * numbered(count);
  const Eigen::VectorXd weights = 4 * numbered(count).row(0).transpose();
  Order lengths(static_cast<std::size_t>(count));
  std::iota(lengths.begin(), lengths.end(), 100);
  const Set set{.inputs = file,
                .targets = targets,
                .weights = weights.data(),
                .element_weights = {elements.data(), 2},
                .lengths = lengths.data(),
                .strata = Strata(count)};
  const Set swapped{.inputs = targets, .targets = file, .element_weights = {elements.data(), 0}, .strata = Strata(count)};
  for (const bool shuffled : {false, true}) {
    ec::detail::SetFeed<double> feed(set, 8, shuffled), other(swapped, 8, shuffled);
    feed->begin_epoch(2);
    other->begin_epoch(2);
    Index seen = 0;
    for (auto batch = feed->next(); batch.size > 0; batch = feed->next()) {
      const auto second = other->next();
      REQUIRE(second.size == batch.size);
      CHECK((batch.order == nullptr && batch.inputs.in_place() && batch.targets.in_place()));
      CHECK((batch.inputs.cols() == batch.size && second.targets.in_place()));
      const auto [origin, first] = feed->origin();
      CHECK(first == seen);
      for (Index j = 0; j < batch.size; ++j) {
        const double value = batch.inputs.value(0, j);
        CHECK(batch.targets.value(0, j) == 2 * value);
        CHECK(batch.weights[j] == 4 * value);
        CHECK(batch.element_weights.column(j)[0] == 3 * value);
        CHECK(batch.lengths[j] == std::lround(value));
        CHECK(second.inputs.value(0, j) == 2 * second.targets.value(0, j));
        CHECK(second.element_weights.column(j) == elements.data());
        CHECK(origin.inputs.value(0, origin.order ? origin.order[j] : j) == value);
      }
      seen += batch.size;
    }
    CHECK(seen == count);
  }
}

TEST_CASE("fit from disk: without a shuffle the bits of a fit from memory; with one those of that order by hand") {
  const Eigen::MatrixXd x = filled(1, 6, 300), other = filled(2, 6, 70);
  const Eigen::VectorXd weights = filled(4, 300, 1, 1, 0.5);
  const auto train = [&](const ec::Samples<double>& inputs, const ec::Samples<double>& validation, bool fraction) {
    Model model;
    auto trainer = make(model);
    ec::FitOptions<double> options{
        .epochs = 2, .batch_size = 32, .shuffle = false, .sample_weights = weights, .progress = quiet};
    if (fraction) {
      options.validation_fraction = 0.3;
    } else {
      options.validation = validation;
    }
    options.metrics = {{"mean", [](const auto& y, const auto& t) { return (y - t).mean(); }}};
    const ec::History history = trainer.fit(inputs, options);
    Eigen::VectorXd found(model.parameters().size() + 3);
    found << model.parameters(), history.last().train.loss, history.last().validation.loss, history.last().metrics[0];
    return found;
  };
  for (const bool fraction : {false, true}) {
    const Eigen::VectorXd expected = train(x, other, fraction);
    CHECK(train(on_disk(x), on_disk(other), fraction) == expected);
    CHECK(train(on_disk(x), other, fraction) == expected);
    CHECK(train(x, on_disk(other), fraction) == expected);
  }

  Model model, by_hand_model;
  auto trainer = make(model), by_hand = make(by_hand_model);
  const Eigen::MatrixXd y = -x;
  trainer.fit(x, on_disk(y), {.epochs = 2, .batch_size = 32, .sample_weights = weights, .progress = quiet});
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    const Order order = blocks_by_hand(300, 4, epoch);
    Eigen::MatrixXd inputs(6, 300);
    for (std::size_t j = 0; j < 300; ++j) inputs.col(static_cast<Index>(j)) = x.col(order[j]);
    const Eigen::MatrixXd targets = -inputs;
    const Eigen::VectorXd picked = weights(order);
    for (Index first = 0; first < 300; first += 32) {
      const Index count = std::min<Index>(32, 300 - first);
      by_hand.train_on_batch(inputs.middleCols(first, count), targets.middleCols(first, count), picked.segment(first, count));
    }
  }
  CHECK(model.parameters() == by_hand_model.parameters());
  CHECK(trainer.evaluate(on_disk(x), 50).loss == by_hand.evaluate(x, 50).loss);
  CHECK(trainer.train_on_batch(on_disk(x)) == by_hand.train_on_batch(x));
}

TEST_CASE("fit from disk: metrics read the inputs that they validate on in a row, 64 together") {
  Model model;
  auto trainer = make(model);
  const auto file = on_disk(filled(2, 6, 200));
  const ec::Metric<double> mean{"mean", [](const auto& y, const auto&) { return y.mean(); }};
  const Eigen::MatrixXd x = filled(1, 6, 200);
  trainer.fit(x, {.batch_size = 200,
                  .validation = file,
                  .validation_targets = x,
                  .metrics = {mean},
                  .progress = quiet,
                  .check_data = false});
  CHECK(file->reads() == 2 * 200);  // for the loss, and for the metric
  CHECK(file->runs() == 1 + 4);
}

TEST_CASE("fit from disk: a file that becomes shorter ends the fit with the model as after the last step") {
  const Folder folder;
  const auto path = folder.path / "samples.f64";
  const Eigen::MatrixXd x = filled(1, 6, 20000);  // 15 batches are more than a reader may keep
  {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(x.data()), x.size() * 8);
  }
  const auto samples = ec::samples_on_disk<double>(path, ec::RawColumns{.rows = 6, .type = ec::NpyType::float64});
  Model model;
  auto trainer = make(model);
  Eigen::VectorXd before;
  std::uint64_t steps = 0;
  const ec::Callback cut{.after_batch = [&](const ec::BatchReport& report) {
    if (report.epoch == 2) std::filesystem::resize_file(path, 48 * 10000);
    before = model.parameters();
    steps = trainer.updates();
  }};
  for (const bool shuffle : {false, true}) {
    std::filesystem::resize_file(path, 48 * 20000);
    expect_error<ec::FileError>(
        [&] {
          trainer.fit(samples, {.epochs = 3,
                                .batch_size = 1000,
                                .shuffle = shuffle,
                                .callbacks = {cut},
                                .progress = quiet,
                                .check_data = false});
        },
        {"samples.f64"});
    CHECK(model.parameters() == before);
    CHECK(trainer.updates() == steps);
    CHECK(trainer.updates() > 20);
  }
}

TEST_CASE("fit from disk: data are checked, and a step that is not taken names the sample's number in the file") {
  Eigen::MatrixXd x = filled(1, 6, 200);
  x(3, 123) = std::nan("");
  Model model;
  auto trainer = make(model);
  expect_error<ec::NonFiniteError>([&] { trainer.fit(on_disk(x), {.progress = quiet}); }, {"row 3 of sample 123"});
  for (const bool shuffle : {false, true}) {
    expect_error<ec::NonFiniteError>(
        [&] { trainer.fit(on_disk(x), {.shuffle = shuffle, .progress = quiet, .check_data = false}); },
        {"in the inputs, sample 123"});
  }
}

TEST_CASE("fit from disk: no step allocates after the first ones, and a fit that is stopped ends its thread") {
  const auto file = on_disk(filled(1, 6, 4000));
  Model model;
  auto trainer = make(model);
  std::vector<long> counts;
  counts.reserve(1000);
  Index batches = 0;
  const ec::Callback look{.after_batch = [&](const ec::BatchReport& report) {
    counts.push_back(allocations::count());
    if (report.epoch == 3 && ++batches == 20) trainer.stop("enough");
  }};
  const ec::History history = trainer.fit(file, {.epochs = 5, .batch_size = 20, .callbacks = {look}, .progress = quiet});
  CHECK(history.epochs.size() == 2);
  CHECK(history.stopped == "enough");
  REQUIRE(counts.size() == 420);
  if (allocations::counted) {
    for (std::size_t i = 3; i < counts.size(); ++i) {
      if (i % 200 > 2) CHECK(counts[i] == counts[i - 1]);  // the end of an epoch may
    }
  }
}
