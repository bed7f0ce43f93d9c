// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/io/architecture.hpp"
#include "eigencoder/io/model_reader.hpp"
#include "eigencoder/io/tensor_plan.hpp"

namespace eigencoder::detail {

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
      plans_[i].scatter<T>(values, [&](std::size_t block) { return contents.of(model_.blocks[block]); });
    }
  }

 private:
  /// Whether the file has a tensor or a layer whose name begins so.
  bool holds(std::string_view prefix) const {
    const auto& tensors = file_.tensors();
    return std::any_of(tensors.begin(), tensors.end(),
                       [&](const TensorView& tensor) { return tensor.name.starts_with(prefix); }) ||
           std::any_of(architecture_.begin(), architecture_.end(),
                       [&](const LayerLine& line) { return line.position.starts_with(prefix); });
  }

  void read_texts() {
    if (const std::string* const kind = file_.text("format"); kind != nullptr && *kind == "eigencoder checkpoint") {
      throw FileError(
          message(name_, ": expected a model, found a checkpoint: Trainer::resume reads it, ec::save writes models"));
    }
    const std::string* const format = file_.text(own_name("format"));
    if (format == nullptr) return;
    int number = 0;
    const auto [end, error] = std::from_chars(format->data(), format->data() + format->size(), number);
    const std::string* const writer = file_.text(own_name("version"));
    if (error != std::errc{} || end != format->data() + format->size() || number < 1 || number > model_format) {
      throw FileError(message(name_, ": expected a model's file of format 1 to ", model_format, ", found format ",
                              shown_name(*format), writer != nullptr ? ", of eigencoder " + shown_name(*writer) : "",
                              "; read it with that version or a later one"));
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
    if (options_.check_layers && !differences.empty())
      fail("other layers than this model", differences, "check_layers = false loads what has the same names and shapes");
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
    for (const PlacedBlock& block : model_.blocks) {
      std::vector<std::size_t>& layers = halves[half(model_.layers[block.layer].position)];
      if (layers.empty() || layers.back() != block.layer) layers.push_back(block.layer);
    }
    for (const auto& [start, layers] : halves) {
      std::vector<std::string> found;
      for (const TensorView& tensor : file_.tensors()) {
        if (tensor.name.starts_with(start) && !tensor.name.starts_with(values_prefix))
          found.push_back(tensor.name.substr(0, tensor.name.rfind('.')));
      }
      std::sort(found.begin(), found.end(), in_natural_order);
      found.erase(std::unique(found.begin(), found.end()), found.end());
      for (const std::string& module : found) {
        if (module.find_first_not_of("0123456789.", std::min(start.size(), module.size())) == std::string::npos) continue;
        fail("modules without numbers, whose order no file tells", {message("found ", module)});
      }
      if (found.size() != layers.size()) {
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < std::max(found.size(), layers.size()); ++i) {
          lines.push_back(message(
              "expected ",
              i < layers.size() ? message(model_.layers[layers[i]].position, ' ', model_.layers[layers[i]].type) : "no module",
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
      const LayerFacts& layer = model_.layers[plans_[i].layer];
      const std::string& name = wanted.emplace_back(message(modules_[plans_[i].layer], '.', plans_[i].name));
      const TensorView* const tensor = tensors_.emplace_back(file_.find(name));
      if (tensor != nullptr && is_real(tensor->dtype) && tensor->shape == plans_[i].shape()) continue;
      differences.push_back(
          message(name, " of ", layer.type, ": expected ", shape_text(plans_[i].shape()), ", found ",
                  tensor == nullptr ? "nothing" : message(to_string(tensor->dtype), ' ', shape_text(tensor->shape))));
    }
    std::sort(wanted.begin(), wanted.end());
    for (const TensorView& tensor : file_.tensors()) {
      const bool other = !tensor.name.starts_with(prefix_) || tensor.name.starts_with(values_prefix) ||
                         tensor.name.ends_with(".num_batches_tracked") ||
                         std::binary_search(wanted.begin(), wanted.end(), tensor.name);
      if (!other)
        differences.push_back(message(shown_name(tensor.name), ": expected nothing, found ", shape_text(tensor.shape)));
    }
    if (!differences.empty()) {
      fail("other tensors than this model", differences,
           architecture_given() || options_.in_order
               ? ""
               : "if only numbers differ, as where nn.Flatten counts as a module, set in_order = true");
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

template <class T>
void read_contents(const SafetensorsFile& file, const ModelFacts& model, const LoadOptions& options, const std::string& name,
                   Contents<T>& contents) {
  ModelReader(file, model, options, name).read(contents);
}

EIGENCODER_INLINE std::vector<std::function<void()>> prepare_values(const SafetensorsFile& file,
                                                                    const std::vector<LoadedValue>& values,
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

}  // namespace eigencoder::detail
