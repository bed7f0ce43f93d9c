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

/// A runner without its layer's type: what is checked alike of many layers is compiled once.
template <class T>
struct AnyRunner {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  eigencoder::detail::RunnerMemory<T>& memory;

  explicit AnyRunner(eigencoder::detail::RunnerMemory<T>& its) : memory(its) {}
  virtual Matrix forward(const Matrix& x) = 0;
  virtual Matrix backward(const Matrix& x, const Matrix& y, const Matrix& dy) = 0;

 protected:
  ~AnyRunner() = default;
};

template <class Run, class T = typename Run::Matrix::Scalar>
struct RunnerOf final : AnyRunner<T> {
  using typename AnyRunner<T>::Matrix;
  Run& run;

  explicit RunnerOf(Run& its) : AnyRunner<T>(its), run(its) {}
  Matrix forward(const Matrix& x) override { return run.forward(x); }
  Matrix backward(const Matrix& x, const Matrix& y, const Matrix& dy) override { return run.backward(x, y, dy); }
};
