// SPDX-License-Identifier: MIT
#include "eigencoder/files/random_access_file.hpp"

#include <array>
#include <string>
#include <string_view>

#include "eigencoder/files/atomic_file.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

TEST_CASE("Any piece of a file is read, and at its end what there is", "[files]") {
  const Folder folder;
  const fs::path path = folder.path / "letters";
  ec::write_file(path, std::string_view("abcdefgh"));
  const ec::RandomAccessFile file(path);
  CHECK(file.path() == path);
  CHECK(file.size() == 8);
  const auto read = [&](ec::Index offset, std::size_t count) {
    std::string to(count, '.');
    const ec::Index found = file.read(offset, std::as_writable_bytes(std::span(to)));
    CHECK(to.find_first_not_of('.', static_cast<std::size_t>(found)) == std::string::npos);
    return to.substr(0, static_cast<std::size_t>(found));
  };
  CHECK(read(2, 3) == "cde");
  CHECK(read(0, 8) == "abcdefgh");
  CHECK(read(6, 9) == "gh");
  CHECK(read(8, 1).empty());
  CHECK(read(1000, 1).empty());
  CHECK(read(3, 0).empty());
  CHECK(read(1, 2) == "bc");  // after its end was met
  file.will_need(2, 3);
  file.will_need(0, 1000);

  fs::resize_file(path, 4);
  CHECK(read(2, 3) == "cd");
  CHECK(file.size() == 8);
  fs::remove(path);
  CHECK(read(0, 2) == "ab");
}

TEST_CASE("What is no regular file that can be read is refused when it is opened", "[files]") {
  const Folder folder;
  const auto expect_refused = [](const fs::path& path, std::initializer_list<std::string_view> parts) {
    expect_error<ec::FileError>([&] { ec::RandomAccessFile file(path); }, {path.string() + ": cannot be read ("});
    expect_error<ec::FileError>([&] { ec::RandomAccessFile file(path); }, parts);
  };
  expect_refused(folder.path, {"it is a folder"});
  expect_refused(folder.path / "missing", {"No such file"});
  if (const fs::path device = "/dev/null"; fs::exists(device)) expect_refused(device, {"no regular file"});
}
