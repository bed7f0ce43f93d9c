// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/checkpoint.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE std::string exact_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

EIGENCODER_INLINE std::string exact_text(std::uint64_t value) { return std::to_string(value); }

EIGENCODER_INLINE std::vector<BlockPlace> block_places(const NetworkLayout& network) {
  std::vector<BlockPlace> places;
  for (const auto& [layer, block, begin] : network.blocks) {
    std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(block.rows)};
    if (block.cols > 0) shape.insert(shape.begin(), static_cast<std::uint64_t>(block.cols));
    places.push_back({network.name_of(layer, block), std::move(shape), static_cast<std::size_t>(begin),
                      static_cast<std::size_t>(block.size()), block.trainable, network.frozen[layer]});
  }
  return places;
}

template <class T>
void write_checkpoint(const std::filesystem::path& path, const Snapshot<T>& snapshot, const CheckpointTrainer& trainer,
                      Facts facts, const std::vector<BlockPlace>& places) {
  using Names = CheckpointNames;
  Metadata metadata{{Names::format, std::string(Names::is_checkpoint)},
                    {Names::format_version, std::string(Names::version)},
                    {Names::library, message(version.major, '.', version.minor, '.', version.patch)},
                    {"threads", exact_text(std::uint64_t{trainer.threads})},
                    {"best.loss", exact_text(trainer.best_loss)},
                    {"best.epoch", std::to_string(trainer.best_epoch)}};
  for (auto& [name, text] : facts) metadata[Names::fact + name] = std::move(text);
  const auto add = [&](const char* prefix) {
    return [&, prefix](std::string_view name, auto number) { metadata[message(prefix, name)] = exact_text(number); };
  };
  for_each_counter(snapshot, add(Names::counter));
  for_each_setting(trainer.learning_rate, trainer.clip, add(Names::setting));
  for (const auto& [block, rate] : trainer.rates) metadata[Names::rate + block] = exact_text(rate);

  std::vector<std::vector<std::byte>> bytes;
  std::vector<TensorView> tensors;
  for_each_vector(snapshot, trainer.slots, [&](auto name, const auto& values, bool trainable, auto copies, bool) {
    if (values.empty()) return;
    bytes.push_back(to_bytes(std::span(values)));
    for_each_tensor(
        name, trainable, copies, places, [&](const std::string& tensor, const BlockPlace& place, std::size_t begin) {
          tensors.push_back(
              {tensor, dtype_of<T>, place.shape, std::span(bytes.back()).subspan(begin * sizeof(T), place.size * sizeof(T))});
        });
  });
  write_safetensors(path, tensors, metadata);
}

}  // namespace eigencoder::detail
