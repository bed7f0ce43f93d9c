// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/random_mask.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

constexpr std::array kinds{ec::MaskKind::box, ec::MaskKind::pixels, ec::MaskKind::half, ec::MaskKind::strokes,
                           ec::MaskKind::any};

/// Masks of the layer on images of one channel: 1 where it has put its value.
template <ec::Shape In, class T>
Matrix<T> masks_of(const ec::MaskOptions& options, Index count, std::uint64_t seed = 1) {
  StageRunner<ec::RandomMask<>, In, T> run(ec::RandomMask{options, 1});
  run.random = ec::Random(ec::Seed{seed}, 1, 0);
  return run.forward(Matrix<T>::Zero(In.size(), count));
}

}  // namespace

TEMPLATE_TEST_CASE("RandomMask: hides the same pixels of all channels, in forward, in backward and in place", "", float,
                   double) {
  using T = TestType;
  constexpr ec::Shape in = ec::image(9, 7, 3);
  for (const ec::MaskKind kind : kinds) {
    const ec::MaskOptions options{.kind = kind, .width = 1.5};
    StageRunner<ec::RandomMask<>, in, T> run(ec::RandomMask{options, -2});
    run.random = ec::Random(ec::Seed{1}, 1, 0);
    const Matrix<T> x = layers::uniform<T>(in.size(), 31, 1, 1, 0), dy = layers::uniform<T>(in.size(), 31, 2, 1, 1);
    const Matrix<T> y = run.forward(x), mask = masks_of<ec::image(9, 7), T>(options, 31);
    CHECK(mask.colwise().sum().minCoeff() > 0);
    Matrix<T> expected = x, dx = dy;
    for (Index j = 0; j < 31; ++j) {
      for (Index i = 0; i < in.size(); ++i) {
        if (mask(i / 3, j) == T(1)) {
          expected(i, j) = -2;
          dx(i, j) = 0;
        }
      }
    }
    CAPTURE(static_cast<int>(kind));
    CHECK(y == expected);
    CHECK(run.backward(x, y, dy) == dx);
    CHECK(run.forward_in_place(x) == y);
    CHECK(run.backward_in_place(x, y, dy) == dx);
    CHECK(run.template forward<ec::Mode::predict>(x) == x);
  }
}

TEMPLATE_TEST_CASE("RandomMask: with weights, its cache holds those of the targets' values", "", float, double) {
  using T = TestType;
  constexpr ec::Shape in = ec::image(5, 6, 2);
  StageRunner<ec::RandomMask<true>, in, T> run(
      ec::RandomMask{ec::MaskOptions{.kind = ec::MaskKind::pixels}, -1, ec::MaskWeights{.hidden = 3, .seen = 0.25}});
  const Matrix<T> x = layers::uniform<T>(in.size(), 11, 1, 1, 0), y = run.forward(x);
  const Matrix<T> expected = (y.array() == T(-1)).select(Matrix<T>::Constant(in.size(), 11, T(3)), T(0.25));
  CHECK((y.array() == T(-1)).count() > 100);
  CHECK(run.cache == expected);
  static_assert(ec::RandomMask<true>::needs(in).cache == in.size() && ec::RandomMask<>::needs(in).cache == 0);
}

TEST_CASE("RandomMask: a hidden NaN is gone, a seen one stays") {
  constexpr ec::Shape in = ec::image(28, 28);
  StageRunner<ec::RandomMask<>, in, float> run(ec::RandomMask{{.kind = ec::MaskKind::pixels}});
  const Matrix<float> y = run.forward(Matrix<float>::Constant(784, 50, std::numeric_limits<float>::quiet_NaN()));
  const auto seen = y.array().isNaN();
  CHECK(std::abs(static_cast<double>(seen.count()) / 39200 - 0.5) < 5 * 0.5 / std::sqrt(39200));
  CHECK((seen || y.array() == 0).all());
}

TEST_CASE("RandomMask: finite differences under frozen draws") {
  for (const ec::MaskKind kind : kinds) {
    const ec::MaskOptions options{.kind = kind, .width = 1};
    layers::check_gradient<ec::image(5, 7, 3)>(ec::RandomMask{options, 0.5});
    layers::check_gradient<ec::sequence(13, 2)>(ec::RandomMask{options, 0.5, ec::MaskWeights{1, 0.5}});
  }
}

TEST_CASE("boxes: their sides lie between the two shares, uniform, and they lie anywhere") {
  const Matrix<float> masks = masks_of<ec::image(28, 20), float>({.least = 0.25, .most = 0.5}, 4000);
  Matrix<double> sides = Matrix<double>::Zero(2, 30);
  double corners = 0;
  for (Index j = 0; j < masks.cols(); ++j) {
    const Matrix<float> image = masks.col(j).reshaped(20, 28).transpose();
    const Matrix<float> rows = image.rowwise().maxCoeff(), columns = image.colwise().maxCoeff();
    const auto height = static_cast<Index>(rows.sum()), width = static_cast<Index>(columns.sum());
    REQUIRE(image == rows * columns);  // the product of two spans
    ++sides(0, height);
    ++sides(1, width);
    corners += static_cast<double>(image(0, 0));
    for (Index i = 1, ends = 0; i < 28; ++i) REQUIRE((ends += rows(i - 1) > rows(i) ? 1 : 0) < 2);
  }
  CHECK(sides.row(0).leftCols(7).sum() + sides.row(0).rightCols(15).sum() == 0);  // 7 to 14 of 28
  CHECK(sides.row(1).leftCols(5).sum() + sides.row(1).rightCols(19).sum() == 0);  // 5 to 10 of 20
  CHECK(std::abs(sides(0, 7) - 500) < 5 * std::sqrt(4000 / 8.0 * 7 / 8));
  CHECK(std::abs(sides(0, 14) - 500) < 5 * std::sqrt(4000 / 8.0 * 7 / 8));
  CHECK(std::abs(sides(1, 10) - 4000 / 6.0) < 5 * std::sqrt(4000 / 6.0 * 5 / 6));
  // Of height h the first place of 29 − h is in the corner, of width w the first of 21 − w.
  double expected = 0;
  for (int h = 7; h <= 14; ++h) {
    for (int w = 5; w <= 10; ++w) expected += 4000 / 48.0 / (29 - h) / (21 - w);
  }
  CHECK(std::abs(corners - expected) < 5 * std::sqrt(expected));
}

TEST_CASE("halves: all four, without the middle of an odd number, and two of a sequence") {
  const Matrix<float> masks = masks_of<ec::image(4, 5), float>({.kind = ec::MaskKind::half}, 400);
  std::array<int, 4> found{};
  for (Index j = 0; j < masks.cols(); ++j) {
    const Matrix<float> image = masks.col(j).reshaped(5, 4).transpose();
    Matrix<float> expected[4];
    for (auto& each : expected) each = Matrix<float>::Zero(4, 5);
    expected[0].topRows(2).setOnes();
    expected[1].bottomRows(2).setOnes();
    expected[2].leftCols(2).setOnes();
    expected[3].rightCols(2).setOnes();
    int matches = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      if (image != expected[k]) continue;
      ++found[k];
      ++matches;
    }
    REQUIRE(matches == 1);
  }
  for (const int each : found) CHECK(std::abs(each - 100) < 5 * std::sqrt(400 * 3 / 16.0));
  const Matrix<float> spans = masks_of<ec::sequence(7, 1), float>({.kind = ec::MaskKind::half}, 100);
  CHECK((spans.colwise().sum().array() == 3.0F).all());
  CHECK(std::abs(static_cast<double>(spans.row(0).sum()) - 50) < 25);
  CHECK((spans.row(0) + spans.row(6)).isOnes());
}

TEST_CASE("pixels: hidden at their rate, each by itself") {
  for (const double rate : {0.1, 0.75}) {
    const Matrix<double> masks = masks_of<ec::image(28, 28), double>({.kind = ec::MaskKind::pixels, .rate = rate}, 100);
    CHECK(std::abs(masks.mean() - rate) < 5 * std::sqrt(rate * (1 - rate) / 78400));
    const Matrix<double> pairs = masks.topRows(783).cwiseProduct(masks.bottomRows(783));
    CHECK(std::abs(pairs.mean() - rate * rate) < 8 * std::sqrt(rate * (1 - rate) / 78300));
  }
}

TEST_CASE("strokes: as wide as asked, more of them hide more, and one is connected") {
  const auto share = [](Index strokes, double width) {
    return static_cast<double>(
        masks_of<ec::image(28, 28), float>({.kind = ec::MaskKind::strokes, .strokes = strokes, .width = width}, 200).mean());
  };
  CHECK(share(1, 1) < share(1, 3));
  CHECK(share(1, 3) < share(6, 3));
  CHECK(share(6, 3) < 0.7);
  const Matrix<float> masks =
      masks_of<ec::image(28, 28), float>({.kind = ec::MaskKind::strokes, .strokes = 1, .width = 3}, 100);
  for (Index j = 0; j < masks.cols(); ++j) {
    Matrix<float> left = masks.col(j).reshaped(28, 28);
    Index row = 0, column = 0;
    REQUIRE(left.maxCoeff(&row, &column) == 1);
    std::vector<std::pair<Index, Index>> open{{row, column}};
    while (!open.empty()) {
      const auto [r, c] = open.back();
      open.pop_back();
      if (r < 0 || c < 0 || r > 27 || c > 27 || left(r, c) == 0) continue;
      left(r, c) = 0;
      for (const auto& next : {std::pair{r - 1, c}, std::pair{r + 1, c}, std::pair{r, c - 1}, std::pair{r, c + 1}})
        open.push_back(next);
    }
    CHECK(left.isZero());
  }
}

TEST_CASE("masks: float and double draw alike, seeds and columns differ, and `any` has all kinds") {
  for (const ec::MaskKind kind : kinds) {
    const ec::MaskOptions options{.kind = kind, .rate = 0.3};
    const Matrix<float> masks = masks_of<ec::image(11, 13), float>(options, 40);
    CHECK(masks.cast<double>() == masks_of<ec::image(11, 13), double>(options, 40));
    CHECK(masks.leftCols(7) == masks_of<ec::image(11, 13), float>(options, 7));
    CHECK(masks != masks_of<ec::image(11, 13), float>(options, 40, 2));
    CHECK(masks.leftCols(20) != masks.rightCols(20));
  }
  const Matrix<float> halves = masks_of<ec::image(28, 28), float>({.kind = ec::MaskKind::any}, 400);
  const auto half = (halves.colwise().sum().array() == 392.0F).count();  // 100, and a few of single pixels
  CHECK(half > 60);
  CHECK(half < 160);
}

TEST_CASE("RandomMask: options out of range are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [](const ec::MaskOptions& options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::RandomMask{options}; }, parts);
  };
  refuses({.least = 0.5, .most = 0.25}, {"expected 0 < least <= most <= 1", "found 0.5 and 0.25"});
  refuses({.least = 0}, {"found 0 and 0.5"});
  refuses({.most = nan}, {"nan"});
  refuses({.rate = 1}, {"expected a rate between 0 and 1, found 1"});
  refuses({.strokes = 0}, {"expected from 1 to 1000 strokes, found 0"});
  refuses({.width = 0.5}, {"width from 1", "found 0.5"});
  expect_error<ec::OptionError>([&] { ec::RandomMask{{}, nan}; }, {"RandomMask: value must be finite, found nan"});
  expect_error<ec::OptionError>(
      [] {
        ec::RandomMask{ec::MaskOptions{}, 0, ec::MaskWeights{0, 0}};
      },
      {"MaskWeights", "not both 0", "found 0"});
  expect_error<ec::OptionError>(
      [] {
        ec::RandomMask{ec::MaskOptions{}, 0, ec::MaskWeights{-1, 2}};
      },
      {"found -1 of what is hidden and 2 of what is seen"});
  static_assert(!ec::RandomMask<>::accepts(ec::features(9)) && ec::RandomMask<>::accepts(ec::sequence(2, 9)));
}
