// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <vector>

#include "eigencoder/engine/run_layer.hpp"

namespace eigencoder {

namespace detail {

/// What a LayerRunner holds. Its sizes are run-time values, so that all layers of one scalar share its code.
template <class T>
class RunnerMemory {
 public:
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  Vector theta, dtheta, state;  ///< of the whole chain; 0 at first
  Random random{};              ///< the draws of the next passes
  Matrix cache, source_cache;   ///< what the last forward pass left; what the layer linked to left, set by the caller
  Matrix carry;                 ///< of a stream, Needs::carry × columns, set by the caller; without columns: none
  std::vector<Index> lengths;   ///< steps of each column of the chain's input, set by the caller; none: all
  Matrix targets;               ///< of the batch, set by the caller
  Matrix joined, djoined;       ///< the activation that the layer joins, set by the caller, and its gradient, which is added to
  std::vector<double> sums, dsums, tallies;  ///< totals of the last passes

 protected:
  /// On parameters of its own.
  RunnerMemory(const Needs& needs, Index parameters, Index states, Index packed, T poison)
      : RunnerMemory(needs, Parameters<T>{}, poison) {
    owner_ = true;
    theta = dtheta = Vector::Zero(parameters);
    state = Vector::Zero(states);
    packed_ = unwritten(packed, 1);
  }
  /// On those of a network.
  RunnerMemory(const Needs& needs, const Parameters<T>& given, T poison)
      : sums(count(needs.sums)), dsums(count(needs.dsums)), tallies(count(needs.tallies)), given_(given), poison_(poison) {}

  bool owns_parameters() const { return owner_; }
  Parameters<T> parameters() const { return owner_ ? Parameters<T>{theta.data(), state.data(), packed_.data()} : given_; }
  T* packed() { return packed_.data(); }

  Matrix unwritten(Index rows, Index columns) const { return Matrix::Constant(rows, columns, poison_); }

  LayerMemory<T> memory(const Needs& needs, Index columns, const T* x, T* y, const T* dy = nullptr, T* dx = nullptr) {
    scratch_ = unwritten(std::max(needs.scratch, needs.backward_scratch), 1);
    scratch_per_sample_ = unwritten(needs.scratch_per_sample, columns);
    return {.x = x,
            .y = y,
            .cache = cache.data(),
            .scratch = scratch_.data(),
            .scratch_per_sample = scratch_per_sample_.data(),
            .source_cache = source_cache.data(),
            .joined = joined.data(),
            .targets = targets.data(),
            .carry = carry.size() > 0 ? carry.data() : nullptr,
            .dy = dy,
            .dx = dx,
            .djoined = djoined.data(),
            .gradient = dtheta.data()};
  }
  LayerBatch batch(Index columns) {
    return {.columns = columns,
            .batch = columns,
            .random = random,
            .sums = sums,
            .dsums = dsums,
            .tallies = tallies,
            .lengths = lengths.empty() ? nullptr : lengths.data()};
  }

 private:
  static std::size_t count(Index doubles) { return static_cast<std::size_t>(doubles); }

  Parameters<T> given_;
  bool owner_ = false;
  T poison_;
  Matrix packed_, scratch_, scratch_per_sample_;
};

}  // namespace detail

/// Layers without a network around them, for a LayerRunner.
template <class T, Shape In, class... Layers>
using LayersAlone = Chain<T, In, static_cast<std::size_t>(-1), Layers...>;

/// Layer I of a chain alone, with all the memory that it may ask for, run on matrices with a sample in each column:
///   LayerRunner<LayersAlone<double, features(9), Dense<5>>> run;
///   run.theta = …;   y = run.forward(x);   dx = run.backward(x, y, dy);   run.dtheta
/// The columns are the whole batch. Parameters and gradients are those of the whole chain, so that a layer that borrows
/// another's finds them; a cache that it borrows is given to it, `run.source_cache = other.cache`. S is the layer's stage, with
/// the activations whose work it does. Memory that a layer must overwrite holds `poison` before each pass, so that what it
/// forgets to write, or reads too early, shows.
template <class C, std::size_t I = 0, class S = typename C::template stage<I>>
class LayerRunner : public detail::RunnerMemory<typename C::Scalar> {
  using T = typename C::Scalar;
  using Memory = detail::RunnerMemory<T>;

 public:
  using typename Memory::Matrix;
  static constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

  explicit LayerRunner(const typename C::Layers& layers = {}, T poison = not_a_number)
      : Memory(S::needs, C::parameter_count, C::state_count, C::packed_at[C::size], poison), layers_(layers) {}
  /// On parameters of a network, prepared and owned elsewhere: for forward passes alone.
  LayerRunner(const typename C::Layers& layers, const Parameters<T>& parameters, T poison = not_a_number)
      : Memory(S::needs, parameters, poison), layers_(layers) {}

  template <Mode M = Mode::train>
  Matrix forward(const Matrix& x) {
    Matrix y = Memory::unwritten(S::out.size(), x.cols());
    forward<M>(x.data(), y.data(), x.cols());
    return y;
  }
  /// y over x.
  Matrix forward_in_place(Matrix x) {
    static_assert(S::needs.in_place && S::in.size() == S::out.size());
    forward(x.data(), x.data(), x.cols());
    return x;
  }
  /// On columns that lie one after the other.
  template <Mode M = Mode::train>
  void forward(const T* x, T* y, Index columns) {
    prepare();
    this->cache = Memory::unwritten(S::needs.cache, columns);
    this->tallies.assign(this->tallies.size(), 0);
    if constexpr (M == Mode::train && S::needs.sums > 0) gather(x, columns, columns);
    run_forward<C, I, S, M>(layers_, Memory::parameters(), Memory::memory(S::needs, columns, x, y), Memory::batch(columns));
  }

  /// Adds to dtheta and returns dx, which is empty unless InputGradient. After a forward pass on the same x.
  template <bool InputGradient = true>
  Matrix backward(const Matrix& x, const Matrix& y, const Matrix& dy) {
    Matrix dx = Memory::unwritten(InputGradient ? S::in.size() : 0, x.cols());
    backward<InputGradient>(x, y, dy.data(), dx.data());
    return dx;
  }
  /// dx over dy.
  Matrix backward_in_place(const Matrix& x, const Matrix& y, Matrix dy) {
    static_assert(S::needs.in_place && S::in.size() == S::out.size());
    backward<true>(x, y, dy.data(), dy.data());
    return dy;
  }

  /// The totals over the batch that forward needs, from shards of `width` columns.
  void gather(const Matrix& x, Index width) { gather(x.data(), x.cols(), width); }

  /// The totals of the last passes on a batch of that size → running state.
  void settle(Index batch) {
    run_settle<C, I, S>(layers_, this->state.data() + C::state_at[I], batch, this->sums, this->tallies);
  }

 private:
  void prepare() {
    if (Memory::owns_parameters()) eigencoder::prepare<C>(layers_, this->theta.data(), Memory::packed());
  }
  void gather(const T* x, Index columns, Index width) {
    this->sums.assign(this->sums.size(), 0);
    for (Index begin = 0; begin < columns; begin += width) {
      std::vector<double> share(this->sums.size());
      const LayerMemory<T> shard{.x = x + begin * S::in.size()};
      const Index* const its_lengths = this->lengths.empty() ? nullptr : this->lengths.data() + begin;
      run_gather<C, I, S>(layers_, shard, {.columns = std::min(width, columns - begin), .batch = columns, .lengths = its_lengths}, share);
      C::merge[I](this->sums, share);
    }
  }
  template <bool InputGradient>
  void backward(const Matrix& x, Matrix y, const T* dy, T* dx) {
    prepare();
    const LayerMemory<T> memory = Memory::memory(S::needs, x.cols(), x.data(), y.data(), dy, dx);
    if constexpr (S::needs.dsums > 0) {
      this->dsums.assign(this->dsums.size(), 0);
      run_gather_backward<C, I, S>(layers_, Memory::parameters(), memory, Memory::batch(x.cols()), this->dsums);
    }
    run_backward<C, I, S, InputGradient>(layers_, Memory::parameters(), memory, Memory::batch(x.cols()));
  }

  typename C::Layers layers_;
};

}  // namespace eigencoder
