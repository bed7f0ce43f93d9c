// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/engine/layer_runner.hpp"
#include "eigencoder/models/model.hpp"

namespace eigencoder {

/// Tells where the first NaN or infinity of a forward pass is: in the inputs, in a parameter, or in the output of which layer.
/// Looks at the samples whose numbers `order` holds; if it is empty, at all, which are then numbered first, first + 1, …
template <class C>
std::string diagnose(const Model<C>& model, const Samples<typename C::Scalar>& inputs, std::span<const Index> order = {},
                     Index first = 0) {
  using T = typename C::Scalar;
  const auto finite = [](const T* values, Index count) { return VectorView<const T>(values, count).allFinite(); };
  constexpr std::string_view first_are = "the first values that are not finite are ";
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x(inputs.rows(), order.empty() ? inputs.cols() : std::ssize(order));
  for (Index j = 0; j < x.cols(); ++j) {
    const Index sample = order.empty() ? j : order[static_cast<std::size_t>(j)];
    inputs.copy_column(sample, x.col(j).data());
    if (!finite(x.col(j).data(), x.rows()))
      return message(first_are, "in the inputs, sample ", order.empty() ? first + j : sample, '.');
  }
  for (const auto& [layer, block, offset] : C::blocks) {
    const T* const values = (block.trainable ? model.parameters() : model.state()).data() + offset;
    if (!finite(values, block.size())) return message(first_are, "in parameter ", model.name_of(layer, block), '.');
  }

  // Layer by layer, as in inference but without fusion, so that every activation exists and can be checked.
  Arena<T> packed(static_cast<std::size_t>(C::packed_at[C::size]));
  prepare<C>(model.layers(), model.parameters().data(), packed.data());
  const Parameters<T> parameters{model.parameters().data(), model.state().data(), packed.data()};
  std::array<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>, C::size> borrowed, joined;
  std::string where;
  C::for_each_layer([&]<std::size_t I>() {
    if constexpr (C::joined[I]) joined[I] = x;
    if constexpr (!C::taken_over(I)) {
      if (!where.empty()) return;
      LayerRunner<C, I> run(model.layers(), parameters, T(0));
      if constexpr (C::joins[I]) {
        run.joined = joined[C::joined_by(I)];
      } else if constexpr (C::links[I] != no_link) {
        run.source_cache = borrowed[static_cast<std::size_t>(C::links[I])];
      }
      x = run.template forward<Mode::predict>(x);
      if (!finite(x.data(), x.size())) {
        where = message(first_are, "after layer ", model.position(I), ", ", type_name<typename C::template layer<I>>(), '.');
      }
      if constexpr (C::is_source(I)) borrowed[I].swap(run.cache);
    }
  });
  return where.empty() ? "every activation is finite, the loss itself is not." : where;
}

}  // namespace eigencoder
