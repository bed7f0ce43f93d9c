// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/small_integers.hpp"
#include "eigencoder/data/idx_impl.hpp"
#include "eigencoder/data/npy.hpp"
#include "eigencoder/data/samples_on_disk.hpp"
#include "eigencoder/files/byte_order.hpp"
#include "eigencoder/files/random_access_file.hpp"

namespace eigencoder {

namespace detail {

/// visit(std::type_identity<T>{}) for the C++ type of values that are read where they lie; false for other types.
template <class Visit>
bool with_disk_type(NpyType type, const Visit& visit) {
  return type != NpyType::bool8 && with_npy_type(type, [&]<class Value>(std::type_identity<Value> value) {
           if constexpr (std::same_as<Value, Half> || (std::integral<Value> && sizeof(Value) > 2)) {
             return false;
           } else {
             visit(value);
             return true;
           }
         });
}

inline bool is_disk_type(NpyType type) {
  return with_disk_type(type, [](auto) {});
}

inline constexpr std::string_view disk_types = "uint8, int8, uint16, int16, float32 or float64";

/// Values as they lie in a file, as what they stand for. `to` may be the memory of `from`, if value i of `to` ends no later
/// than value i of `from`.
template <class T, class Value, std::endian Order>
void decode_column(const std::byte* from, Index count, T* to) {
  if constexpr (std::floating_point<Value>) {
    constexpr Index bytes = sizeof(Value);
    for (Index i = 0; i < count; ++i) to[i] = static_cast<T>(read_value<Value, Order>(from + i * bytes));
  } else if constexpr (Order == std::endian::native || sizeof(Value) == 1) {
    shares_of_one<Value>(from, count, to);
  } else {
    constexpr Index piece = 64, bytes = sizeof(Value);
    std::array<std::byte, piece * bytes> native;
    for (Index i = 0; i < count; i += piece) {
      const Index n = std::min(piece, count - i);
      copy_values<Order>(bytes, std::span(from + i * bytes, static_cast<std::size_t>(n * bytes)), native.data());
      shares_of_one<Value>(native.data(), n, to + i);
    }
  }
}

/// The columns of an open file, which must be of a type that is read where it lies, and in it.
template <class T>
class ColumnFile final : public ColumnReader<T> {
 public:
  ColumnFile(std::unique_ptr<const RandomAccessFile> file, const RawColumns& columns)
      : file_(std::move(file)), columns_(columns) {
    const auto decode_as = [&]<class Value, std::endian Order>() {
      if constexpr (std::same_as<Value, T> && Order == std::endian::native) return;
      decode_ = decode_column<T, Value, Order>;
    };
    with_disk_type(columns.type, [&]<class Value>(std::type_identity<Value>) {
      value_bytes_ = sizeof(Value);
      integers_ = std::integral<Value>;
      least_ = std::integral<Value> && std::is_signed_v<Value> ? T(-1) : T(0);
      if (columns.byte_order == std::endian::little) {
        decode_as.template operator()<Value, std::endian::little>();
      } else {
        decode_as.template operator()<Value, std::endian::big>();
      }
    });
  }

  Index rows() const override { return columns_.rows; }
  Index cols() const override { return columns_.cols; }
  bool integers() const override { return integers_; }
  T least_integer() const override { return least_; }

  /// A MiB or a column: of disks it takes about as long to find as to read, and of flash both are many pages.
  Index block() const override {
    constexpr Index bytes = Index{1} << 20;
    return std::clamp<Index>(bytes / (columns_.rows * value_bytes_), 1, columns_.cols);
  }

  void read(Index column, Index first_row, Index rows, T* to) const override {
    read_values(column * columns_.rows + first_row, rows, to);
  }
  void read_columns(Index first, Index count, T* to) const override {
    read_values(first * columns_.rows, count * columns_.rows, to);
  }

  void will_need(Index first, Index count) const noexcept override {
    file_->will_need(columns_.offset + first * columns_.rows * value_bytes_, count * columns_.rows * value_bytes_);
  }

 private:
  /// Of the values of all columns, `count` from `first` on.
  void read_values(Index first, Index count, T* to) const {
    if (value_bytes_ <= static_cast<Index>(sizeof(T))) {
      // Into the end of the memory that is to be filled, and forward from there.
      std::byte* const bytes = reinterpret_cast<std::byte*>(to + count) - count * value_bytes_;
      fill(first, {bytes, static_cast<std::size_t>(count * value_bytes_)});
      if (decode_) decode_(bytes, count, to);
    } else {
      constexpr Index piece_bytes = 32768;
      std::array<std::byte, piece_bytes> piece;
      const Index most = piece_bytes / value_bytes_;
      for (Index i = 0; i < count; i += most) {
        const Index n = std::min(most, count - i);
        fill(first + i, std::span(piece).first(static_cast<std::size_t>(n * value_bytes_)));
        decode_(piece.data(), n, to + i);
      }
    }
  }
  void fill(Index first, std::span<std::byte> to) const {
    const Index begin = columns_.offset + first * value_bytes_, found = file_->read(begin, to);
    if (found < std::ssize(to))
      throw FileError(message(file_->path().string(), ": expected ", to.size(), " bytes at byte ", begin, ", found ", found,
                              "; column ", (first + found / value_bytes_) / columns_.rows, " of ", columns_.cols,
                              " is no longer whole: the file has become shorter since it was opened"));
  }

  std::unique_ptr<const RandomAccessFile> file_;
  RawColumns columns_;
  Index value_bytes_ = 0;
  T least_ = 0;
  bool integers_ = false;
  void (*decode_)(const std::byte*, Index, T*) = nullptr;  ///< null: values are what they are in the file
};

/// How the samples of an open NPY or IDX file lie. Throws FileError.
RawColumns find_columns(const RandomAccessFile& file);

/// The same columns, counted, of an open file that they must fit. Throws OptionError, FileError.
RawColumns checked_columns(const RandomAccessFile& file, RawColumns columns);

inline constexpr std::string_view without_header = "; of a file without a header, RawColumns says how its columns lie";

/// The first bytes of a file, as read_idx_header takes them.
class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  std::size_t read(std::span<std::uint8_t> out) {
    const auto rest = bytes_.subspan(static_cast<std::size_t>(offset_));
    const std::size_t count = std::min(out.size(), rest.size());
    std::copy_n(rest.begin(), count, std::as_writable_bytes(out).begin());
    offset_ += static_cast<Index>(count);
    return count;
  }
  Index offset() const { return offset_; }
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw FileError(message(name_, ": ", parts..., without_header));
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view name_;
  Index offset_ = 0;
};

EIGENCODER_INLINE RawColumns find_columns(const RandomAccessFile& file) {
  const std::string name = file.path().string();
  const auto fail = [&](const auto&... parts) { throw FileError(message(name, ": ", parts...)); };
  std::vector<std::byte> first(65536 + 12);  // the longest header of NPY 1.0, and of IDX
  first.resize(static_cast<std::size_t>(file.read(0, first)));
  const auto begins = [&](std::string_view magic) {
    return std::string_view(reinterpret_cast<const char*>(first.data()), first.size()).starts_with(magic);
  };

  RawColumns columns;
  std::string_view other_reader;
  std::vector<Index> dimensions;
  const auto describe_found = [&] { return describe(columns.type, dimensions); };
  if (begins("\x93N")) {
    if (first.size() > 65536 && (first[6] == std::byte{2} || first[6] == std::byte{3})) {  // these may have longer headers
      const Index header = 12 + read_value<std::uint32_t, std::endian::little>(first.data() + 8);
      if (header > std::ssize(first)) {
        first.resize(static_cast<std::size_t>(std::min(header, file.size())));
        first.resize(static_cast<std::size_t>(file.read(0, first)));
      }
    }
    const NpyHeader header = parse_npy_header(first, name);
    columns = {.type = header.type, .offset = header.size};
    dimensions = header.dimensions;
    other_reader = "load_npy or read_npy";
    const Index count = count_values(dimensions);
    if (dimensions.empty() || count == 0)
      fail("expected at least one dimension, the first counting the samples, and one value, found ", describe_found());
    if (header.fortran_order && count != dimensions.front())
      fail("expected an array in C order, in which a sample lies in one piece, found ", describe_found(),
           " in Fortran order; save numpy.ascontiguousarray(array), or read it into memory with ", other_reader);
  } else if (begins(std::string_view("\0\0", 2))) {
    HeaderReader reader(first, name);
    const IdxHeader header = read_idx_header(reader);
    columns = {.offset = header.size, .byte_order = std::endian::big};
    dimensions = header.dimensions;
    other_reader = "read_idx";
    columns.type = NpyType::bool8;
    for (const NpyTypeFacts& facts : npy_types)
      if (facts.name == to_string(header.type)) columns.type = facts.type;
  } else if (begins("\x1f\x8b")) {
    const bool ending = file.path().extension() == ".gz";  // gunzip -k asks for it
    fail("is packed with gzip, and samples cannot be read in place; unpack it first: ",
         ending ? message("gunzip -k '", name, "'") : message("gunzip < '", name, "' > '", name, ".plain'"));
  } else if (begins("PK")) {
    fail("is an NPZ or zip file, and samples cannot be read in place; save the array by itself with numpy.save");
  } else {
    fail("expected an NPY file, which begins with 93 4e, or an IDX file, which begins with 00 00, found ",
         first.size() < 2 ? message(first.size(), " bytes")
                          : hexadecimal(std::span(reinterpret_cast<const std::uint8_t*>(first.data()), 2)),
         without_header);
  }

  if (!is_disk_type(columns.type))
    fail("expected values of ", disk_types, ", found ", describe_found(),
         "; convert them, such as array.astype('<f4')", ", or read them into memory with ", other_reader);
  check_size(name, columns.type, dimensions, file.size() - columns.offset);
  columns.cols = dimensions.front();
  columns.rows = count_values(dimensions) / columns.cols;
  return columns;
}

EIGENCODER_INLINE RawColumns checked_columns(const RandomAccessFile& file, RawColumns columns) {
  if (columns.rows < 1) throw OptionError(message("RawColumns: rows must be at least 1, found ", columns.rows));
  if (columns.offset < 0) throw OptionError(message("RawColumns: offset must not be negative, found ", columns.offset));
  if (columns.cols < 0)
    throw OptionError(message("RawColumns: cols must not be negative, found ", columns.cols, "; 0 is for all of the file"));
  if (!is_disk_type(columns.type))
    throw OptionError(message("RawColumns: expected a type of ", disk_types, ", found ", to_string(columns.type)));
  const Index value = find_npy_type(columns.type)->bytes, found = std::max<Index>(file.size() - columns.offset, 0);
  const auto fail = [&](const auto&... expected) {
    throw FileError(message(file.path().string(), ": expected ", expected..., " of ", columns.rows, ' ',
                            to_string(columns.type), " from byte ", columns.offset, " on, found ", found, " bytes"));
  };
  const Index whole = found / value / columns.rows;  // dividing cannot overflow
  if (whole < std::max<Index>(columns.cols, 1)) {
    columns.cols > 1 ? fail(columns.cols, " columns") : fail(columns.cols == 1 ? "1 column" : "at least 1 column");
  }
  if (columns.cols == 0 && whole * columns.rows * value != found) fail("whole columns");
  if (columns.cols == 0) columns.cols = whole;
  return columns;
}

}  // namespace detail

template <std::floating_point T>
std::shared_ptr<const ColumnReader<T>> samples_on_disk(const std::filesystem::path& path) {
  auto file = std::make_unique<const RandomAccessFile>(path);
  const RawColumns columns = detail::find_columns(*file);
  return std::make_shared<const detail::ColumnFile<T>>(std::move(file), columns);
}

template <std::floating_point T>
std::shared_ptr<const ColumnReader<T>> samples_on_disk(const std::filesystem::path& path, const RawColumns& columns) {
  auto file = std::make_unique<const RandomAccessFile>(path);
  const RawColumns found = detail::checked_columns(*file, columns);
  return std::make_shared<const detail::ColumnFile<T>>(std::move(file), found);
}

}  // namespace eigencoder
