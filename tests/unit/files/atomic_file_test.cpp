// SPDX-License-Identifier: MIT
// by itself: it has functions of the system
#include "eigencoder/files/atomic_file_impl.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::perms mode(const fs::path& path) { return fs::status(path).permissions(); }

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

/// While it lives, signals interrupt every other write, none takes more than 7 bytes, and flushes are counted, or fail.
struct Hardship {
  bool broken_disk = false;
  int writes = 0, flushed_files = 0, flushed_folders = 0;
  static inline Hardship* now = nullptr;
  Hardship() { now = this; }
  ~Hardship() { now = nullptr; }
};

}  // namespace

#ifdef __linux__  // where a program's own functions stand in for the system's
extern "C" ssize_t write(int file, const void* bytes, std::size_t size) {
  if (Hardship::now && Hardship::now->writes++ % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  return ::syscall(SYS_write, file, bytes, Hardship::now ? std::min<std::size_t>(size, 7) : size);
}

extern "C" int fsync(int file) {
  if (Hardship::now) {
    struct ::stat found {};
    ::fstat(file, &found);
    ++(S_ISDIR(found.st_mode) ? Hardship::now->flushed_folders : Hardship::now->flushed_files);
    if (Hardship::now->broken_disk) {
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}
#endif

TEST_CASE("write_file makes a file of the bytes it is given", "[io]") {
  const Folder folder;
  fs::path path = folder.path / "file";

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
  SECTION("under the longest names that there are") {
    for (const std::size_t length : {251U, 255U}) {
      path.replace_filename(std::string(length, 'n'));
      ec::write_file(path, "new");
      CHECK(contents(path) == "new");
      fs::rename(path, folder.path / "file");
    }
  }
#ifdef __linux__
  SECTION("in small pieces, between signals, and brings file and folder to the disk") {
    const Hardship hardship;
    ec::write_file(path, "more than seven bytes");
    CHECK(contents(path) == "more than seven bytes");
    CHECK(hardship.flushed_files == 1);
    CHECK(hardship.flushed_folders == 1);
  }
#endif
  CHECK(folder.names() == 1);
}

TEST_CASE("write_file keeps the permissions of a file, and asks umask for those of a new one", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "file";

  const mode_t before = ::umask(0027);
  ec::write_file(path, "new");
  ::umask(before);
  CHECK(mode(path) == fs::perms(0640));

  for (const auto kept : {fs::perms(0600), fs::perms(0666), fs::perms(0444)}) {
    fs::permissions(path, kept);
    ec::write_file(path, "newer");
    CHECK(mode(path) == kept);
  }
}

TEST_CASE("write_file writes what a symbolic link points to, and the link stays", "[io]") {
  const Folder folder;
  const fs::path link = folder.path / "link", target = folder.path / "elsewhere" / "file";
  fs::create_directory(folder.path / "elsewhere");
  fs::create_symlink("elsewhere/again", link);
  fs::create_symlink("file", folder.path / "elsewhere" / "again");

  SECTION("a file") { ec::write_file(target, "old"); }
  SECTION("nothing yet") {}
  ec::write_file(link, "new");
  CHECK(contents(target) == "new");
  CHECK(fs::is_symlink(link));
  CHECK(fs::is_symlink(folder.path / "elsewhere" / "again"));
  CHECK(folder.names() == 2);
}

TEST_CASE("write_file writes into a pipe or a device, which stays", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "name";

  SECTION("a pipe") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
    ec::write_file(path, "through the pipe");
    std::array<char, 32> read{};
    CHECK(::read(reader, read.data(), read.size()) == 16);
    CHECK(std::string(read.data()) == "through the pipe");
    ::close(reader);
    CHECK(fs::is_fifo(path));
  }
  SECTION("a device that is full") {
    if (!fs::is_character_file("/dev/full")) return;
    fs::create_symlink("/dev/full", path);
    expect_error<ec::FileError>([&] { ec::write_file(path, "new"); }, {path.string(), "No space left on device"});
    CHECK(fs::is_character_file(path));
    CHECK(fs::is_symlink(path));
  }
  CHECK(folder.names() == 1);
}

TEST_CASE("write_file touches no file but its own", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "file", taken = folder.path / "file.part", bystander = folder.path / "bystander";
  ec::write_file(bystander, "untouched");

  SECTION("what a crash has left") { ec::write_file(taken, "untouched"); }
  SECTION("a symbolic link") { fs::create_symlink("bystander", taken); }
  SECTION("a hard link") { fs::create_hard_link(bystander, taken); }

  ec::write_file(path, "new");
  CHECK(contents(path) == "new");
  CHECK(ec::detail::make_file(taken, {}, {}) == std::errc::file_exists);
  CHECK(contents(taken) == "untouched");
  CHECK(contents(bystander) == "untouched");
  CHECK(folder.names() == 3);
}

TEST_CASE("write_file says why it failed and leaves things as they were", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "file";

  SECTION("the folder is missing") {
    const fs::path nowhere = folder.path / "missing" / "file";
    expect_error<ec::FileError>([&] { ec::write_file(nowhere, "new"); },
                                {nowhere.string(), "cannot be written", "No such file", "check that its folder exists"});
    CHECK(folder.names() == 0);
  }
  SECTION("the folder is a file") {
    ec::write_file(path, "old");
    expect_error<ec::FileError>([&] { ec::write_file(path / "file", "new"); }, {(path / "file").string(), "Not a directory"});
    CHECK(contents(path) == "old");
  }
  SECTION("a folder has the name") {
    fs::create_directory(path);
    expect_error<ec::FileError>([&] { ec::write_file(path, "new"); }, {path.string(), "Is a directory"});
    CHECK(fs::is_directory(path));
    CHECK(folder.names() == 1);
  }
  SECTION("the name is too long") {
    const fs::path longer = folder.path / std::string(256, 'n');
    expect_error<ec::FileError>([&] { ec::write_file(longer, "new"); }, {"File name too long"});
    CHECK(folder.names() == 0);
  }
  SECTION("links go in a circle") {
    fs::create_symlink("file", path);
    expect_error<ec::FileError>([&] { ec::write_file(path, "new"); }, {path.string(), "Too many levels of symbolic links"});
    CHECK(folder.names() == 1);
  }
  SECTION("there is no room") {
    ec::write_file(path, "old");
    const std::string large(100'000, 'x');
    {
      const FileSizeLimit limit(50'000);
      expect_error<ec::FileError>([&] { ec::write_file(path, large); }, {path.string(), "File too large", "100000 bytes"});
    }
    CHECK(contents(path) == "old");
    CHECK(folder.names() == 1);
  }
#ifdef __linux__
  SECTION("the disk is broken") {
    ec::write_file(path, "old");
    {
      Hardship hardship;
      hardship.broken_disk = true;
      expect_error<ec::FileError>([&] { ec::write_file(path, "new"); }, {path.string(), "Input/output error"});
    }
    CHECK(contents(path) == "old");
    CHECK(folder.names() == 1);
  }
#endif
}

TEST_CASE("Two that write one name leave the reader one of their contents, whole", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  const std::array<std::string, 2> texts{std::string(3'000, 'a'), std::string(200'000, 'b')};
  ec::write_file(path, texts[0]);

  std::atomic<int> writing{2}, failed{0};
  const auto write = [&](const std::string& text) {
    for (int i = 0; i < 200; ++i) {
      try {
        ec::write_file(path, text);
      } catch (const ec::FileError&) {
        ++failed;
      }
    }
    --writing;
  };
  std::thread first(write, texts[0]), second(write, texts[1]);
  int torn = 0;
  do {
    const std::string read = contents(path);
    torn += read != texts[0] && read != texts[1];
  } while (writing > 0);
  first.join();
  second.join();
  CHECK(torn == 0);
  CHECK(failed == 0);
  CHECK(folder.names() == 1);
}
