// SPDX-License-Identifier: MIT
#include "eigencoder/io/atomic_file.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>

#include "support/catch.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

/// A fresh folder that goes when the test ends.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "eigencoder-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code unused;
    fs::remove_all(path, unused);
  }
};

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// While it lives, no file of this process grows beyond `bytes`: a disk that is nearly full.
struct FileSizeLimit {
  rlimit before{};
  void (*handler)(int) = std::signal(SIGXFSZ, SIG_IGN);
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }
};

}  // namespace

TEST_CASE("write_file makes a file of the bytes it is given", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "file";

  SECTION("bytes") {
    const std::array bytes{std::byte{0}, std::byte{255}, std::byte{10}};
    ec::write_file(path, bytes);
    CHECK(contents(path) == std::string("\0\xff\n", 3));
  }
  SECTION("text") {
    ec::write_file(path, "one\ntwo\n");
    CHECK(contents(path) == "one\ntwo\n");
  }
  SECTION("nothing") {
    ec::write_file(path, "");
    CHECK(fs::file_size(path) == 0);
  }
  SECTION("in place of what was there") {
    ec::write_file(path, "the old contents");
    ec::write_file(path, "new");
    CHECK(contents(path) == "new");
  }
  SECTION("over a part that a crash has left") {
    std::ofstream(folder.path / "file.part") << "half of something";
    ec::write_file(path, "new");
    CHECK(contents(path) == "new");
  }
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("write_file says why it failed and leaves things as they were", "[io]") {
  const Folder folder;

  SECTION("the folder is missing") {
    const fs::path path = folder.path / "missing" / "file";
    expect_error<ec::FileError>([&] { ec::write_file(path, "new"); },
                                {path.string(), "cannot be written", "No such file", "check that its folder exists"});
    CHECK(fs::is_empty(folder.path));
  }
  SECTION("a folder has the name") {
    const fs::path path = folder.path / "taken";
    fs::create_directory(path);
    expect_error<ec::FileError>([&] { ec::write_file(path, "new"); }, {path.string(), "Is a directory"});
    CHECK(fs::is_directory(path));
    CHECK_FALSE(fs::exists(folder.path / "taken.part"));
  }
  SECTION("a folder has the name of the part") {
    const fs::path path = folder.path / "file";
    fs::create_directory(folder.path / "file.part");
    expect_error<ec::FileError>([&] { ec::write_file(path, "new"); }, {path.string(), "Is a directory"});
    CHECK(fs::is_directory(folder.path / "file.part"));
  }
  SECTION("there is no room") {
    const fs::path path = folder.path / "file";
    ec::write_file(path, "old");
    const std::string large(100'000, 'x');
    {
      const FileSizeLimit limit(50'000);
      expect_error<ec::FileError>([&] { ec::write_file(path, large); }, {path.string(), "File too large", "100000 bytes"});
    }
    CHECK(contents(path) == "old");
    CHECK_FALSE(fs::exists(folder.path / "file.part"));
  }
}
