// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

#include "support/catch.hpp"

/// A fresh folder that goes when the test ends.
struct Folder {
  std::filesystem::path path;

  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "eigencoder-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code unused;
    std::filesystem::remove_all(path, unused);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// How many names there are in it, hidden ones too.
  std::ptrdiff_t names() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
};
