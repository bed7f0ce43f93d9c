// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/reshaping.hpp>

namespace ec = eigencoder;
using ec::Border, ec::Index;
using layers::Matrix;

namespace {

/// An image of a batch as a matrix whose columns are its rows.
template <class T>
auto rows_of(Matrix<T>& batch, Index sample, ec::Shape shape) {
  return Eigen::Map<Matrix<T>>(batch.col(sample).data(), shape.channels * shape.width, shape.height);
}

/// What ZeroPad2D must make of the small image is what Crop2D takes off the large one, forward and backward.
template <class T>
void check_border(AnyRunner<T>& pad, AnyRunner<T>& crop, Border around, ec::Shape in, ec::Shape large) {
  Matrix<T> small = layers::uniform<T>(in.size(), 7, 1, 2, -1), framed = Matrix<T>::Zero(large.size(), 7);
  for (Index j = 0; j < 7; ++j) {
    rows_of(framed, j, large).block(around.left * in.channels, around.top, in.width * in.channels, in.height) =
        rows_of(small, j, in);
  }
  const Matrix<T> full = layers::uniform<T>(large.size(), 7, 2, 2, -1);
  CHECK(pad.forward(small) == framed);
  CHECK(crop.forward(framed) == small);
  CHECK(crop.backward(full, small, small) == framed);
  CHECK(pad.backward(small, full, full) == crop.forward(full));
}

template <class T, Border Around, ec::Shape Small>
void check_border() {
  using Pad = ec::ZeroPad2D<Around>;
  constexpr ec::Shape large = Pad::output(Small);
  static_assert(ec::Crop2D<Around>::output(large) == Small);
  StageRunner<Pad, Small, T> pad;
  StageRunner<ec::Crop2D<Around>, large, T> crop;
  RunnerOf any_pad(pad);
  RunnerOf any_crop(crop);
  check_border<T>(any_pad, any_crop, Around, Small, large);
}

}  // namespace

TEST_CASE("ZeroPad2D, Crop2D: what one adds the other takes off") {
  check_border<double, 1, ec::image(3, 4, 2)>();
  check_border<double, 2, ec::image(1, 1, 17)>();
  check_border<double, 0, ec::image(3, 5)>();
  check_border<double, Border{1, 0, 0, 0}, ec::image(28, 28)>();
  check_border<double, Border{0, 1, 0, 0}, ec::image(5, 3, 33)>();
  check_border<double, Border{0, 0, 3, 0}, ec::image(2, 9, 3)>();
  check_border<double, Border{0, 0, 0, 2}, ec::image(9, 1, 16)>();
  check_border<double, Border{3, 1, 2, 5}, ec::image(4, 7, 5)>();
  check_border<float, Border{3, 1, 2, 5}, ec::image(4, 7, 5)>();
  check_border<float, 2, ec::image(1, 1, 17)>();
}

TEST_CASE("ZeroPad2D, Crop2D, Reshape: finite differences") {
  layers::check_gradient(ec::ZeroPad2D<Border{1, 0, 2, 3}>{});
  layers::check_gradient(ec::Crop2D<Border{1, 1, 0, 2}>{});
  const ec::GradientReport report = ec::check_layer_gradient<ec::image(3, 4, 5)>(ec::Reshape<ec::features(60)>{});
  CAPTURE(report.text());
  CHECK(report.error < 1e-6);
}

TEMPLATE_TEST_CASE("Reshape: changes the shape alone, in place too", "", float, double) {
  using T = TestType;
  StageRunner<ec::Reshape<ec::image(2, 3, 5)>, ec::features(30), T> run;
  const Matrix<T> x = layers::uniform<T>(30, 7, 1, 2, -1);
  CHECK(run.forward(x) == x);
  CHECK(run.backward(x, x, x) == x);
  CHECK(run.forward_in_place(x) == x);
  CHECK(run.backward_in_place(x, x, x) == x);
}

TEST_CASE("reshaping: shapes, and what is refused") {
  static_assert(ec::ZeroPad2D<Border{1, 2, 3, 4}>::output(ec::image(5, 6, 7)) == ec::image(8, 13, 7));
  static_assert(ec::Crop2D<Border{1, 2, 0, 4}>::output(ec::image(5, 6, 7)) == ec::image(2, 2, 7));
  static_assert(ec::Crop2D<1>::accepts(ec::image(3, 3)) && !ec::Crop2D<1>::accepts(ec::image(2, 3)) &&
                !ec::Crop2D<1>::accepts(ec::image(3, 2)));
  static_assert(ec::Reshape<ec::image(2, 3)>::accepts(ec::features(6)) &&
                !ec::Reshape<ec::image(2, 3)>::accepts(ec::features(5)));
  for (const auto& make : {+[] { Border{-1}; }, +[] { Border{0, -1, 0, 0}; }, +[] { Border{0, 0, 0, -1}; }}) {
    expect_error<ec::ShapeError>(make, {"border", "found -1"});
  }
}
