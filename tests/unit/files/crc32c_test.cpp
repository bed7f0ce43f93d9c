// SPDX-License-Identifier: MIT
#include <string>

#include "support/catch.hpp"
#include <eigencoder/files/crc32c.hpp>

using eigencoder::detail::crc32c;

TEST_CASE("crc32c: the values of RFC 3720, appendix B.4, and the check value of the polynomial") {
  static_assert(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  std::string counting;
  for (char byte = 0; byte < 32; ++byte) counting += byte;
  CHECK(crc32c(counting) == 0x46dd794e);
  CHECK(crc32c(std::string(counting.rbegin(), counting.rend())) == 0x113fdb5c);
}
