// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "eigencoder/files/atomic_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "eigencoder/core/bodies.hpp"

namespace eigencoder {

namespace detail {

inline std::error_code last_error() { return {errno, std::generic_category()}; }

#if defined(__unix__) || defined(__APPLE__)

/// Writes all of `bytes` to an open file.
inline std::error_code write_all(int file, Bytes bytes) {
  constexpr std::size_t most = std::size_t{1} << 30;  // macOS refuses more than 2 GiB in one call
  while (!bytes.empty()) {
    const auto count = ::write(file, bytes.data(), std::min(bytes.size(), most));
    if (count < 0 && errno != EINTR) return last_error();
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

/// Writes into what is there, such as a device.
inline std::error_code write_into(const std::filesystem::path& path, Bytes bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return last_error();
  std::error_code reason = write_all(file, bytes);
  if (::close(file) != 0 && !reason) reason = last_error();
  return reason;
}

/// Makes a file of `bytes` that is on the disk when this returns. If the name is taken, that is an error, file_exists.
/// Without `permissions` it gets those of a new file.
inline std::error_code make_file(const std::filesystem::path& path, Bytes bytes,
                                 std::optional<std::filesystem::perms> permissions) {
  // What only the owner may read in the end must not be readable for others in between.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions ? 0600 : 0666);
  if (file < 0) return last_error();
  std::error_code reason = write_all(file, bytes);
  if (!reason && permissions && ::fchmod(file, static_cast<mode_t>(*permissions)) != 0) reason = last_error();
  if (!reason && ::fsync(file) != 0) reason = last_error();
  if (::close(file) != 0 && !reason) reason = last_error();
  if (reason) ::unlink(path.c_str());
  return reason;
}

/// Flushes the names in a folder to the disk, where system and permissions allow.
inline std::error_code flush_folder(const std::filesystem::path& path) {
  const int folder = ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return {};
  std::error_code reason;
  if (::fsync(folder) != 0 && errno != EINVAL) reason = last_error();
  ::close(folder);
  return reason;
}

#else  // without POSIX: the same, but for what the standard library cannot do, to flush and to make a file that must be new

inline std::error_code write_into(const std::filesystem::path& path, Bytes bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return {};
  return errno != 0 ? last_error() : std::make_error_code(std::errc::io_error);
}

inline std::error_code make_file(const std::filesystem::path& path, Bytes bytes,
                                 std::optional<std::filesystem::perms> permissions) {
  std::error_code reason, unused;
  if (std::filesystem::exists(path, reason)) return std::make_error_code(std::errc::file_exists);
  if (!reason) reason = write_into(path, bytes);
  if (!reason && permissions) std::filesystem::permissions(path, *permissions, reason);
  if (reason) std::filesystem::remove(path, unused);
  return reason;
}

inline std::error_code flush_folder(const std::filesystem::path&) { return {}; }

#endif

/// Where links lead, which need not exist. A circle of them is left as it is.
inline std::filesystem::path followed(std::filesystem::path path) {
  std::error_code unused;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(std::filesystem::symlink_status(path, unused)); ++links)
    path = path.parent_path() / std::filesystem::read_symlink(path, unused);
  return path;
}

/// Makes a file of `bytes` under a name of its own, and gives it the name `path`, where a regular file or nothing is.
inline std::error_code replace_file(const std::filesystem::path& path, Bytes bytes,
                                    std::optional<std::filesystem::perms> permissions) {
  static std::atomic<unsigned> calls{0};
  const std::filesystem::path folder = path.parent_path();
  std::filesystem::path part;
  std::error_code reason, unused;
  do {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    part = folder / message(".eigencoder-", now, '-', calls++, ".part");
    reason = make_file(part, bytes, permissions);
  } while (reason == std::errc::file_exists);
  if (reason) return reason;

  std::filesystem::rename(part, path, reason);
  if (reason) {
    std::filesystem::remove(part, unused);
    return reason;
  }
  return flush_folder(folder);
}

}  // namespace detail

EIGENCODER_INLINE void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  namespace fs = std::filesystem;
  std::error_code reason;
  const fs::file_status found = fs::status(path, reason);
  if (fs::is_regular_file(found)) {
    reason = detail::replace_file(detail::followed(path), bytes, found.permissions() & fs::perms::all);
  } else if (found.type() == fs::file_type::not_found) {
    reason = detail::replace_file(detail::followed(path), bytes, {});
  } else if (!reason) {
    reason = detail::write_into(path, bytes);  // which a folder refuses
  }
  if (reason) {
    throw FileError(message(path.string(), ": cannot be written (", reason.message(),
                            "); check that its folder exists, may be written to and has room for ", bytes.size(), " bytes"));
  }
}

EIGENCODER_INLINE void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace eigencoder
