// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/diagnose.hpp"

namespace eigencoder::detail {

inline constexpr std::string_view first_are = "the first values that are not finite are ";

template <class T>
Diagnosis<T>::Diagnosis(const NetworkLayout& layout) : layout_(layout), joined_(layout.layers()), caches_(layout.layers()) {}

template <class T>
Diagnosis<T>::~Diagnosis() = default;

template <class T>
void Diagnosis<T>::look_at_inputs(const Samples<T>& inputs, std::span<const Index> order, Index first) {
  const Index rows = inputs.rows();
  columns_ = order.empty() ? inputs.cols() : std::ssize(order);
  x_.resize(static_cast<std::size_t>(rows * columns_));
  for (Index j = 0; j < columns_; ++j) {
    const Index sample = order.empty() ? j : order[static_cast<std::size_t>(j)];
    T* const column = x_.data() + j * rows;
    inputs.copy_column(sample, column);
    if (finite(column, rows)) continue;
    found_ = message(first_are, "in the inputs, sample ", order.empty() ? first + j : sample, '.');
    return;
  }
}

template <class T>
void Diagnosis<T>::look_at_parameters(const Parameters<T>& parameters) {
  for (const auto& [layer, block, offset] : layout_.blocks) {
    if (!found_.empty()) return;
    if (finite((block.trainable ? parameters.theta : parameters.state) + offset, block.size())) continue;
    found_ = message(first_are, "in parameter ", layout_.name_of(layer, block), '.');
  }
}

template <class T>
LayerMemory<T> Diagnosis<T>::memory(std::size_t i, const Needs& needs, Index output, Index joined, Index source) {
  const auto scalars = [](Arena<T>& memory, Index count) {
    memory.clear();
    memory.resize(static_cast<std::size_t>(count));
    return memory.data();
  };
  return {.x = x_.data(),
          .y = scalars(y_, output * columns_),
          .cache = scalars(caches_[i], needs.cache * columns_),
          .scratch = scalars(scratch_, needs.scratch),
          .scratch_per_sample = scalars(scratch_per_sample_, needs.scratch_per_sample * columns_),
          .source_cache = source < 0 ? nullptr : caches_[static_cast<std::size_t>(source)].data(),
          .joined = joined < 0 ? nullptr : joined_[static_cast<std::size_t>(joined)].data()};
}

template <class T>
void Diagnosis<T>::look_after(std::size_t i, std::string (*name)()) {
  x_.swap(y_);
  if (finite(x_.data(), std::ssize(x_))) return;
  found_ = message(first_are, "after layer ", layout_.position(i), ", ", name(), '.');
}

}  // namespace eigencoder::detail
