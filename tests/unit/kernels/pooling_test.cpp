// SPDX-License-Identifier: MIT
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/core/random.hpp>
#include <eigencoder/kernels/pooling.hpp>

namespace kernels = eigencoder::kernels;
using eigencoder::Axis, eigencoder::Extent, eigencoder::Index, eigencoder::Padding, eigencoder::Shape, eigencoder::Windows,
    eigencoder::image;

namespace {

template <class T>
using Values = std::vector<T>;

template <class T>
Values<T> normal(Index count, std::size_t stream) {
  const eigencoder::Random draw(eigencoder::Seed{7}, 0, stream);
  Values<T> all(std::size_t(count), T(0));
  for (Index i = 0; i < count; ++i) all[std::size_t(i)] = static_cast<T>(draw.normal(0, i));
  return all;
}
template <class T>
Values<T> unwritten(Index count) {
  return Values<T>(std::size_t(count), std::numeric_limits<T>::quiet_NaN());
}

/// f(window's value, pixel, place) for every pixel of every window of a batch, all by their numbers.
template <Windows W, Index Channels, class F>
void for_all(Index images, F f) {
  const Axis down = W.vertical, across = W.horizontal;
  for (Index n = 0; n < images; ++n) {
    for (Index i = 0; i < down.windows; ++i) {
      for (Index j = 0; j < across.windows; ++j) {
        for (Index k = 0; k < down.taps * across.taps; ++k) {
          const Index r = i * down.stride - down.padding_before + k / across.taps,
                      s = j * across.stride - across.padding_before + k % across.taps;
          if (r < 0 || r >= down.pixels || s < 0 || s >= across.pixels) continue;
          for (Index c = 0; c < Channels; ++c) {
            f(((n * down.windows + i) * across.windows + j) * Channels + c,
              ((n * down.pixels + r) * across.pixels + s) * Channels + c, k);
          }
        }
      }
    }
  }
}

template <class T>
void check_close(const Values<T>& found, const Values<T>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i] - expected[i]));
    worst = difference <= worst ? worst : difference;  // a NaN stays
  }
  CHECK(worst <= 32 * std::numeric_limits<T>::epsilon());
}

template <class T, Shape Image, Extent Window, Extent Stride, Padding Around>
void check_windows() {
  constexpr Windows W(Image, Window, Stride, Around);
  constexpr Index images = 2, channels = Image.channels, pixels = images * Image.size(), values = images * W.count() * channels;
  CAPTURE(Image.height, Image.width, channels, Window.height, Window.width, Stride.height, Stride.width,
          Around == Padding::same);
  const Values<T> x = normal<T>(pixels, 1), dy = normal<T>(values, 2);
  const auto at = [](auto& all, Index i) -> auto& { return all[std::size_t(i)]; };

  Values<T> most(std::size_t(values), -std::numeric_limits<T>::infinity()), places = unwritten<T>(values);
  Values<T> sums(std::size_t(values), T(0)), counts = sums, means = sums, dx(std::size_t(pixels), T(0)), spread = dx,
                                             shared = dx;
  for_all<W, channels>(images, [&](Index window, Index pixel, Index k) {
    if (at(x, pixel) > at(most, window)) at(most, window) = at(x, pixel), at(places, window) = static_cast<T>(k);
    at(sums, window) += at(x, pixel);
    at(counts, window) += 1;
  });
  for_all<W, channels>(images, [&](Index window, Index pixel, Index k) {
    if (at(places, window) == static_cast<T>(k)) at(dx, pixel) += at(dy, window);
    at(spread, pixel) += at(dy, window);
    at(shared, pixel) += at(dy, window) / at(counts, window);
    at(means, window) = at(sums, window) / at(counts, window);
  });

  Values<T> y = unwritten<T>(values), found = y, back = unwritten<T>(pixels);
  kernels::max_pool<true, W, channels>(images, x.data(), y.data(), found.data());
  CHECK(y == most);
  CHECK(found == places);
  y = unwritten<T>(values);
  kernels::max_pool<false, W, channels, T>(images, x.data(), y.data(), nullptr);
  CHECK(y == most);
  kernels::take_from_place<W, channels>(images, places.data(), x.data(),
                                        [&](auto lanes, Index i, auto value) { lanes.store(y.data() + i, value); });
  CHECK(y == most);
  kernels::put_in_place<W, channels>(images, places.data(), back.data(),
                                     [&](auto lanes, Index i) { return lanes.load(dy.data() + i); });
  check_close(back, dx);
  kernels::sum_windows<false, W, channels>(images, x.data(), y.data());
  check_close(y, sums);
  kernels::sum_windows<true, W, channels>(images, x.data(), y.data());
  check_close(y, means);
  kernels::spread_windows<false, W, channels>(images, dy.data(), back.data());
  check_close(back, spread);
  kernels::spread_windows<true, W, channels>(images, dy.data(), back.data());
  check_close(back, shared);
}

}  // namespace

TEMPLATE_TEST_CASE("windows: what one loop after the other gives, for channels on every side of a packet's length", "", float,
                   double) {
  check_windows<TestType, image(4, 6, 1), 2, 2, Padding::valid>();
  check_windows<TestType, image(4, 6, 3), 2, 2, Padding::valid>();
  check_windows<TestType, image(4, 2, 5), 2, 2, Padding::valid>();
  check_windows<TestType, image(2, 4, 16), 2, 2, Padding::valid>();
  check_windows<TestType, image(2, 4, 17), 2, 2, Padding::valid>();
  check_windows<TestType, image(6, 3, 23), 3, 3, Padding::valid>();
  check_windows<TestType, image(5, 8, 7), Extent(2, 3), Extent(3, 5), Padding::valid>();
  check_windows<TestType, image(5, 7, 2), 3, 2, Padding::valid>();
  check_windows<TestType, image(5, 4, 9), 3, 2, Padding::same>();
  check_windows<TestType, image(7, 4, 1), 2, 3, Padding::same>();
  check_windows<TestType, image(2, 1, 4), 5, 1, Padding::same>();
  check_windows<TestType, image(3, 5, 33), Extent(2, 3), Extent(2, 1), Padding::same>();
}
