// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

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

}  // namespace detail

/// A type's name as a person would write it: "Dense<32>". For summaries and messages; not a stable key.
template <class T>
std::string type_name() {
  std::string name(detail::raw_type_name<T>());
  const auto erase = [&name](std::string_view part) {
    for (auto at = name.find(part); at != std::string::npos; at = name.find(part)) name.erase(at, part.size());
  };
  erase("eigencoder::");
  return name;
}

}  // namespace eigencoder
