// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/io/onnx_graph.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/batch_norm.hpp"
#include "eigencoder/layers/condition.hpp"
#include "eigencoder/layers/conv2d.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/depthwise_conv2d.hpp"
#include "eigencoder/layers/gaussian_sample.hpp"
#include "eigencoder/layers/join.hpp"
#include "eigencoder/layers/k_sparse.hpp"
#include "eigencoder/layers/layer_norm.hpp"
#include "eigencoder/layers/pooling.hpp"
#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/layers/scale.hpp"
#include "eigencoder/layers/softmax.hpp"
#include "eigencoder/layers/vector_quantizer.hpp"

// The nodes of each layer, in opset 17. The operators: https://onnx.ai/onnx/operators
namespace eigencoder {

// Activations

inline OnnxValue add_onnx_nodes(const Identity&, OnnxPass& pass) { return pass.x; }
inline OnnxValue add_onnx_nodes(const ReLU&, OnnxPass& pass) { return pass.unary("Relu"); }
inline OnnxValue add_onnx_nodes(const LeakyReLU& layer, OnnxPass& pass) {
  return pass.unary("LeakyRelu", {pass.real("alpha", layer.slope)});
}
inline OnnxValue add_onnx_nodes(const ELU& layer, OnnxPass& pass) {
  return pass.unary("Elu", {pass.real("alpha", layer.alpha)});
}
inline OnnxValue add_onnx_nodes(const Sigmoid&, OnnxPass& pass) { return pass.unary("Sigmoid"); }
inline OnnxValue add_onnx_nodes(const Tanh&, OnnxPass& pass) { return pass.unary("Tanh"); }
inline OnnxValue add_onnx_nodes(const Softplus&, OnnxPass& pass) { return pass.unary("Softplus"); }
inline OnnxValue add_onnx_nodes(const Softsign&, OnnxPass& pass) { return pass.unary("Softsign"); }
inline OnnxValue add_onnx_nodes(const Softmax&, OnnxPass& pass) { return pass.unary("Softmax", {{"axis", 1}}); }
inline OnnxValue add_onnx_nodes(const SiLU&, OnnxPass& pass) {
  return {pass.graph.node("Mul", {pass.x.name, pass.graph.node("Sigmoid", {pass.x.name})}), pass.out};
}
/// x · ½ (1 + erf(x / √2)): there is no Gelu before opset 20.
inline OnnxValue add_onnx_nodes(const GELU&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const std::string erf = graph.node("Erf", {graph.node("Mul", {pass.x.name, graph.scalar("root_half", 0.70710678F)})});
  const std::string distribution =
      graph.node("Mul", {graph.node("Add", {erf, graph.scalar("one", 1)}), graph.scalar("half", 0.5F)});
  return {graph.node("Mul", {pass.x.name, distribution}), pass.out};
}

// Dense layers and convolutions

namespace detail {

/// Where value i of N × channels × height × width lies in our order.
constexpr Index channels_innermost(Shape shape, Index i) {
  const Index pixels = shape.height * shape.width;
  return i % pixels * shape.channels + i / pixels;
}

/// W of a Dense, whose columns follow its input N × channels × height × width.
inline std::string dense_weight(OnnxGraph& graph, const OnnxBlock& weight, Shape in) {
  const Index rows = weight.block.rows, size = in.size();
  return graph.constant(weight.name, {rows, size},
                        [&](Index i) { return weight[i / size + rows * channels_innermost(in, i % size)]; });
}

/// W of a convolution, in the order of `axes`.
inline std::string convolution_weight(OnnxGraph& graph, const OnnxBlock& weight, std::array<BlockAxis::Kind, 4> axes) {
  std::vector<Index> dimensions;
  for (const auto axis : axes) dimensions.push_back(weight.block.extent(axis));
  return graph.constant(weight.name, dimensions, [&](Index i) {
    Index at = 0;
    for (std::size_t d = 4; d-- > 0; i /= dimensions[d]) at += i % dimensions[d] * weight.block.stride(axes[d]);
    return weight[at];
  });
}
inline constexpr std::array from_out{BlockAxis::out, BlockAxis::in, BlockAxis::kernel_height, BlockAxis::kernel_width};
inline constexpr std::array from_in{BlockAxis::in, BlockAxis::out, BlockAxis::kernel_height, BlockAxis::kernel_width};

/// The attributes of windows, of convolutions and pools alike.
struct OnnxWindows {
  OnnxAttribute kernel, strides, dilations, pads;

  explicit OnnxWindows(const Windows& of)
      : kernel("kernel_shape", {of.vertical.taps, of.horizontal.taps}),
        strides("strides", {of.vertical.stride, of.horizontal.stride}),
        dilations("dilations", {of.vertical.dilation, of.horizontal.dilation}),
        pads("pads", {of.vertical.padding_before, of.horizontal.padding_before, std::max<Index>(after(of.vertical), 0),
                      std::max<Index>(after(of.horizontal), 0)}) {}

  /// Pixels from the last of the image to the end of the last window; negative where that ends before.
  static Index after(const Axis& axis) {
    return (axis.windows - 1) * axis.stride + axis.reach() - axis.pixels - axis.padding_before;
  }
};

inline OnnxValue convolve(OnnxPass& pass, const Windows& windows, const std::string& weight, Index groups) {
  std::vector<std::string> inputs{pass.graph.image(pass.x), weight};
  if (const OnnxBlock* bias = pass.find("bias")) inputs.push_back(pass.graph.constant(*bias));
  const OnnxWindows attributes(windows);
  return pass.graph.from_image(
      pass.graph.node("Conv", inputs,
                      {attributes.kernel, attributes.strides, attributes.dilations, attributes.pads, {"group", groups}}),
      pass.out);
}

/// The convolution with these windows, transposed: from them to the pixels.
inline OnnxValue convolve_transposed(OnnxPass& pass, const Windows& windows, const std::string& weight) {
  std::vector<std::string> inputs{pass.graph.image(pass.x), weight};
  if (const OnnxBlock* bias = pass.find("bias")) inputs.push_back(pass.graph.constant(*bias));
  const OnnxWindows attributes(windows);
  const auto beyond = [](const Axis& axis) { return std::max<Index>(-OnnxWindows::after(axis), 0); };
  return pass.graph.from_image(pass.graph.node("ConvTranspose", inputs,
                                               {attributes.kernel,
                                                attributes.strides,
                                                attributes.dilations,
                                                attributes.pads,
                                                {"output_padding", {beyond(windows.vertical), beyond(windows.horizontal)}}}),
                               pass.out);
}

}  // namespace detail

template <Index Units, auto... Options>
OnnxValue add_onnx_nodes(const Dense<Units, Options...>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const std::string x = pass.x.one_pixel() ? pass.x.name : graph.node("Flatten", {pass.x.name}, {{"axis", 1}});
  std::vector<std::string> inputs{x, detail::dense_weight(graph, pass.block("weight"), pass.x.shape)};
  if (const OnnxBlock* bias = pass.find("bias")) inputs.push_back(graph.constant(*bias));
  return {graph.node("Gemm", inputs, {{"transB", 1}}), pass.out};
}
/// The same constant is the weight of both layers.
template <Index Position, Shape Out, auto... Options>
OnnxValue add_onnx_nodes(const TiedDense<Position, Out, Options...>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  std::vector<std::string> inputs{graph.vector(pass.x),
                                  detail::dense_weight(graph, pass.source_block("weight"), pass.source.in)};
  if (const OnnxBlock* bias = pass.find("bias")) {
    inputs.push_back(
        graph.constant(bias->name, {Out.size()}, [&](Index i) { return (*bias)[detail::channels_innermost(Out, i)]; }));
  }
  const std::string y = graph.node("Gemm", inputs);  // its columns are channels, then rows of pixels
  if (Out.height * Out.width == 1) return {y, Out};
  return {graph.node("Reshape", {y, graph.integers("shape", {0, Out.channels, Out.height, Out.width})}), Out};
}

template <Index Filters, Extent Kernel, Extent Stride, auto... Options>
OnnxValue add_onnx_nodes(const Conv2D<Filters, Kernel, Stride, Options...>& layer, OnnxPass& pass) {
  const std::string weight = detail::convolution_weight(pass.graph, pass.block("weight"), detail::from_out);
  return detail::convolve(pass, layer.windows(pass.x.shape), weight, 1);
}
template <Extent Kernel, Extent Stride, auto... Options>
OnnxValue add_onnx_nodes(const DepthwiseConv2D<Kernel, Stride, Options...>& layer, OnnxPass& pass) {
  const std::string weight = detail::convolution_weight(pass.graph, pass.block("weight"), detail::from_out);
  return detail::convolve(pass, layer.windows(pass.x.shape), weight, pass.x.shape.channels);
}
template <Index Filters, Extent Kernel, Extent Stride, auto... Options>
OnnxValue add_onnx_nodes(const ConvTranspose2D<Filters, Kernel, Stride, Options...>&, OnnxPass& pass) {
  const std::string weight = detail::convolution_weight(pass.graph, pass.block("weight"), detail::from_in);
  return detail::convolve_transposed(pass, {pass.out, Kernel, Stride, option_or<Padding, Options...>(Padding::same)}, weight);
}
/// W from the convolution's filters, this layer's input, to its channels: the convolution's own constant.
template <Index Position, Shape Out, Extent Kernel, Extent Stride, auto... Options>
OnnxValue add_onnx_nodes(const TiedConv2D<Position, Out, Kernel, Stride, Options...>& layer, OnnxPass& pass) {
  const std::string weight = detail::convolution_weight(pass.graph, pass.source_block("weight"), detail::from_out);
  return detail::convolve_transposed(pass, layer.windows, weight);
}

// Pools and resampling

template <Extent Window, Extent Stride, auto... Options>
OnnxValue add_onnx_nodes(const MaxPool2D<Window, Stride, Options...>& layer, OnnxPass& pass) {
  const detail::OnnxWindows attributes(layer.windows(pass.x.shape));
  const auto made = pass.graph.nodes("MaxPool", {pass.graph.image(pass.x)},
                                     {attributes.kernel, attributes.strides, attributes.pads}, pass.linked ? 2 : 1);
  if (pass.linked) pass.keeps = made.back();  // for MaxUnpool2D: the places that the values are from
  return pass.graph.from_image(made.front(), pass.out);
}
template <Index Position, Extent Window>
OnnxValue add_onnx_nodes(const MaxUnpool2D<Position, Window>&, OnnxPass& pass) {
  const std::string y =
      pass.graph.node("MaxUnpool", {pass.graph.image(pass.x), pass.source.kept},
                      {{"kernel_shape", {Window.height, Window.width}}, {"strides", {Window.height, Window.width}}});
  return pass.graph.from_image(y, pass.out);
}
template <Extent Window, Extent Stride, auto... Options>
OnnxValue add_onnx_nodes(const AvgPool2D<Window, Stride, Options...>& layer, OnnxPass& pass) {
  const detail::OnnxWindows attributes(layer.windows(pass.x.shape));
  const std::string y = pass.graph.node("AveragePool", {pass.graph.image(pass.x)},
                                        {attributes.kernel, attributes.strides, attributes.pads, {"count_include_pad", 0}});
  return pass.graph.from_image(y, pass.out);
}
inline OnnxValue add_onnx_nodes(const GlobalAvgPool2D&, OnnxPass& pass) {
  return pass.graph.from_image(pass.graph.node("GlobalAveragePool", {pass.graph.image(pass.x)}), pass.out);
}

template <Extent Factor, Interpolation Between>
OnnxValue add_onnx_nodes(const UpSample2D<Factor, Between>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const std::array<Index, 4> factors{1, 1, Factor.height, Factor.width};
  const std::vector<std::string> inputs{graph.image(pass.x), "", graph.constant(pass.position + "/scales", {4}, [&](Index i) {
                                          return factors[static_cast<std::size_t>(i)];
                                        })};
  const std::string y =
      Between == Interpolation::nearest
          ? graph.node("Resize", inputs,
                       {{"mode", "nearest"}, {"nearest_mode", "floor"}, {"coordinate_transformation_mode", "asymmetric"}})
          : graph.node("Resize", inputs, {{"mode", "linear"}, {"coordinate_transformation_mode", "half_pixel"}});
  return graph.from_image(y, pass.out);
}

// What moves values

template <Border Zeros>
OnnxValue add_onnx_nodes(const ZeroPad2D<Zeros>&, OnnxPass& pass) {
  const std::string pads = pass.graph.integers("pads", {0, 0, Zeros.top, Zeros.left, 0, 0, Zeros.bottom, Zeros.right});
  return pass.graph.from_image(pass.graph.node("Pad", {pass.graph.image(pass.x), pads}), pass.out);
}
template <Border Cut>
OnnxValue add_onnx_nodes(const Crop2D<Cut>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const std::string from = graph.integers("starts", {Cut.top, Cut.left});
  const std::string to = graph.integers("ends", {Cut.top + pass.out.height, Cut.left + pass.out.width});
  const std::string y = graph.node("Slice", {graph.image(pass.x), from, to, graph.integers("axes", {2, 3})});
  return graph.from_image(y, pass.out);
}
template <Shape Target>
OnnxValue add_onnx_nodes(const Reshape<Target>&, OnnxPass& pass) {
  if (pass.x.shape == Target) return pass.x;
  return pass.graph.from_vector(pass.graph.vector(pass.x), Target);
}

template <Index P>
OnnxValue add_onnx_nodes(const Add<P>&, OnnxPass& pass) {
  return {pass.graph.node("Add", {pass.x.name, pass.source.y.name}), pass.out};
}
template <Index P>
OnnxValue add_onnx_nodes(const Concatenate<P>&, OnnxPass& pass) {
  return {pass.graph.node("Concat", {pass.x.name, pass.source.y.name}, {{"axis", 1}}), pass.out};
}
template <Index P>
OnnxValue add_onnx_nodes(const Branch<P>&, OnnxPass& pass) {
  return pass.source.y;
}

namespace detail {
/// Values [begin, end) of N × size.
inline std::string rows(OnnxGraph& graph, const std::string& vector, Index begin, Index end) {
  const std::string from = graph.integers("starts", {begin}), to = graph.integers("ends", {end});
  return graph.node("Slice", {vector, from, to, graph.integers("axes", {1})});
}
}  // namespace detail

/// Where it is the first layer, export_onnx makes two inputs instead.
template <Shape Sample, Index Classes>
OnnxValue add_onnx_nodes(const TakeCondition<Sample, Classes>&, OnnxPass& pass) {
  const std::string both = pass.graph.vector(pass.x);
  pass.keeps = detail::rows(pass.graph, both, Sample.size(), Sample.size() + Classes);
  return pass.graph.from_vector(detail::rows(pass.graph, both, 0, Sample.size()), Sample);
}
template <Index Position, Index Classes>
OnnxValue add_onnx_nodes(const ProvideCondition<Position, Classes>&, OnnxPass& pass) {
  return {pass.graph.node("Concat", {pass.graph.vector(pass.x), pass.source.kept}, {{"axis", 1}}), pass.out};
}

// Normalisation and codes

inline OnnxValue add_onnx_nodes(const BatchNorm& layer, OnnxPass& pass) {
  std::vector<std::string> inputs{pass.x.name};
  for (const char* const name : {"gamma", "beta", "moving_mean", "moving_variance"}) {
    inputs.push_back(pass.graph.constant(pass.block(name)));
  }
  return {pass.graph.node("BatchNormalization", inputs, {pass.real("epsilon", layer.epsilon.value)}), pass.out};
}
inline OnnxValue add_onnx_nodes(const LayerNorm& layer, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const std::string x = pass.x.one_pixel() ? pass.x.name : graph.channels_last(pass.x);
  const std::string y =
      graph.node("LayerNormalization", {x, graph.constant(pass.block("gamma")), graph.constant(pass.block("beta"))},
                 {{"axis", -1}, pass.real("epsilon", layer.epsilon.value)});
  return {pass.x.one_pixel() ? y : graph.channels_first(y), pass.out};
}
template <auto... Options>
OnnxValue add_onnx_nodes(const Scale<Options...>&, OnnxPass& pass) {
  std::string y = pass.graph.node("Mul", {pass.x.name, pass.graph.channel_constant(pass.block("scale"), pass.x)});
  if (const OnnxBlock* bias = pass.find("bias")) y = pass.graph.node("Add", {y, pass.graph.channel_constant(*bias, pass.x)});
  return {y, pass.out};
}

/// The K largest, put into zeros where they were.
template <Index K>
OnnxValue add_onnx_nodes(const KSparse<K>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const std::string x = graph.vector(pass.x);
  const auto largest = graph.nodes("TopK", {x, graph.integers("k", {K})}, {{"axis", 1}}, 2);
  const std::string zeros = graph.node("ConstantOfShape", {graph.node("Shape", {x})});
  return graph.from_vector(graph.node("ScatterElements", {zeros, largest[1], largest[0]}, {{"axis", 1}}), pass.out);
}
/// The entry e of the codebook with the largest xᵀe − ½ ‖e‖² for every pixel x, the first of several.
template <Index K>
OnnxValue add_onnx_nodes(const VectorQuantizer<K>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const OnnxBlock& codebook = pass.block("codebook");
  const Index depth = pass.x.shape.channels;
  const std::string entries = graph.constant(codebook.name, {K, depth}, [&](Index i) { return codebook[i]; });
  const std::string half_squares = graph.constant(pass.position + "/minus_half_squares", {K}, [&](Index k) {
    double sum = 0;
    for (Index c = 0; c < depth; ++c)
      sum += static_cast<double>(codebook[k * depth + c]) * static_cast<double>(codebook[k * depth + c]);
    return -sum / 2;
  });
  const bool vector = pass.x.one_pixel();
  const std::string pixels =
      vector ? pass.x.name : graph.node("Reshape", {graph.channels_last(pass.x), graph.integers("shape", {-1, depth})});
  const std::string scores = graph.node("Gemm", {pixels, entries, half_squares}, {{"transB", 1}});
  const std::string nearest = graph.node("Gather", {entries, graph.node("ArgMax", {scores}, {{"axis", 1}, {"keepdims", 0}})});
  if (vector) return {nearest, pass.out};
  const std::string shape = graph.integers("shape", {-1, pass.out.height, pass.out.width, depth});
  return {graph.channels_first(graph.node("Reshape", {nearest, shape})), pass.out};
}
/// The mean.
inline OnnxValue add_onnx_nodes(const GaussianSample&, OnnxPass& pass) {
  return {detail::rows(pass.graph, pass.graph.vector(pass.x), 0, pass.out.size()), pass.out};
}

}  // namespace eigencoder
