// SPDX-License-Identifier: MIT
#include <limits>

#include "golden/totals.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/pca.hpp>

namespace ec = eigencoder;

namespace {

/// The samples of make_pca.py.
Eigen::MatrixXd samples(ec::Index rows, ec::Index count) {
  Eigen::MatrixXd u(rows, count);
  golden::fill(1, 2, -1, u);
  for (ec::Index i = 0; i < rows; ++i) u.row(i) /= 1 + static_cast<double>(i) / 2;
  Eigen::MatrixXd mixed = u;
  mixed.topRows(rows - 1) += 0.5 * u.bottomRows(rows - 1);
  return mixed.array() + 3;
}

double worst(const Eigen::VectorXd& found, const nlohmann::json& expected) {
  double error = 0;
  REQUIRE(static_cast<std::size_t>(found.size()) == expected.size());
  for (ec::Index i = 0; i < found.size(); ++i) {
    error = std::max(error, std::abs(found[i] - expected[static_cast<std::size_t>(i)].get<double>()));
  }
  return error;
}

void check_orthonormal(const ec::PCA& pca) {
  const Eigen::MatrixXd products = pca.components().transpose() * pca.components();
  CHECK((products - Eigen::MatrixXd::Identity(pca.size(), pca.size())).cwiseAbs().maxCoeff() < 1e-13);
}

}  // namespace

TEST_CASE("pca: components, codes, variances and error equal numpy's, of wide and of tall data") {
  const nlohmann::json file = golden::load("pca.json");
  for (const auto& [name, expected] : file.items()) {
    if (name == "made_by") continue;
    INFO(name);
    const Eigen::MatrixXd x = samples(expected["rows"], expected["samples"]);
    const ec::PCA pca = ec::PCA::fit(x, static_cast<ec::Index>(expected["variance"].size()));
    CHECK(worst(pca.explained_variance(), expected["variance"]) < 1e-12);
    CHECK(worst(pca.explained_variance_ratio(), expected["ratio"]) < 1e-12);
    golden::check_totals(expected["components"], pca.components(), 1e-10);
    golden::check_totals(expected["codes"], pca.encode(x), 1e-10);
    CHECK(std::abs((pca.reconstruct(x) - x).squaredNorm() / static_cast<double>(x.size()) - expected["error"].get<double>()) <
          1e-12);
    CHECK((pca.mean() - x.rowwise().mean()).cwiseAbs().maxCoeff() < 1e-14);
    check_orthonormal(pca);

    const Eigen::MatrixXf single = x.cast<float>();
    const ec::PCA same = ec::PCA::fit(single, pca.size());
    golden::check_totals(expected["components"], same.components(), 1e-5);
    static_assert(std::is_same_v<decltype(same.encode(single)), Eigen::MatrixXf>);
    CHECK((same.reconstruct(single) - pca.reconstruct(x).cast<float>()).cwiseAbs().maxCoeff() < 1e-5F);
  }
}

TEST_CASE("pca: what the definition says") {
  const Eigen::MatrixXd x = samples(9, 700);  // more than one piece of columns
  const ec::PCA pca = ec::PCA::fit(x, 9);
  const Eigen::MatrixXd codes = pca.encode(x);
  CHECK((pca.decode(codes) - x).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(codes.rowwise().mean().cwiseAbs().maxCoeff() < 1e-13);
  const Eigen::MatrixXd covariance = codes * codes.transpose() / 699;
  CHECK((covariance - Eigen::MatrixXd(pca.explained_variance().asDiagonal())).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(std::abs(pca.explained_variance_ratio().sum() - 1) < 1e-13);
  for (ec::Index i = 1; i < 9; ++i) CHECK(pca.explained_variance()[i] <= pca.explained_variance()[i - 1]);
  CHECK((pca.components().colwise().maxCoeff() + pca.components().colwise().minCoeff()).minCoeff() > 0);

  SECTION("expressions, blocks and single samples") {
    CHECK(ec::PCA::fit(2 * x - x, 9).components().isApprox(pca.components(), 1e-10));
    CHECK(ec::PCA::fit(x.middleRows(2, 5).leftCols(50), 2).mean().size() == 5);
    CHECK(pca.encode(x.col(3)).isApprox(codes.col(3), 1e-13));
    CHECK(pca.encode(x.leftCols(0)).cols() == 0);
  }
  SECTION("pixels of 8 bits are their 255ths") {
    const Eigen::Matrix<std::uint8_t, -1, -1> bytes = (40 * x).cast<std::uint8_t>();
    const Eigen::MatrixXf values = bytes.cast<float>() / 255.0F;
    CHECK(ec::PCA::fit(bytes, 2).reconstruct(bytes) == ec::PCA::fit(values, 2).reconstruct(values));
  }
}

TEST_CASE("pca: what the definition says, of more values than samples, and more samples than a piece has") {
  const Eigen::MatrixXd x = samples(301, 277);
  const ec::PCA pca = ec::PCA::fit(x, 276);
  const Eigen::MatrixXd codes = pca.encode(x), covariance = codes * codes.transpose() / 276;
  CHECK((pca.decode(codes) - x).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((covariance - Eigen::MatrixXd(pca.explained_variance().asDiagonal())).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(std::abs(pca.explained_variance_ratio().sum() - 1) < 1e-13);
  check_orthonormal(pca);
}

TEST_CASE("pca: directions without variance are orthonormal too, and their shares are zero") {
  for (const ec::Index rows : {4, 40}) {
    Eigen::MatrixXd x = Eigen::MatrixXd::Constant(rows, 9, 0.25);
    ec::PCA pca = ec::PCA::fit(x, 4);
    CHECK(pca.explained_variance().maxCoeff() < 1e-30);
    CHECK(pca.explained_variance_ratio().allFinite());
    CHECK((pca.reconstruct(x) - x).cwiseAbs().maxCoeff() < 1e-15);
    check_orthonormal(pca);

    x.row(1).setLinSpaced(9, -1, 1);
    pca = ec::PCA::fit(x, 4);
    CHECK(std::abs(pca.explained_variance_ratio()[0] - 1) < 1e-15);
    CHECK(pca.components()(1, 0) == Approx(1));
    check_orthonormal(pca);
  }
}

TEST_CASE("pca: bad input is refused") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(6, 20);
  const ec::PCA pca = ec::PCA::fit(x, 2);
  expect_error<ec::OptionError>([&] { ec::PCA::fit(x, 7); }, {"from 1 to 6 components", "20 samples of 6 values", "found 7"});
  expect_error<ec::OptionError>([&] { ec::PCA::fit(x, 0); }, {"found 0"});
  expect_error<ec::OptionError>([&] { ec::PCA::fit(x.leftCols(4), 4); }, {"from 1 to 3", "found 4"});
  expect_error<ec::ShapeError>([&] { ec::PCA::fit(x.leftCols(1), 1); }, {"two samples or more", "6 × 1"});
  expect_error<ec::ShapeError>([&] { ec::PCA::fit(Eigen::MatrixXf(0, 9), 1); }, {"0 × 9"});
  expect_error<ec::ShapeError>([&] { pca.encode(x.topRows(5)); }, {"PCA::encode", "6 rows", "found 5"});
  expect_error<ec::ShapeError>([&] { pca.decode(x); }, {"PCA::decode", "2 rows", "found 6"});
  x(4, 7) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { ec::PCA::fit(x, 2); }, {"found nan in row 4 of sample 7"});
  // One sample that is not a number leaves the others be.
  const Eigen::MatrixXf codes = pca.encode(x);
  CHECK(codes.leftCols(7).allFinite());
  CHECK(codes.rightCols(12).allFinite());
}
