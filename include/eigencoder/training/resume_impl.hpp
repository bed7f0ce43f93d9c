// SPDX-License-Identifier: MIT
#pragma once

#include <set>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/resume.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE void CheckpointDifferences::add(std::string_view what, const std::string& expected,
                                                  const std::string& found) {
  if (++count_ > most) return;
  lines_ += message("\n  ", what, ": expected ", expected, ", found ", found);
}

EIGENCODER_INLINE void CheckpointDifferences::check(const std::string& file) const {
  if (count_ == 0) return;
  throw FileError(message(file, ": this checkpoint is of another trainer, and nothing was changed:", lines_,
                          count_ > most ? message("\n  and ", count_ - most, " more") : ""));
}

EIGENCODER_INLINE CheckpointTexts::CheckpointTexts(const std::string& file, const Metadata& texts)
    : file_(file), texts_(texts) {
  using Names = CheckpointNames;
  const auto format = texts.find(Names::format);
  if (format == texts.end() || format->second != Names::is_checkpoint) {
    throw FileError(message(file,
                            ": expected a checkpoint, as Trainer::save writes it, found a file without the text format = ",
                            shown_name(Names::is_checkpoint)));
  }
  if (const std::string& found = get(Names::format_version); found != Names::version) {
    throw FileError(message(file, ": expected a checkpoint of version ", Names::version, ", found version ", shown_name(found),
                            " of eigencoder ", shown_name(get(Names::library))));
  }
}

EIGENCODER_INLINE void CheckpointTexts::compare(const Facts& expected, CheckpointDifferences& differences) const {
  std::set<std::string> names;
  for (const auto& [name, text] : expected) {
    const auto& full = *names.insert(CheckpointNames::fact + name).first;
    const auto found = texts_.find(full);
    if (found == texts_.end()) {
      differences.add(name, text, "nothing");
    } else if (found->second != text) {
      differences.add(name, text, shown(found->second));
    }
  }
  const std::string_view prefix = CheckpointNames::fact;
  for (const auto& [name, text] : texts_) {
    if (name.starts_with(prefix) && !names.contains(name)) {
      differences.add(shown(name.substr(prefix.size())), "nothing", shown(text));
    }
  }
}

EIGENCODER_INLINE std::string CheckpointTexts::shown(std::string_view text) {
  const std::string quoted = shown_name(text);
  return quoted.size() == text.size() + 2 ? std::string(text) : quoted;  // quotation marks only where they are of use
}

EIGENCODER_INLINE const std::string& CheckpointTexts::get(const std::string& name) const {
  const auto found = texts_.find(name);
  if (found == texts_.end()) throw FileError(message(file_, ": expected a text ", shown_name(name), ", found none"));
  return found->second;
}

EIGENCODER_INLINE bool CheckpointTensors::has_any(const std::string& prefix) const {
  const auto at = place(prefix);
  return at != tensors_.end() && at->name.starts_with(prefix);
}

EIGENCODER_INLINE const TensorView* CheckpointTensors::take(const std::string& name, Dtype dtype, const BlockPlace& block,
                                                            CheckpointDifferences& differences) {
  const std::string expected = message(to_string(dtype), ' ', shape_text(block.shape));
  const auto at = place(name);
  if (at == tensors_.end() || at->name != name) {
    differences.add(name, expected, "nothing");
    return nullptr;
  }
  ++taken_;
  names_.insert(name);
  if (at->dtype == dtype && at->shape == block.shape) return &*at;
  differences.add(name, expected, message(to_string(at->dtype), ' ', shape_text(at->shape)));
  return nullptr;
}

EIGENCODER_INLINE void CheckpointTensors::report_others(CheckpointDifferences& differences) const {
  if (taken_ == tensors_.size()) return;
  for (const TensorView& tensor : tensors_) {
    if (names_.contains(tensor.name)) continue;
    differences.add(shown_name(tensor.name), "nothing", message(to_string(tensor.dtype), ' ', shape_text(tensor.shape)));
  }
}

EIGENCODER_INLINE std::vector<TensorView>::const_iterator CheckpointTensors::place(const std::string& name) const {
  return std::lower_bound(tensors_.begin(), tensors_.end(), name,
                          [](const TensorView& tensor, const std::string& wanted) { return tensor.name < wanted; });
}

}  // namespace eigencoder::detail
