// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/idx.hpp"
#include "eigencoder/files/byte_order.hpp"
#include "eigencoder/files/gzip.hpp"

namespace eigencoder {

namespace detail {

template <class T, class Value>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> decode_idx(std::span<const std::uint8_t> bytes, Index samples) {
  const Index size = std::ssize(bytes) / static_cast<Index>(sizeof(Value));
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> values(size / samples, samples);
  for (Index i = 0; i < size; ++i)
    values.data()[i] =
        static_cast<T>(read_value<Value, std::endian::big>(bytes.data() + i * static_cast<Index>(sizeof(Value))));
  return values;
}

EIGENCODER_INLINE std::string describe_idx(std::string_view type, std::span<const Index> dimensions) {
  std::string text;
  for (const Index extent : dimensions) text += message(text.empty() ? "" : " × ", extent);
  return message(text, ' ', type);
}

struct IdxHeader {
  IdxType type = IdxType::uint8;
  std::vector<Index> dimensions;
  Index size = 0;   ///< where the values begin
  Index bytes = 0;  ///< of all values
};

/// Of a file that is read from its beginning. Throws FileError.
template <class File>
IdxHeader read_idx_header(File& file) {
  const auto read_header = [&](std::span<std::uint8_t> out) {
    const Index end = file.offset() + std::ssize(out);
    if (file.read(out) != out.size())
      file.fail("expected a header of at least ", end, " bytes, found ", file.offset(),
                " bytes in all; not an IDX file, or cut short");
  };

  std::array<std::uint8_t, 4> word;
  read_header(word);
  if (word[0] != 0 || word[1] != 0)
    file.fail("expected 00 00 at byte 0, found ", hexadecimal(std::span(word).first(2)), "; not an IDX file");
  const IdxTypeFacts* type = find_idx_type(IdxType{word[2]});
  if (!type)
    file.fail("expected a type of value at byte 2, one of 08, 09, 0b, 0c, 0d, 0e, found ",
              hexadecimal(std::span(word).subspan(2, 1)), "; not an IDX file");
  const Index dimensions = word[3];
  if (dimensions == 0) file.fail("expected at least one dimension at byte 3, found 0; not an IDX file");

  IdxHeader header{type->type, {}, 4 + 4 * dimensions, type->bytes};
  for (Index i = 0; i < dimensions; ++i) {
    read_header(word);
    const Index extent = read_value<std::uint32_t, std::endian::big>(word.data());
    if (extent == 0)
      file.fail("expected a positive size at byte ", file.offset() - 4, ", dimension ", i + 1, " of ", dimensions,
                ", found 0; an empty set is of no use");
    header.dimensions.push_back(extent);
    if (extent > (std::numeric_limits<Index>::max() - header.size) / header.bytes)
      file.fail("expected a size that a file can have, found ", describe_idx(type->name, header.dimensions),
                " in the header up to byte ", file.offset(), "; the header is damaged");
    header.bytes *= extent;
  }
  return header;
}

}  // namespace detail

template <SampleScalar T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> Idx::matrix() const {
  if (!std::floating_point<T> && type != IdxType::uint8) {
    throw ShapeError(
        message("IDX array: expected uint8 values for a matrix of them, found ", to_string(type), "; ask for float or double"));
  }
  // Dividing, unlike multiplying, cannot overflow.
  Index value_bytes = dimensions.empty() ? 0 : std::ssize(bytes);
  for (const Index extent : dimensions) value_bytes = extent > 0 && value_bytes % extent == 0 ? value_bytes / extent : 0;
  const detail::IdxTypeFacts* facts = detail::find_idx_type(type);
  if (facts && value_bytes == facts->bytes) {
    const Index samples = dimensions.front();
    switch (type) {
      case IdxType::uint8:
        return detail::decode_idx<T, std::uint8_t>(bytes, samples);
      case IdxType::int8:
        return detail::decode_idx<T, std::int8_t>(bytes, samples);
      case IdxType::int16:
        return detail::decode_idx<T, std::int16_t>(bytes, samples);
      case IdxType::int32:
        return detail::decode_idx<T, std::int32_t>(bytes, samples);
      case IdxType::float32:
        return detail::decode_idx<T, float>(bytes, samples);
      case IdxType::float64:
        return detail::decode_idx<T, double>(bytes, samples);
    }
  }
  throw ShapeError(message("IDX array: expected the bytes of ", detail::describe_idx(to_string(type), dimensions), ", found ",
                           bytes.size(), " bytes; make its type, dimensions and bytes agree"));
}

EIGENCODER_INLINE Idx read_idx(const std::filesystem::path& path) {
  detail::GzipReader file(path);
  const detail::IdxHeader header = detail::read_idx_header(file);
  const Index size = header.bytes;
  Idx idx{.type = header.type, .dimensions = header.dimensions, .bytes = {}};

  const auto promised = [&] {
    return message(header.size + size, " bytes (the header and ", detail::describe_idx(to_string(idx.type), idx.dimensions), ")");
  };
  constexpr Index chunk = 1 << 20;
  while (std::ssize(idx.bytes) < size) {
    const std::size_t begin = idx.bytes.size();
    const Index wanted = std::min(chunk, size - std::ssize(idx.bytes));
    idx.bytes.resize(begin + static_cast<std::size_t>(wanted));
    const std::size_t count = file.read(std::span(idx.bytes).subspan(begin));
    idx.bytes.resize(begin + count);
    if (static_cast<Index>(count) < wanted)
      file.fail("expected ", promised(), ", found only ", file.offset(), "; it is cut short: download it again");
  }

  // One byte past the end: gzip checks its sum only when asked for more than it has.
  const std::string expected = promised();
  if (std::uint8_t beyond; file.read({&beyond, 1}) != 0)
    file.fail("expected ", expected, ", found more; the file or its header is damaged");
  return idx;
}

}  // namespace eigencoder
