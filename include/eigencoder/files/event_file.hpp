// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

#include "eigencoder/files/append_file.hpp"
#include "eigencoder/files/crc32c.hpp"
#include "eigencoder/files/protobuf.hpp"

namespace eigencoder {

namespace detail {

/// What a PNG file says of itself.
struct PngHeader {
  std::uint32_t width = 0, height = 0;
  int channels = 0;

  /// Reads the signature and IHDR, with which a PNG file begins. Throws FileError, in the name of `what`, if it is none.
  static PngHeader read(const std::string& what, std::span<const std::byte> png) {
    constexpr std::string_view start("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    constexpr std::size_t least = 26;
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(png[i]); };
    bool fits = png.size() >= least;
    for (std::size_t i = 0; fits && i < start.size(); ++i) fits = byte(i) == static_cast<unsigned char>(start[i]);
    if (!fits) throw FileError(message(what, ": expected the bytes of a PNG file, found ", png.size(), " others"));
    const auto number = [&](std::size_t i) { return byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3); };
    constexpr std::array<int, 8> channels{1, 0, 3, 3, 2, 0, 4, 0};  // by the type of colours; a palette has red, green, blue
    return {number(16), number(20), channels[byte(25) % 8]};
  }
};

}  // namespace detail

/// Named values of one step, for an EventFile.
class EventValues {
 public:
  EventValues& scalar(std::string_view tag, double value) {
    summary_.message(1, ProtobufMessage().text(1, tag).real(2, static_cast<float>(value)));
    return *this;
  }
  /// The bytes of a PNG file. Throws FileError if they are none.
  EventValues& image(std::string_view tag, std::span<const std::byte> png) {
    const detail::PngHeader header = detail::PngHeader::read(message("image \"", tag, '"'), png);
    const std::string_view bytes(reinterpret_cast<const char*>(png.data()), png.size());
    summary_.message(
        1,
        ProtobufMessage().text(1, tag).message(
            4,
            ProtobufMessage().integer(1, header.height).integer(2, header.width).integer(3, header.channels).text(4, bytes)));
    return *this;
  }
  const ProtobufMessage& summary() const { return summary_; }

 private:
  ProtobufMessage summary_;
};

/// A new file of events in a folder, which TensorBoard shows: tensorboard --logdir folder. Several in one folder are one run
/// that goes on. A record is the length of an event (u64, little endian), the masked CRC-32C of these bytes, the event
/// (event.proto, summary.proto), and its masked CRC-32C. Throws FileError.
class EventFile {
 public:
  /// The folder is made if there is none.
  explicit EventFile(const std::filesystem::path& folder) : file_(new_name(folder)) {
    file_.append(record(ProtobufMessage().real(1, now()).text(3, "brain.Event:2")));
  }

  void write(std::uint64_t step, const EventValues& values) {
    file_.append(
        record(ProtobufMessage().real(1, now()).integer(2, static_cast<std::int64_t>(step)).message(5, values.summary())));
  }
  const std::filesystem::path& path() const { return file_.path(); }

  static std::string record(const ProtobufMessage& event) {
    std::string bytes = little_endian(std::uint64_t{event.bytes().size()});
    bytes += little_endian(masked(detail::crc32c(bytes)));
    bytes += event.bytes();
    return bytes + little_endian(masked(detail::crc32c(event.bytes())));
  }

 private:
  /// A checksum of bytes that hold their own checksum is weak: so it is stored turned and shifted.
  static constexpr std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8U; }
  template <std::unsigned_integral Bits>
  static std::string little_endian(Bits bits) {
    std::string bytes;
    for (std::size_t i = 0; i < sizeof bits; ++i) bytes += static_cast<char>(bits >> 8 * i & 0xff);
    return bytes;
  }
  /// Seconds since 1970.
  static double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

  /// events.out.tfevents.<seconds>.<host>.<process>.<number>: TensorBoard reads them in the order of their names.
  static std::filesystem::path new_name(const std::filesystem::path& folder) {
    static std::atomic<unsigned> files{0};
    std::error_code reason;
    std::filesystem::create_directories(folder, reason);
    if (reason) throw FileError(message(folder.string(), ": the folder cannot be made (", reason.message(), ")"));
    char host[256] = "localhost";
    long process = 0;
#if defined(__unix__) || defined(__APPLE__)
    if (::gethostname(host, sizeof host - 1) != 0) std::snprintf(host, sizeof host, "localhost");
    process = static_cast<long>(::getpid());
#endif
    const auto seconds = static_cast<std::int64_t>(now());
    return folder / message("events.out.tfevents.", seconds, '.', host, '.', process, '.', files++);
  }

  AppendFile file_;
};

}  // namespace eigencoder
