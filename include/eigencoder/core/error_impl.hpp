// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/error.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE std::string join(const MessagePart* part, std::size_t count) {
  std::string out;
  for (const MessagePart* const end = part + count; part != end; ++part) {
    switch (part->kind) {
      case MessagePart::Kind::text:
        out += part->text;
        break;
      case MessagePart::Kind::character:
        out += part->character;
        break;
      case MessagePart::Kind::whole:
        out += std::to_string(part->whole);
        break;
      case MessagePart::Kind::natural:
        out += std::to_string(part->natural);
        break;
      case MessagePart::Kind::real: {
        char digits[32];  // a NaN without its sign, which means nothing
        out.append(digits, static_cast<std::size_t>(std::snprintf(
                               digits, sizeof digits, "%g", std::isnan(part->real) ? std::fabs(part->real) : part->real)));
      }
    }
  }
  return out;
}

}  // namespace detail

}  // namespace eigencoder
