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

/// One number for an Extent of equal sides, which g++ writes as Extent{3, 3} and clang as {3, 3}.
inline void shorten_extents(std::string& name) {
  constexpr std::string_view type = "Extent";
  for (auto open = name.find('{'); open != std::string::npos; open = name.find('{', open + 1)) {
    const std::string before = name.substr(0, open), values = name.substr(open + 1, name.find('}', open) - open - 1);
    const std::string side = values.substr(0, values.find(','));
    const bool named = before.ends_with(type), unnamed = before.ends_with('<') || before.ends_with(' ');
    if ((!named && !unnamed) || values != side + ", " + side) continue;
    if (named) open -= type.size();
    name.replace(open, name.find('}', open) + 1 - open, side);
  }
}

}  // namespace detail

/// A type's name as a person would write it: "Dense<32>", "Conv2D<32, 3>". For summaries and messages; not a stable key.
template <class T>
std::string type_name() {
  std::string name(detail::raw_type_name<T>());
  const auto erase = [&name](std::string_view part) {
    for (auto at = name.find(part); at != std::string::npos; at = name.find(part)) name.erase(at, part.size());
  };
  erase("eigencoder::");
  detail::shorten_extents(name);
  return name;
}

}  // namespace eigencoder
