// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/npy.hpp"
#include "eigencoder/files/read_file.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE std::string describe(NpyType type, std::span<const Index> dimensions) {
  return dimensions.empty() ? message("a single ", to_string(type)) : describe_idx(to_string(type), dimensions);
}

EIGENCODER_INLINE void check_size(std::string_view name, NpyType type, std::span<const Index> dimensions, Index found) {
  const Index count = count_values(dimensions), value = find_npy_type(type)->bytes;
  if (count < 0 || count > std::numeric_limits<Index>::max() / value)
    throw FileError(message(name, ": expected a size that a file can have, found ", describe(type, dimensions),
                            "; the header is damaged"));
  if (found != count * value)
    throw FileError(message(name, ": expected ", count * value, " bytes (", describe(type, dimensions),
                            ") after the header, found ", found,
                            found < count * value ? "; it is cut short" : "; the file or its header is damaged"));
}

EIGENCODER_INLINE std::vector<NpyAxis> walk(const NpyArray& array, bool channels_first) {
  std::vector<NpyAxis> axes;
  for (const Index extent : array.dimensions) axes.push_back({extent, 1});
  Index stride = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    NpyAxis& axis = axes[array.fortran_order ? i : axes.size() - 1 - i];
    axis.stride = stride;
    stride *= axis.extent;
  }
  if (channels_first) std::rotate(axes.begin() + 1, axes.begin() + 2, axes.end());
  if (!array.fortran_order && !channels_first) axes = {{stride, 1}};
  return axes;
}

template <class T>
Dataset<T> npy_dataset(const NpyArray& array, std::string_view name, bool channels_first) {
  const auto& d = array.dimensions;
  if (d.size() < 2 || d.size() > 4 || (channels_first && d.size() != 4))
    throw FileError(message(name, ": expected an array of ",
                            channels_first ? "samples, channels, height and width" : "2 to 4 dimensions",
                            ", the first counting the samples, found ", describe(array),
                            d.size() == 1 ? "; save array.reshape(-1, 1) for samples of one number" : "; reshape it in NumPy"));
  if (count_values(d) < 1) throw FileError(message(name, ": expected at least one value, found ", describe(array)));
  if (!std::floating_point<T> && array.type != NpyType::uint8)
    throw FileError(message(name, ": expected 8-bit pixels, found ", describe(array), "; load it as float or double"));
  const Shape shape = d.size() == 2    ? features(d[1])
                      : d.size() == 3  ? image(d[1], d[2])
                      : channels_first ? image(d[2], d[3], d[1])
                                       : image(d[1], d[2], d[3]);
  Dataset<T> set{npy_matrix<T>(array, channels_first), {}, shape};
  if constexpr (std::floating_point<T>)
    if (array.type == NpyType::uint8) set.samples /= T(255);
  return set;
}

/// The labels of `samples` samples, n or n × 1 integers.
inline Eigen::VectorXi npy_labels(const NpyArray& array, std::string_view name, Index samples) {
  const auto& d = array.dimensions;
  const NpyTypeFacts* facts = find_npy_type(array.type);
  if (!facts || facts->kind == 'f' || d.empty() || d.size() > 2 || (d.size() == 2 && d[1] != 1))
    throw FileError(message(name, ": expected labels, one dimension of integers, found ", describe(array)));
  if (d[0] != samples)
    throw FileError(message(name, ": expected as many labels as there are samples, ", samples, ", found ", d[0]));
  return npy_matrix<int>(array, false).reshaped();
}

EIGENCODER_INLINE NpyArray parse_npy(std::vector<std::byte> bytes, std::string_view name) {
  const NpyHeader header = parse_npy_header(bytes, name);
  NpyArray array{header.type, header.dimensions, header.fortran_order, {}};
  check_size(name, array.type, array.dimensions, std::ssize(bytes) - header.size);
  bytes.erase(bytes.begin(), bytes.begin() + header.size);
  array.bytes = std::move(bytes);
  return array;
}

}  // namespace detail

EIGENCODER_INLINE NpyArray read_npy(const std::filesystem::path& path) {
  return detail::parse_npy(read_file(path), path.string());
}

template <SampleScalar T>
Dataset<T> load_npy(const std::filesystem::path& path, const NpyOptions& options) {
  Dataset<T> set = detail::npy_dataset<T>(eigencoder::read_npy(path), path.string(), options.channels_first);
  if (!options.labels.empty())
    set.labels = detail::npy_labels(eigencoder::read_npy(options.labels), options.labels, set.size());
  return set;
}

}  // namespace eigencoder
