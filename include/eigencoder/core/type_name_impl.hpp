// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/type_name.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE void shorten_values(std::string& name) {
  std::size_t next = 0;
  for (auto open = name.find('{'); open != std::string::npos; open = name.find('{', next)) {
    next = open + 1;
    const auto begin = name.find_last_of("< ", open) + 1, end = name.find('}', open) + 1;
    const std::string type = name.substr(begin, open - begin);
    std::vector<Index> values;
    const char* at = name.c_str() + open;
    while (*at == '{' || *at == ',') {
      char* rest = nullptr;
      values.push_back(static_cast<Index>(std::strtoll(at + 1, &rest, 10)));
      if (rest == at + 1) break;
      at = rest;
    }
    if (*at != '}') continue;

    std::string text;
    if (values.size() == 1 && type.empty()) {
      text = message("Truncation{", values[0], '}');
    } else if (values.size() == 3 && (type.empty() || type == "Shape")) {
      text = to_string(Shape{values[0], values[1], values[2]});
    } else if (type.empty() || type == "Extent" || type == "Dilation" || type == "Border") {
      const bool equal = std::all_of(values.begin(), values.end(), [&](Index value) { return value == values[0]; });
      text = equal ? std::to_string(values[0]) : name.substr(open, end - open);
    } else {
      continue;
    }
    name.replace(begin, end - begin, text);
    next = begin + text.size();
  }
}

template <Init Given>
struct InitArgument {};

/// Writes an Init as it is written elsewhere, Init::he_normal, and one that has no name as Init{…}.
inline void shorten_inits(std::string& name) {
  const auto replace = [&name](std::string_view argument, std::string_view text) {
    const auto open = argument.find('<') + 1;  // "eigencoder::detail::InitArgument<Init{...}>"
    if (open == 0) return;                     // a compiler that names no types
    argument = argument.substr(open, argument.rfind('>') - open);
    for (auto at = name.find(argument); at != std::string::npos; at = name.find(argument)) {
      name.replace(at, argument.size(), text);
    }
  };
  replace(raw_type_name<InitArgument<Init::zeros>>(), "Init::zeros");
  replace(raw_type_name<InitArgument<Init::ones>>(), "Init::ones");
  replace(raw_type_name<InitArgument<Init::glorot_uniform>>(), "Init::glorot_uniform");
  replace(raw_type_name<InitArgument<Init::glorot_normal>>(), "Init::glorot_normal");
  replace(raw_type_name<InitArgument<Init::he_uniform>>(), "Init::he_uniform");
  replace(raw_type_name<InitArgument<Init::he_normal>>(), "Init::he_normal");
  replace(raw_type_name<InitArgument<Init::orthogonal>>(), "Init::orthogonal");
  // Any other is found by its braces within braces: {law, {bits}, fan, begin, end}.
  for (auto open = name.find('{'); open != std::string::npos; open = name.find('{', open + 1)) {
    const auto inner = name.find_first_of("{}", open + 1), inner_end = name.find_first_of("{}", inner + 1),
               end = name.find_first_of("{}", inner_end + 1);
    if (end == std::string::npos || name[inner] != '{' || name[inner_end] != '}' || name[end] != '}') continue;
    const auto commas = [&](std::size_t from, std::size_t to) { return std::count(name.data() + from, name.data() + to, ','); };
    if (commas(open, inner) != 1 || commas(inner, inner_end) != 0 || commas(inner_end, end) != 3) continue;
    const auto begin = name.find_last_of("< ", open) + 1;
    name.replace(begin, end + 1 - begin, "Init{…}");
    open = begin + std::strlen("Init{");
  }
}

EIGENCODER_INLINE std::string readable_type_name(std::string_view raw) {
  std::string name(raw);
  shorten_inits(name);
  const auto erase = [&name](std::string_view part) {
    for (auto at = name.find(part); at != std::string::npos; at = name.find(part)) name.erase(at, part.size());
  };
  erase("eigencoder::");
  shorten_values(name);
  return name;
}

}  // namespace detail

}  // namespace eigencoder
