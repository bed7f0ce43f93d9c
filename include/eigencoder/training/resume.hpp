// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <set>
#include <system_error>

#include "eigencoder/core/unlinked.hpp"
#include "eigencoder/optimizers/optimizer.hpp"
#include "eigencoder/training/checkpoint.hpp"

// Reads a checkpoint. It is compared with the trainer that is to go on from it before anything is changed. What is read from a
// file comes from files/safetensors.hpp, which a trainer that never resumes does not need.
namespace eigencoder::detail {

/// What a trainer takes over from a checkpoint.
template <class T, class Opt>
struct Checkpoint {
  Snapshot<T> snapshot;
  Opt optimizer;  ///< the trainer's, at the checkpoint's learning rate
  GradientClip clip;
  std::vector<std::pair<std::string, double>> rates;  ///< of blocks
};

/// The differences between a checkpoint and a trainer, line by line.
class CheckpointDifferences {
 public:
  void add(std::string_view what, const std::string& expected, const std::string& found);
  /// Throws FileError if there are any.
  void check(const std::string& file) const;

 private:
  static constexpr std::size_t most = 30;
  std::size_t count_ = 0;
  std::string lines_{};
};

/// The metadata of a checkpoint.
class CheckpointTexts {
 public:
  /// Throws FileError if it is none of this version.
  CheckpointTexts(const std::string& file, const Metadata& texts);

  void compare(const Facts& expected, CheckpointDifferences& differences) const;

  /// Throws FileError where it is missing or no whole number, or no number.
  void read(const std::string& name, std::uint64_t& number) const { parse(name, number, "a whole number"); }
  void read(const std::string& name, double& number) const { parse(name, number, "a number"); }

 private:
  static std::string shown(std::string_view text);
  const std::string& get(const std::string& name) const;
  template <class Number>
  void parse(const std::string& name, Number& number, const char* expected) const {
    const std::string& text = get(name);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) return;
    throw FileError(message(file_, ": ", name, ": expected ", expected, ", found ", shown_name(text)));
  }

  const std::string& file_;
  const Metadata& texts_;
};

/// Finds the tensors of a checkpoint, in the order of the views.
class CheckpointTensors {
 public:
  explicit CheckpointTensors(const std::vector<TensorView>& tensors) : tensors_(tensors) {}

  bool has_any(const std::string& prefix) const;
  /// The tensor of this name, or null, which the differences then say.
  const TensorView* take(const std::string& name, Dtype dtype, const BlockPlace& block, CheckpointDifferences& differences);
  /// Those that nobody took.
  void report_others(CheckpointDifferences& differences) const;

 private:
  std::vector<TensorView>::const_iterator place(const std::string& name) const;
  const std::vector<TensorView>& tensors_;
  std::set<std::string> names_{};
  std::size_t taken_ = 0;
};

/// Throws FileError unless a trainer could have been set so.
template <class T, class Opt>
void check_settings(const std::string& file, const Checkpoint<T, Opt>& checkpoint, const std::vector<BlockPlace>& places) {
  std::string what;
  try {
    checkpoint.clip.check();
    if (checkpoint.clip.value < GradientClip::none) require_positive_as<T>("GradientClip: value", checkpoint.clip.value);
    check_optimizer<T>(checkpoint.optimizer);
    for (const auto& [block, rate] : checkpoint.rates) {
      what = message(CheckpointNames::rate, block, ": ");
      const bool frozen = std::any_of(places.begin(), places.end(),
                                      [&name = block](const BlockPlace& place) { return place.name == name && place.frozen; });
      if (frozen) require_option(rate == 0, "the factor of a block that its type freezes", "0", rate);
      require_not_negative("a factor of the learning rate", rate);
      if (rate > 0) check_optimizer<T>(scaled(checkpoint.optimizer, rate));
    }
  } catch (const OptionError& error) {
    throw FileError(message(file, ": ", what, error.what()));
  }
}

/// Reads the checkpoint that is to go on in this trainer. Throws FileError, also where the checkpoint is of another trainer.
template <class ModelType, class TrainerType>
auto read_checkpoint(const std::filesystem::path& path, const ModelType& model, const TrainerType& trainer) {
  using T = typename ModelType::Scalar;
  using Opt = std::remove_cvref_t<decltype(trainer.optimizer())>;
  using Names = CheckpointNames;
  Checkpoint<T, Opt> checkpoint{.snapshot = {}, .optimizer = trainer.optimizer(), .clip = {}, .rates = trainer.rates()};
  visit_safetensors(path, [&](const std::string& file, const Metadata& metadata, const std::vector<TensorView>& tensors) {
    const CheckpointTexts texts(file, metadata);
    const std::vector<BlockPlace> places = block_places(layout_of<typename ModelType::Chain>);
    CheckpointDifferences differences;
    texts.compare(facts_of(model, trainer.objective(), trainer.optimizer(), trainer.seed().value, trainer.weight_average()), differences);

    Snapshot<T>& snapshot = checkpoint.snapshot;
    CheckpointTensors all(tensors);
    for_each_vector(snapshot, Opt::slots, [&](auto name, Arena<T>& to, bool trainable, std::size_t copies, bool may_miss) {
      if (may_miss && !all.has_any(message(name, '.'))) return;
      const std::size_t size = static_cast<std::size_t>(trainable ? ModelType::parameter_count : ModelType::state_count);
      to.resize(copies * size);
      for_each_tensor(name, trainable, copies, places,
                      [&](const std::string& tensor, const BlockPlace& block, std::size_t begin) {
                        const TensorView* const found = all.take(tensor, dtype_of<T>, block, differences);
                        if (found) from_bytes(found->bytes, std::span(to).subspan(begin, block.size));
                      });
    });
    all.report_others(differences);
    differences.check(file);

    for_each_counter(snapshot, [&](auto name, std::uint64_t& counter) { texts.read(message(Names::counter, name), counter); });
    for_each_setting(checkpoint.optimizer.learning_rate, checkpoint.clip,
                     [&](auto name, double& setting) { texts.read(message(Names::setting, name), setting); });
    for (auto& [block, rate] : checkpoint.rates) texts.read(Names::rate + block, rate);
    if (Opt::slots > 0 && ModelType::parameter_count > 0 && snapshot.updates > 0 && snapshot.slots.empty()) {
      throw FileError(
          message(file, ": expected the optimizer's vectors of a trainer after ", snapshot.updates, " updates, found none"));
    }
    check_settings(file, checkpoint, places);
  });
  return checkpoint;
}

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/resume_impl.hpp"
#endif
