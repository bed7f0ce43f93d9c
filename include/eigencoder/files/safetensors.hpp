// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "eigencoder/files/safetensors_writer.hpp"

namespace eigencoder {

/// What a safetensors file holds. It owns the bytes, into which the views of its tensors look.
class SafetensorsFile {
 public:
  SafetensorsFile(std::vector<std::byte> bytes, Metadata metadata, std::vector<TensorView> tensors)
      : bytes_(std::move(bytes)), metadata_(std::move(metadata)), tensors_(std::move(tensors)) {}
  SafetensorsFile(SafetensorsFile&&) = default;  // a copy's views would look into the original
  SafetensorsFile& operator=(SafetensorsFile&&) = default;

  const Metadata& metadata() const { return metadata_; }
  /// A text of the metadata, or null.
  const std::string* text(const std::string& name) const {
    const auto found = metadata_.find(name);
    return found == metadata_.end() ? nullptr : &found->second;
  }
  /// In the order of their names.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  /// The tensor of this name, or null.
  const TensorView* find(std::string_view name) const {
    const auto at = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                     [](const TensorView& tensor, std::string_view wanted) { return tensor.name < wanted; });
    return at != tensors_.end() && at->name == name ? &*at : nullptr;
  }

 private:
  std::vector<std::byte> bytes_;
  Metadata metadata_;
  std::vector<TensorView> tensors_;
};

/// Reads a safetensors file from its bytes; `name` is what errors call it. It takes what the format's own library takes, but
/// for what lets two readers see different things, and refuses with a FileError that says where:
///   a header that does not begin with `{`, names or texts that are there twice, a tensor without a name, entries in other
///   forms than an object
/// Beside the bytes it takes memory in proportion to the header, at most some twelve times as much, whatever that promises.
SafetensorsFile parse_safetensors(std::vector<std::byte> bytes, const std::string& name = "a safetensors file");

/// The same for a file. Throws FileError where it cannot be read.
SafetensorsFile read_safetensors(const std::filesystem::path& path);

namespace detail {

/// Hands a file's name, texts and tensors to a function: by this those read a file who know of this header's library only when
/// they are used.
template <class Visitor>
void visit_safetensors(const std::filesystem::path& path, Visitor visit) {
  const SafetensorsFile file = read_safetensors(path);
  visit(path.string(), file.metadata(), file.tensors());
}

}  // namespace detail

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/safetensors_impl.hpp"
#endif
