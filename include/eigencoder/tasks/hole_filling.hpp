// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "eigencoder/tasks/masks.hpp"

// Fills what masks hide by what is seen of the same image, without a model: what a trained network has to be better than. Masks
// and their errors are those of tasks/masks.hpp. What is hidden is not looked at, and may be NaN.
namespace eigencoder {

namespace detail {

/// The pixels of one image that are hidden, and which of them are neighbours.
class Hole {
 public:
  static constexpr Index none = -1;

  /// Throws ShapeError if all of the image is hidden.
  template <class Masks>
  Hole(const char* what, const Eigen::MatrixBase<Masks>& masks, Shape shape, Index sample)
      : shape_(shape), number_(static_cast<std::size_t>(masks.rows()), none) {
    for (Index p = 0; p < masks.rows(); ++p) {
      if (masks.coeff(p, sample) == 0) continue;
      number_[static_cast<std::size_t>(p)] = size();
      pixels_.push_back(p);
    }
    if (size() == masks.rows())
      throw ShapeError(message(what, ": expected at least one pixel that is seen, found none in sample ", sample));
  }

  Index size() const { return std::ssize(pixels_); }
  Index pixel(Index i) const { return pixels_[static_cast<std::size_t>(i)]; }
  /// Where a pixel is among the hidden ones; `none` if it is seen.
  Index number(Index pixel) const { return number_[static_cast<std::size_t>(pixel)]; }
  /// use(pixel) for the up to four neighbours that are in the image.
  template <class Use>
  void for_each_neighbour(Index pixel, Use use) const {
    const Index row = pixel / shape_.width, column = pixel % shape_.width;
    if (row > 0) use(pixel - shape_.width);
    if (row + 1 < shape_.height) use(pixel + shape_.width);
    if (column > 0) use(pixel - 1);
    if (column + 1 < shape_.width) use(pixel + 1);
  }

 private:
  Shape shape_;
  std::vector<Index> number_, pixels_;
};

/// Solves Laplace's equation in a hole by conjugate gradients.
class LaplaceSolver {
 public:
  explicit LaplaceSolver(const Hole& hole);

  /// u of the hidden pixels. seen(pixel): the value of one that is seen.
  template <class Seen>
  Eigen::VectorXd solve(Seen seen, double tolerance) const {
    Eigen::VectorXd b = Eigen::VectorXd::Zero(hole_.size());
    double sum = 0, count = 0;
    for (Index i = 0; i < b.size(); ++i) {
      hole_.for_each_neighbour(hole_.pixel(i), [&](Index pixel) {
        if (hole_.number(pixel) != Hole::none) return;
        b[i] += seen(pixel);
        sum += seen(pixel);
        ++count;
      });
    }
    return solve(std::move(b), sum / count, tolerance);
  }

 private:
  /// A u = b, from a first value of all pixels on.
  Eigen::VectorXd solve(Eigen::VectorXd b, double first, double tolerance) const;
  Eigen::VectorXd times(const Eigen::VectorXd& u) const;

  const Hole& hole_;
  Eigen::VectorXd degrees_;
  Eigen::Matrix<Index, 4, Eigen::Dynamic> neighbours_;
};

/// fill(hole, channel value of a seen pixel) → values of the hidden pixels, for every channel of every sample.
template <class Columns, class Masks, class Fill>
auto filled(const char* what, const Columns& samples, const Eigen::MatrixBase<Masks>& masks, Shape shape, Fill fill) {
  const auto& originals = in_floating_point(samples);
  using T = typename std::decay_t<decltype(originals)>::Scalar;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> whole = originals;
  for_each_hidden(what, whole, masks, shape, [](Index, Index) {});
  const auto seen_of = [&](Index j, Index c) {
    return [&whole, j, c, shape](Index pixel) { return static_cast<double>(whole(pixel * shape.channels + c, j)); };
  };
  for (Index j = 0; j < whole.cols(); ++j) {
    const Hole hole(what, masks, shape, j);
    if (hole.size() == 0) continue;
    for (Index p = 0; p < masks.rows(); ++p) {
      if (hole.number(p) != Hole::none) continue;
      for (Index row = p * shape.channels; row < (p + 1) * shape.channels; ++row) {
        if (!std::isfinite(whole(row, j)))
          throw NonFiniteError(message(what, ": expected finite values where pixels are seen, found ", whole(row, j),
                                       " in row ", row, " of sample ", j));
      }
    }
    fill(hole, j, seen_of,
         [&](Index i, Index c, double value) { whole(hole.pixel(i) * shape.channels + c, j) = static_cast<T>(value); });
  }
  return whole;
}

}  // namespace detail

/// The samples with each hidden value replaced by the mean of what is seen of its channel in the same sample. Throws ShapeError
/// where a sample is hidden wholly, NonFiniteError for what is seen.
template <class Columns, class Masks>
auto mean_fill(const Columns& samples, const Eigen::MatrixBase<Masks>& masks, Shape shape) {
  return detail::filled("mean_fill", samples, masks, shape, [&](const detail::Hole& hole, Index j, auto seen_of, auto put) {
    for (Index c = 0; c < shape.channels; ++c) {
      const auto seen = seen_of(j, c);
      double sum = 0;
      for (Index p = 0; p < masks.rows(); ++p) sum += hole.number(p) == detail::Hole::none ? seen(p) : 0.0;
      for (Index i = 0; i < hole.size(); ++i) put(i, c, sum / static_cast<double>(masks.rows() - hole.size()));
    }
  });
}

/// The samples with the hidden values diffused in from what is seen around them: those that solve Laplace's equation Δu = 0 in
/// the hole, with the seen values as boundary values and no flux through the image's borders (Neumann's condition). With N(p)
/// the up to four neighbours of pixel p that are in the image, for every hidden p and in every channel
///   Σ_{q ∈ N(p)} (u_p − u_q) = 0,   or A u = b,   with A_pp = |N(p)|, A_pq = −1 for hidden q in N(p), b_p the sum of the seen
///   ones
/// so that every hidden value is the mean of its neighbours, and none is above the largest or below the least seen value at the
/// hole's edge. A is symmetric, and positive definite where anything is seen; conjugate gradients (Hestenes and Stiefel, 1952)
/// solve it, from the mean of the edge on, until ‖b − A u‖ ≤ tolerance ‖b‖. In double. Throws ShapeError where a sample is
/// hidden wholly, NonFiniteError for what is seen, OptionError unless 10⁻¹⁴ ≤ tolerance < 1. Bertalmio, Sapiro, Caselles and
/// Ballester, "Image inpainting", 2000, compare with it; scikit-image's inpaint_biharmonic solves Δ² u = 0.
template <class Columns, class Masks>
auto diffusion_fill(const Columns& samples, const Eigen::MatrixBase<Masks>& masks, Shape shape, double tolerance = 1e-10) {
  if (!(tolerance >= 1e-14 && tolerance < 1))
    throw OptionError(message("diffusion_fill: expected a tolerance from 1e-14 to 1, found ", tolerance));
  return detail::filled("diffusion_fill", samples, masks, shape,
                        [&](const detail::Hole& hole, Index j, auto seen_of, auto put) {
                          const detail::LaplaceSolver solver(hole);
                          for (Index c = 0; c < shape.channels; ++c) {
                            const Eigen::VectorXd u = solver.solve(seen_of(j, c), tolerance);
                            for (Index i = 0; i < hole.size(); ++i) put(i, c, u[i]);
                          }
                        });
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/hole_filling_impl.hpp"
#endif
