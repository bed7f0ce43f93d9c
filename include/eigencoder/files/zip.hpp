// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

#include "eigencoder/core/error.hpp"
#include "eigencoder/files/read_file.hpp"

// Reads ZIP archives (PKWARE's APPNOTE 6.3.9) with entries that are stored or deflated, of any size, not encrypted.
namespace eigencoder::detail {

struct ZipEntry {
  std::string name;
  std::uint64_t packed = 0, unpacked = 0, offset = 0;  ///< sizes in bytes, and where its own header begins
  std::uint32_t crc = 0;
  std::uint16_t method = 0;
  std::uint64_t data = 0;  ///< where its bytes begin
};

/// An archive in memory, still packed. Its central directory says what it holds.
class ZipFile {
 public:
  explicit ZipFile(const std::filesystem::path& path) : name_(path.string()), bytes_(read_file(path)) {
    const Directory directory = find_directory();
    std::uint64_t at = directory.begin;
    for (std::uint64_t i = 0; i < directory.entries; ++i) at = read_entry(at, directory.end);
    if (at != directory.end) fail("nothing between the directory's last entry and its end, found more at byte ", at);

    // Entries that share bytes could unpack to much more than any file of that size.
    std::vector<const ZipEntry*> order;
    for (const ZipEntry& entry : entries_) order.push_back(&entry);
    std::ranges::sort(order, {}, &ZipEntry::offset);
    std::uint64_t end = 0;
    for (const ZipEntry* entry : order) {
      if (entry->offset < end)
        fail("one entry after another, found that \"", entry->name, "\" at byte ", entry->offset, " overlaps the one before");
      end = entry->data + entry->packed;
    }
    if (end > directory.begin)
      fail("all entries before the directory at byte ", directory.begin, ", found one that ends at ", end);
  }

  const std::string& name() const { return name_; }
  const std::vector<ZipEntry>& entries() const { return entries_; }

  /// Its contents, checked. Memory grows with what has been unpacked, up to what the directory says.
  std::vector<std::byte> read(const ZipEntry& entry) const {
    const auto packed = std::span(bytes_).subspan(entry.data, entry.packed);
    std::vector<std::byte> out;
    if (entry.method == 0) {
      if (entry.packed != entry.unpacked)
        fail("equal sizes of what is stored, \"", entry.name, "\", found ", entry.packed, " and ", entry.unpacked);
      out.assign(packed.begin(), packed.end());
    } else {
      inflate(entry, packed, out);
    }
    uLong crc = crc32(0, nullptr, 0);
    for (std::size_t at = 0; at < out.size(); at += piece)
      crc = crc32(crc, reinterpret_cast<const Bytef*>(out.data() + at), static_cast<uInt>(std::min(piece, out.size() - at)));
    if (crc != entry.crc) fail("the check sum of \"", entry.name, "\", found another; it is damaged");
    return out;
  }

 private:
  static constexpr std::size_t piece = std::size_t{1} << 20;

  struct Directory {
    std::uint64_t begin, end, entries;
  };

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw FileError(message(name_, ": expected ", parts...));
  }

  /// The little-endian number at `at`, or an error that the archive ends there.
  template <std::unsigned_integral Number>
  Number number(std::uint64_t at) const {
    if (at > bytes_.size() || bytes_.size() - at < sizeof(Number))
      fail("a sound ZIP archive, found its end within a header at byte ", at);
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      value = static_cast<Number>(value | Number{std::to_integer<std::uint8_t>(bytes_[at + i])} << 8 * i);
    return value;
  }

  bool has_signature(std::uint64_t at, std::uint32_t signature) const {
    return at <= bytes_.size() && bytes_.size() - at >= 4 && number<std::uint32_t>(at) == signature;
  }

  Directory find_directory() const {
    // The last thing in the file is a record of 22 bytes and a comment whose length it has.
    constexpr std::uint64_t record = 22, longest_comment = 65535;
    if (!has_signature(0, 0x04034b50) && !has_signature(0, 0x06054b50))
      fail("a ZIP archive, which begins with 50 4b 03 04, found other bytes; write it with numpy.savez");
    std::uint64_t at = bytes_.size() < record ? 0 : bytes_.size() - record;
    const std::uint64_t first = at > longest_comment ? at - longest_comment : 0;
    while (at > first && !(has_signature(at, 0x06054b50) && number<std::uint16_t>(at + 20) == bytes_.size() - at - record))
      --at;
    if (!has_signature(at, 0x06054b50) || number<std::uint16_t>(at + 20) != bytes_.size() - at - record)
      fail("the directory of a ZIP archive at its end, found none; it is cut short or damaged");

    std::uint64_t entries = number<std::uint16_t>(at + 10), size = number<std::uint32_t>(at + 12),
                  begin = number<std::uint32_t>(at + 16);
    std::uint64_t end = at;
    bool whole = number<std::uint16_t>(at + 4) == 0 && number<std::uint16_t>(at + 8) == entries;
    if (at >= 20 && has_signature(at - 20, 0x07064b50)) {  // the same in 64 bits
      const auto wide = number<std::uint64_t>(at - 20 + 8);
      if (!has_signature(wide, 0x06064b50) || wide > at - 20)
        fail("a 64-bit directory record at byte ", wide, ", found none; the archive is damaged");
      entries = number<std::uint64_t>(wide + 32);
      size = number<std::uint64_t>(wide + 40);
      begin = number<std::uint64_t>(wide + 48);
      whole = number<std::uint32_t>(wide + 16) == 0 && number<std::uint64_t>(wide + 24) == entries;
      end = wide;
    }
    if (!whole) fail("an archive of one part");
    if (begin > end || size != end - begin)
      fail("a directory of ", size, " bytes from byte ", begin, " to ", end,
           ", found that this does not fit; the archive is damaged");
    return {begin, end, entries};
  }

  /// The entry whose directory record is at `at`; returns where the next record begins.
  std::uint64_t read_entry(std::uint64_t at, std::uint64_t end) {
    if (at >= end || !has_signature(at, 0x02014b50))
      fail("an entry of the archive's directory at byte ", at, ", found none; it is damaged");
    ZipEntry entry;
    const auto flags = number<std::uint16_t>(at + 8);
    entry.method = number<std::uint16_t>(at + 10);
    entry.crc = number<std::uint32_t>(at + 16);
    entry.packed = number<std::uint32_t>(at + 20);
    entry.unpacked = number<std::uint32_t>(at + 24);
    const std::uint64_t name = number<std::uint16_t>(at + 28), extra = number<std::uint16_t>(at + 30),
                        comment = number<std::uint16_t>(at + 32);
    entry.offset = number<std::uint32_t>(at + 42);
    const std::uint64_t next = at + 46 + name + extra + comment;
    if (next > end)
      fail("an entry of the archive's directory that ends by byte ", end, ", found one up to ", next, "; it is damaged");
    entry.name.assign(reinterpret_cast<const char*>(bytes_.data() + at + 46), name);
    widen(entry, at + 46 + name, at + 46 + name + extra);

    if (flags & 1) fail("arrays that are not encrypted, found \"", entry.name, "\"; write the archive with numpy.savez");
    if (entry.method != 0 && entry.method != 8)
      fail("stored or deflated arrays (methods 0 and 8), found method ", entry.method, " for \"", entry.name,
           "\"; write the archive with numpy.savez");
    if (!has_signature(entry.offset, 0x04034b50))
      fail("the header of \"", entry.name, "\" at byte ", entry.offset, ", found none; the archive is damaged");
    entry.data = entry.offset + 30 + number<std::uint16_t>(entry.offset + 26) + number<std::uint16_t>(entry.offset + 28);
    if (entry.data > bytes_.size() || entry.packed > bytes_.size() - entry.data)
      fail("the ", entry.packed, " bytes of \"", entry.name, "\" from byte ", entry.data,
           ", found that the archive ends before; it is damaged");
    entries_.push_back(std::move(entry));
    return next;
  }

  /// Takes the 64-bit numbers of the extra field 1, which are there for those that are all ones in 32 bits.
  void widen(ZipEntry& entry, std::uint64_t at, std::uint64_t end) const {
    while (end - at >= 4) {
      const auto id = number<std::uint16_t>(at), size = number<std::uint16_t>(at + 2);
      at += 4;
      if (size > end - at) fail("extra fields of \"", entry.name, "\" that end by byte ", end, "; the archive is damaged");
      if (id == 1) {
        std::uint64_t field = at;
        for (std::uint64_t* value : {&entry.unpacked, &entry.packed, &entry.offset})
          if (*value == 0xffffffff && at + size - field >= 8) {
            *value = number<std::uint64_t>(field);
            field += 8;
          }
      }
      at += size;
    }
  }

  void inflate(const ZipEntry& entry, std::span<const std::byte> packed, std::vector<std::byte>& out) const {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    const struct End {
      z_stream* stream;
      ~End() { inflateEnd(stream); }
    } end{&stream};

    int code = Z_OK;
    std::size_t read = 0;
    while (code != Z_STREAM_END) {
      const std::size_t in = std::min(piece, packed.size() - read), begin = out.size();
      // One byte more than there should be, so that what is too long shows.
      const std::size_t room = std::min<std::uint64_t>(piece, entry.unpacked - begin + 1);
      out.resize(begin + room);
      stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + read));
      stream.avail_in = static_cast<uInt>(in);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
      stream.avail_out = static_cast<uInt>(room);
      code = ::inflate(&stream, Z_NO_FLUSH);
      if (code == Z_MEM_ERROR) throw std::bad_alloc();
      read += in - stream.avail_in;
      out.resize(begin + room - stream.avail_out);
      if (out.size() > entry.unpacked)
        fail("\"", entry.name, "\" to unpack to ", entry.unpacked, " bytes, found more; it is damaged");
      if (code != Z_OK && code != Z_STREAM_END)
        fail("sound deflated data of \"", entry.name, "\", found ", code == Z_BUF_ERROR ? "that they stop" : "damage",
             " after byte ", read);
    }
    if (out.size() != entry.unpacked || read != packed.size())
      fail("\"", entry.name, "\" to unpack from ", entry.packed, " to ", entry.unpacked, " bytes, found ", read, " and ",
           out.size(), "; it is damaged");
  }

  std::string name_;
  std::vector<std::byte> bytes_;
  std::vector<ZipEntry> entries_;
};

}  // namespace eigencoder::detail
