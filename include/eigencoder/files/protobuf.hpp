// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace eigencoder {

/// A message in Protocol Buffers' wire format, field by field in the order of the calls:
///   std::string bytes = ProtobufMessage().integer(1, 8).text(2, "eigencoder").message(7, graph).take();
/// Each call names the field's number, 1 to 15 in one byte. https://protobuf.dev/programming-guides/encoding
class ProtobufMessage {
 public:
  /// int32, int64, uint64, bool and enumerations. Negative ones take ten bytes, as the format has it.
  ProtobufMessage& integer(unsigned field, std::int64_t value) {
    key(field, 0);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  ProtobufMessage& real(unsigned field, double value) { return fixed(field, 1, std::bit_cast<std::uint64_t>(value)); }
  ProtobufMessage& real(unsigned field, float value) { return fixed(field, 5, std::bit_cast<std::uint32_t>(value)); }
  /// string (UTF-8) and bytes
  ProtobufMessage& text(unsigned field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  ProtobufMessage& message(unsigned field, const ProtobufMessage& value) { return text(field, value.bytes_); }
  /// All fields of another message, after those that are here.
  ProtobufMessage& fields(const ProtobufMessage& others) {
    bytes_ += others.bytes_;
    return *this;
  }

  const std::string& bytes() const { return bytes_; }
  std::string take() && { return std::move(bytes_); }

 private:
  void key(unsigned field, unsigned type) { varint(std::uint64_t{field} << 3 | type); }
  void varint(std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  /// Little endian, whatever the machine is.
  template <std::unsigned_integral Bits>
  ProtobufMessage& fixed(unsigned field, unsigned type, Bits bits) {
    key(field, type);
    for (std::size_t i = 0; i < sizeof bits; ++i) bytes_ += static_cast<char>(bits >> 8 * i);
    return *this;
  }

  std::string bytes_;
};

}  // namespace eigencoder
