// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/mask.hpp"

namespace eigencoder {

/// How much a value of the targets counts in the loss where the input was hidden, and where it was seen. {1, 0}: what is hidden
/// alone; {0, 1}: what is seen; {1, 1}: both.
struct MaskWeights {
  double hidden = 1, seen = 0;

  /// Throws OptionError unless both are finite and not negative, and one is positive.
  constexpr void check() const {
    const auto fine = [](double weight) { return weight >= 0 && weight <= std::numeric_limits<double>::max(); };
    if (!fine(hidden) || !fine(seen) || hidden + seen == 0) {
      raise<OptionError>("MaskWeights: expected weights that are finite, not negative and not both 0, found ", hidden,
                         " of what is hidden and ", seen, " of what is seen");
    }
  }
};

namespace detail {

/// An image with several pixels, or a sequence with several steps.
template <Shape In>
struct MaskSuits {
  static_assert(In.height * In.width > 1,
                "RandomMask on one pixel, as features(n) is: begin with image(...) or sequence(...), or take MaskingNoise, "
                "which hides single values");
};

/// `hidden` where the mask m is 1, else v
struct Hide {
  using InComponent = Hide;
  double hidden;
  template <class V>
  V operator()(V m, V v) const {
    return kernels::where(m > V(0.5), V(hidden), v);
  }
};
/// `hidden` where the mask m is 1, else `seen`
struct HiddenOrSeen {
  using InComponent = HiddenOrSeen;
  double hidden, seen;
  template <class V>
  V operator()(V m) const {
    return kernels::where(m > V(0.5), V(hidden), V(seen));
  }
};

}  // namespace detail

/// A part of every image, another one in each step, is replaced by `value` in all channels; in training alone, predictions pass
/// x through.
///   RandomMask{{.kind = MaskKind::box, .least = 0.25, .most = 0.5}}      RandomMask{{.kind = MaskKind::any}, -1,
///   MaskWeights{1, 0}}
/// With m the mask, 1 where hidden: y = m value + (1 − m) x, dx = (1 − m) dy. A `value` that no pixel has, such as −1 where
/// they are from 0 to 1, lets the network see where the hole is. With MaskWeights, the loss of training counts the targets'
/// values by m hidden + (1 − m) seen, as FitOptions::element_weights does with weights that are drawn beforehand; the targets
/// then have the shape of x. In place, if that is possible; draws the mask again in backward. Throws OptionError. Pathak,
/// Krähenbühl, Donahue, Darrell and Efros, "Context encoders", 2016.
template <bool Weighs = false>
struct RandomMask {
  MaskOptions masks;
  double value;
  MaskWeights weights;

  constexpr explicit RandomMask(MaskOptions drawn = {}, double hidden_value = 0) requires(!Weighs)
      : RandomMask(drawn, hidden_value, MaskWeights{1, 1}, 0) {}
  constexpr explicit RandomMask(MaskOptions drawn = {}, double hidden_value = 0, MaskWeights of_targets = {}) requires Weighs
      : RandomMask(drawn, hidden_value, of_targets, 0) {}

  constexpr std::array<Setting, 9> settings() const {
    const auto number = [](auto n) { return static_cast<double>(n); };
    return {{{"kind", number(masks.kind), true},
             {"least", masks.least, true},
             {"most", masks.most, true},
             {"rate", masks.rate, true},
             {"strokes", number(masks.strokes), true},
             {"width", masks.width, true},
             {"value", value, true},
             {"hidden", weights.hidden, true},
             {"seen", weights.seen, true}}};
  }

  static constexpr bool accepts(Shape in) { return in.height * in.width > 1; }
  template <Shape In>
  struct Refusal : detail::MaskSuits<In> {};
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) {
    return {.cache = Weighs ? in.size() : 0,
            .scratch = in.size(),
            .in_place = true,
            .training_only = true,
            .weighs_targets = Weighs};
  }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    for_each_mask<S>(pass, pass.x.cols(), [&](Index j, const auto* mask) {
      kernels::transform(pass.x.rows(), pass.y.col(j).data(), detail::Hide{value}, mask, pass.x.col(j).data());
      if constexpr (Weighs && M == Mode::train) {
        kernels::transform(pass.x.rows(), pass.cache.col(j).data(), detail::HiddenOrSeen{weights.hidden, weights.seen}, mask);
      }
    });
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      for_each_mask<S>(pass, pass.dy.cols(), [&](Index j, const auto* mask) {
        kernels::transform(pass.dy.rows(), pass.dx.col(j).data(), detail::Hide{0}, mask, pass.dy.col(j).data());
      });
    }
  }

 private:
  constexpr RandomMask(MaskOptions drawn, double hidden_value, MaskWeights of_targets, int)
      : masks(drawn), value(hidden_value), weights(of_targets) {
    masks.check();
    weights.check();
    if (!(value - value == 0)) raise<OptionError>("RandomMask: value must be finite, found ", value);
  }

  /// use(j, mask) for every column, with the mask of all its values.
  template <class S, class Pass, class Use>
  void for_each_mask(Pass& pass, Index columns, Use use) const {
    constexpr Index channels = S::in.channels, pixels = S::in.height * S::in.width;
    auto* const mask = pass.scratch.data();
    for (Index j = 0; j < columns; ++j) {
      kernels::draw_mask(masks, pass.random, j, S::in.height, S::in.width, mask);
      for (Index p = pixels; channels > 1 && p-- > 0;) {  // from the last on: nothing is overwritten before it is read
        const auto m = mask[p];
        std::fill_n(mask + p * channels, channels, m);
      }
      use(j, static_cast<const typename S::Scalar*>(mask));
    }
  }
};
RandomMask()->RandomMask<false>;
RandomMask(MaskOptions)->RandomMask<false>;
RandomMask(MaskOptions, double)->RandomMask<false>;
RandomMask(MaskOptions, double, MaskWeights)->RandomMask<true>;

}  // namespace eigencoder
