// SPDX-License-Identifier: MIT
#include "eigencoder/files/byte_order.hpp"

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using eigencoder::detail::copy_values, eigencoder::detail::read_value;

TEST_CASE("A value has the bytes of its file in either order") {
  const std::vector<unsigned char> bytes{0x40, 0x49, 0x0f, 0xdb, 0xff};
  CHECK(read_value<std::uint16_t, std::endian::big>(bytes.data()) == 0x4049);
  CHECK(read_value<std::uint16_t, std::endian::little>(bytes.data() + 1) == 0x0f49);  // wherever it lies
  CHECK(read_value<float, std::endian::big>(bytes.data()) == 3.14159274F);
  CHECK(read_value<std::int8_t, std::endian::little>(bytes.data() + 4) == -1);
}

TEST_CASE("Values are copied one by one into the other order, and back") {
  const std::vector<std::uint16_t> values{0x0102, 0x0304, 0xfffe};
  std::vector<std::byte> little(6), big(6);
  copy_values<std::endian::little>(2, std::as_bytes(std::span(values)), little.data());
  copy_values<std::endian::big>(2, std::as_bytes(std::span(values)), big.data());
  CHECK(little ==
        std::vector<std::byte>{std::byte{2}, std::byte{1}, std::byte{4}, std::byte{3}, std::byte{0xfe}, std::byte{0xff}});
  CHECK(big ==
        std::vector<std::byte>{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{0xff}, std::byte{0xfe}});
  std::vector<std::uint16_t> again(3);
  copy_values<std::endian::big>(2, big, std::as_writable_bytes(std::span(again)).data());
  CHECK(again == values);
}
