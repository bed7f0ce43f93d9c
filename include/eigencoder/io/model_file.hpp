// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "eigencoder/io/layout.hpp"
#include "eigencoder/io/model_options.hpp"
#include "eigencoder/io/model_reader.hpp"
#include "eigencoder/models/model.hpp"

// Models in files, in the format safetensors, which Python reads and writes as well: docs/saving.md, docs/python.md.
namespace eigencoder {

namespace detail {

/// The bytes of the file; `where` is its name in errors. Throws as save does.
template <class T>
std::vector<std::byte> encode_model(const std::string& where, const ModelFacts& model, Shape input, const T* theta,
                                    const T* state, const SaveOptions& options);

}  // namespace detail

/// Writes a model as a safetensors file, whole or not at all (see write_file): parameters and running state under the names of
/// its layers, encoder.0.weight, in a network 0.weight; and as texts the library's version, the layers with their shapes and
/// settings, the scalar, the input's shape, facts of the training, and your own.
///   ec::save(model, "model.safetensors");
///   ec::save(model, "model.safetensors", {.values = {{"scaler", scaler}}, .texts = {{"data", "2024"}}, .training = history});
///   ec::save(model.encoder(), "encoder.safetensors");
/// Throws FileError where it cannot be written, NonFiniteError, before anything is written, where a value is NaN or infinite,
/// OptionError for a text of the library's own, Error for a name that is there twice or no UTF-8.
template <class C>
void save(const Model<C>& model, const std::filesystem::path& path, const SaveOptions& options = {}) {
  write_file(path, detail::encode_model(path.string(), detail::model_facts(model), C::input, model.parameters().data(),
                                        model.state().data(), options));
}

/// Reads a model from such a file, or from one that Python has written: then the names and shapes of tensors decide, and
/// `layout` says whose. A network of an Encoder or a Decoder takes its half out of an autoencoder's file. Predictions are those
/// of the model that was saved, bit for bit. Values of another scalar are converted: float16, bfloat16 and float32 exactly,
/// float64 to the nearest float. Returns the file's texts.
///   ec::load(model, "model.safetensors");
///   ec::load(model, "model.safetensors", {.values = {{"scaler", scaler}}});
/// Layers that act in training alone may differ. Throws FileError where the file cannot be read or is none of these, ShapeError
/// with what was expected and what was found, layer by layer, where it belongs to another network, NonFiniteError where a value
/// is NaN or infinite; model and variables are unchanged then.
template <class C>
Metadata load(Model<C>& model, const std::filesystem::path& path, const LoadOptions& options = {}) {
  using T = typename C::Scalar;
  const std::string name = path.string();
  const SafetensorsFile file = read_safetensors(path);
  const detail::ModelFacts facts = detail::model_facts(model);
  detail::Contents<T> contents{std::vector<T>(static_cast<std::size_t>(C::parameter_count)),
                               std::vector<T>(static_cast<std::size_t>(C::state_count))};
  detail::read_contents(file, facts, options, name, contents);
  const auto write = detail::prepare_values(file, options.values, name);
  const auto [theta, state] = model.memory();
  std::copy(contents.theta.begin(), contents.theta.end(), theta);
  std::copy(contents.state.begin(), contents.state.end(), state);
  for (const auto& each : write) each();
  return file.metadata();
}
template <class C>
Metadata load(const Model<C>&&, const std::filesystem::path&, const LoadOptions& = {}) {
  static_assert(
      sizeof(C) == 0,
      "load: this model is a copy, which nobody would see again: load into a variable, and give it back with set_encoder or "
      "set_decoder");
  return {};
}

/// Reads values that came along with a model, without the model. Throws as load does.
///   ec::load_values("model.safetensors", {{"scaler", scaler}, {"threshold", threshold}});
Metadata load_values(const std::filesystem::path& path, const std::vector<LoadedValue>& values);

namespace detail {

/// A model with what was fitted beside it, as AnomalyDetector has: model(), and fitted() with its parts.
template <class D>
concept FittedModel = requires(D& fitted) {
  fitted.model().memory();
  requires PartsValue<std::remove_cvref_t<decltype(fitted.fitted())>>;
};

}  // namespace detail

/// A detector in one file: its model, and what was fitted beside it as values whose names begin with values.fitted. Throws as
/// save and load do, and what fitted() throws before a fit; where load throws, model and values are unchanged.
///   ec::save(detector, "detector.safetensors");
///   ec::load(detector, "detector.safetensors");
template <detail::FittedModel D>
void save(const D& fitted, const std::filesystem::path& path, SaveOptions options = {}) {
  options.values.emplace_back("fitted", fitted.fitted());
  save(fitted.model(), path, options);
}
template <detail::FittedModel D>
Metadata load(D& fitted, const std::filesystem::path& path, LoadOptions options = {}) {
  options.values.emplace_back("fitted", fitted.fitted());
  return load(fitted.model(), path, options);
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/model_file_impl.hpp"
#endif
