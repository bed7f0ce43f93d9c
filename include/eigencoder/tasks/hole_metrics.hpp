// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/masks.hpp"
#include "eigencoder/tasks/structural_similarity.hpp"

// How good what masks hide is restored. Targets, outputs and their errors are those of tasks/reconstruction_metrics.hpp, masks
// those of tasks/masks.hpp. Each is one number for the whole set, in which every hidden pixel counts the same: of a single
// image whose hole is all black, an error of 0 and an infinite ratio would say little. All throw ShapeError where nothing is
// hidden.
namespace eigencoder {

/// The mean over all hidden values of (target − output)².
template <class Target, class Output, class Masks>
double hole_mean_squared_error(const Target& target, const Output& output, const Eigen::MatrixBase<Masks>& masks, Shape shape) {
  static constexpr const char* what = "hole_mean_squared_error";
  return detail::with_checked_pair(what, target, output, [&](const auto& targets, const auto& outputs) {
    double sum = 0;
    Index pixels = 0;
    detail::for_each_hidden(what, targets, masks, shape, [&](Index row, Index j) {
      sum += (targets.col(j).segment(row, shape.channels).template cast<double>() -
              outputs.col(j).segment(row, shape.channels).template cast<double>())
                 .squaredNorm();
      ++pixels;
    });
    if (pixels == 0)
      throw ShapeError(
          message(what, ": expected masks that hide at least one pixel, found none hidden in ", masks.cols(), " samples"));
    return sum / static_cast<double>(pixels * shape.channels);
  });
}

/// The peak signal-to-noise ratio of the hole in decibels, 10 log₁₀(data_range² / hole_mean_squared_error); infinite where that
/// is 0. Throws OptionError unless data_range > 0 as well.
template <class Target, class Output, class Masks>
double hole_peak_signal_noise_ratio(const Target& target, const Output& output, const Eigen::MatrixBase<Masks>& masks,
                                    Shape shape, double data_range) {
  detail::check_data_range("hole_peak_signal_noise_ratio", data_range);
  return 10 * (2 * std::log10(data_range) - std::log10(hole_mean_squared_error(target, output, masks, shape)));
}

/// The structural similarity of the hole: the mean over all windows inside of the images whose centre is hidden, and over the
/// channels, as structural_similarity has them. Windows look at what is around the hole too, so `output` should have the seen
/// pixels as they are, as `composite` makes it. Throws ShapeError also where nothing is hidden but pixels nearer to the image's
/// border than half a window.
template <class Target, class Output, class Masks>
double hole_structural_similarity(const Target& target, const Output& output, const Eigen::MatrixBase<Masks>& masks,
                                  Shape shape, double data_range, const SimilarityOptions& options = {}) {
  static constexpr const char* what = "hole_structural_similarity";
  detail::check_rows(what, message("samples of ", to_string(shape)).c_str(), shape.size(), target.rows());
  detail::check_masks(what, masks, shape, target.cols());
  double sum = 0;
  Index windows = 0;
  detail::for_each_similarity(what, target, output, shape, data_range, options, [&](Index sample, const Eigen::ArrayXXd& map) {
    const Index radius = (shape.width - map.rows()) / 2;
    for (Index y = 0; y < map.cols(); ++y) {
      for (Index x = 0; x < map.rows(); ++x) {
        if (masks.coeff((y + radius) * shape.width + x + radius, sample) == 0) continue;
        sum += map(x, y);
        ++windows;
      }
    }
  });
  if (windows == 0)
    throw ShapeError(message(what, ": expected masks that hide the centre of at least one window, found none in ", masks.cols(),
                             " samples"));
  return sum / static_cast<double>(windows);
}

}  // namespace eigencoder
