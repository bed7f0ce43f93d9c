// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <concepts>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/version.hpp"
#include "eigencoder/files/safetensors.hpp"
#include "eigencoder/io/architecture.hpp"
#include "eigencoder/io/layout.hpp"
#include "eigencoder/io/values.hpp"
#include "eigencoder/models/model.hpp"

// Models in files, in the format safetensors, which Python reads and writes as well: docs/saving.md, docs/python.md.
namespace eigencoder {

/// What a training leaves to be told in a file, by name: TrainingFacts(history) of a History, or names and texts of your own.
struct TrainingFacts {
  Metadata facts;

  TrainingFacts() = default;
  explicit TrainingFacts(Metadata given) : facts(std::move(given)) {}
  /// Of a History: how many epochs, the last losses, the seconds, and why it stopped.
  template <class History>
  requires requires(const History& history) { history.epochs.back().train.loss; }
  TrainingFacts(const History& history) {
    if (history.epochs.empty()) return;
    const auto& last = history.epochs.back();
    double seconds = 0;
    for (const auto& epoch : history.epochs) seconds += epoch.seconds;
    facts["epochs"] = detail::json_number(last.epoch);
    facts["loss"] = detail::json_number(last.train.loss);
    if (last.validated) facts["validation_loss"] = detail::json_number(last.validation.loss);
    facts["seconds"] = detail::json_number(seconds);
    if (!history.stopped.empty()) facts["stopped"] = history.stopped;
  }
};

struct SaveOptions {
  Layout layout = Layout::pytorch;
  std::vector<SavedValue> values{};  ///< preprocessing, thresholds and the like: {{"scaler", scaler}, {"threshold", 0.7}}
  Metadata texts{};                  ///< your own, by names that do not begin with "eigencoder."
  TrainingFacts training{};          ///< a History, say
  bool non_finite = false;           ///< save NaN and infinity too
};

struct LoadOptions {
  std::vector<LoadedValue> values{};  ///< variables for what was saved along: {{"scaler", scaler}, {"threshold", threshold}}
  Layout layout = Layout::pytorch;    ///< of files that do not tell theirs, since they come from elsewhere
  std::string prefix{};               ///< the names of the model's tensors begin with it: "autoencoder.encoder."
  bool in_order = false;     ///< of files from elsewhere: take the modules that have tensors in their order, whatever their numbers
  bool check_layers = true;  ///< refuse a file of other layers, though their tensors may have the same names and shapes
  bool non_finite = false;   ///< load NaN and infinity too
};

namespace detail {

inline constexpr int model_format = 1;
inline constexpr std::string_view own_texts = "eigencoder.";

inline std::string own_name(std::string_view name) { return message(own_texts, name); }

/// Throws NonFiniteError that names the tensor and the place of its first value that is not finite.
template <class T>
void check_finite(const std::string& where, const std::string& tensor, std::span<const T> values, const std::vector<std::uint64_t>& shape) {
  const auto bad = std::find_if_not(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  auto at = static_cast<std::uint64_t>(bad - values.begin());
  std::vector<std::uint64_t> place(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; at /= shape[axis]) place[axis] = at % shape[axis];
  throw NonFiniteError(message(where, ": tensor \"", tensor, "\" holds ", *bad, " at ", shape_text(place),
                               ", which no prediction survives; set non_finite = true to take it all the same"));
}

/// The parameters and the running state of a model.
template <class T>
struct Contents {
  std::vector<T> theta, state;

  T* of(const BlockFacts& block) { return (block.block.trainable ? theta : state).data() + block.offset; }
};

template <class T>
std::vector<std::byte> encode_model(const std::string& where, const ModelFacts& model, Shape input, const T* theta, const T* state,
                                    const SaveOptions& options) {
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::vector<std::byte> bytes;
  };
  const std::vector<TensorPlan> plans = tensor_plans(model, options.layout);
  std::vector<Tensor> stored;
  std::vector<TensorView> tensors;
  stored.reserve(plans.size());  // views look into it
  const std::int64_t no_batches = 0;
  const std::vector<std::byte> zero = to_bytes(std::span(&no_batches, 1));
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const BlockFacts& block = model.blocks[i];
    const std::string module = model.layers[block.layer].position + '.';
    const T* const from = (block.block.trainable ? theta : state) + block.offset;
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(block.block.size()));
    plans[i].for_each([&](Index at) { values.push_back(from[at]); });
    Tensor& tensor = stored.emplace_back(module + plans[i].name, plans[i].shape(), to_bytes(std::span<const T>(values)));
    if (!options.non_finite) check_finite<T>(where, tensor.name, values, tensor.shape);
    tensors.push_back({tensor.name, dtype_of<T>, tensor.shape, tensor.bytes});
    if (plans[i].name == "running_var") tensors.push_back({module + "num_batches_tracked", Dtype::I64, {}, zero});  // PyTorch wants it
  }
  for (const SavedValue& value : options.values) value.append_to(tensors);

  Metadata texts = options.texts;
  for (const auto& [name, text] : texts) {
    if (name.starts_with(own_texts)) {
      throw OptionError(message(where, ": the text \"", name, "\" must not begin with ", own_texts, ", as the library's own do"));
    }
  }
  texts[own_name("version")] = message(version.major, '.', version.minor, '.', version.patch);
  texts[own_name("format")] = std::to_string(model_format);
  texts[own_name("layout")] = to_string(options.layout);
  texts[own_name("scalar")] = sizeof(T) == sizeof(float) ? "float32" : "float64";
  texts[own_name("input")] = to_string(input);
  texts[own_name("architecture")] = architecture_text(model);
  for (const auto& [name, text] : options.training.facts) texts[own_name("training." + name)] = text;
  return encode_safetensors(tensors, texts);
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

/// Finds the tensors of a model in a file.
class ModelReader {
 public:
  ModelReader(const SafetensorsFile& file, const ModelFacts& model, const LoadOptions& options, const std::string& name)
      : file_(file), model_(model), options_(options), name_(name), prefix_(options.prefix), layout_(options.layout) {
    read_texts();
    if (prefix_.empty() && !model.half.empty() && holds(model.half)) prefix_ = model.half;
    plans_ = tensor_plans(model, layout_);
    find_modules();
    find_tensors();
  }

  template <class T>
  void read(Contents<T>& contents) const {
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const std::vector<T> values = real_values<T>(*tensors_[i]);
      if (!options_.non_finite) check_finite<T>(name_, tensors_[i]->name, values, tensors_[i]->shape);
      T* const to = contents.of(model_.blocks[i]);
      auto next = values.begin();
      plans_[i].for_each([&](Index at) { to[at] = *next++; });
    }
  }

 private:
  /// Whether the file has a tensor or a layer whose name begins so.
  bool holds(std::string_view prefix) const {
    const auto& tensors = file_.tensors();
    return std::any_of(tensors.begin(), tensors.end(), [&](const TensorView& tensor) { return tensor.name.starts_with(prefix); }) ||
           std::any_of(architecture_.begin(), architecture_.end(), [&](const LayerLine& line) { return line.position.starts_with(prefix); });
  }

  void read_texts() {
    const std::string* const format = file_.text(own_name("format"));
    if (format == nullptr) return;
    int number = 0;
    const auto [end, error] = std::from_chars(format->data(), format->data() + format->size(), number);
    const std::string* const writer = file_.text(own_name("version"));
    if (error != std::errc{} || end != format->data() + format->size() || number < 1 || number > model_format) {
      throw FileError(message(name_, ": expected a model's file of format 1 to ", model_format, ", found format ", shown_name(*format),
                              writer != nullptr ? ", of eigencoder " + shown_name(*writer) : "", "; read it with that version or a later one"));
    }
    if (const std::string* const layout = file_.text(own_name("layout"))) {
      if (*layout != "pytorch" && *layout != "keras") {
        throw FileError(message(name_, ": expected a layout of pytorch or keras, found ", shown_name(*layout)));
      }
      layout_ = *layout == "keras" ? Layout::keras : Layout::pytorch;
    }
    if (const std::string* const text = file_.text(own_name("architecture"))) architecture_ = read_architecture(*text);
  }

  /// Where each layer's tensors are in the file: "encoder.0".
  void find_modules() {
    for (const LayerFacts& layer : model_.layers) modules_.push_back(prefix_ + layer.position);
    if (!architecture_.empty()) {
      match_layers();
    } else if (options_.in_order) {
      match_in_order();
    }
  }

  /// Layers that act in training alone may be others than those of the file, or not there, so the numbers are the file's.
  void match_layers() {
    std::vector<LayerLine> found, expected;
    for (LayerLine& line : acting(std::move(architecture_))) {
      if (line.position.starts_with(prefix_)) found.push_back(std::move(line));
    }
    for (const LayerFacts& layer : model_.layers) expected.push_back(layer_line(layer));
    expected = acting(std::move(expected));
    const std::vector<std::string> differences = architecture_differences(expected, found);
    if (options_.check_layers && !differences.empty()) fail("other layers than this model", differences, "check_layers = false loads what has the same names and shapes");
    if (found.size() != expected.size()) return;
    std::size_t next = 0;
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      if (!model_.layers[i].training_only) modules_[i] = found[next++].position;
    }
  }

  void match_in_order() {
    const auto half = [&](std::string_view position) {
      const std::size_t point = position.rfind('.');
      return prefix_ + std::string(position.substr(0, point == std::string_view::npos ? 0 : point + 1));
    };
    std::map<std::string, std::vector<std::size_t>> halves;  // the layers with tensors
    for (const BlockFacts& block : model_.blocks) {
      std::vector<std::size_t>& layers = halves[half(model_.layers[block.layer].position)];
      if (layers.empty() || layers.back() != block.layer) layers.push_back(block.layer);
    }
    for (const auto& [start, layers] : halves) {
      std::vector<std::string> found;
      for (const TensorView& tensor : file_.tensors()) {
        if (tensor.name.starts_with(start) && !tensor.name.starts_with(values_prefix)) found.push_back(tensor.name.substr(0, tensor.name.rfind('.')));
      }
      std::sort(found.begin(), found.end(), in_natural_order);
      found.erase(std::unique(found.begin(), found.end()), found.end());
      if (found.size() != layers.size()) {
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < std::max(found.size(), layers.size()); ++i) {
          lines.push_back(message("expected ", i < layers.size() ? message(model_.layers[layers[i]].position, ' ', model_.layers[layers[i]].type) : "no module",
                                  ", found ", i < found.size() ? found[i] : "none"));
        }
        fail(message(found.size(), " modules with tensors, and this model has ", layers.size(), " such layers"), lines);
      }
      for (std::size_t i = 0; i < layers.size(); ++i) modules_[layers[i]] = found[i];
    }
  }

  void find_tensors() {
    std::vector<std::string> differences, wanted;
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const LayerFacts& layer = model_.layers[model_.blocks[i].layer];
      const std::string& name = wanted.emplace_back(message(modules_[model_.blocks[i].layer], '.', plans_[i].name));
      const TensorView* const tensor = tensors_.emplace_back(file_.find(name));
      if (tensor != nullptr && is_real(tensor->dtype) && tensor->shape == plans_[i].shape()) continue;
      differences.push_back(message(name, " of ", layer.type, ": expected ", shape_text(plans_[i].shape()), ", found ",
                                    tensor == nullptr ? "nothing" : message(to_string(tensor->dtype), ' ', shape_text(tensor->shape))));
    }
    std::sort(wanted.begin(), wanted.end());
    for (const TensorView& tensor : file_.tensors()) {
      const bool other = !tensor.name.starts_with(prefix_) || tensor.name.starts_with(values_prefix) ||
                         tensor.name.ends_with(".num_batches_tracked") || std::binary_search(wanted.begin(), wanted.end(), tensor.name);
      if (!other) differences.push_back(message(shown_name(tensor.name), ": expected nothing, found ", shape_text(tensor.shape)));
    }
    if (!differences.empty()) {
      fail("other tensors than this model", differences,
           architecture_given() || options_.in_order ? "" : "if only numbers differ, as where nn.Flatten counts as a module, set in_order = true");
    }
  }
  bool architecture_given() const { return file_.text(own_name("architecture")) != nullptr; }

  [[noreturn]] void fail(const std::string& what, const std::vector<std::string>& lines, std::string_view advice = "") const {
    constexpr std::size_t most = 40;
    std::string text = message(name_, " has ", what, " (nothing was loaded):");
    for (std::size_t i = 0; i < std::min(lines.size(), most); ++i) text += "\n  " + lines[i];
    if (lines.size() > most) text += message("\n  and ", lines.size() - most, " more");
    if (!advice.empty()) text += message("\n", advice);
    throw ShapeError(text);
  }

  const SafetensorsFile& file_;
  const ModelFacts& model_;
  const LoadOptions& options_;
  const std::string& name_;
  std::string prefix_;
  Layout layout_;
  std::vector<LayerLine> architecture_;
  std::vector<std::string> modules_;
  std::vector<TensorPlan> plans_;
  std::vector<const TensorView*> tensors_;
};

/// Reads values that came along: what each returns writes into its variable.
inline std::vector<std::function<void()>> prepare_values(const SafetensorsFile& file, const std::vector<LoadedValue>& values,
                                                         const std::string& name) {
  std::vector<std::function<void()>> write;
  for (const LoadedValue& value : values) {
    try {
      write.push_back(value.prepare(file));
    } catch (const ShapeError& error) {
      throw ShapeError(message(name, ": ", error.what(), " (nothing was loaded)"));
    }
  }
  return write;
}

}  // namespace detail

/// Writes a model as a safetensors file, whole or not at all (see write_file): parameters and running state under the names of its
/// layers, encoder.0.weight, in a network 0.weight; and as texts the library's version, the layers with their shapes and settings, the
/// scalar, the input's shape, facts of the training, and your own.
///   ec::save(model, "model.safetensors");
///   ec::save(model, "model.safetensors", {.values = {{"scaler", scaler}}, .texts = {{"data", "2024"}}, .training = history});
///   ec::save(model.encoder(), "encoder.safetensors");
/// Throws FileError where it cannot be written, NonFiniteError, before anything is written, where a value is NaN or infinite, OptionError
/// for a text of the library's own, Error for a name that is there twice or no UTF-8.
template <class C>
void save(const Model<C>& model, const std::filesystem::path& path, const SaveOptions& options = {}) {
  write_file(path, detail::encode_model(path.string(), detail::model_facts(model), C::input, model.parameters().data(),
                                        model.state().data(), options));
}

/// Reads a model from such a file, or from one that Python has written: then the names and shapes of tensors decide, and `layout` says
/// whose. A network of an Encoder or a Decoder takes its half out of an autoencoder's file. Predictions are those of the model that was
/// saved, bit for bit. Values of another scalar are converted: float16, bfloat16 and float32 exactly, float64 to the nearest float.
/// Returns the file's texts.
///   ec::load(model, "model.safetensors");
///   ec::load(model, "model.safetensors", {.values = {{"scaler", scaler}}});
/// Layers that act in training alone may differ. Throws FileError where the file cannot be read or is none of these, ShapeError with what
/// was expected and what was found, layer by layer, where it belongs to another network, NonFiniteError where a value is NaN or infinite;
/// model and variables are unchanged then.
template <class C>
Metadata load(Model<C>& model, const std::filesystem::path& path, const LoadOptions& options = {}) {
  using T = typename C::Scalar;
  const std::string name = path.string();
  const SafetensorsFile file = read_safetensors(path);
  const detail::ModelFacts facts = detail::model_facts(model);
  detail::Contents<T> contents{std::vector<T>(static_cast<std::size_t>(C::parameter_count)),
                               std::vector<T>(static_cast<std::size_t>(C::state_count))};
  detail::ModelReader(file, facts, options, name).read(contents);
  const auto write = detail::prepare_values(file, options.values, name);
  const auto [theta, state] = model.memory();
  std::copy(contents.theta.begin(), contents.theta.end(), theta);
  std::copy(contents.state.begin(), contents.state.end(), state);
  for (const auto& each : write) each();
  return file.metadata();
}
template <class C>
Metadata load(const Model<C>&&, const std::filesystem::path&, const LoadOptions& = {}) {
  static_assert(sizeof(C) == 0,
                "load: this model is a copy, which nobody would see again: load into a variable, and give it back with set_encoder or "
                "set_decoder");
  return {};
}

/// Reads values that came along with a model, without the model. Throws as load does.
///   ec::load_values("model.safetensors", {{"scaler", scaler}, {"threshold", threshold}});
inline Metadata load_values(const std::filesystem::path& path, const std::vector<LoadedValue>& values) {
  const SafetensorsFile file = read_safetensors(path);
  for (const auto& write : detail::prepare_values(file, values, path.string())) write();
  return file.metadata();
}

}  // namespace eigencoder
