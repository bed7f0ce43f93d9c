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

template <class T, Shape In, Extent Factor>
void check_bilinear() {
  constexpr Index images = 2, rows = In.height * Factor.height, columns = In.width * Factor.width, channels = In.channels;
  constexpr Index small = images * In.size(), large = images * rows * columns * channels;
  CAPTURE(In.height, In.width, channels, Factor.height, Factor.width);
  const eigencoder::Random draw(eigencoder::Seed{7}, 0, 0);
  std::vector<T> x(small), dy(large), y(large, std::numeric_limits<T>::quiet_NaN()), dx(small, y[0]);
  for (Index i = 0; i < small; ++i) x[std::size_t(i)] = static_cast<T>(draw.normal(0, i));
  for (Index i = 0; i < large; ++i) dy[std::size_t(i)] = static_cast<T>(draw.normal(1, i));
  std::vector<double> expected_y(large), expected_dx(small);
  for (Index n = 0; n < images; ++n) {
    for (Index to = 0; to < rows * columns; ++to) {
      for (Index from = 0; from < In.height * In.width; ++from) {
        const double share = hat(to / columns, from / In.width, In.height, Factor.height) *
                             hat(to % columns, from % In.width, In.width, Factor.width);
        for (Index c = 0; c < channels; ++c) {
          const auto above = std::size_t((n * rows * columns + to) * channels + c),
                     below = std::size_t(n * In.size() + from * channels + c);
          expected_y[above] += share * static_cast<double>(x[below]);
          expected_dx[below] += share * static_cast<double>(dy[above]);
        }
      }
    }
  }
  kernels::enlarge_bilinear<In, Factor>(images, x.data(), y.data());
  kernels::reduce_bilinear<In, Factor>(images, dy.data(), dx.data());
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
  check_bilinear<TestType, image(3, 4, 1), 2>();
  check_bilinear<TestType, image(2, 3, 3), 3>();
  check_bilinear<TestType, image(1, 3, 5), Extent(2, 4)>();
  check_bilinear<TestType, image(3, 1, 8), Extent(1, 2)>();
  check_bilinear<TestType, image(2, 2, 16), 2>();
  check_bilinear<TestType, image(3, 2, 23), Extent(5, 1)>();
}
