// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "eigencoder/core/block.hpp"

namespace eigencoder {

namespace detail {

template <class T>
constexpr std::string_view raw_type_name() {
#if defined(__clang__) || defined(__GNUC__)
  std::string_view text = __PRETTY_FUNCTION__;  // "... [with T = X; ...]" from g++, "... [T = X]" from clang
  text.remove_prefix(text.find("T = ") + 4);
  return text.substr(0, text.find_first_of(";]"));
#elif defined(_MSC_VER)
  std::string_view text = __FUNCSIG__;  // "... raw_type_name<X>(void)"
  text.remove_prefix(text.find("raw_type_name<") + 14);
  text = text.substr(0, text.rfind(">(void)"));
  return text.starts_with("struct ") ? text.substr(7) : text.starts_with("class ") ? text.substr(6) : text;
#else
  return "layer";
#endif
}

/// Writes what the library's value types hold as it is written elsewhere, whether the compiler names the types (g++) or not
/// (clang): Shape{64, 4, 4} as (4, 4, 64), Extent{3, 3} as 3, Extent{3, 5} as {3, 5}, Truncation{5} as it is.
void shorten_values(std::string& name);

std::string readable_type_name(std::string_view raw);

}  // namespace detail

/// A type's name as a person would write it: "Dense<32>", "Conv2D<32, 3>", "Reshape<(4, 4, 64)>". For summaries and messages;
/// not a stable key.
template <class T>
std::string type_name() {
  return detail::readable_type_name(detail::raw_type_name<T>());
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/core/type_name_impl.hpp"
#endif
