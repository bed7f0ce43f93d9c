// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "eigencoder/tasks/spread_out.hpp"

namespace eigencoder {

struct KMeansOptions {
  Index clusters = 8;
  Index restarts = 10;  ///< from other first centres: the result of least inertia is kept
  Index max_steps = 300;
  double tolerance = 1e-4;  ///< of the values' mean variance: centres that move less in all, squared, have arrived
  Seed seed{};              ///< of the first centres
};

/// K clusters of codes by Lloyd's algorithm, which lowers the inertia
///   J = Σ_j ‖x_j − c_k(j)‖²   k(j) = argmin_k ‖x_j − c_k‖²   c_k = mean of the x_j with k(j) = k
/// by turns: labels k(j) from centres, centres from labels, until no label changes. Of centres equally near the first counts. A
/// cluster that has lost all its codes gets the one that is farthest from its centre. All is computed in double around the
/// codes' mean, so that codes far from the origin lose no digits; the result follows from the seed. O(N K d) time a step, O(N
/// d) memory. scikit-learn: KMeans with algorithm="lloyd". Lloyd 1982; the start: Arthur and Vassilvitskii, "k-means++", 2007.
class KMeans {
 public:
  using Matrix = Eigen::MatrixXd;
  using Vector = Eigen::VectorXd;

  /// From codes, d × N, the first centres drawn among them by k-means++: each with a probability proportional to the square of
  /// its distance from the centres that are there. Throws OptionError for options out of range or fewer codes than clusters,
  /// ShapeError if there are no values, NonFiniteError, naming the place, if one is NaN or infinite, or if squares overflow.
  template <SampleMatrix M>
  static KMeans fit(const M& codes, const KMeansOptions& options = {}) {
    check(codes, options);
    const Vector mean = mean_of(codes);
    const Matrix x = centred(codes, mean);
    const Random random(options.seed, 1, 0);
    KMeans best;
    for (Index restart = 0; restart < options.restarts; ++restart) {
      KMeans found(x, detail::spread_out(x, options.clusters, random, restart), options);
      if (restart == 0 || found.inertia_ < best.inertia_) best = std::move(found);
    }
    best.centres_.colwise() += mean;
    return best;
  }

  /// The same from given first centres, d × K, without restarts.
  template <SampleMatrix M, SampleMatrix Centres>
  static KMeans fit(const M& codes, const Centres& centres, KMeansOptions options = {}) {
    options.clusters = centres.cols();
    check(codes, options);
    detail::check_rows("KMeans::fit", "as many as a code has values, in the centres", codes.rows(), centres.rows());
    detail::check_finite("KMeans::fit", "centre", centres);
    const Vector mean = mean_of(codes);
    KMeans found(centred(codes, mean), centred(centres, mean), options);
    found.centres_.colwise() += mean;
    return found;
  }

  /// The cluster whose centre is nearest, of each code: N, from 0. Throws ShapeError, NonFiniteError.
  template <SampleMatrix M>
  Eigen::VectorXi predict(const M& codes) const {
    detail::check_rows("KMeans::predict", "one for each value of a code", centres_.rows(), codes.rows());
    detail::check_finite("KMeans::predict", "code", codes);
    const Vector origin = centres_.rowwise().mean();
    return nearest(centred(codes, origin), centred(centres_, origin));
  }

  /// K
  Index size() const { return centres_.cols(); }
  /// c: d × K
  const Matrix& centres() const { return centres_; }
  /// k(j) of the codes it was fitted to: N, from 0.
  const Eigen::VectorXi& labels() const { return labels_; }
  /// J of the codes it was fitted to.
  double inertia() const { return inertia_; }
  /// Of the restart that is kept.
  Index steps() const { return steps_; }
  /// Whether the last step changed no label, or moved the centres by less than the tolerance.
  bool converged() const { return converged_; }

 private:
  KMeans() = default;

  /// Lloyd's algorithm from the first centres on; all around the mean of x.
  KMeans(const Matrix& x, const Matrix& first, const KMeansOptions& options) : centres_(first) {
    const double least = options.tolerance * x.squaredNorm() / static_cast<double>(x.size());
    Eigen::VectorXi before;
    bool settled = false;
    for (; steps_ < options.max_steps && !converged_; ++steps_) {
      labels_ = nearest(x, centres_);
      const Matrix moved = means(x);
      const double distance = (moved - centres_).squaredNorm();
      centres_ = moved;
      settled = before.size() > 0 && labels_ == before;
      converged_ = settled || distance <= least;
      before = labels_;
    }
    if (!settled) labels_ = nearest(x, centres_);
    inertia_ = 0;
    for (Index j = 0; j < x.cols(); ++j) inertia_ += (x.col(j) - centres_.col(labels_[j])).squaredNorm();
    if (!std::isfinite(inertia_))
      throw NonFiniteError("KMeans::fit: expected codes whose squares are finite, found an inertia that is not; scale them");
  }

  /// argmin_k ‖c_k‖² − 2 c_kᵀx_j, as many codes at a time as the cache holds.
  static Eigen::VectorXi nearest(const Matrix& x, const Matrix& centres) {
    constexpr Index piece = 256;
    const Vector lengths = centres.colwise().squaredNorm().transpose();
    Eigen::VectorXi labels(x.cols());
    Matrix distances;
    for (Index first = 0; first < x.cols(); first += piece) {
      const Index some = std::min(piece, x.cols() - first);
      distances.noalias() = -2 * centres.transpose() * x.middleCols(first, some);
      distances.colwise() += lengths;
      for (Index j = 0; j < some; ++j) {
        Index k = 0;
        distances.col(j).minCoeff(&k);
        labels[first + j] = static_cast<int>(k);
      }
    }
    return labels;
  }

  /// The means of the clusters, after each that is empty has taken a code from another one.
  Matrix means(const Matrix& x) const {
    Matrix sums = Matrix::Zero(x.rows(), size());
    std::vector<Index> counts(static_cast<std::size_t>(size()));
    const auto count = [&](Index k) -> Index& { return counts[static_cast<std::size_t>(k)]; };
    for (Index j = 0; j < x.cols(); ++j) {
      sums.col(labels_[j]) += x.col(j);
      ++count(labels_[j]);
    }
    if (std::find(counts.begin(), counts.end(), 0) != counts.end()) {
      std::vector<std::pair<double, Index>> farthest;  // minus the distances, so that of equal ones the first code comes first
      for (Index j = 0; j < x.cols(); ++j) farthest.emplace_back(-(x.col(j) - centres_.col(labels_[j])).squaredNorm(), j);
      std::sort(farthest.begin(), farthest.end());
      auto next = farthest.begin();
      for (Index k = 0; k < size(); ++k) {
        if (count(k) > 0) continue;
        // What a cluster of one code would lose it to is another empty cluster.
        while (next != farthest.end() && count(labels_[next->second]) < 2) ++next;
        if (next == farthest.end() || next->first == 0) break;  // fewer different codes than clusters
        const Index j = (next++)->second;
        sums.col(labels_[j]) -= x.col(j);
        --count(labels_[j]);
        sums.col(k) = x.col(j);
        count(k) = 1;
      }
    }
    Matrix result = centres_;
    for (Index k = 0; k < size(); ++k)
      if (count(k) > 0) result.col(k) = sums.col(k) / static_cast<double>(count(k));
    return result;
  }

  template <class M>
  static Vector mean_of(const M& codes) {
    Vector sum = Vector::Zero(codes.rows());
    for (Index j = 0; j < codes.cols(); ++j) sum += codes.col(j).template cast<double>() / static_cast<double>(codes.cols());
    return sum;
  }
  template <class M>
  static Matrix centred(const M& codes, const Vector& origin) {
    return codes.template cast<double>().colwise() - origin;
  }

  template <class M>
  static void check(const M& codes, const KMeansOptions& options) {
    const auto require = [](bool fine, const char* option, const char* range, auto found) {
      if (!fine) throw OptionError(message("KMeans::fit: expected ", option, ' ', range, ", found ", found));
    };
    if (codes.rows() == 0)
      throw ShapeError(
          message("KMeans::fit: expected codes, one a column, found a matrix of ", codes.rows(), " × ", codes.cols()));
    require(options.clusters >= 1, "clusters", "of 1 or more", options.clusters);
    require(options.restarts >= 1, "restarts", "of 1 or more", options.restarts);
    require(options.max_steps >= 1, "max_steps", "of 1 or more", options.max_steps);
    require(options.tolerance >= 0 && std::isfinite(options.tolerance), "a tolerance", "of 0 or more, and finite",
            options.tolerance);
    if (codes.cols() < options.clusters)
      throw OptionError(
          message("KMeans::fit: expected at least as many codes as clusters, ", options.clusters, ", found ", codes.cols()));
    detail::check_finite("KMeans::fit", "code", codes);
  }

  Matrix centres_;
  Eigen::VectorXi labels_;
  double inertia_ = std::numeric_limits<double>::infinity();
  Index steps_ = 0;
  bool converged_ = false;
};

}  // namespace eigencoder
