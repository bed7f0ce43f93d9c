// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
struct UnlinkedFileOptions {};

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

}  // namespace unlinked

using namespace unlinked;

}  // namespace eigencoder
