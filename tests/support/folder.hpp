// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
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

/// A file for a test to read: without write_file's wait for the disk.
inline void write_quickly(const std::filesystem::path& path, std::string_view contents) {
  std::ofstream file(path, std::ios::binary);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  REQUIRE(file.flush());
}
