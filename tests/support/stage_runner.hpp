// SPDX-License-Identifier: MIT
#pragma once

#include <eigencoder/engine/layer_runner.hpp>

template <class C, class Epilogue>
using StageRunnerOf = eigencoder::LayerRunner<C, 0, typename C::template stage<0, Epilogue>>;

/// A layer by itself: StageRunner<ec::Dense<5>, ec::features(9), double> run. A second layer, if any, is applied by the first
/// in its store.
template <class Layer, eigencoder::Shape In, class T, class... Epilogue>
struct StageRunner : StageRunnerOf<eigencoder::LayersAlone<T, In, Layer, Epilogue...>,
                                   std::tuple_element_t<0, std::tuple<Epilogue..., eigencoder::NoActivation>>> {
  explicit StageRunner(Layer layer = {}, Epilogue... epilogue) : StageRunner::LayerRunner(std::tuple{layer, epilogue...}) {}
};
