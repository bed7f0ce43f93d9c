// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/npz.hpp"
#include "eigencoder/files/zip.hpp"

namespace eigencoder {

namespace detail {

/// An NPZ file: a ZIP archive with one NPY file an array, called by the array's name and .npy.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path) : zip_(path) {
    for (const ZipEntry& entry : zip_.entries()) {
      const std::string_view name = entry.name;
      entries_.emplace(name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name, &entry);
    }
    if (entries_.size() < zip_.entries().size())
      throw FileError(
          message(zip_.name(), ": expected one array a name, found two of the same; write it again with numpy.savez"));
  }

  /// "train.npz, array "x""
  std::string place(std::string_view name) const { return message(zip_.name(), ", array \"", name, "\""); }

  NpyArray read(std::string_view name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      std::string names;
      for (const auto& [other, entry] : entries_) names += message(names.empty() ? "" : ", ", other);
      throw FileError(
          message(zip_.name(), ": expected an array called \"", name, "\", found ", names.empty() ? "none at all" : names));
    }
    return parse_npy(zip_.read(*found->second), place(name));
  }

  const auto& entries() const { return entries_; }

 private:
  ZipFile zip_;
  std::map<std::string, const ZipEntry*, std::less<>> entries_;
};

}  // namespace detail

EIGENCODER_INLINE std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path) {
  const detail::NpzFile file(path);
  std::map<std::string, NpyArray> arrays;
  for (const auto& [name, entry] : file.entries()) arrays.emplace(name, file.read(name));
  return arrays;
}

template <SampleScalar T>
Dataset<T> load_npz(const std::filesystem::path& path, std::string_view name, const NpyOptions& options) {
  const detail::NpzFile file(path);
  Dataset<T> set = detail::npy_dataset<T>(file.read(name), file.place(name), options.channels_first);
  if (!options.labels.empty())
    set.labels = detail::npy_labels(file.read(options.labels), file.place(options.labels), set.size());
  return set;
}

}  // namespace eigencoder
