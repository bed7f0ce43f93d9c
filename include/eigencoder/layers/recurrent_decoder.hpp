// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "eigencoder/layers/recurrent.hpp"

namespace eigencoder {

/// What a RecurrentDecoder reads at each step: the code, or its own previous output, which before the first step is 0.
enum class Feed { output, code };

/// How often a decoder that reads its previous output is given the target in its place, in training: with probability `first` in
/// step 1 of training, `last` from step `steps` on, and in between along a straight line. Drawn for each sample and each step of
/// its sequence. Always, by default. Throws OptionError.
/// Williams and Zipser, 1989; with a falling probability: Bengio, Vinyals, Jaitly and Shazeer, "Scheduled sampling", 2015.
struct TeacherForcing {
  double first = 1, last = 1;
  Index steps = 0;

  constexpr TeacherForcing() = default;
  constexpr explicit TeacherForcing(double always) : TeacherForcing(always, always, 0) {}
  constexpr TeacherForcing(double at_first, double at_last, Index over) : first(at_first), last(at_last), steps(over) {
    for (const double ratio : {first, last}) {
      if (!(ratio >= 0 && ratio <= 1)) raise<OptionError>("TeacherForcing: a ratio must be in [0, 1], found ", ratio);
    }
    if (steps < 0) raise<OptionError>("TeacherForcing: the number of steps must not be negative, found ", steps);
  }

  /// In training step 1, 2, 3, …
  constexpr double ratio(Index step) const {
    if (step >= steps) return last;
    if (step <= 1) return first;
    return first + (last - first) * static_cast<double>(step - 1) / static_cast<double>(steps - 1);
  }
};

/// A decoder of sequences: a recurrent layer L, such as LSTM<64>, whose state begins with the code, and a dense layer on each h:
///   (h_t, c_t) = L(u_t, (h_{t−1}, c_{t−1}))   y_t = V h_t + d   (h_0, c_0) = x
/// x: the state of L, features(2 · Units) for an LSTM (h above c, as Returns::state gives it), features(Units) for the others
/// y: sequence(Steps, Features)   V, output_weight: Features × Units   d, output_bias: Features   other blocks: those of L
/// u_t is y_{t−1}, in training the target of that step as often as `teacher_forcing` says, and 0 at first (Feed::output, the
/// default); or x at every step (Feed::code). Gradients go through what is fed back, not through targets.
/// With L in Direction::backward it makes the last step first: reversed targets, in which the first outputs belong to the inputs
/// that an encoder read last. Srivastava, Mansimov and Salakhutdinov, "Unsupervised learning of video representations using LSTMs", 2015.
template <class L, Index Steps, Index Features, Feed Fed = Feed::output>
struct RecurrentDecoder {
  static_assert(Steps > 0 && Features > 0, "RecurrentDecoder<L, Steps, Features>: Steps and Features must be positive");
  using Cell = typename L::Recurrent::Cell;
  using OneStep = RecurrentDecoder<L, 1, Features, Fed>;
  static constexpr Index units = L::Recurrent::units;
  static constexpr bool feeds_back = Fed == Feed::output;

  L layer{};
  TeacherForcing teacher_forcing{};

  constexpr RecurrentDecoder() = default;
  constexpr explicit RecurrentDecoder(const L& recurrent, const TeacherForcing& forcing = {})
      : layer(recurrent), teacher_forcing(forcing) {}
  constexpr explicit RecurrentDecoder(const TeacherForcing& forcing) : teacher_forcing(forcing) {}
  /// The same for another number of steps.
  template <Index Other>
  constexpr explicit RecurrentDecoder(const RecurrentDecoder<L, Other, Features, Fed>& other)
      : layer(other.layer), teacher_forcing(other.teacher_forcing) {}

  constexpr std::array<Setting, 4> settings() const {
    return {{{"recurrent_dropout", dropout(), true},
             {"teacher_forcing", teacher_forcing.first, true},
             {"teacher_forcing_last", teacher_forcing.last, true},
             {"teacher_forcing_steps", static_cast<double>(teacher_forcing.steps), true}}};
  }

  static constexpr Index state_size = L::Recurrent::state_size;
  static constexpr kernels::Recurrence<Cell> recurrence() {
    return L::Recurrent::recurrence(sequence(Steps, feeds_back ? Features : state_size), L::Recurrent::direction, !feeds_back);
  }

  static constexpr bool accepts(Shape in) { return in.height == 1 && in.width == 1 && in.size() == state_size; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In),
                  "a RecurrentDecoder begins with the state of its recurrent layer, for an LSTM features(2 · Units): end the encoder "
                  "with Returns::state, or put a Dense before it");
  };
  static constexpr Shape output(Shape) { return sequence(Steps, Features); }
  static constexpr Needs needs(Shape) {
    Needs needs = detail::recurrent_needs(detail::Directions<Cell, 1>{recurrence()});
    needs.cache += units * Steps;
    needs.scratch_per_sample += own_scratch;
    if (needs.carry > 0) needs.carry = 1 + state_size + Features;
    needs.lengths = L::Recurrent::direction == Direction::backward;
    needs.targets = feeds_back;
    return needs;
  }
  static constexpr std::array<Block, 6> parameters(Shape) {
    const auto blocks = detail::recurrent_blocks<1>(recurrence(), L::Recurrent::input_weights);
    return {{blocks[0], blocks[1], blocks[2], blocks[3],
             {.name = "output_weight", .rows = Features, .cols = units, .init = Init::glorot_uniform},
             {.name = "output_bias", .rows = Features, .decay = false}}};
  }

  template <class S>
  void prepare(Prepare<S> pass) const {
    constexpr auto r = recurrence();
    detail::prepare_recurrent(detail::Directions<Cell, 1>{r}, pass);
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    constexpr auto r = recurrence();
    constexpr bool kept = Forward<S, M>::keeps_cache;
    const Index B = pass.x.cols();
    const Scratch<T> own(pass.scratch_per_sample.data(), B);
    kernels::RecurrentForward<T> run{.columns = B,
                                     .packed = pass.packed.data(),
                                     .x = pass.x.data(),
                                     .x_stride = state_size,
                                     .y = {},
                                     .memory = nullptr,
                                     .scratch_per_sample = own.rest};
    if constexpr (kept) run.memory = pass.cache.data();
    if constexpr (S::needs.lengths) run.lengths = pass.lengths;
    if (M == Mode::train && dropout() > 0) {
      detail::draw_recurrent_masks(pass.random, dropout(), units, B, own.mask);
      run.mask = own.mask, run.mask_stride = units;
    }
    // h of every step, all columns of a step together; of a prediction the last one alone.
    T* h = own.h;
    if constexpr (kept) h = pass.cache.data() + r.cache() * B;
    run.y = {.kind = kernels::RecurrentOutput<T>::sequence, .data = h, .stride = units, .step = kept ? units * B : 0};
    run.begin = pass.x.data();
    T* carry = nullptr;
    if constexpr (S::needs.carry > 0) carry = pass.carry;
    if (carry) {
      resume(B, carry, pass.x.data(), own.state);
      run.begin = run.end = own.state;
    }
    if constexpr (feeds_back) run.x = own.u, run.x_stride = Features * Steps;
    for (Index step = 0; step < Steps; ++step) {
      const Index place = r.place(step);
      if constexpr (feeds_back) {
        for (Index j = 0; j < B; ++j) {
          const T* from = nullptr;
          if (step > 0 && kernels::begun(r, run.lengths, j, step - 1)) {
            from = at(pass.y.data(), r.place(step - 1), B).column(j);
            if constexpr (M == Mode::train) {
              if (forced(pass.random, j, step)) from = at(pass.targets.data(), r.place(step - 1), B).column(j);
            }
          } else if (step == 0 && carry) {
            from = carry + j * S::needs.carry + 1 + state_size;
          }
          T* const u = at(own.u, place, B).column(j);
          from ? std::copy_n(from, Features, u) : std::fill_n(u, Features, T(0));
        }
      }
      kernels::recurrence_forward(r, run, step, step + 1);
      T* const now = h + place * run.y.step;
      for (Index j = 0; run.lengths && j < B; ++j) {  // what is not read yet has no h
        if (!kernels::begun(r, run.lengths, j, step)) std::fill_n(now + j * units, units, T(0));
      }
      kernels::multiply<T>(std::get<4>(pass.theta), {now, units, B, units}, at(pass.y.data(), place, B), std::get<5>(pass.theta).data());
    }
    if (carry) suspend(B, own.state, at(pass.y.data(), r.place(Steps - 1), B), carry);
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    run_backward<true>(pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    run_backward<false>(pass);
  }

 private:
  constexpr double dropout() const { return layer.recurrent_dropout.value; }

  /// Beside what the recurrent layer needs, of each sample: the mask, h or its gradient, a state or its gradient, and of all steps dy
  /// and u or its gradient.
  static constexpr Index own_scratch = 2 * units + state_size + 2 * Features * Steps;
  template <class T>
  struct Scratch {
    T *mask, *h, *state, *dy, *u, *rest;
    Scratch(T* memory, Index B)
        : mask(memory), h(mask + units * B), state(h + units * B), dy(state + state_size * B), u(dy + Features * Steps * B),
          rest(u + Features * Steps * B) {}
  };

  /// A step of samples that lie one after the other.
  template <class T>
  static kernels::View<T> at(T* samples, Index place, Index B) {
    return {samples + place * Features, Features, B, Features * Steps};
  }

  /// Draws apart from those of recurrent dropout, which are one a unit.
  bool forced(const Random& random, Index sample, Index step) const {
    return random.uniform(sample, units + step) < teacher_forcing.ratio(random.step());
  }

  // What a stream keeps of each sample: whether it has begun, the state, and the last output.
  template <class T>
  static void resume(Index B, const T* carry, const T* x, T* state) {
    for (Index j = 0; j < B; ++j) {
      const T* const kept = carry + j * (1 + state_size + Features);
      std::copy_n(kept[0] == T(0) ? x + j * state_size : kept + 1, state_size, state + j * state_size);
    }
  }
  template <class T>
  static void suspend(Index B, const T* state, kernels::View<T> y, T* carry) {
    for (Index j = 0; j < B; ++j) {
      T* const kept = carry + j * (1 + state_size + Features);
      kept[0] = T(1);
      std::copy_n(state + j * state_size, state_size, kept + 1);
      std::copy_n(y.column(j), Features, kept + 1 + state_size);
    }
  }

  template <bool WeightGradients, class S, bool InputGradient>
  void run_backward(Backward<S, InputGradient>& pass) const {
    using T = typename S::Scalar;
    constexpr auto r = recurrence();
    const Index B = pass.dy.cols();
    const Scratch<T> own(pass.scratch_per_sample.data(), B);
    kernels::RecurrentBackward<T> run{.columns = B,
                                      .packed = pass.packed.data() + r.forward_packed(),
                                      .x_stride = state_size,
                                      .dy = {.kind = kernels::RecurrentOutput<const T>::sequence, .data = own.h, .stride = units},
                                      .memory = pass.cache.data(),
                                      .scratch_per_sample = own.rest,
                                      .scratch = pass.scratch.data()};
    if constexpr (S::needs.backward_x) run.x = pass.x.data();
    if constexpr (S::needs.lengths) run.lengths = pass.lengths;
    if constexpr (WeightGradients) run.dweights = detail::weights_of<0, T>(pass.dtheta);
    if (dropout() > 0) {
      detail::draw_recurrent_masks(pass.random, dropout(), units, B, own.mask);
      run.mask = own.mask, run.mask_stride = units;
    }
    if constexpr (InputGradient) run.dbegin = own.state;
    if constexpr (feeds_back) {
      run.dx = own.u, run.x_stride = Features * Steps;
    } else if constexpr (InputGradient) {
      run.dx = pass.dx.data();
    }
    const auto& V = std::get<4>(pass.theta);
    for (Index step = Steps - 1; step >= 0; --step) {
      const Index place = r.place(step);
      const kernels::View<T> dy{own.dy + place * Features * B, Features, B, Features};
      for (Index j = 0; j < B; ++j) {
        std::copy_n(at(pass.dy.data(), place, B).column(j), Features, dy.column(j));
        if constexpr (feeds_back) {
          if (step + 1 == Steps || !kernels::begun(r, run.lengths, j, step) || forced(pass.random, j, step + 1)) continue;
          const T* const du = own.u + (j * Steps + r.place(step + 1)) * Features;
          for (Index i = 0; i < Features; ++i) dy.column(j)[i] += du[i];
        }
      }
      kernels::multiply_transposed<T>(V, {dy.data, Features, B, Features}, {own.h, units, B, units});
      kernels::recurrence_backward(r, run, step, step + 1);
    }
    if constexpr (WeightGradients) {
      const T* const h = pass.cache.data() + r.cache() * B;
      kernels::add_multiply_transposed<T>({own.dy, Features, Steps * B, Features}, {h, units, Steps * B, units},
                                          std::get<4>(pass.dtheta), std::get<5>(pass.dtheta).data());
    }
    if constexpr (InputGradient) {
      const VectorView<const T> dstate(own.state, state_size * B);
      if constexpr (feeds_back) {
        VectorView<T>(pass.dx.data(), pass.dx.size()) = dstate;
      } else {
        VectorView<T>(pass.dx.data(), pass.dx.size()) += dstate;
      }
    }
  }
};

}  // namespace eigencoder
