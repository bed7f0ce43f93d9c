// expect: load_fashion_mnist needs zlib: link eigencoder::data
// expect: load_mnist needs zlib: link eigencoder::data
// expect: load_idx_dataset needs zlib: link eigencoder::data
// expect: read_idx needs zlib: link eigencoder::data
// flags: -UEIGENCODER_HAS_ZLIB
#include <filesystem>

#include <eigencoder/eigencoder.hpp>
#if defined(CONTROL) && __has_include(<zlib.h>)
#include <eigencoder/data/dataset.hpp>  // as one does who links zlib without the target
#endif
namespace ec = eigencoder;

int main() {
#if !defined(CONTROL) || __has_include(<zlib.h>)
  const std::filesystem::path folder = "data";
  const auto data = ec::load_fashion_mnist(folder);
  ec::load_mnist<std::uint8_t>(folder);
  ec::load_idx_dataset("data");
  ec::read_idx(folder / "train-labels-idx1-ubyte");
  return static_cast<int>(data.train.samples.cols());
#endif
}
