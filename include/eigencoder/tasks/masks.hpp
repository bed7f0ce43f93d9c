// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/random_mask.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

// Masks: which pixels of each image, or steps of each sequence, are hidden. A mask is a column of as many values as there are
// pixels, row by row, 1 where hidden and 0 where seen, for all channels; of any scalar. `shape` is that of a sample. All throw
// ShapeError where a matrix has another size, OptionError where a mask has another value than 0 and 1.
namespace eigencoder {

namespace detail {

template <class Masks>
void check_masks(const char* what, const Eigen::MatrixBase<Masks>& masks, Shape shape, Index samples) {
  if (masks.rows() != shape.height * shape.width || masks.cols() != samples) {
    throw ShapeError(message(what, ": expected masks of ", shape.height * shape.width, " × ", samples,
                             ", one value for each pixel of samples of ", to_string(shape),
                             " and one column for each of them, found ", masks.rows(), " × ", masks.cols()));
  }
  for (Index j = 0; j < masks.cols(); ++j) {
    for (Index p = 0; p < masks.rows(); ++p) {
      const auto value = static_cast<double>(masks.coeff(p, j));
      if (value != 0 && value != 1) {
        throw OptionError(
            message(what, ": expected masks of 1 (hidden) and 0 (seen), found ", value, " in row ", p, " of mask ", j));
      }
    }
  }
}

/// Checks samples and their masks, and calls use(first row, sample) for each hidden pixel.
template <class Samples, class Masks, class Use>
void for_each_hidden(const char* what, const Samples& samples, const Eigen::MatrixBase<Masks>& masks, Shape shape, Use use) {
  check_rows(what, message("samples of ", to_string(shape)).c_str(), shape.size(), samples.rows());
  check_masks(what, masks, shape, samples.cols());
  for (Index j = 0; j < masks.cols(); ++j) {
    for (Index p = 0; p < masks.rows(); ++p) {
      if (masks.coeff(p, j) != 0) use(p * shape.channels, j);
    }
  }
}

}  // namespace detail

/// `count` masks for samples of this shape, pixels × count. Mask j depends on the options, the seed and j alone; float and
/// double draw the same. They are those of a step 0 of a network whose first layer is RandomMask{options}, which no training
/// with this seed sees. Throws OptionError, ShapeError for samples of one pixel.
///
///     const Eigen::MatrixXf masks = ec::random_masks({.kind = ec::MaskKind::strokes}, ec::image(28, 28), x.cols(),
///     ec::Seed{1});
template <class T = float>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> random_masks(const MaskOptions& options, Shape shape, Index count, Seed seed) {
  options.check();
  if (!RandomMask<>::accepts(shape)) {
    throw ShapeError(message("random_masks: expected samples of several pixels or steps, found ", to_string(shape)));
  }
  if (count < 0) throw OptionError(message("random_masks: expected a count of 0 or more, found ", count));
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> masks(shape.height * shape.width, count);
  const Random random(seed, 0, 0);
  for (Index j = 0; j < count; ++j) kernels::draw_mask(options, random, j, shape.height, shape.width, masks.col(j).data());
  return masks;
}

/// The samples with `value` in all channels of what is hidden: what a network is given, or a picture. Integers of 8 and 16 bits
/// give float.
template <class Columns, class Masks>
auto hide(const Columns& samples, const Eigen::MatrixBase<Masks>& masks, Shape shape, double value = 0) {
  const auto& originals = detail::in_floating_point(samples);
  using T = typename std::decay_t<decltype(originals)>::Scalar;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> hidden = originals;
  detail::for_each_hidden("hide", hidden, masks, shape, [&](Index row, Index j) {
    hidden.col(j).segment(row, shape.channels).setConstant(static_cast<T>(value));
  });
  return hidden;
}

/// The samples with what is hidden taken from `restored`: the seen pixels are kept.
template <class Columns, class Masks, class Restored>
auto composite(const Columns& samples, const Eigen::MatrixBase<Masks>& masks, Shape shape, const Restored& restored) {
  const auto& originals = detail::in_floating_point(samples);
  using T = typename std::decay_t<decltype(originals)>::Scalar;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> whole = originals;
  const auto& given = detail::in_floating_point(restored);
  const Eigen::Matrix<typename std::decay_t<decltype(given)>::Scalar, Eigen::Dynamic, Eigen::Dynamic> put = given;
  if (put.rows() != whole.rows() || put.cols() != whole.cols()) {
    throw ShapeError(message("composite: expected restored samples of ", whole.rows(), " × ", whole.cols(),
                             ", as the samples are, found ", put.rows(), " × ", put.cols()));
  }
  detail::for_each_hidden("composite", whole, masks, shape, [&](Index row, Index j) {
    whole.col(j).segment(row, shape.channels) = put.col(j).segment(row, shape.channels).template cast<T>();
  });
  return whole;
}

/// Weights of the values of samples, shape.size() × N, for FitOptions::element_weights and validation_element_weights: `hidden`
/// for what a mask hides, `seen` for the rest. By default what is hidden counts alone. Throws OptionError for weights that are
/// not finite, negative, or both 0 as well.
template <class T = float, class Masks>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> mask_weights(const Eigen::MatrixBase<Masks>& masks, Shape shape,
                                                              const MaskWeights& weights = {}) {
  weights.check();
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  return hide(Matrix::Constant(shape.size(), masks.cols(), static_cast<T>(weights.seen)).eval(), masks, shape, weights.hidden);
}

}  // namespace eigencoder
