// SPDX-License-Identifier: MIT
#include <array>
#include <fstream>
#include <iterator>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/files/event_file.hpp>

namespace ec = eigencoder;

namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

// What TensorBoard itself reads of such a file is in tests/readers/event_files.py.

TEST_CASE("EventFile: a record's bytes are those of TensorBoard's RecordWriter 2.21") {
  const ec::ProtobufMessage event =
      ec::ProtobufMessage().integer(2, 3).message(5, ec::EventValues().scalar("a", 1.5).summary());
  const std::string_view length("\x0e\0\0\0\0\0\0\0\xc5\xe5\x69\x3f", 12);
  const std::string_view body("\x10\x03\x2a\x0a\x0a\x08\x0a\x01\x61\x15\x00\x00\xc0\x3f", 14), checksum("\xb2\x2c\xce\xe2");
  CHECK(event.bytes() == body);
  CHECK(ec::EventFile::record(event) == std::string(length) + std::string(body) + std::string(checksum));
}

TEST_CASE("EventFile: begins with its version, makes its folder, and takes a new name each time") {
  const Folder folder;
  const std::filesystem::path logs = folder.path / "logs" / "run";
  ec::EventFile first(logs), second(logs);
  CHECK(first.path() != second.path());
  CHECK(first.path().parent_path() == logs);
  CHECK(first.path().filename().string().starts_with("events.out.tfevents."));
  const std::string begun = contents(first.path());
  CHECK(begun.size() == 12 + 24 + 4);
  CHECK(begun.substr(12 + 9, 15) ==
        "\x1a\x0d"
        "brain.Event:2");
  first.write(1, ec::EventValues().scalar("loss", 0.5));
  CHECK(contents(first.path()).starts_with(begun));
  CHECK(contents(first.path()).size() > begun.size());

  std::ofstream(folder.path / "file") << "a file";
  expect_error<ec::FileError>([&] { ec::EventFile(folder.path / "file" / "run"); }, {"file/run", "cannot be made"});
}

TEST_CASE("EventValues: an image tells its own size and kind, and must be PNG") {
  const std::string head("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x02\0\0\0\x03\x08", 25);
  const std::array<std::pair<char, char>, 5> kinds{
      {{0, 1}, {2, 3}, {3, 3}, {4, 2}, {6, 4}}};  // gray, colours, palette, with alpha
  for (const auto& [kind, channels] : kinds) {
    const std::string png = head + kind + "rest";
    const std::string summary = ec::EventValues().image("a", bytes(png)).summary().bytes();
    const std::string expected =
        std::string("\x08\x03\x10\x82\x02\x18", 6) + channels + "\x22" + static_cast<char>(png.size()) + png;
    CHECK(summary == std::string("\x0a") + static_cast<char>(expected.size() + 5) + std::string("\x0a\x01") + "a\x22" +
                         static_cast<char>(expected.size()) + expected);
  }
  expect_error<ec::FileError>([&] { ec::EventValues().image("codes", bytes("GIF89a")); },
                              {"image \"codes\"", "PNG", "found 6 others"});
  expect_error<ec::FileError>([&] { ec::EventValues().image("codes", bytes(head)); }, {"image \"codes\"", "found 25 others"});
}
