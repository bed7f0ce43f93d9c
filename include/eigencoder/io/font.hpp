// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "eigencoder/core/shape.hpp"

/// A small bitmap font for labels in pictures: printable ASCII, capitals of 5 × 7 pixels and two rows below the baseline.
namespace eigencoder::font {

inline constexpr Index width = 5;       ///< of a character, in pixels
inline constexpr Index cap_height = 7;  ///< from the top of a capital to the baseline
inline constexpr Index height = 9;      ///< with the rows below the baseline
inline constexpr Index advance = 6;     ///< from one character to the next

namespace detail {

/// From ' ' to '~'. A glyph is nine rows of five bits: bit 5y + x is the pixel x from the left, y from the top.
inline constexpr std::array<std::uint64_t, 95> glyphs{
    0x000000000000, 0x000100421084, 0x00000000294a, 0x000295f57d4a, 0x00011f4717c4, 0x000672222273, 0x000593511526,
    0x000000001084, 0x000208210888, 0x000088842082, 0x000009575480, 0x0000084f9080, 0x02218c000000, 0x0000000f8000,
    0x00018c000000, 0x000042222210, 0x0003a33ae62e, 0x0003884210c4, 0x0007c444422e, 0x0003a304111f, 0x000211f4a988,
    0x0003a3083c3f, 0x0003a317844c, 0x00010842221f, 0x0003a317462e, 0x0001910f462e, 0x00018c0018c0, 0x02218c0018c0,
    0x000208208888, 0x000001f07c00, 0x000088882082, 0x00010044422e, 0x000383daf62e, 0x0004631fc62e, 0x0003e317c62f,
    0x0003a210862e, 0x0003e318c62f, 0x0007c217843f, 0x00004217843f, 0x0003a31e862e, 0x0004631fc631, 0x00038842108e,
    0x00019284211c, 0x000452519531, 0x0007c2108421, 0x0004631ad771, 0x0004739ace71, 0x0003a318c62e, 0x00004217c62f,
    0x00059358c62e, 0x00045257c62f, 0x0003e107043e, 0x00010842109f, 0x0003a318c631, 0x000114a8c631, 0x0004775ac631,
    0x000462a22a31, 0x000108422a31, 0x0007c222221f, 0x00038421084e, 0x000420820821, 0x00039084210e, 0x000000004544,
    0x00f800000000, 0x000000002082, 0x0007a3e83800, 0x0003e318bc21, 0x0003a218b800, 0x0007a318fa10, 0x000383f8b800,
    0x000084213c4c, 0x0e87a318f800, 0x00046318bc21, 0x000388421804, 0x064a10843008, 0x00024a32a421, 0x000388421086,
    0x00056b5aac00, 0x00046318bc00, 0x0003a318b800, 0x010be318bc00, 0x1087a318f800, 0x00004211b400, 0x0003e0e0f800,
    0x000304213c42, 0x0007a318c400, 0x00011518c400, 0x0002ab58c400, 0x000454454400, 0x0e87a318c400, 0x0007c4447c00,
    0x000608411098, 0x000108421084, 0x0000c8441083, 0x0000008a8800};

/// An empty frame, for what the font does not have.
inline constexpr std::uint64_t missing = 0x0007e318c63f;

}  // namespace detail

/// Whether the pixel x from the left and y from the top of `character` is ink, for 0 ≤ x < width and 0 ≤ y < height.
constexpr bool ink(char character, Index x, Index y) {
  const bool known = ' ' <= character && character <= '~';
  const std::uint64_t glyph = known ? detail::glyphs[static_cast<std::size_t>(character - ' ')] : detail::missing;
  return (glyph >> (5 * y + x) & 1) != 0;
}

/// Whether `byte` goes on with a character of UTF-8 that bytes before it began, and so takes no place of its own.
constexpr bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The width of a line of text in pixels; a character outside ASCII counts once.
constexpr Index text_width(std::string_view text) {
  const Index characters = std::ssize(text) - std::count_if(text.begin(), text.end(), continues_character);
  return characters == 0 ? 0 : characters * advance - (advance - width);
}

}  // namespace eigencoder::font
