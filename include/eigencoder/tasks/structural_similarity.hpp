// SPDX-License-Identifier: MIT
#pragma once

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
Eigen::VectorXd window_weights(const SimilarityOptions& options);

void check_similarity(const char* what, Shape shape, Index rows, double data_range, const SimilarityOptions& options);

/// The similarities of all windows that lie in two images of one channel.
Eigen::ArrayXXd similarity_map(const Eigen::ArrayXXd& a, const Eigen::ArrayXXd& b, const Eigen::VectorXd& weights,
                               double data_range, const SimilarityOptions& options);

/// use(sample, map) for every channel of each pair of images: the similarities of all windows inside. Rows of a map are the image's columns,
/// and (i, j) is the window whose centre is that many rows and columns further by half a window.
template <class Target, class Output, class Use>
void for_each_similarity(const char* what, const Target& target, const Output& output, Shape shape, double data_range,
                         const SimilarityOptions& options, Use use) {
  check_similarity(what, shape, target.rows(), data_range, options);
  with_checked_pair(what, target, output, [&](const auto& targets, const auto& outputs) {
    const Eigen::VectorXd weights = window_weights(options);
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
        use(j, similarity_map(plane(targets, j, c), plane(outputs, j, c), weights, data_range, options));
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

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/structural_similarity_impl.hpp"
#endif
