// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/files/json.hpp"
#include "eigencoder/io/layout.hpp"
#include "eigencoder/io/values.hpp"

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
  bool in_order =
      false;  ///< of files from elsewhere: take the modules that have tensors in the order of their numbers
  bool check_layers = true;  ///< refuse a file of other layers, though their tensors may have the same names and shapes
  bool non_finite = false;   ///< load NaN and infinity too
};

namespace detail {

inline constexpr int model_format = 1;
inline constexpr std::string_view own_texts = "eigencoder.";

inline std::string own_name(std::string_view name) { return message(own_texts, name); }

/// Throws NonFiniteError that names the tensor and the place of its first value that is not finite.
template <class T>
void check_finite(const std::string& where, const std::string& tensor, std::span<const T> values,
                  const std::vector<std::uint64_t>& shape) {
  const auto bad = std::find_if_not(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  auto at = static_cast<std::uint64_t>(bad - values.begin());
  std::vector<std::uint64_t> place(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; at /= shape[axis]) place[axis] = at % shape[axis];
  throw NonFiniteError(message(where, ": tensor \"", tensor, "\" holds ", *bad, " at ", shape_text(place),
                               ", which no prediction survives; set non_finite = true to take it all the same"));
}

}  // namespace detail

}  // namespace eigencoder
