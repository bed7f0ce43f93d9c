// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/clustering_metrics.hpp>

namespace ec = eigencoder;
using Eigen::VectorXi;

TEST_CASE("clustering_metrics: scikit-learn's values") {
  const nlohmann::json file = golden::load("clustering.json");
  for (const auto& [name, expected] : file["agreements"].items()) {
    INFO(name);
    const ec::Index count = expected["samples"];
    const int classes = expected["classes"], clusters = expected["clusters"];
    VectorXi truth(count), found(count);
    for (ec::Index j = 0; j < count; ++j) {
      const auto u = [j](std::uint64_t stream) { return golden::uniform(stream, static_cast<std::uint64_t>(j)); };
      truth[j] = static_cast<int>(classes * u(1));
      found[j] = u(2) < expected["share"] ? (7 * truth[j] + 3) % clusters : static_cast<int>(clusters * u(3));
    }
    const Eigen::MatrixXd counts = ec::contingency_matrix(truth, found);
    CHECK(std::vector<double>(counts.data(), counts.data() + counts.size()) ==
          expected["contingency"].get<std::vector<double>>());
    const double purity = expected["purity"], rand = expected["adjusted_rand"],
                 information = expected["normalized_mutual_info"];
    CHECK(std::abs(ec::purity_score(truth, found) - purity) < 1e-14);
    CHECK(std::abs(ec::adjusted_rand_score(truth, found) - rand) < 1e-14);
    CHECK(std::abs(ec::normalized_mutual_info_score(truth, found) - information) < 1e-13);

    // The numbers of clusters and their types do not matter.
    const Eigen::Matrix<std::int64_t, 1, Eigen::Dynamic> renamed = (5 - 3 * found.array()).cast<std::int64_t>().transpose();
    CHECK(ec::purity_score(truth, renamed) == ec::purity_score(truth, found));
    CHECK(std::abs(ec::adjusted_rand_score(renamed, truth) - rand) < 1e-14);
    CHECK(std::abs(ec::normalized_mutual_info_score(renamed, truth) - information) < 1e-13);
  }
}

TEST_CASE("clustering_metrics: extremes") {
  const VectorXi alone = VectorXi::LinSpaced(9, 0, 8), together = VectorXi::Constant(9, 4);
  const VectorXi truth{{0, 0, 0, 1, 1, 1, 2, 2, 2}};
  CHECK(ec::purity_score(truth, truth) == 1);
  CHECK(ec::adjusted_rand_score(truth, truth) == 1);
  CHECK(ec::normalized_mutual_info_score(truth, truth) == 1);
  CHECK(ec::purity_score(truth, alone) == 1);
  CHECK(ec::adjusted_rand_score(truth, alone) == 0);
  CHECK(ec::purity_score(truth, together) == Approx(1.0 / 3));
  CHECK(ec::adjusted_rand_score(truth, together) == 0);
  CHECK(ec::normalized_mutual_info_score(truth, together) == 0);
  for (const VectorXi& labels : {alone, together}) {
    CHECK(ec::adjusted_rand_score(labels, labels) == 1);
    CHECK(ec::normalized_mutual_info_score(labels, labels) == 1);
  }
  // By hand: pairs 1–2 and 3–4 of the truth, 1–3 and 2–4 found: 0 of 2 agree, 2 · 2 / 6 are chance's.
  CHECK(ec::adjusted_rand_score(VectorXi{{0, 0, 1, 1}}, VectorXi{{0, 1, 0, 1}}) == Approx((0 - 4.0 / 6) / (2 - 4.0 / 6)));

  expect_error<ec::ShapeError>([&] { ec::purity_score(truth, truth.head(8)); }, {"expected 9 clusters", "found 8"});
  expect_error<ec::ShapeError>([&] { ec::purity_score(truth.head(0), truth.head(0)); }, {"at least one label"});
  expect_error<ec::ShapeError>([&] { ec::adjusted_rand_score(Eigen::MatrixXi::Zero(3, 3), truth); },
                               {"a vector of classes", "3 × 3"});
}
