// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/core/random.hpp>
#include <eigencoder/kernels/resampling.hpp>

namespace kernels = eigencoder::kernels;
using eigencoder::Extent, eigencoder::Index, eigencoder::Shape, eigencoder::image;

namespace {

/// How much of pixel p there is in new pixel `at` of an axis that is enlarged by `factor`: a hat around the pixel's centre,
/// whose share grows by what would lie beyond the ends.
double hat(Index at, Index p, Index pixels, Index factor) {
  const double centre = (static_cast<double>(at) + 0.5) / static_cast<double>(factor) - 0.5;
  const double inside = std::min(std::max(centre, 0.0), static_cast<double>(pixels - 1));
  return std::max(0.0, 1 - std::abs(inside - static_cast<double>(p)));
}

template <class T>
void check_bilinear(Shape in, Extent factor) {
  const Index images = 2, rows = in.height * factor.height, columns = in.width * factor.width, channels = in.channels;
  const auto small = std::size_t(images * in.size()), large = std::size_t(images * rows * columns * channels);
  CAPTURE(in.height, in.width, channels, factor.height, factor.width);
  const eigencoder::Random draw(eigencoder::Seed{7}, 0, 0);
  std::vector<T> x(small), dy(large), y(large, std::numeric_limits<T>::quiet_NaN()), dx(small, y[0]);
  for (std::size_t i = 0; i < small; ++i) x[i] = static_cast<T>(draw.normal(0, Index(i)));
  for (std::size_t i = 0; i < large; ++i) dy[i] = static_cast<T>(draw.normal(1, Index(i)));
  std::vector<double> expected_y(large), expected_dx(small);
  for (Index n = 0; n < images; ++n) {
    for (Index to = 0; to < rows * columns; ++to) {
      for (Index from = 0; from < in.height * in.width; ++from) {
        const double share = hat(to / columns, from / in.width, in.height, factor.height) *
                             hat(to % columns, from % in.width, in.width, factor.width);
        for (Index c = 0; c < channels; ++c) {
          const auto above = std::size_t((n * rows * columns + to) * channels + c),
                     below = std::size_t(n * in.size() + from * channels + c);
          expected_y[above] += share * static_cast<double>(x[below]);
          expected_dx[below] += share * static_cast<double>(dy[above]);
        }
      }
    }
  }
  kernels::enlarge_bilinear(in, factor, images, x.data(), y.data());
  kernels::reduce_bilinear(in, factor, images, dy.data(), dx.data());
  double worst = 0;
  const auto compare = [&](const std::vector<T>& found, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double difference = std::abs(static_cast<double>(found[i]) - expected[i]);
      worst = difference <= worst ? worst : difference;  // a NaN stays
    }
  };
  compare(y, expected_y);
  compare(dx, expected_dx);
  CHECK(worst <= 64 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

}  // namespace

TEMPLATE_TEST_CASE("bilinear: the equation, for channels on every side of a packet's length", "", float, double) {
  for (const Index channels : {1, 2, 3, 5, 8, 9, 16, 17, 23, 33}) {
    check_bilinear<TestType>(image(3, 4, channels), 2);
    check_bilinear<TestType>(image(2, 3, channels), 3);
    check_bilinear<TestType>(image(1, 3, channels), Extent(2, 4));
    check_bilinear<TestType>(image(3, 1, channels), Extent(1, 2));
    check_bilinear<TestType>(image(1, 1, channels), 2);
    check_bilinear<TestType>(image(3, 2, channels), Extent(5, 1));
    check_bilinear<TestType>(image(2, 12, channels), Extent(3, 2));
  }
}
