// SPDX-License-Identifier: MIT
#include <cstdint>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/k_neighbours.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXi;

TEST_CASE("k_neighbours: votes equal scikit-learn's where one label has most") {
  const nlohmann::json file = golden::load("clustering.json");
  for (const auto& [name, expected] : file["neighbours"].items()) {
    INFO(name);
    MatrixXd codes(expected["dimensions"].get<ec::Index>(), expected["codes"].get<ec::Index>()),
        queries(codes.rows(), expected["queries"].get<ec::Index>());
    golden::fill(1, 2, -1, codes);
    golden::fill(2, 2, -1, queries);
    VectorXi labels(codes.cols());
    for (ec::Index j = 0; j < labels.size(); ++j)
      labels[j] = static_cast<int>(expected["classes"].get<int>() * golden::uniform(3, static_cast<std::uint64_t>(j)));
    const VectorXi votes = ec::k_neighbours(codes, labels, queries, expected["neighbours"]);
    const auto wanted = expected["votes"].get<std::vector<int>>();
    REQUIRE(votes.size() == std::ssize(wanted));
    ec::Index compared = 0;
    for (ec::Index j = 0; j < votes.size(); ++j) {
      if (wanted[static_cast<std::size_t>(j)] < 0) continue;
      CHECK(votes[j] == wanted[static_cast<std::size_t>(j)]);
      ++compared;
    }
    CHECK(compared >= votes.size() / 2);
  }
}

TEST_CASE("k_neighbours: of labels with as many votes, the one that has the nearest code") {
  const MatrixXf codes{{0, 1, 2, 3, 4, 5}}, queries{{-1, 6, 2.4F}};
  const VectorXi labels{{7, -2, -2, 7, 9, 9}};
  CHECK(ec::k_neighbours(codes, labels, queries, 1) == VectorXi{{7, 9, -2}});
  CHECK(ec::k_neighbours(codes, labels, queries, 2) == VectorXi{{7, 9, -2}});  // 7 −2, 9 9, −2 7
  CHECK(ec::k_neighbours(codes, labels, queries, 3) == VectorXi{{-2, 9, -2}});
  CHECK(ec::k_neighbours(codes, labels, queries, 4) == VectorXi{{7, 9, -2}});
  CHECK(ec::k_neighbours(codes, labels.cast<std::int8_t>(), queries, 6) == VectorXi{{7, 9, -2}});
}

TEST_CASE("k_neighbours: bad input is refused") {
  const MatrixXf codes = MatrixXf::Random(3, 6), queries = MatrixXf::Random(3, 2);
  const VectorXi labels = VectorXi::Zero(6);
  expect_error<ec::ShapeError>([&] { ec::k_neighbours(codes, labels.head(5), queries, 1); },
                               {"k_neighbours", "expected 6 labels", "found 5"});
  expect_error<ec::ShapeError>([&] { ec::k_neighbours(codes, Eigen::MatrixXi::Zero(2, 3), queries, 1); },
                               {"a vector of labels"});
  expect_error<ec::OptionError>([&] { ec::k_neighbours(codes, labels, queries, 7); }, {"from 1 to 6", "found 7"});
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> long_labels = labels.cast<std::int64_t>();
  long_labels[4] = std::int64_t{1} << 40;
  expect_error<ec::OptionError>([&] { ec::k_neighbours(codes, long_labels, queries, 1); }, {"an int", "of code 4"});
}
