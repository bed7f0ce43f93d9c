// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "eigencoder/tasks/reconstruction_metrics.hpp"

namespace eigencoder {

/// How structural_similarity looks at images. What is here by default is scikit-image's.
struct SimilarityOptions {
  Index window = 7;               ///< pixels of a side of the square window, odd; of the uniform one alone
  bool gaussian_weights = false;  ///< the window of Wang et al. 2004: weights of a normal distribution, population variances
  double sigma = 1.5;             ///< its standard deviation in pixels; it ends at 3.5 of them, 11 × 11 pixels for 1.5
  double K1 = 0.01, K2 = 0.03;    ///< keep the quotients finite: C = (K · data_range)²
};

namespace detail {

/// The window's weights along one side; they sum to 1.
inline Eigen::VectorXd window_weights(const SimilarityOptions& options) {
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

inline void check_similarity(const char* what, Shape shape, Index rows, double data_range, const SimilarityOptions& options) {
  check_data_range(what, data_range);
  const auto require = [what](bool fine, const char* option, const char* range, auto found) {
    if (!fine) throw OptionError(message(what, ": expected ", option, ' ', range, ", found ", found));
  };
  require(options.window >= 3 && options.window % 2 == 1, "a window", "of 3 or more pixels, an odd number", options.window);
  require(options.sigma >= 0.5 && options.sigma <= 1e6, "sigma", "from 0.5 to 10⁶ pixels", options.sigma);
  require(options.K1 >= 0 && std::isfinite(options.K1), "K1", "of 0 or more", options.K1);
  require(options.K2 >= 0 && std::isfinite(options.K2), "K2", "of 0 or more", options.K2);
  check_rows(what, message("images of ", to_string(shape)).c_str(), shape.size(), rows);
  const Index side = options.gaussian_weights ? 2 * static_cast<Index>(3.5 * options.sigma + 0.5) + 1 : options.window;
  if (side > std::min(shape.height, shape.width)) {
    throw ShapeError(message(what, ": expected images of at least ", side, " × ", side, " pixels, as the window has, found ",
                             shape.height, " × ", shape.width, "; take a smaller ",
                             options.gaussian_weights ? "sigma" : "window"));
  }
}

/// use(sample, map) for every channel of each pair of images: the similarities of all windows inside. Rows of a map are the image's columns,
/// and (i, j) is the window whose centre is that many rows and columns further by half a window.
template <class Target, class Output, class Use>
void for_each_similarity(const char* what, const Target& target, const Output& output, Shape shape, double data_range,
                         const SimilarityOptions& options, Use use) {
  check_similarity(what, shape, target.rows(), data_range, options);
  with_checked_pair(what, target, output, [&](const auto& targets, const auto& outputs) {
    const Eigen::VectorXd weights = window_weights(options);
    const auto pixels = static_cast<double>(weights.size() * weights.size());
    const double unbiased = options.gaussian_weights ? 1 : pixels / (pixels - 1);
    const double C1 = std::pow(options.K1 * data_range, 2), C2 = std::pow(options.K2 * data_range, 2);
    const auto plane = [&](const auto& images, Index j, Index channel) -> Eigen::ArrayXXd {
      using T = typename std::decay_t<decltype(images)>::Scalar;
      using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
      const Stride stride(shape.width * shape.channels, shape.channels);
      const T* const first = images.data() + j * images.outerStride() + channel;
      using Plane = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic>, Eigen::Unaligned, Stride>;
      return Plane(first, shape.width, shape.height, stride).template cast<double>();
    };
    for (Index j = 0; j < targets.cols(); ++j) {
      for (Index c = 0; c < shape.channels; ++c) {
        const Eigen::ArrayXXd a = plane(targets, j, c), b = plane(outputs, j, c);
        const Eigen::ArrayXXd mean_a = window_means(a, weights), mean_b = window_means(b, weights);
        const Eigen::ArrayXXd squares = window_means(a.square() + b.square(), weights);
        const Eigen::ArrayXXd products = window_means(a * b, weights);
        const Eigen::ArrayXXd mean_squares = mean_a.square() + mean_b.square(), mean_products = mean_a * mean_b;
        const Eigen::ArrayXXd map = (2 * mean_products + C1) * (2 * unbiased * (products - mean_products) + C2) /
                                    ((mean_squares + C1) * (unbiased * (squares - mean_squares) + C2));
        use(j, map);
      }
    }
  });
}

}  // namespace detail

/// The structural similarity (SSIM) of each pair of images, one a column: the mean over all windows w inside the image, and
/// over the channels, of
///   (2 μ_a μ_b + C₁)(2 σ_ab + C₂) / ((μ_a² + μ_b² + C₁)(σ_a² + σ_b² + C₂))        C₁ = (K1 · data_range)², C₂ = (K2 ·
///   data_range)²
/// with the means, variances and covariance of the windows. 1 for equal images, at least −1. `shape` is that of an image,
/// `data_range` the largest value that a pixel can have minus the smallest. Takes targets and outputs as mean_squared_error
/// does.
///
///     const double mean = ec::structural_similarity(x, model.reconstruct(x), ec::image(28, 28), 1.0).mean();
///
/// scikit-image: structural_similarity, with its variances of samples for the uniform window, and for the Gaussian one with
/// use_sample_covariance=False. O(pixels · window) an image. Throws ShapeError, also if the window is larger than the image,
/// OptionError, NonFiniteError. Wang, Bovik, Sheikh and Simoncelli 2004.
template <class Target, class Output>
Eigen::VectorXd structural_similarity(const Target& target, const Output& output, Shape shape, double data_range,
                                      const SimilarityOptions& options = {}) {
  Eigen::VectorXd similarities = Eigen::VectorXd::Zero(target.cols());
  detail::for_each_similarity("structural_similarity", target, output, shape, data_range, options,
                              [&](Index j, const Eigen::ArrayXXd& map) { similarities[j] += map.mean(); });
  return similarities / static_cast<double>(shape.channels);
}

}  // namespace eigencoder
