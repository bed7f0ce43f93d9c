// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/data/csv_impl.hpp"
#include "eigencoder/data/dataset_impl.hpp"
#include "eigencoder/data/idx_impl.hpp"
#include "eigencoder/data/npy_header_impl.hpp"
#include "eigencoder/data/npy_impl.hpp"
#include "eigencoder/data/npz_impl.hpp"
#include "eigencoder/data/samples_on_disk_impl.hpp"
#include "eigencoder/data/time_series_impl.hpp"

namespace eigencoder {

#define EIGENCODER_SAMPLES_OF(T)                                                 \
  template Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> Idx::matrix() const; \
  template Split<T> load_idx_dataset(const std::filesystem::path&);              \
  template Split<T> load_mnist(const std::filesystem::path&);                    \
  template Split<T> load_fashion_mnist(const std::filesystem::path&);            \
  template Dataset<T> load_csv(const std::filesystem::path&, const CsvOptions&); \
  template Dataset<T> load_npy(const std::filesystem::path&, const NpyOptions&); \
  template Dataset<T> load_npz(const std::filesystem::path&, std::string_view, const NpyOptions&);

EIGENCODER_SAMPLES_OF(float)
EIGENCODER_SAMPLES_OF(double)
EIGENCODER_SAMPLES_OF(std::uint8_t)

template TimeSeriesSet<float> read_ts(const std::filesystem::path&);
template TimeSeriesSet<double> read_ts(const std::filesystem::path&);
template TimeSeriesSet<float> read_ucr(const std::filesystem::path&, const std::vector<std::string>&);
template TimeSeriesSet<double> read_ucr(const std::filesystem::path&, const std::vector<std::string>&);

#define EIGENCODER_ON_DISK(T)                                                                       \
  template std::shared_ptr<const ColumnReader<T>> samples_on_disk<T>(const std::filesystem::path&); \
  template std::shared_ptr<const ColumnReader<T>> samples_on_disk<T>(const std::filesystem::path&, const RawColumns&);

EIGENCODER_ON_DISK(float)
EIGENCODER_ON_DISK(double)

}  // namespace eigencoder
