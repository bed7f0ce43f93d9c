// SPDX-License-Identifier: MIT
#pragma once

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

LayerLine layer_line(const LayerFacts& layer);

std::string architecture_text(const ModelFacts& model);

std::vector<LayerLine> read_architecture(std::string_view text);

/// A layer's type in its parts: "Conv2D<8, 3, 2> (28, …" is "Conv2D", {"8", "3", "2"} and " (28, …".
struct LayerType {
  std::string_view name, rest;
  std::vector<std::string_view> arguments;

  explicit LayerType(std::string_view layer);

 private:
  /// Keeps what decides about the output beside the shapes: neither how weights begin and are trained, nor whether there is a
  /// bias, which the tensors tell, nor the padding and what a recurrent layer returns, which the shapes tell.
  void keep(std::string_view argument);
};

/// Whether two layers compute the same of the same parameters; so with layers that are arguments. Compilers differ in whether
/// they write arguments at the end that are defaults: a stride of 1, or as large as the window, Interpolation::nearest,
/// Feed::output.
bool same_layer(std::string_view a, std::string_view b);

/// The lines of layers that act in predictions too.
std::vector<LayerLine> acting(std::vector<LayerLine> lines);

/// What differs between two lists of layers, a line each, or nothing.
std::vector<std::string> architecture_differences(const std::vector<LayerLine>& expected,
                                                         const std::vector<LayerLine>& found);

/// "encoder.10" after "encoder.9".
bool in_natural_order(std::string_view a, std::string_view b);

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/architecture_impl.hpp"
#endif
