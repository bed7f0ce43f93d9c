// expect: load_fashion_mnist needs zlib: link eigencoder::data
// expect: load_mnist needs zlib: link eigencoder::data
// expect: load_idx_dataset needs zlib: link eigencoder::data
// expect: read_idx needs zlib: link eigencoder::data
// expect: load_csv needs zlib: link eigencoder::data
// expect: load_npy needs zlib: link eigencoder::data
// expect: load_npz needs zlib: link eigencoder::data
// expect: samples_on_disk needs zlib: link eigencoder::data
// expect: read_ts needs zlib: link eigencoder::data
// expect: read_ucr needs zlib: link eigencoder::data
// expect: read_npy needs zlib: link eigencoder::data
// expect: read_npz needs zlib: link eigencoder::data
// expect: write_npy needs zlib: link eigencoder::data
// flags: -UEIGENCODER_HAS_ZLIB
#include <filesystem>

#include <eigencoder/eigencoder.hpp>
#if defined(CONTROL) && __has_include(<zlib.h>)
#include <eigencoder/data/csv.hpp>  // as one does who links zlib without the target
#include <eigencoder/data/npz.hpp>
#include <eigencoder/data/samples_on_disk.hpp>
#include <eigencoder/data/time_series.hpp>
#endif
namespace ec = eigencoder;

int main() {
#if !defined(CONTROL) || __has_include(<zlib.h>)
  const std::filesystem::path folder = "data";
  const auto data = ec::load_fashion_mnist(folder);
  ec::load_mnist<std::uint8_t>(folder);
  ec::load_idx_dataset("data");
  ec::read_idx(folder / "train-labels-idx1-ubyte");
  const auto table = ec::load_csv(folder / "iris.csv", {.delimiter = ';', .label = "species", .columns = {"width", "height"}});
  ec::load_npy<double>("x.npy", {.labels = "y.npy"});
  ec::load_npz("mnist.npz", "x_train", {.labels = "y_train", .channels_first = true});
  ec::samples_on_disk<double>("x.bin", {.rows = 784, .offset = 16});
  const auto series = ec::read_ts(folder / "JapaneseVowels_TRAIN.ts.gz");
  ec::read_ucr<double>(folder / "ECG5000_TEST.tsv", series.classes);
  ec::read_npy(folder / "x.npy");
  ec::read_npz("mnist.npz");
  ec::write_npy("table.npy", table.samples, table.shape);
  return static_cast<int>(data.train.samples.cols());
#endif
}
