// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/tasks/structural_similarity.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE Eigen::VectorXd window_weights(const SimilarityOptions& options) {
  if (!options.gaussian_weights) return Eigen::VectorXd::Constant(options.window, 1 / static_cast<double>(options.window));
  const auto radius = static_cast<Index>(3.5 * options.sigma + 0.5);
  Eigen::VectorXd weights(2 * radius + 1);
  for (Index i = 0; i < weights.size(); ++i) {
    const double distance = static_cast<double>(i - radius) / options.sigma;
    weights[i] = std::exp(-0.5 * distance * distance);
  }
  return weights / weights.sum();
}

/// The weighted means over all windows that lie in the image.
inline Eigen::ArrayXXd window_means(const Eigen::ArrayXXd& image, const Eigen::VectorXd& weights) {
  const Index rows = image.rows() - weights.size() + 1, columns = image.cols() - weights.size() + 1;
  Eigen::ArrayXXd along = Eigen::ArrayXXd::Zero(rows, image.cols()), means = Eigen::ArrayXXd::Zero(rows, columns);
  for (Index i = 0; i < weights.size(); ++i) along += weights[i] * image.middleRows(i, rows);
  for (Index i = 0; i < weights.size(); ++i) means += weights[i] * along.middleCols(i, columns);
  return means;
}

EIGENCODER_INLINE void check_similarity(const char* what, Shape shape, Index rows, double data_range,
                                        const SimilarityOptions& options) {
  check_data_range(what, data_range);
  check_option(what, options.window >= 3 && options.window % 2 == 1, "a window", "of 3 or more pixels, an odd number",
               options.window);
  check_option(what, options.sigma >= 0.5 && options.sigma <= 1e6, "sigma", "from 0.5 to 10⁶ pixels", options.sigma);
  check_option(what, options.K1 >= 0 && std::isfinite(options.K1), "K1", "of 0 or more", options.K1);
  check_option(what, options.K2 >= 0 && std::isfinite(options.K2), "K2", "of 0 or more", options.K2);
  check_rows(what, message("images of ", to_string(shape)).c_str(), shape.size(), rows);
  const Index side = options.gaussian_weights ? 2 * static_cast<Index>(3.5 * options.sigma + 0.5) + 1 : options.window;
  if (side > std::min(shape.height, shape.width)) {
    throw ShapeError(message(what, ": expected images of at least ", side, " × ", side, " pixels, as the window has, found ",
                             shape.height, " × ", shape.width, "; take a smaller ",
                             options.gaussian_weights ? "sigma" : "window"));
  }
}

EIGENCODER_INLINE Eigen::ArrayXXd similarity_map(const Eigen::ArrayXXd& a, const Eigen::ArrayXXd& b,
                                                 const Eigen::VectorXd& weights, double data_range,
                                                 const SimilarityOptions& options) {
  const auto pixels = static_cast<double>(weights.size() * weights.size());
  const double unbiased = options.gaussian_weights ? 1 : pixels / (pixels - 1);
  const double C1 = std::pow(options.K1 * data_range, 2), C2 = std::pow(options.K2 * data_range, 2);
  const Eigen::ArrayXXd mean_a = window_means(a, weights), mean_b = window_means(b, weights);
  const Eigen::ArrayXXd squares = window_means(a.square() + b.square(), weights);
  const Eigen::ArrayXXd products = window_means(a * b, weights);
  const Eigen::ArrayXXd mean_squares = mean_a.square() + mean_b.square(), mean_products = mean_a * mean_b;
  return (2 * mean_products + C1) * (2 * unbiased * (products - mean_products) + C2) /
         ((mean_squares + C1) * (unbiased * (squares - mean_squares) + C2));
}

}  // namespace eigencoder::detail
