// expect: read_jpeg needs libjpeg-turbo: link eigencoder::jpeg
// expect: load_image_folder needs zlib, libpng and libjpeg-turbo: link eigencoder::data, eigencoder::png and eigencoder::jpeg
// flags: -UEIGENCODER_HAS_JPEG
#include <filesystem>

#include <eigencoder/eigencoder.hpp>
#if defined(CONTROL) && __has_include(<jpeglib.h>) && __has_include(<png.h>) && __has_include(<zlib.h>)
#include <eigencoder/data/image_folder.hpp>  // as one does who links the libraries without the targets
#endif
namespace ec = eigencoder;

int main() {
#if !defined(CONTROL) || (__has_include(<jpeglib.h>) && __has_include(<png.h>) && __has_include(<zlib.h>))
  const std::filesystem::path folder = "photographs";
  ec::read_jpeg(folder / "one.jpg", {.channels = 3});
  const auto set = ec::load_image_folder<float>(folder, {.channels = 3, .height = 64, .width = 64});
  return static_cast<int>(set.samples.cols());
#endif
}
