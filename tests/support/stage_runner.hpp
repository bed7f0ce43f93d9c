// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <tuple>
#include <vector>

#include <eigencoder/engine/run_layer.hpp>

/// One layer at a place of its own, with all the memory that it may ask for, run on Eigen matrices:
///   StageRunner<ec::Dense<5>, ec::features(9), double> run;
///   run.theta = …;   y = run.forward(x);   dx = run.backward(x, y, dy);   run.dtheta
/// A second layer, if any, is applied by the first in its store. Memory that a layer must overwrite starts as NaN, so that what
/// it forgets to write, or reads too early, shows.
template <class Layer, eigencoder::Shape In, class T, class... Epilogue>
class StageRunner {
  using C = eigencoder::Chain<T, In, static_cast<std::size_t>(-1), Layer, Epilogue...>;
  using S = typename C::template stage<0, std::tuple_element_t<0, std::tuple<Epilogue..., eigencoder::NoActivation>>>;
  using Index = eigencoder::Index;

 public:
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  Vector theta = Vector::Zero(S::Trainable::size), dtheta = theta, state = Vector::Zero(S::Running::size);

  std::vector<double> tallies = std::vector<double>(std::size_t(S::needs.tallies));

  explicit StageRunner(Layer layer = {}, Epilogue... epilogue) : layers_(layer, epilogue...) {}

  Matrix forward(const Matrix& x) {
    Matrix y = unwritten(S::out.size(), x.cols());
    forward(x.data(), y.data(), x.cols());
    return y;
  }
  /// y over x.
  Matrix forward_in_place(Matrix x) {
    static_assert(S::needs.in_place && S::in.size() == S::out.size());
    forward(x.data(), x.data(), x.cols());
    return x;
  }
  /// Adds to dtheta and returns dx, which is empty unless InputGradient.
  template <bool InputGradient = true>
  Matrix backward(const Matrix& x, const Matrix& y, const Matrix& dy) {
    Matrix dx = unwritten(InputGradient ? S::in.size() : 0, x.cols());
    backward<InputGradient>(x, y, dy.data(), dx.data());
    return dx;
  }
  /// dx over dy.
  Matrix backward_in_place(const Matrix& x, const Matrix& y, Matrix dy) {
    static_assert(S::needs.in_place && S::in.size() == S::out.size());
    backward<true>(x, y, dy.data(), dy.data());
    return dy;
  }

 private:
  static Matrix unwritten(Index rows, Index cols = 1) {
    return Matrix::Constant(rows, cols, std::numeric_limits<T>::quiet_NaN());
  }
  auto blocks() const { return S::Trainable::views(theta.data()); }
  eigencoder::Parameters<T> parameters() const { return {theta.data(), state.data(), packed_.data()}; }
  eigencoder::LayerBatch about(Index columns) {
    tallies.assign(tallies.size(), 0);
    return {.columns = columns, .batch = columns, .random = {}, .sums = sums_, .dsums = dsums_, .tallies = tallies};
  }

  void forward(const T* x, T* y, Index columns) {
    eigencoder::prepare<C>(layers_, theta.data(), packed_.data());
    cache_ = unwritten(S::needs.cache, columns);
    scratch_per_sample_ = unwritten(S::needs.scratch_per_sample, columns);
    sums_.assign(sums_.size(), 0);
    if constexpr (S::needs.sums > 0) std::get<0>(layers_).gather(eigencoder::Gather<S>{{x, S::in.size(), columns}, sums_});
    const eigencoder::LayerMemory<T> memory{
        .x = x, .y = y, .cache = cache_.data(), .scratch = scratch_.data(), .scratch_per_sample = scratch_per_sample_.data()};
    eigencoder::run_forward<C, 0, S, eigencoder::Mode::train>(layers_, parameters(), memory, about(columns));
  }

  template <bool InputGradient>
  void backward(Matrix x, Matrix y, const T* dy, T* dx) {
    eigencoder::prepare<C>(layers_, theta.data(), packed_.data());
    dsums_.assign(dsums_.size(), 0);
    if constexpr (S::needs.dsums > 0) {
      const Index columns = x.cols();
      std::get<0>(layers_).gather_backward(eigencoder::GatherBackward<S>{
          blocks(), {x.data(), S::in.size(), columns}, {dy, S::out.size(), columns}, sums_, dsums_, columns});
    }
    const eigencoder::LayerMemory<T> memory{.x = x.data(),
                                            .y = y.data(),
                                            .cache = cache_.data(),
                                            .scratch = scratch_.data(),
                                            .scratch_per_sample = scratch_per_sample_.data(),
                                            .dy = dy,
                                            .dx = dx,
                                            .gradient = dtheta.data()};
    eigencoder::run_backward<C, 0, S, InputGradient>(layers_, parameters(), memory, about(x.cols()));
  }

  std::tuple<Layer, Epilogue...> layers_;
  Vector packed_ = unwritten(S::needs.packed), scratch_ = unwritten(S::needs.scratch);
  Matrix cache_, scratch_per_sample_;
  std::vector<double> sums_ = std::vector<double>(std::size_t(S::needs.sums)),
                      dsums_ = std::vector<double>(std::size_t(S::needs.dsums));
};
