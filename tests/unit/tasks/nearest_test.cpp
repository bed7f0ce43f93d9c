// SPDX-License-Identifier: MIT
#include <limits>
#include <numeric>

#include "support/throws.hpp"
#include <eigencoder/tasks/nearest.hpp>

namespace ec = eigencoder;

namespace {

/// Every difference, sorted.
template <class Matrix>
void check_by_hand(const Matrix& codes, const Matrix& queries, ec::Index count) {
  using T = typename Matrix::Scalar;
  const auto found = ec::nearest(codes, queries, count);
  REQUIRE((found.indices.rows() == count && found.indices.cols() == queries.cols()));
  for (ec::Index j = 0; j < queries.cols(); ++j) {
    const Eigen::VectorXd squares =
        (codes.template cast<double>().colwise() - queries.col(j).template cast<double>()).colwise().squaredNorm();
    std::vector<ec::Index> order(static_cast<std::size_t>(codes.cols()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](ec::Index a, ec::Index b) { return squares[a] < squares[b]; });
    for (ec::Index i = 0; i < count; ++i) {
      REQUIRE(found.indices(i, j) == order[static_cast<std::size_t>(i)]);
      REQUIRE(found.distances(i, j) == Approx(static_cast<T>(std::sqrt(squares[found.indices(i, j)]))));
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("nearest: what every difference, sorted, gives", "", float, double) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  SECTION("few and many codes and queries") {
    check_by_hand<Matrix>(Matrix::Random(2, 2500), Matrix::Random(2, 70), 5);  // several pieces of both
    check_by_hand<Matrix>(Matrix::Random(17, 1025), Matrix::Random(17, 33), 1);
    check_by_hand<Matrix>(Matrix::Random(3, 9), Matrix::Random(3, 4), 9);
    check_by_hand<Matrix>(Matrix::Random(1, 40), Matrix::Random(1, 1), 3);
  }
  SECTION("codes far from the origin, where products cancel") {
    check_by_hand<Matrix>(Matrix::Random(3, 1500).array() + 1000, Matrix::Random(3, 20).array() + 1000, 4);
  }
  SECTION("codes whose squares overflow, or vanish") {
    const TestType large = std::sqrt(std::numeric_limits<TestType>::max()) * 2, small = 1 / large;
    const Matrix codes = Matrix::Random(2, 50), queries = Matrix::Random(2, 6);
    check_by_hand<Matrix>(codes * small, queries * small, 3);
    if (sizeof(TestType) == sizeof(float)) check_by_hand<Matrix>(codes * large, queries * large, 3);
  }
  SECTION("each code is its own neighbour") {
    const Matrix codes = Matrix::Random(8, 1100);
    const auto found = ec::nearest(codes, codes, 2);
    for (ec::Index j = 0; j < codes.cols(); ++j) REQUIRE(found.indices(0, j) == j);
    CHECK(found.distances.row(0).isZero(0));
    CHECK((found.distances.row(1).array() > 0).all());
  }
  SECTION("expressions, and no queries") {
    const Matrix codes = Matrix::Random(4, 30);
    CHECK(ec::nearest(2 * codes, codes.leftCols(3) * 2, 1).indices == ec::nearest(codes, codes.leftCols(3), 1).indices);
    CHECK(ec::nearest(codes, codes.leftCols(0), 1).indices.cols() == 0);
  }
}

TEMPLATE_TEST_CASE("nearest: of equal distances the lower index comes first, wherever it is", "", float, double) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  const Matrix one = Matrix::Random(7, 1), queries = Matrix::Random(7, 40);
  const Matrix codes = one.replicate(1, 3001);
  const auto found = ec::nearest(codes, queries, 4);
  for (ec::Index j = 0; j < 40; ++j) CHECK(found.indices.col(j) == Eigen::Matrix<ec::Index, 4, 1>(0, 1, 2, 3));

  Matrix lattice(2, 900);
  for (ec::Index i = 0; i < 900; ++i) lattice.col(i) << TestType(i % 30), TestType(i / 30);
  Matrix some(2, 100);  // inside and at every border
  for (ec::Index i = 0; i < 100; ++i) some.col(i) = lattice.col(9 * i % 900 + i / 10 % 9);
  check_by_hand<Matrix>(lattice, some, 6);
}

TEST_CASE("nearest: bad input is refused") {
  Eigen::MatrixXf codes = Eigen::MatrixXf::Random(3, 10), queries = Eigen::MatrixXf::Random(3, 4);
  expect_error<ec::ShapeError>([&] { ec::nearest(codes, queries.topRows(2), 1); }, {"nearest", "3 rows", "found 2"});
  expect_error<ec::OptionError>([&] { ec::nearest(codes, queries, 11); }, {"from 1 to 10", "found 11"});
  expect_error<ec::OptionError>([&] { ec::nearest(codes, queries, 0); }, {"found 0"});
  expect_error<ec::OptionError>([&] { ec::nearest(codes.leftCols(0), queries, 1); }, {"from 1 to 0"});
  queries(1, 2) = std::numeric_limits<float>::infinity();
  expect_error<ec::NonFiniteError>([&] { ec::nearest(codes, queries, 1); }, {"found inf in row 1 of query 2"});
  codes(2, 9) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { ec::nearest(codes, codes, 1); }, {"found nan in row 2 of code 9"});
}
