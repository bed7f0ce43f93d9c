// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/io/layout.hpp"

// The layers of a model as lines of text, by which a file tells which network it belongs to:
//   encoder.0 Conv2D<8, 3, 2> (28, 28, 1) -> (14, 14, 8)
//   encoder.1 LeakyReLU{slope=0.1} (14, 14, 8) -> (14, 14, 8)
namespace eigencoder::detail {

inline constexpr std::string_view training_only_mark = " (training only)";

/// A line, apart.
struct LayerLine {
  std::string position, layer;  ///< the layer with settings and shapes
  bool training_only = false;
};

inline LayerLine layer_line(const LayerFacts& layer) {
  return {layer.position, message(layer.type, ' ', to_string(layer.in), " -> ", to_string(layer.out)), layer.training_only};
}

inline std::string architecture_text(const ModelFacts& model) {
  std::string text;
  for (const LayerFacts& facts : model.layers) {
    const LayerLine line = layer_line(facts);
    text += message(line.position, ' ', line.layer, line.training_only ? training_only_mark : "", '\n');
  }
  return text;
}

inline std::vector<LayerLine> read_architecture(std::string_view text) {
  std::vector<LayerLine> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) continue;
    const bool training_only = line.ends_with(training_only_mark);
    if (training_only) line.remove_suffix(training_only_mark.size());
    const std::size_t space = std::min(line.find(' '), line.size());
    lines.push_back(
        {std::string(line.substr(0, space)), std::string(line.substr(std::min(space + 1, line.size()))), training_only});
  }
  return lines;
}

/// A layer's type in its parts: "Conv2D<8, 3, 2> (28, …" is "Conv2D", {"8", "3", "2"} and " (28, …".
struct LayerType {
  std::string_view name, rest;
  std::vector<std::string_view> arguments;

  explicit LayerType(std::string_view layer) {
    std::size_t at = std::min(layer.find_first_of("<{ "), layer.size());
    name = layer.substr(0, at);
    if (at < layer.size() && layer[at] == '<') {
      int depth = 0;
      for (std::size_t begin = ++at; at < layer.size(); ++at) {
        const char character = layer[at];
        const bool last = character == '>' && depth == 0;
        if (last || (character == ',' && depth == 0)) {
          keep(layer.substr(begin, at - begin));
          begin = at + 1;
        }
        if (last) break;
        depth += std::string_view("<({").find(character) != std::string_view::npos;
        depth -= std::string_view(">)}").find(character) != std::string_view::npos;
      }
      at = std::min(at + 1, layer.size());
    }
    rest = layer.substr(at);
  }

 private:
  /// Keeps what decides about the output beside the shapes: neither how weights begin and are trained, nor whether there is a
  /// bias, which the tensors tell, nor the padding and what a recurrent layer returns, which the shapes tell.
  void keep(std::string_view argument) {
    argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    argument = argument.substr(0, argument.find_last_not_of(' ') + 1);
    for (const std::string_view untold : {"Init", "Truncation", "Bias::", "Padding::", "Returns::", "Direction::forward"}) {
      if (argument.starts_with(untold)) return;
    }
    arguments.push_back(argument);
  }
};

/// Whether two layers compute the same of the same parameters; so with layers that are arguments. Compilers differ in whether
/// they write arguments at the end that are defaults: a stride of 1, or as large as the window, Interpolation::nearest,
/// Feed::output.
inline bool same_layer(std::string_view a, std::string_view b) {
  const LayerType one(a), two(b);
  if (one.name != two.name || one.rest != two.rest) return false;
  const auto &more = one.arguments.size() < two.arguments.size() ? two.arguments : one.arguments,
             &fewer = one.arguments.size() < two.arguments.size() ? one.arguments : two.arguments;
  for (std::size_t i = 0; i < more.size(); ++i) {
    const bool implied =
        more[i] == "1" || more[i] == "Interpolation::nearest" || more[i] == "Feed::output" || (i == 1 && more[1] == more[0]);
    const bool layers = more[i].find('<') != std::string_view::npos;
    if (i < fewer.size() ? !(layers ? same_layer(more[i], fewer[i]) : more[i] == fewer[i]) : !implied) return false;
  }
  return true;
}

/// The lines of layers that act in predictions too.
inline std::vector<LayerLine> acting(std::vector<LayerLine> lines) {
  std::erase_if(lines, [](const LayerLine& line) { return line.training_only; });
  return lines;
}

/// What differs between two lists of layers, a line each, or nothing.
inline std::vector<std::string> architecture_differences(const std::vector<LayerLine>& expected,
                                                         const std::vector<LayerLine>& found) {
  const auto same = [](const LayerLine& a, const LayerLine& b) { return same_layer(a.layer, b.layer); };
  std::size_t begin = 0, expected_end = expected.size(), found_end = found.size();
  while (begin < expected_end && begin < found_end && same(expected[begin], found[begin])) ++begin;
  while (begin < expected_end && begin < found_end && same(expected[expected_end - 1], found[found_end - 1]))
    --expected_end, --found_end;
  std::vector<std::string> lines;
  for (std::size_t i = begin; i < std::max(expected_end, found_end); ++i) {
    const bool wanted = i < expected_end, there = i < found_end;
    if (wanted && there && same(expected[i], found[i])) continue;
    if (lines.size() == 40) {
      lines.push_back("and more");
      break;
    }
    lines.push_back(message(wanted ? expected[i].position : found[i].position, ": expected ",
                            wanted ? expected[i].layer : "no layer", ", found ", there ? found[i].layer : "none"));
  }
  return lines;
}

/// "encoder.10" after "encoder.9".
inline bool in_natural_order(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view one = a.substr(0, a.find('.')), two = b.substr(0, b.find('.'));
    if (one != two) {
      const auto number = [](std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; };
      return number(one) && number(two) && one.size() != two.size() ? one.size() < two.size() : one < two;
    }
    a.remove_prefix(std::min(one.size() + 1, a.size()));
    b.remove_prefix(std::min(two.size() + 1, b.size()));
  }
  return a.size() < b.size();
}

}  // namespace eigencoder::detail
