// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "eigencoder/tasks/classification_metrics.hpp"

// What segmentation makes of a network's output, and how it is judged: one class for each place of an image or a sequence.
namespace eigencoder {

/// The channel of the largest value of every place, the first of equal ones: places × N labels from probabilities or logits
/// (channels · places) × N, as a network gives them. NumPy: argmax over the channels. Throws OptionError unless channels > 0,
/// ShapeError unless the rows are a multiple of them, NonFiniteError for a NaN.
template <class Y>
requires std::floating_point<typename Y::Scalar> Eigen::MatrixXi class_map(const Eigen::MatrixBase<Y>& y, Index channels) {
  if (channels < 1) throw OptionError(message("class_map: expected 1 channel or more, found ", channels));
  if (y.rows() == 0 || y.rows() % channels != 0) {
    throw ShapeError(
        message("class_map: expected rows in multiples of ", channels, " channels, found ", y.rows(), " × ", y.cols()));
  }
  const auto values = y.eval();
  Eigen::MatrixXi labels(y.rows() / channels, y.cols());
  for (Index j = 0; j < labels.cols(); ++j) {
    for (Index i = 0; i < labels.rows(); ++i) {
      Index best = 0;
      for (Index c = 0; c < channels; ++c) {
        const auto value = values(i * channels + c, j);
        if (std::isnan(value)) {
          throw NonFiniteError(message("class_map: expected numbers, found nan in row ", i * channels + c, " of sample ", j));
        }
        if (value > values(i * channels + best, j)) best = c;
      }
      labels(i, j) = static_cast<int>(best);
    }
  }
  return labels;
}

/// True and predicted labels of the places whose true class is known.
struct KnownPlaces {
  Eigen::VectorXi truth, predicted;
};

/// Leaves out the places whose true label is negative, which says that their class is unknown: what is left goes to
/// confusion_matrix and accuracy_score. Throws ShapeError for labels of different sizes, and if none is known.
inline KnownPlaces known_places(const Eigen::MatrixXi& truth, const Eigen::MatrixXi& predicted) {
  detail::check_labels("known_places", truth, predicted);
  const Index count = (truth.array() >= 0).count();
  if (count == 0) throw ShapeError("known_places: expected a place whose class is known, found none: all are negative");
  KnownPlaces known{Eigen::VectorXi(count), Eigen::VectorXi(count)};
  for (Index i = 0, at = 0; i < truth.size(); ++i) {
    if (truth(i) < 0) continue;
    known.truth[at] = truth(i);
    known.predicted[at++] = predicted(i);
  }
  return known;
}

/// |both| / |either| of every class of a confusion matrix, whose mean is mean_iou; NaN for a class that is in neither. Throws
/// ShapeError unless the matrix is square.
inline Eigen::VectorXd iou_by_class(const ConfusionMatrix& counts) {
  if (counts.rows() != counts.cols()) {
    throw ShapeError(
        message("iou_by_class: expected a confusion matrix, which is square, found ", counts.rows(), " × ", counts.cols()));
  }
  return Eigen::VectorXd::NullaryExpr(counts.rows(), [&](Index k) {
    const Index either = counts.row(k).sum() + counts.col(k).sum() - counts(k, k);
    return either == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : static_cast<double>(counts(k, k)) / static_cast<double>(either);
  });
}

/// Weights of the classes that let all of them count alike: known places / (classes that occur · places of the class), which
/// average to 1 over the places; 1 for a class that does not occur. scikit-learn: class_weight="balanced". Throws OptionError
/// for a label that is no class, ShapeError if no label is known.
template <std::size_t Classes>
std::array<double, Classes> balanced_class_weights(const Eigen::MatrixXi& labels) {
  std::array<Index, Classes> counts{};
  Index known = 0, present = 0;
  for (Index i = 0; i < labels.size(); ++i) {
    if (labels(i) < 0) continue;
    if (labels(i) >= static_cast<int>(Classes)) {
      throw OptionError(message("balanced_class_weights: expected labels to ", Classes - 1, ", found ", labels(i), " in row ",
                                i % labels.rows(), " of sample ", i / labels.rows()));
    }
    ++known;
    if (counts[static_cast<std::size_t>(labels(i))]++ == 0) ++present;
  }
  if (known == 0) throw ShapeError("balanced_class_weights: expected a label that is known, found none");
  std::array<double, Classes> weights;
  for (std::size_t k = 0; k < Classes; ++k) {
    weights[k] = counts[k] == 0 ? 1 : static_cast<double>(known) / static_cast<double>(present * counts[k]);
  }
  return weights;
}

/// Labels as colours, to be shown: (3 · places) × N values from 0 to 1, red, green and blue of each place. Twelve colours that
/// are told apart, over again for more classes; unknown places are black.
inline Eigen::MatrixXf class_colours(const Eigen::MatrixXi& labels) {
  constexpr std::array<std::array<std::uint8_t, 3>, 12> palette{{{225, 225, 225},
                                                                 {31, 119, 180},
                                                                 {255, 127, 14},
                                                                 {44, 160, 44},
                                                                 {214, 39, 40},
                                                                 {148, 103, 189},
                                                                 {140, 86, 75},
                                                                 {227, 119, 194},
                                                                 {110, 110, 110},
                                                                 {188, 189, 34},
                                                                 {23, 190, 207},
                                                                 {255, 222, 90}}};
  Eigen::MatrixXf colours = Eigen::MatrixXf::Zero(3 * labels.rows(), labels.cols());
  for (Index j = 0; j < labels.cols(); ++j) {
    for (Index i = 0; i < labels.rows(); ++i) {
      if (labels(i, j) < 0) continue;
      const auto& colour = palette[static_cast<std::size_t>(labels(i, j)) % palette.size()];
      for (Index c = 0; c < 3; ++c) colours(3 * i + c, j) = static_cast<float>(colour[static_cast<std::size_t>(c)]) / 255.0F;
    }
  }
  return colours;
}

}  // namespace eigencoder
