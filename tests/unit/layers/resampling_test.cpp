// SPDX-License-Identifier: MIT
#include <limits>

#include "check_layer.hpp"
#include <eigencoder/layers/resampling.hpp>

namespace ec = eigencoder;
using ec::Extent, ec::Index, ec::Interpolation;
using layers::Matrix;

namespace {

template <class T>
void check_values(const std::string& between, AnyRunner<T>& run, Extent factor, ec::Shape in, Index batch) {
  static const nlohmann::json golden = golden::load("pooling.json");
  const std::string name =
      ec::message(factor.height, 'x', factor.width, ' ', in.height, 'x', in.width, 'x', in.channels, ' ', batch);
  CAPTURE(between, name);
  const nlohmann::json& entry = golden[between].at(name);
  const Matrix<T> x = layers::uniform<T>(in.size(), batch, 1, 2, -1), y = run.forward(x);
  layers::check_totals<T>(entry["y"], y);
  layers::check_totals<T>(entry["dx"], run.backward(x, y, layers::uniform<T>(y.rows(), batch, 2, 2, -1)));
}

template <class T, Interpolation Between, Extent Factor, ec::Shape In, Index Batch>
void check_values() {
  StageRunner<ec::UpSample2D<Factor, Between>, In, T> run;
  RunnerOf any(run);
  check_values<T>(Between == Interpolation::nearest ? "nearest" : "bilinear", any, Factor, In, Batch);
}

/// In float where its registers, twice as many values, make a difference: for one channel, and for 16 and more.
template <class T, Interpolation Between>
void check_all_values() {
  check_values<T, Between, 2, ec::image(14, 14, 32), 1>();
  check_values<T, Between, 2, ec::image(28, 28, 1), 1>();
  check_values<T, Between, Extent{2, 3}, ec::image(5, 7, 17), 1>();
  check_values<T, Between, Extent{1, 5}, ec::image(1, 6, 33), 1>();
  check_values<T, Between, Extent{4, 1}, ec::image(2, 9, 1), 7>();
  if constexpr (std::is_same_v<T, double>) {
    check_values<T, Between, 2, ec::image(3, 4, 2), 7>();
    check_values<T, Between, 3, ec::image(4, 1, 3), 7>();
    check_values<T, Between, 1, ec::image(3, 2, 5), 1>();
  }
}

}  // namespace

TEMPLATE_TEST_CASE("UpSample2D: PyTorch's values", "", float, double) {
  check_all_values<TestType, Interpolation::nearest>();
  check_all_values<TestType, Interpolation::bilinear>();
}

TEST_CASE("UpSample2D: finite differences") {
  layers::check_gradient(ec::UpSample2D<Extent{2, 3}>{});
  layers::check_gradient(ec::UpSample2D<Extent{3, 2}, Interpolation::bilinear>{});
  layers::check_gradient(ec::UpSample1D<4, Interpolation::bilinear>{});
}

TEMPLATE_TEST_CASE("UpSample: by hand", "", float, double) {
  using T = TestType;
  const Matrix<T> x = Matrix<T>{{1, 5, 2}}.transpose();
  constexpr ec::Shape in = ec::sequence(3, 1);
  CHECK(StageRunner<ec::UpSample1D<2>, in, T>{}.forward(x) == Matrix<T>{{1, 1, 5, 5, 2, 2}}.transpose());
  CHECK(StageRunner<ec::UpSample1D<2, Interpolation::bilinear>, in, T>{}.forward(x) ==
        Matrix<T>{{1, 2, 4, 4.25, 2.75, 2}}.transpose());
}

TEST_CASE("UpSample: shapes") {
  static_assert(ec::UpSample2D<2>::output(ec::image(7, 5, 3)) == ec::image(14, 10, 3));
  static_assert(ec::UpSample2D<Extent{1, 3}>::output(ec::image(7, 5, 3)) == ec::image(7, 15, 3));
  static_assert(ec::UpSample1D<3>::output(ec::sequence(5, 2)) == ec::sequence(15, 2));
  static_assert(!ec::UpSample1D<3>::accepts(ec::image(2, 5)));
}

TEMPLATE_TEST_CASE("UpSample2D: a NaN stays with its pixel's neighbours", "", float, double) {
  using T = TestType;
  constexpr ec::Shape in = ec::image(4, 5, 3);
  Matrix<T> x = layers::uniform<T>(in.size(), 2, 1, 2, -1);
  x(1, 1) = std::numeric_limits<T>::quiet_NaN();  // the first pixel's second channel
  CHECK(StageRunner<ec::UpSample2D<2>, in, T>{}.forward(x).array().isNaN().count() == 4);
  CHECK(StageRunner<ec::UpSample2D<2, Interpolation::bilinear>, in, T>{}.forward(x).array().isNaN().count() == 9);
}
