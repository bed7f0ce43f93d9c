// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/rating_baselines.hpp>
#include <eigencoder/tasks/recommendation.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

VectorXd vector(const nlohmann::json& numbers) {
  const auto values = numbers.get<std::vector<double>>();
  return Eigen::Map<const VectorXd>(values.data(), std::ssize(values));
}

/// Every user rates items by a rule, with clicks on those of its own half.
std::vector<ec::Rating> halves(Index users, Index items) {
  std::vector<ec::Rating> ratings;
  for (Index u = 0; u < users; ++u) {
    for (Index i = 0; i < items; ++i) {
      if ((3 * u + 5 * i) % 4 > 0) ratings.push_back({u, i, (u + i) % 2 == 0 ? 5.0F : 2.0F});
    }
  }
  return ratings;
}

}  // namespace

TEST_CASE("recommend, recall_at_k and ndcg_at_k: scikit-learn's numbers") {
  const auto all = golden::load("recommendation.json")["ranking"];
  const auto ks = all["k"].get<std::vector<Index>>();
  std::uint64_t stream = 40;
  for (const auto& expected : all["cases"]) {
    VectorXd scores(all["items"].get<Index>());
    golden::fill(stream++, 1, 0, scores);
    const auto relevant = expected["relevant"].get<std::vector<Index>>(), seen = expected["seen"].get<std::vector<Index>>();
    const std::vector<Index> ranked = ec::recommend(scores, seen, 10);
    CHECK(ranked == expected["ranked"].get<std::vector<Index>>());
    for (std::size_t k = 0; k < ks.size(); ++k) {
      CHECK(ec::recall_at_k(ranked, relevant, ks[k]) == Approx(expected["recall"][k].get<double>()).epsilon(1e-14));
      CHECK(ec::ndcg_at_k(ranked, relevant, ks[k]) == Approx(expected["ndcg"][k].get<double>()).epsilon(1e-14));
    }
  }
  CHECK(ec::recommend(Eigen::Vector4f(1, 2, 2, 0), {}, 9) == std::vector<Index>{1, 2, 0, 3});
  expect_error<ec::OptionError>([] { ec::recall_at_k(std::vector<Index>{1}, {}, 3); }, {"expected a relevant item or more"});
  expect_error<ec::OptionError>([] { ec::ndcg_at_k(std::vector<Index>{1}, std::vector<Index>{1}, 0); }, {"found 0"});
  expect_error<ec::OptionError>([] { ec::recommend(Eigen::Vector2f(1, 2), std::vector<Index>{2}, 1); },
                                {"items 0 to 1", "found 2"});
  expect_error<ec::NonFiniteError>([] { ec::recommend(Eigen::Vector2f(1, std::nanf("")), {}, 1); }, {"for item 1"});
}

TEST_CASE("RatingBiases, RatingFactors and Ease: numpy's solutions") {
  const auto all = golden::load("recommendation.json")["baselines"];
  const auto of_user = all["users"].get<std::vector<Index>>(), of_item = all["items"].get<std::vector<Index>>();
  const VectorXd values = vector(all["values"]), user_bias = vector(all["user_bias"]), item_bias = vector(all["item_bias"]);
  const Index users = user_bias.size(), items = item_bias.size();
  std::vector<ec::Rating> ratings, clicks;
  for (std::size_t k = 0; k < of_user.size(); ++k) {
    const auto value = static_cast<float>(values[static_cast<Index>(k)]);
    ratings.push_back({of_user[k], of_item[k], value});
    if (value >= 4) clicks.push_back({of_user[k], of_item[k], 1});
  }
  const auto biases = ec::RatingBiases::fit(
      ratings, users, items, {.user_penalty = all["user_penalty"], .item_penalty = all["item_penalty"], .sweeps = 1000});
  CHECK(biases.mean == Approx(all["mean"].get<double>()).epsilon(1e-14));
  CHECK(biases.user.isApprox(user_bias, 1e-9));
  CHECK(biases.item.isApprox(item_bias, 1e-9));

  const auto factors = ec::RatingFactors::fit(ratings, biases, all["rank"]);
  const VectorXd low_rank = vector(all["low_rank"]);
  CHECK((factors.user * factors.item.transpose()).isApprox(low_rank.reshaped(users, items), 1e-7));
  CHECK(factors.predict(3, 2) == Approx(biases.mean + user_bias[3] + item_bias[2] + low_rank[3 + users * 2]).epsilon(1e-7));

  const auto columns = ec::rating_columns(clicks, users, items, ec::ColumnOf::user);
  const auto ease = ec::Ease::fit(columns, all["ease_penalty"].get<double>());
  CHECK(ease.scores(columns).isApprox(vector(all["ease_scores"]).reshaped(items, users), 1e-12));

  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto means = ec::RatingBiases::fit(ratings, users, items, {.user_penalty = infinite, .item_penalty = 0});
  double sum = 0, count = 0;
  for (const auto& rating : ratings) {
    if (rating.item == 4) sum += static_cast<double>(rating.value), ++count;
  }
  CHECK(means.predict(0, 4) == Approx(sum / count).epsilon(1e-13));
  CHECK(ec::RatingBiases::fit(ratings, users, items + 1, {.user_penalty = infinite, .item_penalty = 0}).predict(0, items) ==
        Approx(biases.mean));

  expect_error<ec::OptionError>([&] { ec::RatingBiases::fit({}, 1, 1); }, {"expected a rating or more"});
  expect_error<ec::OptionError>([&] { ec::RatingBiases::fit(ratings, users, items, {.user_penalty = -1}); },
                                {"found -1 and 10"});
  expect_error<ec::OptionError>([&] { ec::RatingFactors::fit(ratings, biases, items + 1); }, {"from 1 to 11, found 12"});
  expect_error<ec::OptionError>([&] { ec::Ease::fit(columns, 0); }, {"found 0"});
  expect_error<ec::OptionError>(
      [&] {
        ec::RatingBiases::fit(std::vector<ec::Rating>{{0, 5, 1}}, 1, 5);
      },
      {"RatingBiases::fit", "items 0 to 4, found user 0 and item 5"});
  expect_error<ec::OptionError>(
      [&] {
        ec::RatingFactors::fit(std::vector<ec::Rating>{{-1, 0, 1}}, biases, 1);
      },
      {"RatingFactors::fit", "found user -1 and item 0"});
  ec::SparseColumns<double> together(2, 1);  // two items that always come together
  together.insert(0, 0) = 1;
  together.insert(1, 0) = 1;
  expect_error<ec::OptionError>([&] { ec::Ease::fit(together, 1e-20); }, {"found 1e-20; take a larger one"});
  expect_error<ec::ShapeError>([&] { ec::Ease::fit(together, 1).scores(columns); }, {"Ease::scores: expected 2 rows"});
}

TEST_CASE("split_clicks: tested users are not trained on, and keep a part of their clicks") {
  constexpr Index users = 40, items = 30;
  const std::vector<ec::Rating> ratings = halves(users, items);
  const ec::ClickOptions options{.test_users = 0.25, .hidden = 0.2, .seed = ec::Seed{3}};
  const ec::ClickSplit split = ec::split_clicks(ratings, users, items, options);
  CHECK(split.tested.size() == 10);
  CHECK(split.train.cols() == 30);
  CHECK(split.given.rows() == items);
  for (std::size_t k = 0; k < split.tested.size(); ++k) {
    const auto given = ec::entries_of(split.given, static_cast<Index>(k)),
               hidden = ec::entries_of(split.hidden, static_cast<Index>(k));
    std::vector<Index> together, clicked;
    std::ranges::merge(given, hidden, std::back_inserter(together));
    for (const auto& rating : ratings) {
      if (rating.user == split.tested[k] && rating.value >= 4) clicked.push_back(rating.item);
    }
    CHECK(together == clicked);
    CHECK(hidden.size() == static_cast<std::size_t>(std::lround(0.2 * static_cast<double>(clicked.size()))));
  }
  CHECK(ec::split_clicks(ratings, users, items, options).tested == split.tested);
  CHECK(ec::split_clicks(ratings, users, items, {.test_users = 0.25, .seed = ec::Seed{4}}).tested != split.tested);

  // Who knows what is hidden recommends it first; who knows the contrary recommends it last.
  const MatrixXd known = MatrixXd(split.hidden.cast<double>());
  const std::vector<Index> ks{1, 5};
  for (const auto& quality : ec::ranking_quality(known, split.given, split.hidden, ks)) {
    CHECK(quality.recall == Approx(1));
    CHECK(quality.ndcg == Approx(1));
  }
  CHECK(ec::ranking_quality(-known, split.given, split.hidden, ks)[1].recall == 0);
  expect_error<ec::ShapeError>([&] { ec::ranking_quality(known.leftCols(3), split.given, split.hidden, ks); },
                               {"30 items and 10 users", "30 × 3"});
  expect_error<ec::OptionError>([&] { ec::split_clicks(ratings, users, items, {.hidden = 1}); }, {"found 1"});
  expect_error<ec::OptionError>([&] { ec::split_clicks(ratings, users, items, {.least = 6}); }, {"at least 6, found 0"});
}
