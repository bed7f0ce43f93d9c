// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/column_reader.hpp"
#include "eigencoder/core/communicator.hpp"
#include "eigencoder/core/shape.hpp"

// What the umbrella has for a component that is not linked: functions that fail to compile with the target's name.
// They are in a namespace of their own, so that the real ones hide them where their header is included all the same.
namespace eigencoder {

namespace detail {

template <class...>
inline constexpr bool linked = false;

// As much of the real types as a call needs, so that it makes no other error.
template <class T>
struct UnlinkedSplit {
  struct {
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples;
    Eigen::VectorXi labels;
    Shape shape;
  } train, test;
};
struct UnlinkedRow {
  template <class Columns>
  UnlinkedRow(std::string_view, const Columns&) {}
};
struct UnlinkedOptions {
  Index columns = 0, scale = 0, gap = 0;
};
/// Takes whatever an option is given: a number, a name, a list.
struct UnlinkedOption {
  UnlinkedOption() = default;
  template <class Value>
  UnlinkedOption(const Value&) {}
  template <class Value>
  UnlinkedOption(std::initializer_list<Value>) {}
};
struct UnlinkedTableOptions {
  UnlinkedOption delimiter = {}, decimal = {}, header = {}, label = {}, columns = {}, missing = {}, missing_texts = {};
};
struct UnlinkedArrayOptions {
  UnlinkedOption labels = {}, channels_first = {};
};
struct UnlinkedColumns {
  UnlinkedOption rows = {}, type = {}, offset = {}, cols = {}, byte_order = {};
};
struct UnlinkedImageOptions {
  UnlinkedOption channels = {}, height = {}, width = {}, skip_others = {}, max_pixels = {};
};
/// Of samples that are no Split.
template <class T>
using UnlinkedSet = decltype(UnlinkedSplit<T>::train);
template <class T>
struct UnlinkedTimeSeries {
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples;
  Index steps = 0, channels = 0;
  std::vector<Index> lengths;
  Eigen::VectorXi labels;
  std::vector<std::string> classes;
  Index size() const { return 0; }
  Shape shape() const { return {}; }
  void pad(Index) {}
};
struct UnlinkedFileOptions {
  std::vector<UnlinkedRow> values{}, texts{};
  UnlinkedOption training = {}, prefix = {}, in_order = {}, check_layers = {}, non_finite = {};
};

}  // namespace detail

namespace unlinked {

#ifndef EIGENCODER_HAS_ZLIB

template <class T = float, class... Arguments>
auto load_idx_dataset(const Arguments&...) {
  static_assert(detail::linked<T, Arguments...>, "load_idx_dataset needs zlib: link eigencoder::data");
  return detail::UnlinkedSplit<T>{};
}
template <class T = float, class... Arguments>
auto load_mnist(const Arguments&...) {
  static_assert(detail::linked<T, Arguments...>, "load_mnist needs zlib: link eigencoder::data");
  return detail::UnlinkedSplit<T>{};
}
template <class T = float, class... Arguments>
auto load_fashion_mnist(const Arguments&...) {
  static_assert(detail::linked<T, Arguments...>, "load_fashion_mnist needs zlib: link eigencoder::data");
  return detail::UnlinkedSplit<T>{};
}
template <class... Arguments>
void read_idx(const Arguments&...) {
  static_assert(detail::linked<Arguments...>, "read_idx needs zlib: link eigencoder::data");
}
template <class T = float, class Path>
auto load_csv(const Path&, const detail::UnlinkedTableOptions& = {}) {
  static_assert(detail::linked<T, Path>, "load_csv needs zlib: link eigencoder::data");
  return detail::UnlinkedSet<T>{};
}
template <class T = float, class Path>
auto load_npy(const Path&, const detail::UnlinkedArrayOptions& = {}) {
  static_assert(detail::linked<T, Path>, "load_npy needs zlib: link eigencoder::data");
  return detail::UnlinkedSet<T>{};
}
template <class T = float, class Path>
auto load_npz(const Path&, std::string_view, const detail::UnlinkedArrayOptions& = {}) {
  static_assert(detail::linked<T, Path>, "load_npz needs zlib: link eigencoder::data");
  return detail::UnlinkedSet<T>{};
}
template <class T = float, class Path>
auto samples_on_disk(const Path&, const detail::UnlinkedColumns& = {}) {
  static_assert(detail::linked<T, Path>, "samples_on_disk needs zlib: link eigencoder::data");
  return std::shared_ptr<const ColumnReader<T>>();
}
template <class T = float, class... Arguments>
auto read_ts(const Arguments&...) {
  static_assert(detail::linked<T, Arguments...>, "read_ts needs zlib: link eigencoder::data");
  return detail::UnlinkedTimeSeries<T>{};
}
template <class T = float, class... Arguments>
auto read_ucr(const Arguments&...) {
  static_assert(detail::linked<T, Arguments...>, "read_ucr needs zlib: link eigencoder::data");
  return detail::UnlinkedTimeSeries<T>{};
}
template <class... Arguments>
void read_npy(const Arguments&...) {
  static_assert(detail::linked<Arguments...>, "read_npy needs zlib: link eigencoder::data");
}
template <class... Arguments>
void read_npz(const Arguments&...) {
  static_assert(detail::linked<Arguments...>, "read_npz needs zlib: link eigencoder::data");
}
template <class... Arguments>
void write_npy(const Arguments&...) {
  static_assert(detail::linked<Arguments...>, "write_npy needs zlib: link eigencoder::data");
}

#endif

#ifndef EIGENCODER_HAS_PNG

template <class Rows = std::vector<detail::UnlinkedRow>>
int image_grid(const Rows&, Shape, detail::UnlinkedOptions = {}) {
  static_assert(detail::linked<Rows>, "image_grid needs libpng: link eigencoder::png");
  return 0;
}
template <class Path, class... Arguments>
void write_png(const Path&, const Arguments&...) {
  static_assert(detail::linked<Path>, "write_png needs libpng: link eigencoder::png");
}
template <class Path, class Rows = std::vector<detail::UnlinkedRow>>
void write_image_grid(const Path&, const Rows&, Shape, detail::UnlinkedOptions = {}) {
  static_assert(detail::linked<Path>, "write_image_grid needs libpng: link eigencoder::png");
}
template <class Path>
void read_png(const Path&, const detail::UnlinkedImageOptions& = {}) {
  static_assert(detail::linked<Path>, "read_png needs libpng: link eigencoder::png");
}

#endif

#ifndef EIGENCODER_HAS_JPEG

template <class Path>
void read_jpeg(const Path&, const detail::UnlinkedImageOptions& = {}) {
  static_assert(detail::linked<Path>, "read_jpeg needs libjpeg-turbo: link eigencoder::jpeg");
}

#endif

#if !defined(EIGENCODER_HAS_ZLIB) || !defined(EIGENCODER_HAS_PNG) || !defined(EIGENCODER_HAS_JPEG)

template <class T = float, class Path>
auto load_image_folder(const Path&, const detail::UnlinkedImageOptions& = {}) {
  static_assert(detail::linked<T, Path>,
                "load_image_folder needs zlib, libpng and libjpeg-turbo: link eigencoder::data, eigencoder::png and eigencoder::jpeg");
  return detail::UnlinkedSet<T>{};
}

#endif

#ifndef EIGENCODER_HAS_SAFETENSORS

template <class Model, class Path, class Options = detail::UnlinkedFileOptions>
void save(const Model&, const Path&, const Options& = {}) {
  static_assert(detail::linked<Model>, "save needs nlohmann-json: link eigencoder::safetensors");
}
template <class Model, class Path, class Options = detail::UnlinkedFileOptions>
void load(Model&, const Path&, const Options& = {}) {
  static_assert(detail::linked<Model>, "load needs nlohmann-json: link eigencoder::safetensors");
}
template <class Path>
std::string describe(const Path&) {
  static_assert(detail::linked<Path>, "describe needs nlohmann-json: link eigencoder::safetensors");
  return {};
}
template <class Path, class Visitor>
void visit_safetensors(const Path&, Visitor) {
  static_assert(detail::linked<Path>, "Trainer::resume needs nlohmann-json: link eigencoder::safetensors");
}

#endif

#ifndef EIGENCODER_HAS_ONNX

template <class Model, class... Arguments>
void export_onnx(const Model&, const Arguments&...) {
  static_assert(detail::linked<Model>, "export_onnx needs its component: link eigencoder::onnx");
}
template <class Model, class... Arguments>
void export_onnx_encoder(const Model&, const Arguments&...) {
  static_assert(detail::linked<Model>, "export_onnx_encoder needs its component: link eigencoder::onnx");
}
template <class Model, class... Arguments>
void export_onnx_decoder(const Model&, const Arguments&...) {
  static_assert(detail::linked<Model>, "export_onnx_decoder needs its component: link eigencoder::onnx");
}

#endif

#ifndef EIGENCODER_HAS_MPI

struct Mpi {
  template <class... Arguments>
  Mpi(const Arguments&...) {
    static_assert(detail::linked<Arguments...>, "Mpi needs MPI: link eigencoder::mpi");
  }
  int rank() const { return 0; }
  int size() const { return 1; }
  operator AnyCommunicator() const { return {}; }
};

#endif

}  // namespace unlinked

using namespace unlinked;

}  // namespace eigencoder
