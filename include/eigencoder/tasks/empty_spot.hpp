// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <queue>
#include <vector>

#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

/// A point of a map, and how far it is from the nearest code.
template <class T>
struct EmptySpot {
  Eigen::Vector<T, 2> code;
  T distance;
};

namespace detail {

/// Twice the area of the triangle a b c, positive if it turns left.
inline double turn(const Eigen::Vector2d& a, const Eigen::Vector2d& b, const Eigen::Vector2d& c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/// The corners of the convex hull, turning left: one point or two where there is no more. Andrew, 1979.
inline std::vector<Eigen::Vector2d> convex_hull(const Eigen::Matrix2Xd& points) {
  std::vector<Eigen::Vector2d> sorted(points.colwise().begin(), points.colwise().end()), hull;
  const auto left_of = [](const auto& a, const auto& b) { return a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]); };
  std::sort(sorted.begin(), sorted.end(), left_of);
  for (int half = 0; half < 2; ++half, std::reverse(sorted.begin(), sorted.end())) {
    const std::size_t start = hull.size();
    for (const Eigen::Vector2d& point : sorted) {
      while (hull.size() >= start + 2 && turn(hull[hull.size() - 2], hull.back(), point) <= 0) hull.pop_back();
      hull.push_back(point);
    }
    hull.pop_back();  // where the other half begins
  }
  if (hull.empty()) hull.push_back(sorted.front());
  return hull;
}

/// The point of the hull that is nearest.
inline Eigen::Vector2d nearest_in(const std::vector<Eigen::Vector2d>& hull, const Eigen::Vector2d& point) {
  bool inside = true;
  Eigen::Vector2d nearest = hull.front();
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const Eigen::Vector2d &a = hull[i], edge = hull[(i + 1) % hull.size()] - a;
    inside = inside && turn(a, a + edge, point) >= 0;
    const double length = edge.squaredNorm(), along = length > 0 ? (point - a).dot(edge) / length : 0;
    const Eigen::Vector2d on_edge = a + std::clamp(along, 0.0, 1.0) * edge;
    if ((on_edge - point).squaredNorm() < (nearest - point).squaredNorm()) nearest = on_edge;
  }
  return inside ? point : nearest;
}

}  // namespace detail

/// The point of the convex hull of codes, 2 × N, that is farthest from any of them: where a map of codes is emptiest.
/// Euclidean, both values as they are; codes on one line, or all in one place, have such a point too. No point of the hull is
/// farther by more than 10⁻⁷ of the map's longer side: rectangles are halved until no point in them can be,
/// since a distance changes no faster than its place does. The cost is near linear in N. Throws ShapeError unless there are two
/// rows and a code, NonFiniteError, naming the place.
template <SampleMatrix M>
EmptySpot<typename M::Scalar> empty_spot(const M& codes) {
  using T = typename M::Scalar;
  constexpr double tolerance = 1e-7;
  if (codes.rows() != 2 || codes.cols() == 0)
    throw ShapeError(
        message("empty_spot: expected codes of 2 values, one a column, found a matrix of ", codes.rows(), " × ", codes.cols()));
  Eigen::Matrix2Xd points = codes.template cast<double>();
  detail::check_finite("empty_spot", "code", points);

  const Eigen::Vector2d least = points.rowwise().minCoeff(), sides = points.rowwise().maxCoeff() - least;
  const double unit = sides.maxCoeff() > 0 ? sides.maxCoeff() : 1;
  points = (points.colwise() - least) / unit;
  const std::vector<Eigen::Vector2d> hull = detail::convex_hull(points);

  /// `spot` is the point of the hull nearest to the middle. No other point of the hull in here is further from it than from the
  /// middle, so that only the codes near `spot` matter, and `bound` is what a distance may reach.
  struct Rectangle {
    Eigen::Vector2d middle, half, spot;
    double distance, bound;
    std::vector<Index> codes;
    bool operator<(const Rectangle& other) const { return bound < other.bound; }
  };
  const auto measure = [&](const Eigen::Vector2d& middle, const Eigen::Vector2d& half, const std::vector<Index>& candidates) {
    Rectangle r{middle, half, detail::nearest_in(hull, middle), 0, 0, {}};
    std::vector<double> distances;
    distances.reserve(candidates.size());
    for (const Index i : candidates) distances.push_back((points.col(i) - r.spot).norm());
    r.distance = *std::min_element(distances.begin(), distances.end());
    r.bound = r.distance + half.norm();
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (distances[i] <= r.bound + half.norm()) r.codes.push_back(candidates[i]);
    return r;
  };

  std::vector<Index> all(static_cast<std::size_t>(points.cols()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Index>(i);
  std::priority_queue<Rectangle> open;
  open.push(measure(sides / (2 * unit), sides / (2 * unit), all));
  Eigen::Vector2d best = open.top().spot;
  double distance = open.top().distance;
  while (!open.empty() && open.top().bound > distance + tolerance) {
    const Rectangle whole = open.top();
    open.pop();
    const Index longer = whole.half[0] >= whole.half[1] ? 0 : 1;
    Eigen::Vector2d half = whole.half;
    half[longer] /= 2;
    for (const double side : {-1.0, 1.0}) {
      Eigen::Vector2d middle = whole.middle;
      middle[longer] += side * half[longer];
      Rectangle part = measure(middle, half, whole.codes);
      if ((part.spot - middle).norm() > half.norm() * (1 + 1e-9)) continue;  // outside the hull
      if (part.distance > distance) {
        distance = part.distance;
        best = part.spot;
      }
      open.push(std::move(part));
    }
  }
  return {(best * unit + least).template cast<T>(), static_cast<T>(distance * unit)};
}

}  // namespace eigencoder
