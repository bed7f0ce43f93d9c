// SPDX-License-Identifier: MIT
#include "levels.hpp"

namespace fuzz {

namespace {

/// A recurrence, packed, forwards and, if what it needs is kept, backwards, some steps a call. Its weights are so small that no
/// error grows from step to step.
template <class Cell, class T>
struct RecurrenceCase {
  using Output = kernels::RecurrentOutput<T>;

  kernels::Recurrence<Cell> r;
  Index columns, at_once, weight_rows = Cell::weight_gates * r.units, kind, y_size;
  bool with_lengths, masked, begins, kept, adds_dx;
  Memory<T> x, begin, mask, theta, dy;
  std::vector<Index> lengths;
  std::vector<Index> parts{0};  ///< where y, the last state, dx, dbegin and dθ begin and end in the output

  static kernels::Recurrence<Cell> sizes(Choices& choices) {
    const Index steps = choices.from(1, 12);
    return {.inputs = choices.from(1, 24),
            .units = choices.from(1, 40),
            .steps = steps,
            .reversed = choices.yes(),
            .repeated = choices.yes(),
            .truncation = choices.from(1, steps)};
  }
  Index inputs() const { return r.repeated ? r.inputs : r.inputs * r.steps; }
  Index parameters() const { return weight_rows * (r.inputs + r.units + 2); }

  explicit RecurrenceCase(Choices& choices)
      : r(sizes(choices)),
        columns(choices.from(1, 9)),
        at_once(choices.from(1, r.steps)),
        kind(choices.from(Output::last, Output::state)),
        y_size(kind == Output::last    ? r.units
               : kind == Output::state ? r.state_size()
                                       : r.units * r.steps),
        with_lengths(choices.yes()),
        masked(choices.yes()),
        begins(choices.yes()),
        kept(choices.yes()),
        adds_dx(choices.yes()),
        x(choices, inputs() * columns),
        begin(choices, r.state_size() * columns),
        mask(choices, r.units * columns),
        theta(choices, parameters()),
        dy(choices, y_size * columns) {
    const Values of_x(choices), of_begin(choices), of_theta(choices), of_dy(choices);
    x.fill([&](Index i) { return of_x.small<T>(i); });
    begin.fill([&](Index i) { return of_begin.modest<T>(i); });
    mask.fill([&](Index i) { return of_begin.whole(i, 0, 2) == 0 ? T(0) : T(1.5); });
    theta.fill([&](Index i) { return 2 * of_theta.modest<T>(i) / static_cast<T>(r.inputs + r.units); });
    dy.fill([&](Index i) { return of_dy.modest<T>(i); });
    for (Index j = 0; j < columns; ++j) lengths.push_back(of_dy.whole(j + 1, 1, r.steps));
    const Index state = r.state_size() * columns;
    for (const Index size :
         {y_size * columns, masked ? 0 : state, kept ? x.size() : 0, kept ? state : 0, kept ? parameters() : 0}) {
      parts.push_back(parts.back() + size);
    }
  }

  template <class U>
  kernels::RecurrentWeights<U> weights(U* first) const {
    return {first, first + weight_rows * r.inputs, first + weight_rows * (r.inputs + r.units),
            first + weight_rows * (r.inputs + r.units + 1)};
  }
  /// Memory in which what is there must not matter.
  static Memory<T> work(Choices& choices, Index size) {
    Memory<T> memory(choices, size);
    memory.fill([](Index) { return std::numeric_limits<T>::quiet_NaN(); });
    return memory;
  }
  /// dx and dθ may be added to.
  T before(Index i) const { return (i >= parts[2] && i < parts[3]) || i >= parts[4] ? T(0.25) : margin<T>; }

  void launch(Choices choices, T* output) const {
    const auto part = [&](std::size_t k) { return output + parts[k]; };
    const auto typed = static_cast<typename Output::Kind>(kind);
    const auto typed_dy = static_cast<typename kernels::RecurrentOutput<const T>::Kind>(kind);
    const Index y_step = kind == Output::sequence ? r.units : 0;
    const ec::Lengths steps(
        with_lengths ? lengths.data() : nullptr, [](Index n) { return n; }, r.inputs);
    const Memory<T> packed = work(choices, r.forward_packed()), memory = work(choices, kept ? r.cache() * columns : 0),
                    scratch = work(choices, r.scratch_per_sample() * columns);
    kernels::pack_recurrence_forward(r, weights<const T>(theta.data()), packed.data());
    const kernels::RecurrentForward<T> forward{.columns = columns,
                                               .packed = packed.data(),
                                               .x = x.data(),
                                               .x_stride = inputs(),
                                               .y = {typed, part(0), y_size, y_step},
                                               .memory = kept ? memory.data() : nullptr,
                                               .scratch_per_sample = scratch.data(),
                                               .mask = masked ? mask.data() : nullptr,
                                               .mask_stride = r.units,
                                               .lengths = steps,
                                               .begin = begins ? begin.data() : nullptr,
                                               .end = masked ? nullptr : part(1)};
    for (Index first = 0; first < r.steps; first += at_once) {
      kernels::recurrence_forward(r, forward, first, std::min(first + at_once, r.steps));
    }
    if (!kept) return;
    const Memory<T> transposed = work(choices, r.weights()), again = work(choices, r.scratch_per_sample() * columns),
                    rows = work(choices, r.scratch());
    kernels::pack_recurrence_backward(r, weights<const T>(theta.data()), transposed.data());
    const kernels::RecurrentBackward<T> backward{.columns = columns,
                                                 .packed = transposed.data(),
                                                 .x_stride = inputs(),
                                                 .dy = {typed_dy, dy.data(), y_size, y_step},
                                                 .memory = memory.data(),
                                                 .scratch_per_sample = again.data(),
                                                 .scratch = rows.data(),
                                                 .dx = part(2),
                                                 .adds_dx = adds_dx,
                                                 .dweights = weights<T>(part(4)),
                                                 .x = x.data(),
                                                 .mask = masked ? mask.data() : nullptr,
                                                 .mask_stride = r.units,
                                                 .lengths = steps,
                                                 .dbegin = part(3)};
    for (Index last = r.steps; last > 0; last -= at_once) {
      kernels::recurrence_backward(r, backward, std::max<Index>(0, last - at_once), last);
    }
  }

  static void run(Choices& choices) {
    const RecurrenceCase one(choices);
    compare<T>(
        "a recurrence", choices, one.parts.back(), [&](Index i) { return one.before(i); },
        [&](T* output) { one.launch(choices, output); },
        [&](Index i) {
          const Index terms = one.r.inputs + one.r.units + (i >= one.parts[4] ? one.r.steps * one.columns : 0);
          return rounding<T>(2 * terms, 4);
        });
  }
};

}  // namespace

template <class Cell, class T>
struct Case<kernels::detail::PackRecurrenceForward<Cell, T>> : RecurrenceCase<Cell, T> {};
template <class Cell, class T>
struct Case<kernels::detail::PackRecurrenceBackward<Cell, T>> : RecurrenceCase<Cell, T> {};
template <class Cell, class T>
struct Case<kernels::detail::ForwardSteps<Cell, T>> : RecurrenceCase<Cell, T> {};
template <class Cell, class T>
struct Case<kernels::detail::BackwardSteps<Cell, T>> : RecurrenceCase<Cell, T> {};

void recurrences(Choices& choices) { run_one_of(kernels::Recurrences{}, choices); }

}  // namespace fuzz
