// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/dataset.hpp"
#include "eigencoder/data/npy_header.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/files/byte_order.hpp"

namespace eigencoder {

/// What NpyArray::matrix gives: float and double from any type of the file; integers and bool from integers that fit.
template <class T>
concept NpyScalar = std::same_as<T, float> || std::same_as<T, double> || std::integral<T>;

/// The contents of an NPY file, NumPy's format for one array.
struct NpyArray {
  NpyType type = NpyType::float32;
  std::vector<Index> dimensions;  ///< As array.shape says; none for a single number.
  bool fortran_order = false;     ///< The first dimension varies fastest in `bytes`, instead of the last.
  std::vector<std::byte> bytes;   ///< The values as they lie in the file, little endian.

  /// The values as a matrix with one sample a column: (product of the other dimensions) × (first dimension), unscaled, each
  /// sample in C order, whatever the order of the file is. To real numbers values are rounded as NumPy's astype does it.
  /// Throws ShapeError if the array has no dimension or its dimensions do not account for `bytes`, if T is an integer and the
  /// type is float, and if a value does not fit T.
  template <NpyScalar T = float>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> matrix() const;
};

/// How load_npy and load_npz read.
struct NpyOptions {
  std::string labels = {};      ///< Where the labels are, n integers: an NPY file, or an array of the same NPZ file.
  bool channels_first = false;  ///< Images are n × c × h × w, as in PyTorch, and not n × h × w × c.
};

namespace detail {

/// How many values these dimensions have, and −1 for more than an Index counts.
constexpr Index count_values(std::span<const Index> dimensions) {
  Index count = 1;
  for (const Index extent : dimensions) {
    if (extent < 0 || (extent > 0 && count > std::numeric_limits<Index>::max() / extent)) return -1;
    count *= extent;
  }
  return count;
}

/// "60000 × 28 × 28 uint8"
std::string describe(NpyType type, std::span<const Index> dimensions);
inline std::string describe(const NpyArray& array) { return describe(array.type, array.dimensions); }

/// A float16 as it lies in a file.
struct Half {
  std::uint16_t bits;
  explicit operator float() const {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float magnitude = std::numeric_limits<float>::infinity();
    if (exponent < 31)
      magnitude = std::ldexp(static_cast<float>(exponent > 0 ? 1024 + fraction : fraction), std::max(exponent, 1) - 25);
    else if (fraction != 0)
      magnitude = std::numeric_limits<float>::quiet_NaN();
    return bits & 0x8000 ? -magnitude : magnitude;
  }
};

/// One axis of a walk through an array: how many steps, and of how many values each.
struct NpyAxis {
  Index extent, stride;
};

/// The axes of `array` in the order in which a set has them, the last one fastest; n × c × h × w becomes n × h × w × c.
std::vector<NpyAxis> walk(const NpyArray& array, bool channels_first);

/// False if a value does not fit.
template <class T, class Value>
bool decode_npy(const std::byte* from, std::span<const NpyAxis> axes, T* to) {
  if constexpr (std::integral<T> && !std::integral<Value>) {
    return false;
  } else {
    // An odometer over all axes but the last.
    std::vector<Index> position(axes.size() - 1);
    const NpyAxis inner = axes.back();
    for (;;) {
      Index offset = 0;
      for (std::size_t i = 0; i < position.size(); ++i) offset += position[i] * axes[i].stride;
      for (Index i = 0; i < inner.extent; ++i) {
        const auto value =
            read_value<Value, std::endian::little>(from + (offset + i * inner.stride) * static_cast<Index>(sizeof(Value)));
        if constexpr (std::integral<T>) {
          if constexpr (std::same_as<T, bool>) {
            if (value != 0 && value != 1) return false;
          } else if (!std::in_range<T>(value)) {
            return false;
          }
          *to++ = static_cast<T>(value);
        } else if constexpr (std::same_as<Value, Half>) {
          *to++ = static_cast<T>(static_cast<float>(value));
        } else {
          *to++ = static_cast<T>(value);
        }
      }
      std::size_t axis = position.size();
      while (axis > 0 && ++position[axis - 1] == axes[axis - 1].extent) position[--axis] = 0;
      if (axis == 0) return true;
    }
  }
}

template <class T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> npy_matrix(const NpyArray& array, bool channels_first) {
  const NpyTypeFacts* facts = find_npy_type(array.type);
  const Index count = count_values(array.dimensions);
  if (!facts || array.dimensions.empty() || count < 0 || std::ssize(array.bytes) / facts->bytes != count ||
      std::ssize(array.bytes) % facts->bytes != 0)
    throw ShapeError(message("NPY array: expected at least one dimension, and the bytes of ", describe(array), ", found ",
                             array.bytes.size(), " bytes"));
  const Index samples = array.dimensions.front();
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> values(samples > 0 ? count / samples : 0, samples);
  if (count == 0) return values;
  const std::vector<NpyAxis> axes = walk(array, channels_first);
  const auto decode = [&]<class Value>(std::type_identity<Value>) {
    return decode_npy<T, Value>(array.bytes.data(), axes, values.data());
  };
  if (!with_npy_type(array.type, decode))
    throw ShapeError(message("NPY array: expected integers ", std::integral<T> && facts->kind == 'f' ? "" : "that fit, ",
                             "from ", +std::numeric_limits<T>::lowest(), " to ", +std::numeric_limits<T>::max(), ", found ",
                             describe(array),
                             facts->kind == 'f' ? "; ask for float or double" : " with others; ask for a wider type"));
  return values;
}

/// Throws FileError unless the bytes behind the header of the file called `name` are those of such an array.
void check_size(std::string_view name, NpyType type, std::span<const Index> dimensions, Index found);

/// An array out of the bytes of an NPY file, of which the header goes.
NpyArray parse_npy(std::vector<std::byte> bytes, std::string_view name);

template <class Derived>
void write_npy(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& samples, std::span<const Index> dimensions) {
  using T = typename Derived::Scalar;
  static_assert(NpyScalar<T>, "write_npy writes float, double, bool and integers: give x.cast<float>()");
  std::vector<std::byte> bytes = make_npy_header(npy_type<T>, dimensions);
  const std::size_t header = bytes.size();
  bytes.resize(header + static_cast<std::size_t>(samples.size()) * sizeof(T));
  std::byte* to = bytes.data() + header;
  for (Index j = 0; j < samples.cols(); ++j)
    for (Index i = 0; i < samples.rows(); ++i, to += sizeof(T)) {
      const T value = samples.derived().coeff(i, j);
      copy_values<std::endian::little>(sizeof(T), std::as_bytes(std::span(&value, 1)), to);
    }
  write_file(path, bytes);
}

}  // namespace detail

template <NpyScalar T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> NpyArray::matrix() const {
  return detail::npy_matrix<T>(*this, false);
}

/// Reads an NPY file as numpy.save writes it: versions 1.0, 2.0 and 3.0, C and Fortran order, bool, integers of 8 to 64 bits,
/// float16, float32, float64, little endian. Throws FileError for anything else, saying what to write in NumPy instead, and for
/// a file that is not exactly as long as its header says.
NpyArray read_npy(const std::filesystem::path& path);

/// Reads samples from an NPY file, and labels from another if an option names it. The first axis counts the samples: n × d
/// becomes features(d), n × h × w image(h, w), n × h × w × c image(h, w, c); set .shape for sequences. Values of type uint8 are
/// scaled to [0, 1]; other types stay as they are. T as in Dataset: with std::uint8_t nothing is scaled.
/// Throws FileError as read_npy does, for other dimensions and for labels that do not fit.
template <SampleScalar T = float>
Dataset<T> load_npy(const std::filesystem::path& path, const NpyOptions& options = {});

/// Writes samples, one a column, as numpy.load reads them: an array of (columns, rows), one sample a row, in C order, which is
/// the matrix as it lies in memory. A vector becomes an array of one dimension. float, double, bool and integers.
/// The file is written whole or not at all (see write_file, which throws FileError).
template <class Derived>
void write_npy(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& samples) {
  if constexpr (Derived::IsVectorAtCompileTime)
    detail::write_npy(path, samples, std::array{samples.size()});
  else
    detail::write_npy(path, samples, std::array{samples.cols(), samples.rows()});
}

/// The same with the shape of a sample: (n, h, w) for images of one channel, (n, h, w, c) for others, (n, steps, c) for
/// sequences, (n, c) for vectors. Throws ShapeError if a column has another size.
template <class Derived>
void write_npy(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& samples, Shape shape) {
  if (samples.rows() != shape.size())
    throw ShapeError(message("write_npy: expected samples of ", to_string(shape), ", ", shape.size(),
                             " values a column, found ", samples.rows()));
  std::vector<Index> dimensions{samples.cols()};
  if (shape.height > 1) dimensions.push_back(shape.height);
  if (shape.height > 1 || shape.width > 1) dimensions.push_back(shape.width);
  if (shape.height == 1 || shape.channels > 1) dimensions.push_back(shape.channels);
  detail::write_npy(path, samples, dimensions);
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/npy_impl.hpp"
#endif
