// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "eigencoder/core/error.hpp"

// What writes JSON (RFC 8259) needs no library: a string, a number.
namespace eigencoder::detail {

/// Where the first byte is that is no UTF-8, or npos.
std::size_t find_no_utf8(std::string_view text);

/// With its quotation marks. Throws Error, in the name of `what`, if it is no UTF-8.
std::string json_string(std::string_view text, std::string_view what = "a text");

/// The shortest digits that give the same number again, and null for one that is not finite.
std::string json_number(double value);
inline std::string json_number(std::integral auto value) { return std::to_string(value); }

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/json_impl.hpp"
#endif
