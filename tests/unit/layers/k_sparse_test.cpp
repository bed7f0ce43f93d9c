// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/k_sparse.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

/// Every sample keeps its K largest values and no other, in place too.
template <class T, Index K, ec::Shape In>
void check_kept(Index batch) {
  StageRunner<ec::KSparse<K>, In, T> run;
  const Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, 2, -3), dy = layers::uniform<T>(In.size(), batch, 2, 2, 1);
  const Matrix<T> y = run.forward(x), dx = run.backward(x, y, dy);
  for (Index j = 0; j < batch; ++j) {
    std::vector<T> sorted(x.col(j).begin(), x.col(j).end());
    std::sort(sorted.begin(), sorted.end(), std::greater<T>());
    for (Index i = 0; i < In.size(); ++i) {
      const bool kept = x(i, j) >= sorted[K - 1];
      REQUIRE(y(i, j) == (kept ? x(i, j) : T(0)));
      REQUIRE(dx(i, j) == (kept ? dy(i, j) : T(0)));
    }
  }
  CHECK(run.forward_in_place(x) == y);
  CHECK(run.backward_in_place(x, y, dy) == dx);
}

}  // namespace

TEMPLATE_TEST_CASE("KSparse: keeps the K largest values of every sample", "", float, double) {
  using T = TestType;
  check_kept<T, 1, ec::features(1)>(7);
  check_kept<T, 1, ec::features(13)>(1);
  check_kept<T, 5, ec::features(33)>(7);
  check_kept<T, 16, ec::features(16)>(7);
  check_kept<T, 7, ec::image(3, 5, 2)>(7);
  check_kept<T, 40, ec::features(1000)>(2);
}

TEST_CASE("KSparse: of equal values the first, signs as they come") {
  StageRunner<ec::KSparse<3>, ec::features(6), double> run;
  const Matrix<double> x{{1, 0, -1}, {2, 0, -5}, {1, 0, -2}, {2, 7, -1}, {1, 0, -9}, {1, 0, -1}};
  CHECK(run.forward(x) == Matrix<double>{{1, 0, -1}, {2, 0, 0}, {0, 0, 0}, {2, 7, -1}, {0, 0, 0}, {0, 0, -1}});
}

TEST_CASE("KSparse: a NaN is kept, and stays in its sample") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  StageRunner<ec::KSparse<2>, ec::features(4), double> run;
  const Matrix<double> x{{1, 1, infinite}, {-nan, 2, nan}, {3, 3, -nan}, {2, 4, -infinite}}, y = run.forward(x);
  CHECK(std::isnan(y(1, 0)));
  CHECK((y(0, 0) == 0 && y(2, 0) == 3 && y(3, 0) == 0));
  CHECK(y.col(1) == Matrix<double>{{0}, {0}, {3}, {4}});
  CHECK((y(0, 2) == infinite && std::isnan(y(1, 2)) && y(2, 2) == 0 && y(3, 2) == 0));
}

TEST_CASE("KSparse: finite differences") {
  // With this seed no two values are within a difference of each other.
  layers::check_gradient(ec::KSparse<1>{});
  layers::check_gradient(ec::KSparse<5>{}, {.seed = ec::Seed{2}});
}
