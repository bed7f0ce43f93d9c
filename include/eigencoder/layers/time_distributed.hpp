// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/tangent_pass.hpp"

namespace eigencoder {

/// The layer L on every step by itself, with the same parameters: y_t = L(x_t).   x: (t, c)   y: (t, c′), L: (c) → (c′)
/// The parameters are L's, under L's names; dtheta is summed over all steps. Nothing is copied: the steps of a batch lie side
/// by side, so that L runs once on t · B columns of c values. A layer that is random draws anew for every step. L must map
/// vectors to vectors, and depend on nothing but its input and its parameters: one that mixes samples, as BatchNorm does, that
/// has running state, or that links to an earlier layer, does not compile. Activations, Softmax, LayerNorm, Scale and Dropout
/// work step by step as they are, and need no TimeDistributed.
template <Recipe L>
struct TimeDistributed {
 private:
  static constexpr Shape step(Shape in) { return {.channels = in.channels}; }
  /// L at its place: on one step.
  template <class S>
  using Step = Stage<L, step(S::in), typename S::Scalar, typename S::Epilogue, void, S::cache_read_later, typename S::Previous>;

  /// Whether L makes a vector of one step, and looks at nothing else.
  static constexpr bool suits(Shape step) {
    const Needs needs = L::needs(step);
    for (const Block& block : L::parameters(step)) {
      if (!block.trainable) return false;
    }
    return L::output(step).height == 1 && L::output(step).width == 1 && needs.sums == 0 && needs.dsums == 0 &&
           needs.tallies == 0 && needs.carry == 0 && needs.link == no_link && !needs.samples && !needs.quantises && !requires {
      requires L::frozen;
    }
    && !requires { L::whole_inputs; };  // Embedding works on every step as it is
  }

 public:
  [[no_unique_address]] L layer;

  constexpr TimeDistributed() requires(std::is_default_constructible_v<L>) : layer{} {}
  constexpr explicit TimeDistributed(const L& every) : layer(every) {}

  constexpr auto settings() const requires requires(const L given) { given.settings(); }
  { return layer.settings(); }

  static constexpr bool stepwise = true;
  static constexpr bool accepts(Shape in) { return in.height == 1 && L::accepts(step(in)) && suits(step(in)); }
  template <Shape In>
  struct Refusal {
    static_assert(In.height == 1, "TimeDistributed takes sequences: put a Reshape before it");
    static_assert([] {
      if constexpr (!L::accepts(step(In)) && requires { typename L::template Refusal<step(In)>; }) {
        return sizeof(typename L::template Refusal<step(In)>) == 0;
      }
      return true;
    }());
    static_assert(L::accepts(step(In)), "TimeDistributed<L>: L does not take features of as many values as a step has");
    static_assert(
        !L::accepts(step(In)) || suits(step(In)),
        "TimeDistributed<L>: L must make a vector of a vector, and depend on nothing but its input and its parameters: no "
        "totals over the batch, running state, links, latent codes; a frozen one is Frozen<TimeDistributed<L>>");
  };
  static constexpr Shape output(Shape in) { return {.channels = L::output(step(in)).channels, .height = 1, .width = in.width}; }
  static constexpr Needs needs(Shape in) {
    Needs needs = L::needs(step(in));
    needs.cache *= in.width;
    needs.scratch_per_sample *= in.width;
    needs.columns = (needs.columns + in.width - 1) / in.width;
    needs.lengths = false;  // what L reads is one step
    return needs;
  }
  static constexpr auto parameters(Shape in) { return L::parameters(step(in)); }

  template <class S>
  void prepare(Prepare<S> pass) const requires(S::needs.packed > 0) {
    layer.prepare(Prepare<Step<S>>{.theta = pass.theta, .source = {}, .packed = pass.packed});
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using Inner = Step<S>;
    layer.forward(Forward<Inner, M>{.theta = pass.theta,
                                    .state = {},
                                    .packed = pass.packed,
                                    .source = {},
                                    .x = columns(pass.x, Inner::in.size()),
                                    .y = columns(pass.y, Inner::out.size()),
                                    .cache = columns(pass.cache, Inner::needs.cache),
                                    .scratch = pass.scratch,
                                    .scratch_per_sample = columns(pass.scratch_per_sample, Inner::needs.scratch_per_sample),
                                    .random = pass.random.parts(S::in.width),
                                    .sums = {},
                                    .tallies = {},
                                    .batch = pass.batch * S::in.width,
                                    .lengths = {},
                                    .carry = {},
                                    .targets = columns(pass.targets, Inner::out.size()),
                                    .precision = pass.precision,
                                    .epilogue = pass.epilogue});
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    layer.backward(inner(pass));
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const requires(S::Trainable::count > 0 && GivesInputGradient<Step<S>>) {
    layer.input_gradient(inner(pass));
  }

 private:
  /// The same memory, with the steps as columns.
  template <class View>
  static View columns(View samples, Index rows) {
    return View(samples.data(), rows, samples.size() / rows);
  }
  template <class Field>
  static Absent<Field> columns(Absent<Field>, Index) {
    return {};
  }

  template <class S, bool InputGradient>
  static Backward<Step<S>, InputGradient> inner(Backward<S, InputGradient> pass) {
    using Inner = Step<S>;
    return {.theta = pass.theta,
            .dtheta = pass.dtheta,
            .packed = pass.packed,
            .source = {},
            .x = columns(pass.x, Inner::in.size()),
            .y = columns(pass.y, Inner::out.size()),
            .dy = columns(pass.dy, Inner::out.size()),
            .dx = columns(pass.dx, Inner::in.size()),
            .cache = columns(pass.cache, Inner::needs.cache),
            .scratch = pass.scratch,
            .scratch_per_sample = columns(pass.scratch_per_sample, Inner::needs.scratch_per_sample),
            .random = pass.random.parts(S::in.width),
            .sums = {},
            .dsums = {},
            .batch = pass.batch * S::in.width,
            .lengths = {},
            .targets = columns(pass.targets, Inner::out.size()),
            .precision = pass.precision,
            .previous = pass.previous};
  }
};
}  // namespace eigencoder
