// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <eigencoder/core/random.hpp>
#include <eigencoder/data/dataset.hpp>
#include <eigencoder/data/segmentation_folder.hpp>

// Pictures to segment, made of the garments of Fashion-MNIST: two to four of them, coloured, at different sizes and partly over
// each other, on textured ground. Whatever pixel is painted is in the mask, so the masks are exact.
namespace example {

namespace ec = eigencoder;
using ec::Index;

inline constexpr Index scene_side = 64;

/// The classes of the scenes: 0 is the ground, and garments are in five groups.
inline const std::vector<std::string> scene_classes{"ground", "top", "trousers", "dress", "shoe", "bag"};
inline constexpr std::array<int, 10> group_of_garment{1, 2, 1, 3, 1, 4, 1, 4, 5, 4};

namespace detail {

/// Grey values of a garment and which of its pixels it covers: all that the outline encloses.
class Garment {
 public:
  static constexpr int side = 28;

  template <class Column>
  explicit Garment(const Column& pixels) {
    for (int i = 0; i < side * side; ++i) grey_[static_cast<std::size_t>(i)] = static_cast<double>(pixels[i]);
    covered_.fill(true);
    std::vector<int> edge;  // of what is outside, which spreads from the border over black pixels
    const auto outside = [&](int x, int y) {
      const int at = y * side + x;
      if (x < 0 || y < 0 || x >= side || y >= side || !covered_[static_cast<std::size_t>(at)] ||
          grey_[static_cast<std::size_t>(at)] > 0.04)
        return;
      covered_[static_cast<std::size_t>(at)] = false;
      edge.push_back(at);
    };
    for (int i = 0; i < side; ++i) {
      outside(i, 0), outside(i, side - 1), outside(0, i), outside(side - 1, i);
    }
    while (!edge.empty()) {
      const int x = edge.back() % side, y = edge.back() / side;
      edge.pop_back();
      outside(x - 1, y), outside(x + 1, y), outside(x, y - 1), outside(x, y + 1);
    }
  }

  bool covers(int x, int y) const {
    return x >= 0 && y >= 0 && x < side && y < side && covered_[static_cast<std::size_t>(y * side + x)];
  }

  /// Between pixels, of those that are covered.
  double grey(double x, double y) const {
    const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
    double sum = 0, weights = 0;
    for (int dy = 0; dy < 2; ++dy) {
      for (int dx = 0; dx < 2; ++dx) {
        if (!covers(left + dx, top + dy)) continue;
        const double weight = (1 - std::abs(x - left - dx)) * (1 - std::abs(y - top - dy));
        sum += weight * grey_[static_cast<std::size_t>((top + dy) * side + left + dx)];
        weights += weight;
      }
    }
    return weights > 0 ? sum / weights : 0;
  }

 private:
  std::array<double, side * side> grey_;
  std::array<bool, side * side> covered_;
};

using Colour = std::array<double, 3>;

/// Draws of one scene, one after the other.
struct Draws {
  ec::Random random;
  Index next = 0;
  double operator()(double low, double high) { return low + (high - low) * random.uniform(0, next++); }
  Index below(Index bound) { return random.below(bound, 0, next++); }
  Colour colour(double low, double high) { return {(*this)(low, high), (*this)(low, high), (*this)(low, high)}; }
};

/// Values between 0 and 1: smooth noise of three sizes, stripes, or checks.
inline std::vector<double> texture(Draws& draws) {
  constexpr Index side = scene_side;
  std::vector<double> values(side * side);
  const Index kind = draws.below(3);
  const double angle = draws(0, 3.14159), period = draws(5, 14), phase = draws(0, 6.28);
  const double across = std::cos(angle) * 6.28318 / period, down = std::sin(angle) * 6.28318 / period;
  std::array<std::array<double, 17 * 17>, 3> knots;
  for (auto& level : knots) {
    for (double& knot : level) knot = draws(0, 1);
  }
  for (Index y = 0; y < side; ++y) {
    for (Index x = 0; x < side; ++x) {
      double noise = 0;
      for (int level = 0; level < 3; ++level) {
        const double step = 16 >> level, u = static_cast<double>(x) / step, v = static_cast<double>(y) / step;
        const int i = static_cast<int>(u), j = static_cast<int>(v);
        const double a = u - i, b = v - j;
        const auto knot = [&](int s, int r) {
          return knots[static_cast<std::size_t>(level)][static_cast<std::size_t>(r * 17 + s)];
        };
        const double value =
            (1 - b) * ((1 - a) * knot(i, j) + a * knot(i + 1, j)) + b * ((1 - a) * knot(i, j + 1) + a * knot(i + 1, j + 1));
        noise += value * (level == 0 ? 0.5 : 0.25);
      }
      const double s = static_cast<double>(x), t = static_cast<double>(y);
      const double stripe = std::sin(across * s + down * t + phase), other = std::sin(down * s - across * t + phase);
      const double pattern = kind == 0 ? noise : kind == 1 ? 0.5 + 0.5 * stripe : stripe * other > 0 ? 1.0 : 0.0;
      values[static_cast<std::size_t>(y * side + x)] = kind == 0 ? noise : 0.6 * pattern + 0.4 * noise;
    }
  }
  return values;
}

}  // namespace detail

/// `count` scenes of 64 × 64 pixels in colour, of garments 28 × 28 with their labels. The same seed makes the same scenes.
inline ec::SegmentationSet<std::uint8_t> garment_scenes(const ec::Dataset<float>& garments, Index count, ec::Seed seed) {
  constexpr Index side = scene_side;
  if (garments.shape != ec::image(28, 28) || garments.labels.size() != garments.size() || garments.labels.maxCoeff() > 9 ||
      garments.labels.minCoeff() < 0) {
    throw ec::ShapeError(ec::message("scenes: expected garments of 28 × 28 with labels from 0 to 9, found images of shape ",
                                     ec::to_string(garments.shape)));
  }
  ec::SegmentationSet<std::uint8_t> set{
      {side * side * 3, count}, Eigen::MatrixXi::Zero(side * side, count), ec::image(side, side, 3)};
  for (Index scene = 0; scene < count; ++scene) {
    detail::Draws draws{ec::Random(seed, static_cast<std::uint64_t>(scene), 0)};
    auto picture = set.samples.col(scene);
    auto mask = set.masks.col(scene);
    const auto paint = [&](Index pixel, const detail::Colour& colour, double brightness) {
      for (Index c = 0; c < 3; ++c) {
        const double value = colour[static_cast<std::size_t>(c)] * brightness + draws(-0.04, 0.04);
        picture[3 * pixel + c] = static_cast<std::uint8_t>(std::clamp(value * 255 + 0.5, 0.0, 255.0));
      }
    };
    const std::vector<double> ground = detail::texture(draws);
    const detail::Colour one = draws.colour(0.05, 0.8), other = draws.colour(0.05, 0.8);
    for (Index i = 0; i < side * side; ++i) {
      detail::Colour colour;
      for (std::size_t c = 0; c < 3; ++c) colour[c] = one[c] + ground[static_cast<std::size_t>(i)] * (other[c] - one[c]);
      paint(i, colour, 1);
    }
    std::vector<std::array<double, 2>> centres;
    for (Index wanted = 2 + draws.below(3); wanted > 0; --wanted) {
      std::array<double, 2> centre{};
      bool apart = false;  // they may lie over each other, but not one on top of another
      for (int attempt = 0; attempt < 10 && !apart; ++attempt) {
        centre = {draws(8, side - 8), draws(8, side - 8)};
        apart = std::all_of(centres.begin(), centres.end(),
                            [&](const auto& c) { return std::hypot(c[0] - centre[0], c[1] - centre[1]) > 20; });
      }
      if (!apart) continue;
      centres.push_back(centre);
      const Index chosen = draws.below(garments.size());
      const detail::Garment garment(garments.samples.col(chosen));
      const detail::Colour colour = draws.colour(0.4, 1);
      const double size = draws(0.8, 1.3);
      const bool flipped = draws(0, 1) < 0.5;
      for (Index y = 0; y < side; ++y) {
        for (Index x = 0; x < side; ++x) {
          double u = (static_cast<double>(x) + 0.5 - centre[0]) / size + 13.5;
          const double v = (static_cast<double>(y) + 0.5 - centre[1]) / size + 13.5;
          if (flipped) u = 27 - u;
          if (!garment.covers(static_cast<int>(std::lround(u)), static_cast<int>(std::lround(v)))) continue;
          paint(y * side + x, colour, garment.grey(u, v));
          mask[y * side + x] = group_of_garment[static_cast<std::size_t>(garments.labels[chosen])];
        }
      }
    }
  }
  return set;
}

}  // namespace example
