// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/files/byte_order.hpp"
#include "eigencoder/files/crc32c.hpp"
#include "eigencoder/files/range_coder.hpp"
#include "eigencoder/files/read_file.hpp"

// Codes of samples in a file, as short as their entropy allows: docs/compression.md.
namespace eigencoder {

/// Codes as whole numbers, and what it takes to decode them.
struct CodeFile {
  Shape shape;              ///< of one code, what the decoder takes
  double step = 1;          ///< what the numbers are multiples of
  std::uint32_t model = 0;  ///< a checksum of the model that made them; 0 says nothing
  Index across = 0;        ///< of samples that are patches of a picture, row by row: how many lie side by side; 0: they are not
  Eigen::MatrixXi values;  ///< shape.size() × N
};

/// What decode_code_file and read_code_file ask of a file.
struct CodeFileOptions {
  Shape shape{.channels = 0};  ///< of a code; without, any
  std::uint32_t model = 0;     ///< the checksum of the decoder's model; 0: any
  Index max_values =
      100'000'000;  ///< More are refused before memory is taken for them, four bytes each: few bytes can hold many.
};

/// CRC-32C: of the bytes of a model's parameters, a number that tells one model from another.
inline std::uint32_t checksum(std::span<const std::byte> bytes) {
  return detail::crc32c({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// Bytes of a file of codes beside the codes: its header, and the checksum at its end.
inline constexpr std::size_t code_file_frame = 60;

namespace detail {

inline constexpr std::string_view code_magic =
    "\x89"
    "EIGCODE";
inline constexpr std::uint32_t code_version = 1;
inline constexpr std::size_t code_header = code_file_frame - 4;  ///< bytes before what is coded
inline constexpr Index widest_code = Index{1} << 16;             ///< how many different values one place of the codes may have

template <class Value>
void append_value(std::vector<std::byte>& bytes, Value value) {
  std::array<std::byte, sizeof(Value)> ordered;
  copy_values<std::endian::little>(sizeof(Value), std::as_bytes(std::span(&value, 1)), ordered.data());
  bytes.insert(bytes.end(), ordered.begin(), ordered.end());
}

/// Codes the values of one place of the code, of so many samples: by what is learnt of their frequencies, or all alike where
/// the samples are too few to learn from. So a file's cost is that of its values, and not of the range that it says they have.
class PlaceModel {
 public:
  PlaceModel(Index values, Index samples) : values_(static_cast<std::uint64_t>(values)) {
    if (values <= 256 + 16 * samples) learnt_.emplace(values);
  }
  void encode(RangeEncoder& coder, Index value) {
    learnt_ ? learnt_->encode(coder, value) : coder.encode(static_cast<std::uint64_t>(value), 1, values_);
  }
  Index decode(RangeDecoder& coder) {
    if (learnt_) return learnt_->decode(coder);
    const std::uint64_t value = coder.peek(values_);
    coder.decode(value, 1);
    return static_cast<Index>(value);
  }

 private:
  std::uint64_t values_;
  std::optional<FrequencyModel> learnt_;
};

/// Each place of the code by itself, through all samples, with a model of its own over the values from least to greatest.
inline std::vector<std::byte> encode_values(const Eigen::MatrixXi& values) {
  RangeEncoder coder;
  for (Index i = 0; i < values.rows() && values.cols() > 0; ++i) {
    const auto row = values.row(i);
    const std::int64_t least = row.minCoeff(), greatest = row.maxCoeff();
    if (greatest - least >= widest_code)
      throw OptionError(message("encode_code_file: expected values of one place of the code that differ by less than ",
                                widest_code, ", found from ", least, " to ", greatest, " at place ", i,
                                "; take a larger step"));
    encode_gamma(coder, static_cast<std::uint32_t>(least < 0 ? -2 * least - 1 : 2 * least));
    encode_gamma(coder, static_cast<std::uint32_t>(greatest - least));
    PlaceModel model(greatest - least + 1, row.size());
    for (Index j = 0; j < row.size(); ++j) model.encode(coder, row[j] - least);
  }
  return std::move(coder).finish();
}

inline Eigen::MatrixXi decode_values(std::span<const std::byte> bytes, Index rows, Index columns, std::string_view name) {
  const auto refuse = [&](const std::string& found) {
    throw FileError(message(name, ": expected ", columns, " codes of ", rows, " values, found ", found,
                            "; the file is damaged, get it again"));
  };
  Eigen::MatrixXi values(rows, columns);
  RangeDecoder coder(bytes);
  for (Index i = 0; i < rows && columns > 0; ++i) {
    const auto number = [&] {
      try {
        return decode_gamma(coder);
      } catch (const FileError&) {
        refuse("no range of values where one must be");
        throw;
      }
    };
    const std::int64_t folded = number(), width = number();
    const std::int64_t least = folded % 2 == 1 ? -(folded + 1) / 2 : folded / 2;
    if (width >= widest_code || least + width > std::numeric_limits<int>::max())
      refuse(message("values from ", least, " to ", least + width));
    PlaceModel model(width + 1, columns);
    for (Index j = 0; j < columns; ++j) {
      values(i, j) = static_cast<int>(least + model.decode(coder));
      if (coder.past_end()) refuse(message("the end after ", j, " values of place ", i));
    }
  }
  if (!coder.at_end()) refuse(message(bytes.size(), " bytes, which are not as many as these take"));
  return values;
}

inline CodeFile decode_code_file(std::span<const std::byte> bytes, const CodeFileOptions& options, std::string_view name) {
  const auto fail = [&](const auto&... parts) { throw FileError(message(name, ": ", parts...)); };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(code_magic)) fail("expected a file of codes, which begins with 89 EIGCODE, found other bytes");
  if (bytes.size() < code_file_frame)
    fail("expected at least ", code_file_frame, " bytes, found ", bytes.size(), "; it is cut short");
  const auto at = [&]<class Value>(std::size_t place, Value) {
    return read_value<Value, std::endian::little>(bytes.data() + place);
  };
  if (const auto version = at(8, std::uint32_t{}); version != code_version)
    fail("expected version ", code_version, " of the format, found ", version);
  const auto coded = at(48, std::uint64_t{});
  if (coded != bytes.size() - code_file_frame)
    fail("expected ", coded, " bytes of codes as its header says, found ", bytes.size() - code_file_frame,
         coded > bytes.size() - code_file_frame ? "; it is cut short" : "; there is something behind its end");
  if (const auto found = checksum(bytes.first(bytes.size() - 4)), said = at(bytes.size() - 4, std::uint32_t{}); found != said)
    fail("expected the checksum ", said, " as it says itself, found ", found, "; it is damaged, get it again");

  CodeFile codes;
  codes.model = at(12, std::uint32_t{});
  codes.shape = {.channels = at(16, std::uint32_t{}), .height = at(20, std::uint32_t{}), .width = at(24, std::uint32_t{})};
  codes.across = at(28, std::uint32_t{});
  const auto count = at(32, std::uint64_t{});
  codes.step = at(40, double{});
  Index room = options.max_values;
  for (const Index extent : {codes.shape.channels, codes.shape.height, codes.shape.width}) {
    if (extent < 1 || extent > room)
      fail("expected codes of 1 to ", options.max_values, " values, found a shape of ", codes.shape.height, " x ",
           codes.shape.width, " x ", codes.shape.channels, "; raise max_values if it is sound");
    room /= extent;
  }
  if (count > static_cast<std::uint64_t>(room))
    fail("expected at most ", options.max_values, " values, found ", count, " codes of ", codes.shape.size(),
         "; raise max_values if it is sound");
  if (!(codes.step > 0 && std::isfinite(codes.step))) fail("expected a step above 0, found ", codes.step);
  if (codes.across > 0 && count % static_cast<std::uint64_t>(codes.across) != 0)
    fail("expected whole rows of ", codes.across, " patches, found ", count, " in all");
  if (options.shape.channels > 0 && codes.shape != options.shape)
    fail("expected codes of shape ", to_string(options.shape), ", which the decoder takes, found ", to_string(codes.shape));
  if (options.model != 0 && codes.model != options.model)
    fail("expected codes of the model with checksum ", options.model, ", found ", codes.model,
         "; take the decoder that was saved with their encoder");
  codes.values = decode_values(bytes.subspan(code_header, bytes.size() - code_file_frame), codes.shape.size(),
                               static_cast<Index>(count), name);
  return codes;
}

}  // namespace detail

/// The bytes of a code file: a header of 56 bytes, the values by a range coder, and a checksum of all, 4 bytes. Every place of
/// the code is coded with a FrequencyModel of its own, through all samples, so that many samples in one file take fewer bits.
/// Throws ShapeError where the sizes do not agree, OptionError for a step that is not above 0, and for values of one place that
/// differ by 65,536 or more.
inline std::vector<std::byte> encode_code_file(const CodeFile& codes) {
  const Index count = codes.values.cols();
  constexpr Index most = std::numeric_limits<std::uint32_t>::max();
  Index room = std::numeric_limits<Index>::max();
  for (const Index extent : {codes.shape.channels, codes.shape.height, codes.shape.width}) {
    if (extent < 1 || extent > std::min(most, room))
      throw ShapeError(message("encode_code_file: expected a shape of codes, found ", to_string(codes.shape)));
    room /= extent;
  }
  const Index n = codes.shape.size();
  if (codes.values.rows() != n)
    throw ShapeError(message("encode_code_file: expected ", n, " values a code, as its shape ", to_string(codes.shape),
                             " has, one code a column, found a matrix of ", codes.values.rows(), " x ", count));
  if (codes.across < 0 || codes.across > most || (codes.across > 0 && count % codes.across != 0))
    throw ShapeError(message("encode_code_file: expected whole rows of patches, found ", count, " in rows of ", codes.across));
  if (!(codes.step > 0 && std::isfinite(codes.step)))
    throw OptionError(message("encode_code_file: expected a step above 0, found ", codes.step));

  const std::vector<std::byte> coded = detail::encode_values(codes.values);
  const auto magic = std::as_bytes(std::span(detail::code_magic));
  std::vector<std::byte> bytes(magic.begin(), magic.end());
  bytes.reserve(coded.size() + code_file_frame);
  detail::append_value(bytes, detail::code_version);
  detail::append_value(bytes, codes.model);
  for (const Index extent : {codes.shape.channels, codes.shape.height, codes.shape.width, codes.across})
    detail::append_value(bytes, static_cast<std::uint32_t>(extent));
  detail::append_value(bytes, static_cast<std::uint64_t>(count));
  detail::append_value(bytes, codes.step);
  detail::append_value(bytes, static_cast<std::uint64_t>(coded.size()));
  bytes.insert(bytes.end(), coded.begin(), coded.end());
  detail::append_value(bytes, checksum(bytes));
  return bytes;
}

/// The codes in the bytes of such a file, exactly those that were written. Throws FileError where it is cut short, damaged, of
/// another format or version, of another shape or another model than the options say, or larger than they allow.
inline CodeFile decode_code_file(std::span<const std::byte> bytes, const CodeFileOptions& options = {}) {
  return detail::decode_code_file(bytes, options, "codes");
}

/// Writes codes as a file, whole or not at all (see write_file). Throws what encode_code_file throws, and FileError.
inline void write_code_file(const std::filesystem::path& path, const CodeFile& codes) {
  write_file(path, encode_code_file(codes));
}

/// Reads codes from a file: see decode_code_file, and read_file for what cannot be read at all.
inline CodeFile read_code_file(const std::filesystem::path& path, const CodeFileOptions& options = {}) {
  return detail::decode_code_file(read_file(path), options, path.string());
}

/// Codes x as whole numbers, ⌊x/step + ½⌋: N columns of any number of values. Throws NonFiniteError, naming the place, where a
/// value is NaN or infinite, OptionError where the step is not above 0 or so small that a number is too large for an int.
template <class Derived>
Eigen::MatrixXi quantize(const Eigen::MatrixBase<Derived>& x, double step) {
  using T = typename Derived::Scalar;
  if (!(step > 0 && std::isfinite(step))) throw OptionError(message("quantize: expected a step above 0, found ", step));
  Eigen::MatrixXi values(x.rows(), x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    for (Index i = 0; i < x.rows(); ++i) {
      const T value = std::floor(x(i, j) / static_cast<T>(step) + T(0.5));
      if (!std::isfinite(x(i, j)))
        throw NonFiniteError(message("quantize: expected finite values, found ", x(i, j), " at value ", i, " of code ", j));
      if (!(std::abs(value) < T(1 << 30)))
        throw OptionError(message("quantize: expected multiples of the step below 2^30, found ", x(i, j), " at value ", i,
                                  " of code ", j, " with the step ", step, "; take a larger one"));
      values(i, j) = static_cast<int>(value);
    }
  }
  return values;
}

/// The codes that a decoder takes: step · values, bit for bit what an EntropyBottleneck of this step makes.
template <class T = float>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> dequantize(const Eigen::MatrixXi& values, double step) {
  return static_cast<T>(step) * values.cast<T>();
}

}  // namespace eigencoder
