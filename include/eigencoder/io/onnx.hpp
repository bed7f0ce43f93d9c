// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/version.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/files/json.hpp"
#include "eigencoder/io/onnx_layers.hpp"
#include "eigencoder/io/onnx_sequences.hpp"
#include "eigencoder/models/autoencoder.hpp"
#include "eigencoder/models/conditional_variational_autoencoder.hpp"

// Models as files of the Open Neural Network Exchange, for programs without this library: opset 17, IR 8. https://onnx.ai
namespace eigencoder {

struct OnnxOptions {
  std::string name = "eigencoder";  ///< of the graph
  /// Files hold floats: runtimes have no convolutions, pools and some activations of doubles. A model of doubles must say that
  /// it may be rounded.
  bool round_to_float = false;
  std::vector<std::pair<std::string, std::string>> metadata = {};  ///< the user's own, beside "architecture"
};

/// Fails to compile, naming a layer that has no nodes.
template <std::size_t Position, class Layer>
struct LayerExports {
  static constexpr bool known = requires(const Layer& layer, OnnxPass& pass) {
    { add_onnx_nodes(layer, pass) } -> std::same_as<OnnxValue>;
  };
  static_assert(known,
                "export_onnx knows no nodes for this layer: see Position and Layer above; write beside it "
                "OnnxValue add_onnx_nodes(const Layer&, OnnxPass&)");
};

namespace detail {

template <class Layer>
concept TakesCondition = requires {
  { Layer::restored } -> std::convertible_to<Shape>;
  { Layer::classes } -> std::convertible_to<Index>;
};

/// Bytes that Protocol Buffers, and so ONNX files without others beside them, may have.
inline constexpr Index onnx_limit = (Index{1} << 31) - 1;

inline void check_onnx_size(const std::filesystem::path& path, Index bytes) {
  if (bytes > onnx_limit) {
    throw FileError(message(path.string(), ": expected at most ", onnx_limit,
                            " bytes, which is the limit of ONNX's format, found ", bytes,
                            "; export encoder and decoder apart"));
  }
}
/// A graph needs a name, and keys of metadata may not repeat; all texts are UTF-8.
inline void check_onnx_options(const std::filesystem::path& path, const OnnxOptions& options) {
  const auto check = [&](std::string_view what, std::string_view text) {
    const std::size_t at = find_no_utf8(text);
    if (text.empty() || at != std::string_view::npos) {
      throw OptionError(message(path.string(), ": OnnxOptions::", what, ": expected UTF-8, ",
                                text.empty() ? std::string("found nothing") : message("found another byte at ", at)));
    }
  };
  check("name", options.name);
  std::set<std::string_view> keys{"architecture"};
  for (const auto& [key, value] : options.metadata) {
    check("metadata", key);
    if (!value.empty()) check("metadata", value);
    if (!keys.insert(key).second) {
      throw OptionError(message(path.string(),
                                ": OnnxOptions::metadata: expected keys that differ, and not \"architecture\", found \"", key,
                                "\" again"));
    }
  }
}

/// Layers [From, To) of a model, as a graph.
template <class C, std::size_t From, std::size_t To>
class OnnxExport {
 public:
  explicit OnnxExport(const Model<C>& model) : model_(model) {
    begin();
    C::for_each_layer([&]<std::size_t I>() {
      if constexpr (From <= I && I < To) add<I>();
    });
    graph_.output(To == C::code ? "code" : "output", values_[To]);
  }

  ProtobufMessage graph(std::string_view name) && { return std::move(graph_).message_of(name); }
  /// A line for the input and one for each layer, each with the shape of what it gives.
  const std::string& architecture() const { return architecture_; }

 private:
  template <std::size_t I>
  static constexpr bool takes_condition = TakesCondition<typename C::template layer<I>>;

  void begin() {
    constexpr const char* name = From == C::code ? "code" : "input";
    architecture_ = message(name, ' ', to_string(C::shapes[From]), '\n');
    if constexpr (takes_condition<From>) {
      using First = typename C::template layer<From>;
      values_[From + 1] = graph_.input(name, First::restored);
      keep_condition<From>();
      if constexpr (C::joined[From]) {  // below the sample its class, as it is here
        values_[From] = {graph_.node("Concat", {graph_.vector(values_[From + 1]), kept_[From]}, {{"axis", 1}}),
                         C::shapes[From]};
      }
    } else {
      values_[From] = graph_.input(name, C::shapes[From]);
    }
  }
  template <std::size_t I>
  void keep_condition() {
    if (kept_[I].empty()) kept_[I] = graph_.input("condition", features(C::template layer<I>::classes)).name;
  }

  template <std::size_t I>
  void add() {
    using Layer = typename C::template layer<I>;
    describe(I, type_name<Layer>(), settings(std::get<I>(model_.layers())));
    if constexpr (I == From && takes_condition<I>) {
      return;
    } else if constexpr (C::needs[I].training_only) {  // noise and dropout
      values_[I + 1] = values_[I];
    } else if constexpr (LayerExports<I, Layer>::known) {
      OnnxSource source = source_of<I>();
      graph_.begin(model_.position(I));
      OnnxPass pass{.graph = graph_,
                    .position = model_.position(I),
                    .x = values_[I],
                    .out = C::shapes[I + 1],
                    .blocks = blocks<I>(),
                    .source = std::move(source),
                    .linked = C::is_source(I),
                    .keeps = {}};
      values_[I + 1] = add_onnx_nodes(std::get<I>(model_.layers()), pass);
      kept_[I] = pass.keeps;
    }
  }

  template <std::size_t I>
  OnnxSource source_of() {
    OnnxSource source;
    if constexpr (C::joins[I]) {
      static_assert(C::joined_by(I) >= From,
                    "this decoder joins an activation of the encoder: codes alone cannot be decoded, export the whole model");
      source.y = values_[C::joined_by(I)];
      source.in = source.y.shape;
    } else if constexpr (C::links[I] != no_link) {
      constexpr auto from = static_cast<std::size_t>(C::links[I]);
      if constexpr (from < From && takes_condition<from>) {
        keep_condition<from>();
      } else {
        static_assert(from >= From || C::needs[from].cache == 0,
                      "this decoder reads what the encoder has kept of the same sample (such as a pool's indices): codes alone "
                      "cannot be decoded, export the whole model");
      }
      source.blocks = blocks<from>();
      source.kept = kept_[from];
      source.in = C::shapes[from];
    }
    return source;
  }

  template <std::size_t I>
  std::vector<OnnxBlock> blocks() const {
    std::vector<OnnxBlock> all;
    const auto append = [&](const auto& entries, const typename C::Scalar* values) {
      for (const auto& entry : entries) {
        OnnxBlock block{.name = message(model_.position(I), '.', entry.block.name), .block = entry.block};
        if constexpr (std::same_as<typename C::Scalar, float>) {
          block.floats = values + entry.offset;
        } else {
          block.doubles = values + entry.offset;
        }
        all.push_back(std::move(block));
      }
    };
    using S = Stage<typename C::template layer<I>, C::shapes[I], typename C::Scalar>;
    append(S::Trainable::entries, model_.parameters().data() + C::theta_at[I]);
    append(S::Running::entries, model_.state().data() + C::state_at[I]);
    return all;
  }

  template <class Layer>
  static std::string settings(const Layer& layer) {
    std::string text;
    if constexpr (requires { layer.settings(); }) {
      for (const Setting& setting : layer.settings()) {
        if (setting.in_training) continue;
        text += message(text.empty() ? "{" : ", ", setting.name, " = ", json_number(setting.value));
      }
      if (!text.empty()) text += '}';
    }
    return text;
  }
  void describe(std::size_t i, const std::string& layer, const std::string& settings) {
    architecture_ += message(model_.position(i), ' ', layer, settings, ' ', to_string(C::shapes[i + 1]), '\n');
  }

  const Model<C>& model_;
  OnnxGraph graph_;
  std::array<OnnxValue, C::size + 1> values_;  ///< activation i, as in the chain
  std::array<std::string, C::size> kept_;      ///< what layer i keeps for a later one
  std::string architecture_;
};

template <std::size_t From, std::size_t To, class C>
void export_onnx_layers(const Model<C>& model, const std::filesystem::path& path, const OnnxOptions& options) {
  if (!std::same_as<typename C::Scalar, float> && !options.round_to_float) {
    throw OptionError(message(path.string(),
                              ": expected a model of floats, since ONNX files are written in them, found one of doubles; "
                              "let it be rounded by OnnxOptions{.round_to_float = true}"));
  }
  check_onnx_options(path, options);
  check_onnx_size(path, (C::theta_at[To] - C::theta_at[From] + C::state_at[To] - C::state_at[From]) * Index{sizeof(float)});

  OnnxExport<C, From, To> layers(model);
  const auto entry = [](std::string_view key, std::string_view value) { return ProtobufMessage().text(1, key).text(2, value); };
  ProtobufMessage file;  // ModelProto
  file.integer(1, 8)
      .text(2, "eigencoder")
      .text(3, message(version.major, '.', version.minor, '.', version.patch))
      .message(8, ProtobufMessage().text(1, "").integer(2, 17))
      .message(14, entry("architecture", layers.architecture()));
  for (const auto& [key, value] : options.metadata) file.message(14, entry(key, value));
  file.message(7, std::move(layers).graph(options.name));
  check_onnx_size(path, static_cast<Index>(file.bytes().size()));
  write_file(path, file.bytes());
}

}  // namespace detail

/// Writes what a model computes in predictions as an ONNX file: a Network, or an autoencoder of any kind, of which the mean
/// path.
///   ec::export_onnx(model, "model.onnx");
///   input      N × channels × height × width, N × channels × steps, or N × features, N being any number of samples
///   condition  N × classes: ones where a sample's class is, for a conditional model
///   output     like the input; of an encoder, such as model.encoder(), it is called code
/// A layer without nodes does not compile; docs/onnx.md has how to write them. Throws before a byte is written: OptionError
/// for a model of doubles without leave to round, and for values that no float comes near; FileError beyond 2 GiB, and as
/// write_file does.
template <class C>
void export_onnx(const Model<C>& model, const std::filesystem::path& path, const OnnxOptions& options = {}) {
  detail::export_onnx_layers<0, C::size>(model, path, options);
}

/// Layers up to the code: input → code, and what a conditional model is told of the class.
template <class C>
void export_onnx_encoder(const Model<C>& model, const std::filesystem::path& path, const OnnxOptions& options = {}) {
  static_assert(0 < C::code && C::code < C::size, "export_onnx_encoder: this model has no encoder and decoder");
  detail::export_onnx_layers<0, C::code>(model, path, options);
}
/// Layers from the code on: code → output. A tied decoder has the encoder's weights in its file.
template <class C>
void export_onnx_decoder(const Model<C>& model, const std::filesystem::path& path, const OnnxOptions& options = {}) {
  static_assert(0 < C::code && C::code < C::size, "export_onnx_decoder: this model has no encoder and decoder");
  detail::export_onnx_layers<C::code, C::size>(model, path, options);
}

}  // namespace eigencoder
