// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "eigencoder/io/gates.hpp"
#include "eigencoder/io/onnx_layers.hpp"
#include "eigencoder/layers/embedding.hpp"
#include "eigencoder/layers/recurrent_decoder.hpp"
#include "eigencoder/layers/repeat_vector.hpp"
#include "eigencoder/layers/reverse_steps.hpp"
#include "eigencoder/layers/time_distributed.hpp"

// The nodes of layers of sequences. A sequence is N × channels × 1 × steps in the graph, and the recurrent operators read
// steps × N × channels. All samples have all steps: the operators' lengths are left out.
namespace eigencoder {

namespace detail {

inline std::string steps_first(OnnxGraph& graph, const OnnxValue& x) {
  if (x.one_pixel()) return graph.node("Unsqueeze", {x.name, graph.integers("axes", {0})});
  return graph.node("Transpose", {graph.node("Squeeze", {x.name, graph.integers("axes", {2})})}, {{"perm", {2, 0, 1}}});
}

/// Blocks of gates one after the other, each by rows, with ONNX's order of gates.
inline std::string gates_constant(OnnxGraph& graph, const std::string& name, const std::vector<Index>& dimensions,
                                  const std::vector<const OnnxBlock*>& blocks, const Gates& gates) {
  const Index rows = blocks[0]->block.rows, cols = std::max<Index>(blocks[0]->block.cols, 1), units = rows / gates.count;
  return graph.constant(name, dimensions, [&](Index i) {
    const Index row = i / cols % rows, gate = gates.onnx[static_cast<std::size_t>(row / units)];
    return (*blocks[static_cast<std::size_t>(i / (rows * cols))])[gate * units + row % units + i % cols * rows];
  });
}

/// What a recurrent operator makes.
struct OnnxStates {
  std::string all;                ///< steps × directions × N × units
  std::vector<std::string> last;  ///< h, and of an LSTM c: directions × N × units
};

/// The operator on x, steps × N × inputs, in as many directions as there are suffixes of the blocks' names. `begin`: the states
/// to begin with, as OnnxStates::last; none are zeros.
inline OnnxStates recurrent_node(OnnxPass& pass, const Gates& gates, const char* direction,
                                 const std::vector<std::string>& suffixes, const std::string& x,
                                 const std::vector<std::string>& begin = {}) {
  OnnxGraph& graph = pass.graph;
  std::vector<const OnnxBlock*> input, recurrent, biases;
  for (const std::string& suffix : suffixes) {
    input.push_back(&pass.block("weight_ih" + suffix));
    recurrent.push_back(&pass.block("weight_hh" + suffix));
    biases.insert(biases.end(), {&pass.block("bias_ih" + suffix), &pass.block("bias_hh" + suffix)});
  }
  const Index directions = static_cast<Index>(suffixes.size()), rows = input[0]->block.rows, units = recurrent[0]->block.cols;
  std::vector<std::string> inputs{x,
                                  gates_constant(graph, input[0]->name, {directions, rows, input[0]->block.cols}, input, gates),
                                  gates_constant(graph, recurrent[0]->name, {directions, rows, units}, recurrent, gates),
                                  gates_constant(graph, pass.position + ".bias", {directions, 2 * rows}, biases, gates)};
  if (!begin.empty()) inputs.push_back("");  // lengths
  inputs.insert(inputs.end(), begin.begin(), begin.end());

  const OnnxAttribute hidden("hidden_size", units), reads("direction", direction);
  const std::string op = gates.onnx_operator;
  std::vector<std::string> made = op == "GRU" ? graph.nodes(op, inputs, {hidden, reads, {"linear_before_reset", 1}}, 2)
                                              : graph.nodes(op, inputs, {hidden, reads}, op == "LSTM" ? 3 : 2);
  const std::string all = made.front();
  made.erase(made.begin());
  return {all, made};
}

/// What a recurrent layer returns of it: of each direction h, or all of h, or h above c, the directions one above the other.
inline OnnxValue returned(OnnxPass& pass, Returns returns, const OnnxStates& states) {
  OnnxGraph& graph = pass.graph;
  if (returns == Returns::sequence) {
    const std::string units =
        graph.node("Transpose", {states.all}, {{"perm", {2, 1, 3, 0}}});  // N × directions × units × steps
    const std::string shape = pass.out.width == 1 ? graph.integers("shape", {0, pass.out.channels})
                                                  : graph.integers("shape", {0, pass.out.channels, 1, pass.out.width});
    return {graph.node("Reshape", {units, shape}), pass.out};
  }
  const bool both = returns == Returns::state && states.last.size() > 1;
  const std::string last = both ? graph.node("Concat", states.last, {{"axis", 2}}) : states.last.front();
  return {graph.node("Flatten", {graph.node("Transpose", {last}, {{"perm", {1, 0, 2}}})}, {{"axis", 1}}), pass.out};
}

}  // namespace detail

template <detail::HasGates Layer>
OnnxValue add_onnx_nodes(const Layer&, OnnxPass& pass) {
  using R = typename Layer::Recurrent;
  const detail::Gates gates = detail::gates_of(typename R::Cell{});
  const std::string x = detail::steps_first(pass.graph, pass.x);
  const bool both = pass.find("weight_ih_reverse") != nullptr;
  const auto states =
      both ? detail::recurrent_node(pass, gates, "bidirectional", {"", "_reverse"}, x)
           : detail::recurrent_node(pass, gates, R::direction == Direction::forward ? "forward" : "reverse", {""}, x);
  return detail::returned(pass, R::returns, states);
}

/// One operator where the code is what is read; where it is the previous output, one operator a step.
template <class L, Index Steps, Index Features, Feed Fed>
OnnxValue add_onnx_nodes(const RecurrentDecoder<L, Steps, Features, Fed>& layer, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const detail::Gates gates = detail::gates_of(typename L::Recurrent::Cell{});
  const bool backward = L::Recurrent::direction == Direction::backward;
  const auto steps_in_front = [&](const std::string& name) {
    return graph.node("Unsqueeze", {name, graph.integers("axes", {0})});
  };
  std::vector<std::string> state;
  for (Index begin = 0; begin < layer.state_size; begin += layer.units) {
    state.push_back(steps_in_front(detail::rows(graph, pass.x.name, begin, begin + layer.units)));
  }
  const OnnxBlock &weight = pass.block("output_weight"), &bias = pass.block("output_bias");
  const std::string V = graph.constant(weight.name, {layer.units, Features}, [&](Index i) { return weight[i]; });
  const std::string d = graph.constant(bias);
  const auto output = [&](const std::string& h) { return graph.node("Add", {graph.node("MatMul", {h, V}), d}); };

  std::string y;  // steps × N × features
  if (Fed == Feed::code) {
    const std::string x = graph.node("Expand", {steps_in_front(pass.x.name), graph.integers("shape", {Steps, 1, 1})});
    const auto states = detail::recurrent_node(pass, gates, backward ? "reverse" : "forward", {""}, x, state);
    y = output(graph.node("Squeeze", {states.all, graph.integers("axes", {1})}));
  } else {
    const std::string samples =
        graph.node("Slice", {graph.node("Shape", {pass.x.name}), graph.integers("starts", {0}), graph.integers("ends", {1})});
    const std::string shape =
        graph.node("Concat", {graph.integers("step", {1}), samples, graph.integers("features", {Features})}, {{"axis", 0}});
    std::vector<std::string> made{graph.node("ConstantOfShape", {shape})};  // zeros
    for (Index step = 0; step < Steps; ++step) {
      state = detail::recurrent_node(pass, gates, "forward", {""}, made.back(), state).last;
      made.push_back(output(state.front()));
    }
    made.erase(made.begin());
    if (backward) std::reverse(made.begin(), made.end());
    y = graph.node("Concat", made, {{"axis", 0}});
  }
  if (Steps == 1) return {graph.node("Squeeze", {y, graph.integers("axes", {0})}), pass.out};
  const std::string channels = graph.node("Transpose", {y}, {{"perm", {1, 2, 0}}});
  return {graph.node("Unsqueeze", {channels, graph.integers("axes", {2})}), pass.out};
}

template <Index Steps>
OnnxValue add_onnx_nodes(const RepeatVector<Steps>&, OnnxPass& pass) {
  if (Steps == 1) return pass.x;
  return {pass.graph.node("Expand", {pass.graph.image(pass.x), pass.graph.integers("shape", {1, 1, 1, Steps})}), pass.out};
}

inline OnnxValue add_onnx_nodes(const ReverseSteps&, OnnxPass& pass) {
  const Index steps = pass.x.shape.width;
  if (steps == 1) return pass.x;
  OnnxGraph& graph = pass.graph;
  return {graph.node("Slice", {pass.x.name, graph.integers("starts", {-1}), graph.integers("ends", {-steps - 1}),
                               graph.integers("axes", {3}), graph.integers("steps", {-1})}),
          pass.out};
}

/// The layer on as many samples as there are steps in all.
template <class L>
requires requires(const L& layer, OnnxPass& pass) { add_onnx_nodes(layer, pass); }
OnnxValue add_onnx_nodes(const TimeDistributed<L>& layer, OnnxPass& pass) {
  if (pass.x.one_pixel()) return add_onnx_nodes(layer.layer, pass);
  OnnxGraph& graph = pass.graph;
  OnnxPass step = pass;
  step.x = {graph.node("Reshape", {graph.channels_last(pass.x), graph.integers("shape", {-1, pass.x.shape.channels})}),
            features(pass.x.shape.channels)};
  step.out = features(pass.out.channels);
  const std::string y = add_onnx_nodes(layer.layer, step).name;
  const std::string shape = graph.integers("shape", {-1, 1, pass.out.width, pass.out.channels});
  return {graph.channels_first(graph.node("Reshape", {y, shape})), pass.out};
}

/// What is no token becomes the nearest, as here; so does what lies between two, the lower one.
template <Index Tokens, Index Units, auto... Options>
OnnxValue add_onnx_nodes(const Embedding<Tokens, Units, Options...>&, OnnxPass& pass) {
  OnnxGraph& graph = pass.graph;
  const OnnxBlock& weight = pass.block("weight");
  const std::string entries = graph.constant(weight.name, {Tokens, Units}, [&](Index i) { return weight[i]; });
  const std::string x = graph.node("Flatten", {pass.x.name}, {{"axis", 1}});  // N × steps
  const std::string tokens =
      graph.node("Clip", {x, graph.scalar("first", 0), graph.scalar("last", static_cast<float>(Tokens - 1))});
  const std::string units = graph.node("Gather", {entries, graph.node("Cast", {tokens}, {{"to", 7}})});  // N × steps × units
  if (pass.out.width == 1) return {graph.node("Flatten", {units}, {{"axis", 1}}), pass.out};
  const std::string channels = graph.node("Transpose", {units}, {{"perm", {0, 2, 1}}});
  return {graph.node("Unsqueeze", {channels, graph.integers("axes", {2})}), pass.out};
}

}  // namespace eigencoder
