// SPDX-License-Identifier: MIT
#include <csignal>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/files/append_file.hpp>

namespace ec = eigencoder;

namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("AppendFile: what is appended is in the file at once, behind what was there", "[io]") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "log";
  {
    ec::AppendFile file(path);
    CHECK(contents(path).empty());
    file.append("one\n");
    CHECK(contents(path) == "one\n");
  }
  ec::AppendFile first(path), second(path);
  first.append("two\n");
  second.append("");
  second.append(std::string("\0\xff\n", 3));
  first.append("three\n");
  CHECK(contents(path) == "one\ntwo\n" + std::string("\0\xff\n", 3) + "three\n");
  CHECK(first.path() == path);
}

TEST_CASE("AppendFile: a full disk leaves whole pieces, and says so", "[io]") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "log";
  ec::AppendFile file(path);
  file.append("one\n");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  void (*const handler)(int) = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{100, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  expect_error<ec::FileError>([&] { file.append(std::string(1000, 'x') + '\n'); },
                              {path.string(), "cannot be written", "File too large"});
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(contents(path) == "one\n");
  file.append("two\n");  // there is room again
  CHECK(contents(path) == "one\ntwo\n");
}

TEST_CASE("AppendFile: a process that is killed at any moment leaves whole pieces, but perhaps for the last", "[io]") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "log";
  const std::string piece = "begun " + std::string(3000, 'x') + " ended\n";
  std::uintmax_t pieces = 0, before = 0;
  for (int kill = 0; kill < 30; ++kill) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ec::AppendFile file(path);
      for (;;) file.append(piece);
    }
    while (!std::filesystem::exists(path) || std::filesystem::file_size(path) <= pieces * piece.size()) ::usleep(100);
    ::usleep(static_cast<useconds_t>(37 * kill));
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    pieces = std::filesystem::file_size(path) / piece.size();
    std::filesystem::resize_file(path, pieces * piece.size());  // the system may end a write at a page's border
    REQUIRE(pieces > before);
    before = pieces;
  }
  std::string expected;
  for (std::uintmax_t i = 0; i < pieces; ++i) expected += piece;
  CHECK((contents(path) == expected));
}

TEST_CASE("AppendFile: says why it cannot open", "[io]") {
  const Folder folder;
  expect_error<ec::FileError>([&] { ec::AppendFile(folder.path / "none" / "log"); },
                              {"none", "cannot be opened", "No such file"});
  expect_error<ec::FileError>([&] { ec::AppendFile{folder.path}; }, {"cannot be opened", "Is a directory"});
}
