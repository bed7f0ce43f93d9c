// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/core/random.hpp>
#include <eigencoder/tasks/conformal.hpp>

namespace ec = eigencoder;
using ec::Index;

TEST_CASE("conformal: p-values, alarms and quantiles as numpy counts them, with ties and few scores") {
  const nlohmann::json file = golden::load("anomaly.json");
  REQUIRE(file["conformal"].size() == 4);
  for (const auto& expected : file["conformal"]) {
    const Index count = expected["count"];
    const double different = expected["different"];
    Eigen::VectorXd scores(count), asked(9);
    golden::fill(1, 1, 0, scores);
    golden::fill(2, 3, -1, asked);
    if (different > 0) {
      scores = (different * scores.array()).floor();
      asked *= different;
    }
    asked.conservativeResize(10);
    asked[9] = scores[0];
    const ec::ConformalCalibration calibration(scores);
    CHECK(calibration.size() == count);
    for (Index i = 0; i < 10; ++i) {
      CHECK(calibration.p_value(asked[i]) == expected["p_values"][static_cast<std::size_t>(i)].get<double>());
    }
    std::size_t k = 0;
    for (const double q : {0.0, 0.3, 0.5, 0.95, 1.0}) {
      CHECK(calibration.quantile(q) == Approx(expected["quantiles"][k++].get<double>()).epsilon(1e-14));
    }
    for (std::size_t r = 0; r < expected["rates"].size(); ++r) {
      const double threshold = calibration.threshold(expected["rates"][r]);
      for (Index i = 0; i < 10; ++i) {
        INFO("rate " << expected["rates"][r] << ", score " << asked[i] << ", threshold " << threshold);
        CHECK((asked[i] > threshold) == expected["alarms"][r][static_cast<std::size_t>(i)].get<bool>());
      }
    }
  }
}

TEST_CASE("conformal: a score is an alarm exactly where its p-value is at most the rate") {
  const ec::Random random(ec::Seed{3}, 0, 0);
  for (const Index n : {1, 2, 19, 20, 99, 100, 101}) {
    const ec::ConformalCalibration calibration(Eigen::VectorXd::LinSpaced(n, 1, static_cast<double>(n)));
    for (Index i = 0; i < 60; ++i) {
      // Rates that are a multiple of 1 / (n + 1), where rounding decides, and others.
      const double rate = i < 30 ? static_cast<double>(1 + i % n) / static_cast<double>(n + 1) : random.uniform(n, i);
      if (rate * static_cast<double>(n + 1) < 1 - 1e-9) {
        expect_error<ec::OptionError>([&] { calibration.threshold(rate); }, {"calibration samples or more, found"});
        continue;
      }
      const double threshold = calibration.threshold(rate);
      for (double score = 0; score <= static_cast<double>(n) + 1; score += 0.5) {
        if ((score > threshold) != (calibration.p_value(score) <= rate)) FAIL(n << ' ' << rate << ' ' << score);
      }
    }
  }
}

TEST_CASE("conformal: of fresh scores of the same distribution the promised part are alarms") {
  const ec::Random random(ec::Seed{5}, 0, 0);
  double alarms = 0;
  constexpr Index sets = 400, n = 39, fresh = 50;
  for (Index set = 0; set < sets; ++set) {
    const ec::ConformalCalibration calibration(
        Eigen::VectorXd::NullaryExpr(n, [&](Index i) { return random.uniform(set, i); }));
    for (Index i = 0; i < fresh; ++i) alarms += calibration.p_value(random.uniform(set, n + i)) <= 0.1;
  }
  // Of 40 scores in random order the last is among the 4 largest: 0.1, with a deviation of the mean below 0.003.
  CHECK(alarms / (sets * fresh) == Approx(0.1).margin(0.009));
}

TEST_CASE("conformal: how many scores a rate takes") {
  CHECK(ec::ConformalCalibration::samples_for(0.5) == 1);
  CHECK(ec::ConformalCalibration::samples_for(0.05) == 19);
  CHECK(ec::ConformalCalibration::samples_for(0.01) == 99);
  CHECK(ec::ConformalCalibration::samples_for(0.003) == 333);
  for (Index n = 1; n < 3000; ++n) {
    const double rate = 1 / static_cast<double>(n + 1);
    if (ec::ConformalCalibration::samples_for(rate) != n) FAIL(n);
    // Less than 1 / (n + 1), by however little, takes a score more.
    const double below = std::nextafter(rate, 0.0);
    if (ec::ConformalCalibration::samples_for(below) != n + 1) FAIL(n);
    if (n > 500 && n % 16 != 0) continue;  // sorting them takes its time
    if (ec::ConformalCalibration(Eigen::VectorXd::Ones(n)).threshold(rate) != 1) FAIL(n);
    if (ec::ConformalCalibration(Eigen::VectorXd::Ones(n + 1)).threshold(below) != 1) FAIL(n);
  }
}

TEST_CASE("conformal: what cannot be is refused") {
  const ec::ConformalCalibration none, some(Eigen::VectorXf::LinSpaced(20, 0, 1));
  expect_error<ec::Error>([&] { none.p_value(1); }, {"p_value", "no calibration scores yet"});
  expect_error<ec::Error>([&] { none.quantile(0.5); }, {"quantile", "no calibration scores yet"});
  expect_error<ec::Error>([&] { none.threshold(0.5); }, {"threshold", "no calibration scores yet"});
  expect_error<ec::OptionError>([&] { some.threshold(0.01); }, {"rate of 0.01 takes 99 calibration samples or more, found 20"});
  for (const double rate : {0.0, 1.0, -0.1, 2.0, std::nan("")}) {
    expect_error<ec::OptionError>([&] { some.threshold(rate); }, {"false-alarm rate between 0 and 1, found"});
  }
  expect_error<ec::OptionError>([&] { some.threshold(1e-18); }, {"more samples than can be counted"});
  for (const double q : {-0.1, 1.1, std::nan("")}) {
    expect_error<ec::OptionError>([&] { some.quantile(q); }, {"quantile from 0 to 1, found"});
  }
  expect_error<ec::NonFiniteError>([&] { some.p_value(std::nan("")); }, {"found nan"});
  expect_error<ec::ShapeError>([&] { ec::ConformalCalibration{Eigen::VectorXd{}}; }, {"at least one score"});
  expect_error<ec::NonFiniteError>([&] { ec::ConformalCalibration(Eigen::Vector3d(1, std::nan(""), 2)); },
                                   {"found nan", "place"});
}
