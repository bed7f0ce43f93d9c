// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <string>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/idx.hpp"
#include "eigencoder/data/part.hpp"

namespace eigencoder {

/// Samples, one a column, with a class label for each.
/// T is float or double, or std::uint8_t for images that stay as they are in the file: a quarter of the memory, and a Trainer
/// takes them too.
template <SampleScalar T = float>
struct Dataset {
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples;  ///< shape.size() × N
  Eigen::VectorXi labels;                                    ///< N, or empty where there are none
  Shape shape;                                               ///< of one sample
  std::vector<std::string> class_names = {};                 ///< of the labels 0, 1, …, where they have names
  std::vector<std::string> feature_names = {};               ///< of the rows of samples, where they have names

  /// N
  Index size() const { return samples.cols(); }

  /// A copy of the first `count` samples and their labels. Throws OptionError unless 1 ≤ count ≤ size().
  Dataset first(Index count) const {
    if (count < 1 || count > size())
      throw OptionError(message("Dataset::first: expected a count from 1 to ", size(), ", found ", count));
    return {samples.leftCols(count), labels.head(std::min(count, labels.size())), shape, class_names, feature_names};
  }
};

/// A copy of the samples that are the part of rank `rank` of `size`, with their labels (data/part.hpp). Throws OptionError.
template <SampleScalar T>
Dataset<T> part_of(const Dataset<T>& set, int rank, int size, std::size_t parts = 0) {
  const auto [begin, count] = range_of_part(set.size(), rank, size, parts);
  Dataset<T> part{set.samples.middleCols(begin, count), {}, set.shape, set.class_names, set.feature_names};
  if (set.labels.size() > 0) part.labels = set.labels.segment(begin, count);
  return part;
}

/// A training set and a test set.
template <SampleScalar T = float>
struct Split {
  Dataset<T> train, test;
};

namespace detail {

/// Bytes of a picture as values of samples: as T has them, scaled to [0, 1] where it is floating-point.
template <class T, class Values>
void set_pixels(const std::uint8_t* bytes, Values&& values) {
  const Eigen::Map<const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, 1>> pixels(bytes, values.size());
  if constexpr (std::floating_point<T>) {
    values = pixels.template cast<T>() / T(255);
  } else {
    values = pixels;
  }
}

}  // namespace detail

/// Reads a folder of four files named as MNIST's are: train-images-idx3-ubyte, train-labels-idx1-ubyte and the same with t10k,
/// each with "-" or "." before "idx", plain or with .gz. Samples of n × h × w values get the shape image(h, w), n × h × w × c
/// image(h, w, c), n × d features(d). Pixels of type uint8 are scaled to [0, 1]; other types stay as they are. T as in Dataset:
/// with std::uint8_t nothing is scaled.
/// Throws FileError if a file is missing or unsound, if images and labels differ in number, or training and test in shape.
template <SampleScalar T = float>
Split<T> load_idx_dataset(const std::filesystem::path& folder);

/// Handwritten digits (LeCun, Cortes, Burges): load_idx_dataset for images of 28 × 28 pixels and labels from 0 to 9.
/// Throws FileError as load_idx_dataset does, and if sizes or labels are others.
template <SampleScalar T = float>
Split<T> load_mnist(const std::filesystem::path& folder);

/// Articles of clothing (Xiao, Rasul, Vollgraf 2017): load_idx_dataset for images of 28 × 28 pixels and labels from 0 to 9.
/// The first 12,000 come with the project. Throws FileError as load_idx_dataset does, and if sizes or labels are others.
template <SampleScalar T = float>
Split<T> load_fashion_mnist(const std::filesystem::path& folder);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/dataset_impl.hpp"
#endif
