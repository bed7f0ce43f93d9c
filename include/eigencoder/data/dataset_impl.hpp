// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/dataset.hpp"

namespace eigencoder {

namespace detail {

struct LabelledFiles {
  std::filesystem::path images, labels;
};

/// The file of `folder` called `part` and `kind`, in the one of the usual spellings that exists. `advice` ends the error.
inline std::filesystem::path find_idx_file(const std::filesystem::path& folder, std::string_view part, std::string_view kind,
                                           std::string_view advice) {
  std::error_code unused;
  if (!std::filesystem::is_directory(folder, unused))
    throw FileError(message(folder.string(), ": expected a folder of IDX files, found ",
                            std::filesystem::exists(folder, unused) ? "a file" : "nothing", "; ", advice));
  std::string names;
  for (const char separator : {'-', '.'})
    for (const std::string_view ending : {"", ".gz"}) {
      const std::string name = message(part, separator, kind, ending);
      if (std::filesystem::exists(folder / name, unused)) return folder / name;
      names += message(names.empty() ? "" : ", ", name);
    }
  throw FileError(message(folder.string(), ": expected a file called one of ", names, ", found none of them; ", advice));
}

inline LabelledFiles find_labelled_files(const std::filesystem::path& folder, std::string_view part, std::string_view advice) {
  return {find_idx_file(folder, message(part, "-images"), "idx3-ubyte", advice),
          find_idx_file(folder, message(part, "-labels"), "idx1-ubyte", advice)};
}

/// n vectors are n × size; n images are n × height × width, or n × height × width × channels.
inline Shape sample_shape(const Idx& idx, const std::filesystem::path& path) {
  const auto& d = idx.dimensions;
  switch (d.size()) {
    case 2:
      return features(d[1]);
    case 3:
      return image(d[1], d[2]);
    case 4:
      return image(d[1], d[2], d[3]);
    default:
      throw FileError(message(path.string(), ": expected samples of 2 to 4 dimensions, the first counting them, found ",
                              d.size(), "; read it with read_idx and shape it yourself"));
  }
}

template <class T>
Dataset<T> read_labelled(const LabelledFiles& files) {
  const Idx labels = read_idx(files.labels);
  if (labels.dimensions.size() != 1 || labels.type == IdxType::float32 || labels.type == IdxType::float64)
    throw FileError(message(files.labels.string(), ": expected labels, one dimension of whole numbers, found ",
                            describe_idx(to_string(labels.type), labels.dimensions), "; check that the files are not swapped"));
  const Idx images = read_idx(files.images);
  if (images.dimensions.front() != labels.dimensions.front())
    throw FileError(message(files.images.string(), ": expected as many samples as ", files.labels.string(), " has labels, ",
                            labels.dimensions.front(), ", found ", images.dimensions.front(), "; take both from one set"));

  if (!std::floating_point<T> && images.type != IdxType::uint8)
    throw FileError(message(files.images.string(), ": expected 8-bit pixels, found values of ", to_string(images.type),
                            "; load it as float or double"));

  Dataset<T> set{images.matrix<T>(), labels.matrix<double>().transpose().cast<int>(), sample_shape(images, files.images)};
  if constexpr (std::floating_point<T>)
    if (images.type == IdxType::uint8) set.samples /= T(255);
  return set;
}

template <class T>
Dataset<T> read_mnist(const LabelledFiles& files) {
  Dataset<T> set = read_labelled<T>(files);
  if (set.shape != image(28, 28))
    throw FileError(message(files.images.string(), ": expected images of ", to_string(image(28, 28)), ", found ",
                            to_string(set.shape), "; load other sets with load_idx_dataset"));
  for (Index i = 0; i < set.labels.size(); ++i)
    if (set.labels[i] < 0 || set.labels[i] > 9)
      throw FileError(message(files.labels.string(), ": expected labels from 0 to 9, found ", set.labels[i], " for sample ", i,
                              "; load other sets with load_idx_dataset"));
  return set;
}

template <class T>
Split<T> load_mnist(const std::filesystem::path& folder, std::string_view advice) {
  const LabelledFiles train = find_labelled_files(folder, "train", advice), test = find_labelled_files(folder, "t10k", advice);
  return {read_mnist<T>(train), read_mnist<T>(test)};
}

}  // namespace detail

template <SampleScalar T>
Split<T> load_idx_dataset(const std::filesystem::path& folder) {
  constexpr std::string_view advice = "put the four files of the set there";
  const detail::LabelledFiles train = detail::find_labelled_files(folder, "train", advice);
  const detail::LabelledFiles test = detail::find_labelled_files(folder, "t10k", advice);
  Split<T> split{detail::read_labelled<T>(train), detail::read_labelled<T>(test)};
  if (split.test.shape != split.train.shape)
    throw FileError(message(test.images.string(), ": expected samples of ", to_string(split.train.shape), " as in ",
                            train.images.string(), ", found ", to_string(split.test.shape), "; take both from one set"));
  return split;
}

template <SampleScalar T>
Split<T> load_mnist(const std::filesystem::path& folder) {
  return detail::load_mnist<T>(folder, "put the four files of MNIST there");
}

template <SampleScalar T>
Split<T> load_fashion_mnist(const std::filesystem::path& folder) {
  return detail::load_mnist<T>(folder,
                               "Fashion-MNIST is in the folder data/fashion-mnist of this project (12,000 images) and in "
                               "/usr/share/datasets/fashion-mnist of Debian's package dataset-fashion-mnist (all 70,000)");
}

}  // namespace eigencoder
