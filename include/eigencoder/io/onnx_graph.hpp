// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/block.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/files/protobuf.hpp"

// The graph of an ONNX file while it is built: what a layer says its nodes with. Field numbers are those of onnx.proto,
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
namespace eigencoder {

/// What a node makes or reads: its name in the graph, and the shape of a sample.
///   one pixel, as features(n) is      N × n
///   any other                         N × channels × height × width
/// Channels are outermost there, innermost here: see OnnxGraph::vector for what keeps our order.
struct OnnxValue {
  std::string name;
  Shape shape;

  bool one_pixel() const { return shape.height * shape.width == 1; }
};

/// An attribute of a node: {"axis", 1}, {"alpha", 0.3F}, {"perm", {0, 2, 3, 1}}, {"mode", "linear"}.
class OnnxAttribute {
 public:
  OnnxAttribute(std::string_view name, int value) : OnnxAttribute(name, Index{value}) {}
  OnnxAttribute(std::string_view name, Index value) { message_.text(1, name).integer(3, value).integer(20, 2); }
  OnnxAttribute(std::string_view name, float value) { message_.text(1, name).real(2, value).integer(20, 1); }
  OnnxAttribute(std::string_view name, const char* value) { message_.text(1, name).text(4, value).integer(20, 3); }
  OnnxAttribute(std::string_view name, std::initializer_list<Index> values) {
    message_.text(1, name);
    for (const Index value : values) message_.integer(8, value);
    message_.integer(20, 7);
  }

  const ProtobufMessage& message() const { return message_; }

 private:
  ProtobufMessage message_;
};

/// A block of a layer's parameters or running state, read as floats: in a file all real numbers are.
struct OnnxBlock {
  std::string name;  ///< "encoder.0.weight"
  Block block;
  const float* floats = nullptr;
  const double* doubles = nullptr;  ///< or these

  /// Value i in our order. Throws OptionError for a double that no float comes near.
  float operator[](Index i) const { return floats != nullptr ? floats[i] : rounded(name, doubles[i]); }

  static float rounded(std::string_view what, double value) {
    const auto nearest = static_cast<float>(value);
    if (std::isfinite(value) && !std::isfinite(nearest)) {
      throw OptionError(message(what, ": expected a value within the range of float, which ONNX files hold, found ", value));
    }
    return nearest;
  }
};

/// Nodes, constants, inputs and outputs. Layers add to it; export_onnx makes a file of it.
class OnnxGraph {
 public:
  /// Names what is added from now on: "encoder.0" makes nodes encoder.0/Gemm, encoder.0/Relu, …
  void begin(std::string position) { position_ = std::move(position); }

  /// An input N × … of the graph. A sequence is N × channels × steps outside.
  OnnxValue input(const std::string& name, Shape shape) {
    inputs_.message(11, value_info(name, shape));
    begin(name);
    return {is_sequence(shape) ? node("Unsqueeze", {name, integers("axes", {2})}) : name, shape};
  }
  /// Makes the value an output of that name.
  void output(const std::string& name, const OnnxValue& value) {
    begin(name);
    std::string last = is_sequence(value.shape) ? node("Squeeze", {value.name, integers("axes", {2})}) : value.name;
    bool made = false;  // by a node, whose output may be named anew
    for (const Node& each : nodes_) made = made || each.makes(last);
    if (!made) last = node("Identity", {last});
    for (Node& each : nodes_) each.rename(last, name);
    outputs_.message(12, value_info(name, value.shape));
  }

  /// Adds a node and returns the name of its output. An empty name in `inputs` is one that is left out.
  std::string node(std::string_view op, std::vector<std::string> inputs, std::initializer_list<OnnxAttribute> attributes = {}) {
    return nodes(op, std::move(inputs), attributes, 1).front();
  }
  /// The same with several outputs.
  std::vector<std::string> nodes(std::string_view op, std::vector<std::string> inputs,
                                 std::initializer_list<OnnxAttribute> attributes, int outputs) {
    const std::string name = unused(message(position_, '/', op));
    std::vector<std::string> made;
    for (int i = 0; i < outputs; ++i) made.push_back(i == 0 ? name + ":0" : message(name, ':', i));
    nodes_.push_back({std::string(op), name, std::move(inputs), made, attributes});
    return made;
  }

  /// A constant of real numbers that has a name of its own, such as "encoder.0.weight"; at(i) is value i, the last dimension
  /// fastest. Where the name is there already, so is the constant.
  template <class At>
  std::string constant(const std::string& name, const std::vector<Index>& dimensions, At at) {
    if (names_.insert(name).second) {
      Index size = 1;
      for (const Index extent : dimensions) size *= extent;
      std::string raw;
      raw.reserve(static_cast<std::size_t>(size) * sizeof(float));
      for (Index i = 0; i < size; ++i) append(raw, std::bit_cast<std::uint32_t>(static_cast<float>(at(i))));
      add_tensor(name, dimensions, 1, raw);
    }
    return name;
  }
  /// A block as it is: a vector, or a matrix of rows × columns.
  std::string constant(const OnnxBlock& block) {
    const Index rows = block.block.rows, cols = block.block.cols;
    if (cols == 0) return constant(block.name, {rows}, [&](Index i) { return block[i]; });
    return constant(block.name, {rows, cols}, [&](Index i) { return block[i / cols + i % cols * rows]; });
  }
  /// The same for an operand of arithmetic with `like`, where channel c meets value c.
  std::string channel_constant(const OnnxBlock& block, const OnnxValue& like) {
    std::vector<Index> dimensions{block.block.rows};
    if (!like.one_pixel()) dimensions.insert(dimensions.end(), {1, 1});
    return constant(block.name, dimensions, [&](Index i) { return block[i]; });
  }
  /// A constant number.
  std::string scalar(std::string_view what, float value) {
    return constant(unused(message(position_, '/', what), false), {}, [=](Index) { return value; });
  }
  /// A constant vector of integers: axes, shapes, paddings.
  std::string integers(std::string_view what, std::initializer_list<Index> values) {
    const std::string name = unused(message(position_, '/', what));
    std::string raw;
    for (const Index value : values) append(raw, static_cast<std::uint64_t>(value));
    add_tensor(name, {static_cast<Index>(values.size())}, 7, raw);
    return name;
  }

  /// The value as N × channels × height × width.
  std::string image(const OnnxValue& value) {
    return value.one_pixel() ? node("Unsqueeze", {value.name, integers("axes", {2, 3})}) : value.name;
  }
  /// What a node has made as N × channels × height × width, as the value of that shape.
  OnnxValue from_image(const std::string& name, Shape shape) {
    return {shape.height * shape.width == 1 ? node("Flatten", {name}, {{"axis", 1}}) : name, shape};
  }
  /// The value as N × height × width × channels, as here.
  std::string channels_last(const OnnxValue& value) { return node("Transpose", {image(value)}, {{"perm", {0, 2, 3, 1}}}); }
  std::string channels_first(const std::string& name) { return node("Transpose", {name}, {{"perm", {0, 3, 1, 2}}}); }
  /// The value as N × size, in our order: channels fastest, then width, then height.
  std::string vector(const OnnxValue& value) {
    if (value.one_pixel()) return value.name;
    const bool moved = value.shape.channels > 1;
    return node("Flatten", {moved ? channels_last(value) : value.name}, {{"axis", 1}});
  }
  /// N × size in our order, as the value of that shape.
  OnnxValue from_vector(const std::string& name, Shape shape) {
    if (shape.height * shape.width == 1) return {name, shape};
    if (shape.channels == 1) return {node("Reshape", {name, integers("shape", {0, 1, shape.height, shape.width})}), shape};
    const std::string pixels = node("Reshape", {name, integers("shape", {0, shape.height, shape.width, shape.channels})});
    return {channels_first(pixels), shape};
  }

  /// GraphProto
  ProtobufMessage message_of(std::string_view name) && {
    ProtobufMessage graph;
    for (const Node& each : nodes_) {
      ProtobufMessage node;
      for (const std::string& input : each.inputs) node.text(1, input);
      for (const std::string& output : each.outputs) node.text(2, output);
      node.text(3, each.name).text(4, each.op);
      for (const OnnxAttribute& attribute : each.attributes) node.message(5, attribute.message());
      graph.message(1, node);
    }
    return graph.text(2, name).fields(std::exchange(tensors_, {})).fields(inputs_).fields(outputs_);
  }

 private:
  struct Node {
    std::string op, name;
    std::vector<std::string> inputs, outputs;
    std::vector<OnnxAttribute> attributes;

    bool makes(const std::string& value) const { return std::find(outputs.begin(), outputs.end(), value) != outputs.end(); }
    void rename(const std::string& value, const std::string& to) {
      std::replace(inputs.begin(), inputs.end(), value, to);
      std::replace(outputs.begin(), outputs.end(), value, to);
    }
  };

  static bool is_sequence(Shape shape) { return shape.height == 1 && shape.width > 1; }

  /// ValueInfoProto of float N × …
  static ProtobufMessage value_info(std::string_view name, Shape shape) {
    const auto extent = [](Index value) { return ProtobufMessage().integer(1, value); };
    ProtobufMessage dimensions;
    dimensions.message(1, ProtobufMessage().text(2, "N")).message(1, extent(shape.channels));
    if (shape.height > 1) dimensions.message(1, extent(shape.height));
    if (shape.height * shape.width > 1) dimensions.message(1, extent(shape.width));
    const ProtobufMessage tensor = ProtobufMessage().integer(1, 1).message(2, dimensions);
    return ProtobufMessage().text(1, name).message(2, ProtobufMessage().message(1, tensor));
  }

  /// TensorProto
  void add_tensor(const std::string& name, const std::vector<Index>& dimensions, int type, std::string_view raw) {
    ProtobufMessage tensor;
    for (const Index extent : dimensions) tensor.integer(1, extent);
    tensors_.message(5, tensor.integer(2, type).text(8, name).text(9, raw));
  }
  /// Little endian, whatever the machine is.
  static void append(std::string& raw, auto bits) {
    for (std::size_t i = 0; i < sizeof bits; ++i) raw += static_cast<char>(bits >> 8 * i);
  }

  /// The name, or the first of name_2, name_3, … that is not taken.
  std::string unused(const std::string& name, bool take = true) {
    std::string found = name;
    for (int i = 2; names_.contains(found); ++i) found = message(name, '_', i);
    if (take) names_.insert(found);
    return found;
  }

  std::string position_;
  std::set<std::string> names_;
  std::vector<Node> nodes_;
  ProtobufMessage tensors_, inputs_, outputs_;
};

/// The earlier layer that a layer links to.
struct OnnxSource {
  OnnxValue y;                    ///< of a layer that joins: the activation that it reads
  std::vector<OnnxBlock> blocks;  ///< of any other: its parameters and running state,
  std::string kept;               ///< and what it has left in OnnxPass::keeps
  Shape in;                       ///< its input's shape
};

/// What a layer is handed to add its nodes. It is written beside the layer, in the layer's namespace:
///   OnnxValue add_onnx_nodes(const MyLayer& layer, OnnxPass& pass);
struct OnnxPass {
  OnnxGraph& graph;
  std::string position;  ///< of the layer, for messages
  OnnxValue x;           ///< its input
  Shape out;             ///< its output's shape
  std::vector<OnnxBlock> blocks;
  OnnxSource source;
  bool linked = false;  ///< a later layer links to this one
  std::string keeps;    ///< what that one reads

  /// The block of that name, or null.
  const OnnxBlock* find(std::string_view name) const { return find_in(blocks, name); }
  const OnnxBlock& block(std::string_view name) const { return there(find(name), name); }
  const OnnxBlock& source_block(std::string_view name) const { return there(find_in(source.blocks, name), name); }

  /// A node of one input and output, of the input's shape.
  OnnxValue unary(std::string_view op, std::initializer_list<OnnxAttribute> attributes = {}) const {
    return {graph.node(op, {x.name}, attributes), out};
  }
  /// A real number of the layer's as an attribute, which ONNX has as a float. Throws OptionError if it has none.
  OnnxAttribute real(std::string_view name, double value) const {
    return {name, OnnxBlock::rounded(message(position, ": ", name), value)};
  }

 private:
  static const OnnxBlock* find_in(const std::vector<OnnxBlock>& all, std::string_view name) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const OnnxBlock& each) { return each.block.name == name; });
    return at == all.end() ? nullptr : &*at;
  }
  const OnnxBlock& there(const OnnxBlock* found, std::string_view name) const {
    if (found == nullptr) throw Error(message(position, ": this layer has no block \"", name, '"'));
    return *found;
  }
};

}  // namespace eigencoder
