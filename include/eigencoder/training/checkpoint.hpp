// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/core/objective.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/core/version.hpp"
#include "eigencoder/engine/network_layout.hpp"
#include "eigencoder/files/safetensors_writer.hpp"
#include "eigencoder/training/gradient_clip.hpp"
#include "eigencoder/training/snapshot.hpp"
#include "eigencoder/training/weight_average.hpp"

// What a checkpoint holds, and how it is written; resume.hpp reads it. It is a safetensors file: the snapshot's vectors,
// block by block, and in the metadata everything else.
namespace eigencoder::detail {

/// Names of the metadata. Facts and numbers of a trainer lie under a prefix each.
struct CheckpointNames {
  static constexpr const char *format = "format", *format_version = "format_version", *library = "eigencoder";
  static constexpr std::string_view is_checkpoint = "eigencoder checkpoint", version = "1";
  static constexpr const char *fact = "trainer.", *counter = "counter.", *setting = "setting.", *rate = "setting.rate.";
};

/// The shortest digits that give the same number again; "inf" for infinity.
std::string exact_text(double value);
std::string exact_text(std::uint64_t value);

/// What two trainers must have in common for one to go on from the other, by name and in order.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// "BatchNorm, momentum = 0.99, epsilon = 0.001": a type with the numbers that it holds.
template <class Holder>
std::string text_with_settings(const Holder& holder) {
  std::string text = type_name<Holder>();
  if constexpr (requires { holder.settings(); }) {
    for (const Setting& setting : holder.settings()) text += message(", ", setting.name, " = ", exact_text(setting.value));
  }
  return text;
}

template <class C>
Facts network_facts(const typename C::Layers& layers) {
  Facts facts{{"scalar", type_name<typename C::Scalar>()}, {"input", to_string(C::input)}};
  const auto texts = std::apply([](const auto&... layer) { return std::array{text_with_settings(layer)...}; }, layers);
  for (std::size_t i = 0; i < C::size; ++i) {
    facts.emplace_back(layout_of<C>.position(i), texts[i] + " -> " + to_string(C::shapes[i + 1]));
  }
  return facts;
}

template <class ModelType, class O, class Opt>
Facts facts_of(const ModelType& model, const O& objective, const Opt& optimizer, std::uint64_t seed, const WeightAverage& average) {
  Facts facts = network_facts<typename ModelType::Chain>(model.layers());
  std::apply(
      [&](const auto&... terms) {
        std::size_t k = 0;
        ((facts.emplace_back(message("objective.", k), exact_text(terms.weight) + " * " + text_with_settings(terms.term)), ++k),
         ...);
      },
      objective.terms);
  facts.emplace_back("optimizer", type_name<Opt>());
  if constexpr (requires { optimizer.settings(); }) {
    for (const Setting& setting : optimizer.settings()) {
      if (setting.name != "learning_rate") facts.emplace_back(message("optimizer.", setting.name), exact_text(setting.value));
    }
  }
  facts.emplace_back("seed", exact_text(seed));
  facts.emplace_back("average.decay", exact_text(average.decay));
  return facts;
}

/// Where a block of parameters or running state lies in their vector.
struct BlockPlace {
  std::string name;                  ///< "encoder.0.weight"
  std::vector<std::uint64_t> shape;  ///< as it lies in memory, the slowest axis first: columns, then rows
  std::size_t begin = 0, size = 0;
  bool trainable = true;
  bool frozen = false;  ///< by its type
};

std::vector<BlockPlace> block_places(const NetworkLayout& network);

/// The vectors of a snapshot as a file holds them: calls f(name, vector, of parameters or of running state, how many such in a
/// row, whether it may be missing).
template <class S, class F>
void for_each_vector(S& snapshot, std::size_t slots, F f) {
  f("parameters", snapshot.parameters, true, std::size_t{1}, false);
  f("state", snapshot.state, false, std::size_t{1}, false);
  f("slot", snapshot.slots, true, slots, true);
  f("average", snapshot.average, true, std::size_t{1}, true);
}
/// The counters of a snapshot by name: calls f(name, counter).
template <class S, class F>
void for_each_counter(S& snapshot, F f) {
  f("updates", snapshot.updates);
  f("step", snapshot.step);
  f("shuffles", snapshot.shuffles);
  f("epochs", snapshot.epochs);
}
/// What a trainer may change between steps, but for the rates of blocks: calls f(name, number).
template <class Number, class Clip, class F>
void for_each_setting(Number& learning_rate, Clip& clip, F f) {
  f("learning_rate", learning_rate);
  f("clip.value", clip.value);
  f("clip.norm", clip.norm);
  f("clip.global_norm", clip.global_norm);
}

/// The tensors of a vector, or of several in a row: calls f(name of the tensor, block, where it begins in the vector).
template <class F>
void for_each_tensor(std::string_view vector, bool trainable, std::size_t copies, const std::vector<BlockPlace>& places, F f) {
  std::size_t whole = 0;
  for (const BlockPlace& place : places) whole += place.trainable == trainable ? place.size : 0;
  for (std::size_t copy = 0; copy < copies; ++copy) {
    const std::string prefix = vector == "slot" ? message(vector, '.', copy, '.') : message(vector, '.');
    for (const BlockPlace& place : places) {
      if (place.trainable == trainable) f(prefix + place.name, place, copy * whole + place.begin);
    }
  }
}

/// What a checkpoint says of a trainer besides its snapshot.
struct CheckpointTrainer {
  std::size_t threads, slots;  ///< slots: vectors of the optimizer
  double best_loss;
  Index best_epoch;
  double learning_rate;
  GradientClip clip;
  std::vector<std::pair<std::string, double>> rates;
};

template <class T>
void write_checkpoint(const std::filesystem::path& path, const Snapshot<T>& snapshot, const CheckpointTrainer& trainer,
                      Facts facts, const std::vector<BlockPlace>& places);

/// Writes a checkpoint of a trainer, as write_file does. The number of threads and the best moment are not compared on reading:
/// they inform.
template <class ModelType, class TrainerType>
void write_checkpoint(const std::filesystem::path& path, const ModelType& model, const TrainerType& trainer) {
  write_checkpoint(path, trainer.snapshot(),
                   {.threads = trainer.threads(),
                    .slots = std::remove_cvref_t<decltype(trainer.optimizer())>::slots,
                    .best_loss = trainer.best_loss(),
                    .best_epoch = trainer.best_epoch(),
                    .learning_rate = trainer.learning_rate(),
                    .clip = trainer.clip(),
                    .rates = trainer.rates()},
                   facts_of(model, trainer.objective(), trainer.optimizer(), trainer.seed().value, trainer.weight_average()),
                   block_places(layout_of<typename ModelType::Chain>));
}

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/checkpoint_impl.hpp"
#endif
