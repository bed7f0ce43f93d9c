// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/models/model.hpp"

namespace eigencoder {

/// Says where the first NaN or infinity of a forward pass stands: in the inputs, in a parameter, or behind which layer.
template <class C>
std::string diagnose(const Model<C>& model, const Samples<typename C::Scalar>& inputs) {
  using T = typename C::Scalar;
  std::string where;
  const auto look = [&](const auto& values, const auto&... name) {
    if (where.empty() && !values.allFinite()) where = message("the first values that are not finite are ", name...);
  };
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x(inputs.rows(), inputs.cols());
  for (Index j = 0; j < inputs.cols(); ++j) {
    inputs.copy_column(j, x.col(j).data());
    look(x.col(j), "in the inputs, sample ", j, '.');
  }
  model.for_each_block([&](const std::string& name, const Block&, const auto& view) { look(view, "in parameter ", name, '.'); });
  if (!where.empty()) return where;

  // Layer by layer, as in inference but with nothing in the store of another, so that every activation that exists is looked at.
  Arena<T> packed(static_cast<std::size_t>(C::packed_at[C::size])), scratch(static_cast<std::size_t>(C::scratch)),
      scratch_per_sample(static_cast<std::size_t>(C::scratch_per_sample * inputs.cols())),
      cache(static_cast<std::size_t>(C::cache_at[C::size] * inputs.cols()));
  const auto cache_of = [&](std::size_t i) { return cache.data() + C::cache_at[i] * inputs.cols(); };
  prepare<C>(model.layers(), model.parameters().data(), packed.data());
  const Parameters<T> parameters{model.parameters().data(), model.state().data(), packed.data()};
  C::for_each_layer([&]<std::size_t I>() {
    if (!where.empty() || C::taken_over(I)) return;
    using S = typename C::template stage<I>;
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> y(S::out.size(), x.cols());
    constexpr Index link = S::needs.link;
    run_forward<C, I, S, false>(model.layers(), parameters,
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
