// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/version.hpp"
#include "eigencoder/io/architecture.hpp"
#include "eigencoder/io/model_file.hpp"
#include "eigencoder/io/tensor_plan.hpp"

namespace eigencoder {

namespace detail {

template <class T>
std::vector<std::byte> encode_model(const std::string& where, const ModelFacts& model, Shape input, const T* theta,
                                    const T* state, const SaveOptions& options) {
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
  for (const TensorPlan& plan : plans) {
    const std::string module = model.layers[plan.layer].position + '.';
    const std::vector<T> values = plan.gather<T>([&](std::size_t i) {
      const PlacedBlock& block = model.blocks[i];
      return (block.block.trainable ? theta : state) + block.offset;
    });
    stored.push_back({module + plan.name, plan.shape(), to_bytes(std::span<const T>(values))});
    const Tensor& tensor = stored.back();
    if (!options.non_finite) check_finite<T>(where, tensor.name, values, tensor.shape);
    tensors.push_back({tensor.name, dtype_of<T>, tensor.shape, tensor.bytes});
    if (plan.name == "running_var")
      tensors.push_back({module + "num_batches_tracked", Dtype::I64, {}, zero});  // PyTorch wants it
  }
  for (const SavedValue& value : options.values) value.append_to(tensors);

  Metadata texts = options.texts;
  for (const auto& [name, text] : texts) {
    if (name.starts_with(own_texts)) {
      throw OptionError(
          message(where, ": the text \"", name, "\" must not begin with ", own_texts, ", as the library's own do"));
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

}  // namespace detail

EIGENCODER_INLINE Metadata load_values(const std::filesystem::path& path, const std::vector<LoadedValue>& values) {
  const SafetensorsFile file = read_safetensors(path);
  for (const auto& write : detail::prepare_values(file, values, path.string())) write();
  return file.metadata();
}

}  // namespace eigencoder
