// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/models/model.hpp"

namespace eigencoder {

/// The name of the block that holds the parameter of that number.
template <class C>
std::string name_of_parameter(const Model<C>& model, Index number) {
  std::string found;
  Index end = 0;
  model.for_each_block([&](const std::string& name, const Block& block, const auto& view) {
    if (!block.trainable) return;
    end += view.size();
    if (found.empty() && number < end) found = name;
  });
  return found;
}

/// Says where the first NaN or infinity of a forward pass stands: in the inputs, in a parameter, or behind which layer. Looks
/// at the samples of an order, or at all without one, which are then called first, first + 1, …
template <class C>
std::string diagnose(const Model<C>& model, const Samples<typename C::Scalar>& inputs, std::span<const Index> order = {},
                     Index first = 0) {
  using T = typename C::Scalar;
  std::string where;
  const auto look = [&](const auto& values, const auto&... name) {
    if (where.empty() && !values.allFinite()) where = message("the first values that are not finite are ", name...);
  };
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x(inputs.rows(), order.empty() ? inputs.cols() : std::ssize(order));
  for (Index j = 0; j < x.cols(); ++j) {
    const Index sample = order.empty() ? j : order[static_cast<std::size_t>(j)];
    inputs.copy_column(sample, x.col(j).data());
    look(x.col(j), "in the inputs, sample ", order.empty() ? first + j : sample, '.');
  }
  model.for_each_block([&](const std::string& name, const Block&, const auto& view) { look(view, "in parameter ", name, '.'); });
  if (!where.empty()) return where;

  // Layer by layer, as in inference but with nothing in the store of another, so that every activation that exists is looked at.
  Arena<T> packed(static_cast<std::size_t>(C::packed_at[C::size])), scratch(static_cast<std::size_t>(C::scratch)),
      scratch_per_sample(static_cast<std::size_t>(C::scratch_per_sample * x.cols())),
      cache(static_cast<std::size_t>(C::cache_at[C::size] * x.cols()));
  const auto cache_of = [&](std::size_t i) { return cache.data() + C::cache_at[i] * x.cols(); };
  prepare<C>(model.layers(), model.parameters().data(), packed.data());
  const Parameters<T> parameters{model.parameters().data(), model.state().data(), packed.data()};
  C::for_each_layer([&]<std::size_t I>() {
    if (!where.empty() || C::taken_over(I)) return;
    using S = typename C::template stage<I>;
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> y(S::out.size(), x.cols());
    constexpr Index link = C::links[I];
    run_forward<C, I, S, Mode::predict>(model.layers(), parameters,
                                {.x = x.data(),
                                 .y = y.data(),
                                 .cache = cache_of(I),
                                 .scratch = scratch.data(),
                                 .scratch_per_sample = scratch_per_sample.data(),
                                 .source_cache = link < 0 ? nullptr : cache_of(static_cast<std::size_t>(link))},
                                {.columns = x.cols(), .batch = x.cols()});
    look(y, "behind layer ", model.position(I), ", ", type_name<typename C::template layer<I>>(), '.');
    x.swap(y);
  });
  return where.empty() ? "every activation is finite, the loss itself is not." : where;
}

}  // namespace eigencoder
