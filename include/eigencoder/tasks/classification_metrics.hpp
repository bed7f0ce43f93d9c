// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "eigencoder/tasks/label_vector.hpp"

namespace eigencoder {

/// How often class i (row) was taken for class j (column).
using ConfusionMatrix = Eigen::Matrix<Index, Eigen::Dynamic, Eigen::Dynamic>;

namespace detail {

template <class Truth, class Predicted>
void check_labels(const char* what, const Truth& truth, const Predicted& predicted) {
  if (truth.rows() != predicted.rows() || truth.cols() != predicted.cols()) {
    throw ShapeError(message(what, ": expected true and predicted labels of the same size, found ", truth.rows(), " × ",
                             truth.cols(), " and ", predicted.rows(), " × ", predicted.cols()));
  }
  if (truth.size() == 0) throw ShapeError(message(what, ": expected at least one label, found none"));
}

template <class Label>
Index checked_class(Label label, Index classes, const char* kind, Index i, Index j) {
  if (std::cmp_less(label, 0) || std::cmp_greater_equal(label, classes)) {
    throw OptionError(message("confusion_matrix: expected labels from 0 to ", classes - 1, ", found ", label, ", ", kind,
                              ", in row ", i, " of column ", j));
  }
  return static_cast<Index>(label);
}

}  // namespace detail

// True and predicted labels are of the same size: vectors, or matrices such as masks with a pixel a row and a sample a column.
// All throw ShapeError for other sizes or no labels.

/// classes × classes, the true class's row and the predicted one's column. Labels count from 0. O(n) for n labels.
/// scikit-learn: confusion_matrix. Throws OptionError for a label out of range, with its place, and unless classes > 0.
template <Labels Truth, Labels Predicted>
ConfusionMatrix confusion_matrix(const Truth& truth, const Predicted& predicted, Index classes) {
  if (classes < 1) throw OptionError(message("confusion_matrix: expected 1 class or more, found ", classes));
  detail::check_labels("confusion_matrix", truth, predicted);
  const auto expected = truth.eval();
  const auto found = predicted.eval();
  ConfusionMatrix counts = ConfusionMatrix::Zero(classes, classes);
  for (Index j = 0; j < truth.cols(); ++j) {
    for (Index i = 0; i < truth.rows(); ++i) {
      const Index row = detail::checked_class(+expected.coeff(i, j), classes, "a true one", i, j);
      ++counts(row, detail::checked_class(+found.coeff(i, j), classes, "a predicted one", i, j));
    }
  }
  return counts;
}

/// The part of the labels that is right, of any whole numbers. scikit-learn: accuracy_score.
template <Labels Truth, Labels Predicted>
double accuracy_score(const Truth& truth, const Predicted& predicted) {
  detail::check_labels("accuracy_score", truth, predicted);
  const auto expected = truth.eval();
  const auto found = predicted.eval();
  Index right = 0;
  for (Index j = 0; j < truth.cols(); ++j)
    for (Index i = 0; i < truth.rows(); ++i)
      if (std::cmp_equal(+expected.coeff(i, j), +found.coeff(i, j))) ++right;
  return static_cast<double>(right) / static_cast<double>(truth.size());
}

/// From a confusion matrix: the mean over the classes of |both| / |either|, the number of labels that are of a class in truth
/// and prediction, divided by the number that are in one of them at least. Classes that occur in neither do not count. Keras:
/// MeanIoU; scikit-learn: jaccard_score with average="macro". Throws ShapeError unless the matrix is square with a count that
/// is not 0, OptionError for a negative count.
inline double mean_iou(const ConfusionMatrix& counts) {
  if (counts.rows() != counts.cols()) {
    throw ShapeError(
        message("mean_iou: expected a confusion matrix, which is square, found ", counts.rows(), " × ", counts.cols()));
  }
  double sum = 0;
  Index present = 0;
  for (Index k = 0; k < counts.rows(); ++k) {
    if (const Index least = counts.row(k).minCoeff(); least < 0) {
      throw OptionError(message("mean_iou: expected counts of 0 or more, found ", least, " in row ", k));
    }
    const Index either = counts.row(k).sum() + counts.col(k).sum() - counts(k, k);
    if (either == 0) continue;
    sum += static_cast<double>(counts(k, k)) / static_cast<double>(either);
    ++present;
  }
  if (present == 0) throw ShapeError("mean_iou: expected at least one label, found none");
  return sum / static_cast<double>(present);
}
/// The same from labels. Throws what confusion_matrix throws.
template <Labels Truth, Labels Predicted>
double mean_iou(const Truth& truth, const Predicted& predicted, Index classes) {
  return mean_iou(confusion_matrix(truth, predicted, classes));
}

}  // namespace eigencoder
