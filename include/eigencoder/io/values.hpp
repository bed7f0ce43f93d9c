// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/safetensors.hpp"
#include "eigencoder/io/tensor_values.hpp"

// What travels along in a model's file by a name of its own: numbers, Eigen vectors and matrices, and what is made of some,
// such as a Standardizer.
namespace eigencoder {

namespace detail {

inline constexpr std::string_view values_prefix = "values.";

template <class V>
concept EigenValue = requires(const V& value) {
  []<class Derived>(const Eigen::DenseBase<Derived>&) {}(value);
};
/// Made of Eigen vectors, each with a name: Standardizer, MinMaxScaler, and types of the user's own.
template <class V>
concept PartsValue = requires(const V& value) {
  value.for_each_part([](std::string_view, const auto&) {});
};
template <class V>
concept Number = std::is_arithmetic_v<V> && !std::same_as<V, bool>;
template <class V>
concept FileValue = Number<V> || EigenValue<V> || PartsValue<V>;
template <class V>
concept Loadable = Number<V> || PartsValue<V> || std::derived_from<V, Eigen::PlainObjectBase<V>>;

}  // namespace detail

/// A value to be saved: SavedValue("threshold", 0.7), SavedValue("scaler", scaler). It holds a copy.
///   a number                        a scalar tensor called values.threshold
///   an Eigen vector or matrix       a tensor of one or two axes, (rows, columns)
///   what has for_each_part(f)       which calls f(name, vector) for its vectors: tensors called values.scaler.mean, …
class SavedValue {
 public:
  template <detail::FileValue V>
  SavedValue(std::string_view name, const V& value) {
    if (name.empty()) throw OptionError("save: a value needs a name");
    add(message(detail::values_prefix, name), value);
  }

  /// Views of what it holds, which must outlive them.
  void append_to(std::vector<TensorView>& tensors) const {
    for (const Part& part : parts_) tensors.push_back({part.name, part.dtype, part.shape, part.bytes});
  }

 private:
  struct Part {
    std::string name;
    Dtype dtype;
    std::vector<std::uint64_t> shape;
    std::vector<std::byte> bytes;
  };

  template <class V>
  void add(const std::string& name, const V& value) {
    if constexpr (detail::PartsValue<V>) {
      value.for_each_part([&](std::string_view part, const auto& vector) { add(message(name, '.', part), vector); });
    } else if constexpr (std::is_arithmetic_v<V>) {
      parts_.push_back({name, dtype_of<V>, {}, to_bytes(std::span<const V>(&value, 1))});
    } else {
      using S = typename V::Scalar;
      const Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> rows =
          value.derived().matrix().transpose();  // the last axis is fastest
      std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(rows.cols()), static_cast<std::uint64_t>(rows.rows())};
      if constexpr (V::IsVectorAtCompileTime) shape = {static_cast<std::uint64_t>(rows.size())};
      parts_.push_back({name, dtype_of<S>, std::move(shape),
                        to_bytes(std::span<const S>(rows.data(), static_cast<std::size_t>(rows.size())))});
    }
  }
  std::vector<Part> parts_;
};

/// A variable to be loaded, of the kinds that SavedValue has: LoadedValue("threshold", threshold). Eigen types of run-time
/// sizes take the file's. Real numbers of one precision become those of another; integers must be of the file's type.
class LoadedValue {
 public:
  template <detail::Loadable V>
  LoadedValue(std::string_view name, V& target)
      : prepare_([name = std::string(name), &target](const SafetensorsFile& file) {
          V value = target;
          read(file, message(detail::values_prefix, name), value);
          return std::function<void()>([&target, value = std::move(value)] { target = value; });
        }) {}

  /// Reads the value, and returns what writes it into the variable. Throws ShapeError that names the tensor.
  std::function<void()> prepare(const SafetensorsFile& file) const { return prepare_(file); }

 private:
  template <class V>
  static void read(const SafetensorsFile& file, const std::string& name, V& value) {
    if constexpr (detail::PartsValue<V>) {
      value.for_each_part([&](std::string_view part, auto& vector) { read(file, message(name, '.', part), vector); });
      if constexpr (requires { value.check_parts(); }) value.check_parts();
    } else if constexpr (std::is_arithmetic_v<V>) {
      value = values<V>(find(file, name), name, 0).front();
    } else {
      using S = typename V::Scalar;
      const TensorView& tensor = find(file, name);
      const std::vector<S> found = values<S>(tensor, name, V::IsVectorAtCompileTime ? 1 : 2);
      const auto size = [&](std::size_t axis) { return static_cast<Index>(tensor.shape[axis]); };
      const Index rows = V::RowsAtCompileTime == 1 && V::IsVectorAtCompileTime ? 1 : size(0),
                  cols = !V::IsVectorAtCompileTime   ? size(1)
                         : V::RowsAtCompileTime == 1 ? size(0)
                                                     : 1;
      const bool fits = (V::RowsAtCompileTime == Eigen::Dynamic || V::RowsAtCompileTime == rows) &&
                        (V::ColsAtCompileTime == Eigen::Dynamic || V::ColsAtCompileTime == cols);
      if (!fits) {
        const auto extent = [](Index count) { return count == Eigen::Dynamic ? "any number" : std::to_string(count); };
        throw ShapeError(message("tensor \"", name, "\": expected ", extent(V::RowsAtCompileTime), " × ",
                                 extent(V::ColsAtCompileTime), " values, found ", detail::shape_text(tensor.shape)));
      }
      value.resize(rows, cols);
      for (Index i = 0; i < rows && cols > 0; ++i) {
        for (Index j = 0; j < cols; ++j) value(i, j) = found[static_cast<std::size_t>(i * cols + j)];
      }
    }
  }
  static const TensorView& find(const SafetensorsFile& file, const std::string& name) {
    if (const TensorView* const tensor = file.find(name)) return *tensor;
    std::string names;
    for (const TensorView& tensor : file.tensors()) {
      if (tensor.name.starts_with(detail::values_prefix)) names += message(names.empty() ? "" : ", ", tensor.name);
    }
    throw ShapeError(message("expected a tensor \"", name, "\", found ", names.empty() ? "no values" : names));
  }
  template <class S>
  static std::vector<S> values(const TensorView& tensor, const std::string& name, std::size_t axes) {
    const bool fits = std::is_floating_point_v<S> ? detail::is_real(tensor.dtype) : tensor.dtype == dtype_of<S>;
    const auto too_long = [](std::uint64_t size) {
      return size > static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
    };
    if (!fits || tensor.shape.size() != axes || std::any_of(tensor.shape.begin(), tensor.shape.end(), too_long)) {
      throw ShapeError(message("tensor \"", name, "\": expected ",
                               axes == 0   ? "a number"
                               : axes == 1 ? "a vector"
                                           : "a matrix",
                               " of ", to_string(dtype_of<S>), ", found ", to_string(tensor.dtype), ' ',
                               detail::shape_text(tensor.shape)));
    }
    if constexpr (std::is_floating_point_v<S>) {
      const std::vector<double> wide = detail::real_values<double>(tensor);
      std::vector<S> found(wide.size());
      for (std::size_t i = 0; i < wide.size(); ++i) {
        found[i] = static_cast<S>(wide[i]);
        if (std::isinf(found[i]) && !std::isinf(wide[i])) {
          throw ShapeError(message("tensor \"", name, "\": expected values of ", to_string(dtype_of<S>), ", found ", wide[i]));
        }
      }
      return found;
    } else {
      std::vector<std::conditional_t<std::is_same_v<S, bool>, std::uint8_t, S>> found(tensor.bytes.size() / sizeof(S));
      from_bytes(tensor.bytes, std::span(found));
      return {found.begin(), found.end()};
    }
  }
  std::function<std::function<void()>(const SafetensorsFile&)> prepare_;
};

}  // namespace eigencoder
