// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "eigencoder/files/json.hpp"

// What writes HTML needs no library: texts and bytes that may stand in a page.
namespace eigencoder::detail {

/// The text with U+FFFD, the replacement character, for each byte that is no UTF-8 and for control characters, which a page may
/// not have. For what a reader looks at, where a refusal would lose more than a character.
inline std::string readable_utf8(std::string_view text) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string out;
  const auto append_valid = [&](std::string_view part) {
    for (const char character : part) {
      const auto code = static_cast<unsigned char>(character);
      const bool control = (code < 0x20 && character != '\n' && character != '\t') || code == 0x7f;
      out += control ? replacement : std::string_view(&character, 1);
    }
  };
  for (std::size_t bad = find_no_utf8(text); bad != std::string_view::npos; bad = find_no_utf8(text)) {
    append_valid(text.substr(0, bad));
    out += replacement;
    text.remove_prefix(bad + 1);
  }
  append_valid(text);
  return out;
}

/// The text as it stands between tags and in a quoted attribute, none of it read as markup.
inline std::string html_text(std::string_view text) {
  std::string out;
  for (const char character : readable_utf8(text)) {
    switch (character) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += character;
    }
  }
  return out;
}

/// A JSON string that may stand in a <script> element: no "<", which could end it.
inline std::string html_json_string(std::string_view text) {
  std::string out;
  for (const char character : json_string(readable_utf8(text))) {
    if (character == '<') {
      out += "\\u003c";
    } else {
      out += character;
    }
  }
  return out;
}

/// RFC 4648, with padding.
inline std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace eigencoder::detail
