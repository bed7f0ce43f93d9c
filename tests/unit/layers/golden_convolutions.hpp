// SPDX-License-Identifier: MIT
#pragma once

#include "check_layer.hpp"
#include "golden/digest.hpp"
#include <eigencoder/core/window.hpp>
#include <eigencoder/layers/dense.hpp>

namespace layers {

/// Convolutions against their entries of convolutions.json, which are found by what the layer's type says.
template <class T>
class GoldenConvolutions {
 public:
  explicit GoldenConvolutions(const std::string& layer) : entries_(golden::load("convolutions.json")[layer]) {}
  bool complete() const { return checked_ == entries_.size(); }

  template <ec::Shape In, template <Index, ec::Extent, ec::Extent, auto...> class Layer, Index Filters, ec::Extent Kernel,
            ec::Extent Stride, auto... Options>
  void check(Layer<Filters, Kernel, Stride, Options...>, Index batch) {
    using Convolution = Layer<Filters, Kernel, Stride, Options...>;
    constexpr ec::Shape out = Convolution::output(In);
    constexpr Index inputs = In.channels * Kernel.size();
    const bool biased = ec::option_or<ec::Bias, Options...>(ec::Bias::added) == ec::Bias::added;
    const bool same = ec::option_or<ec::Padding, Options...>(ec::Padding::same) == ec::Padding::same;
    constexpr ec::Dilation dilation = ec::option_or<ec::Dilation, Options...>(ec::Dilation{1});
    const std::string name =
        ec::message(In.height, 'x', In.width, 'x', In.channels, " to ", Filters, ", kernel ", Kernel.height, 'x', Kernel.width,
                    ", stride ", Stride.height, 'x', Stride.width, same ? ", same" : ", valid", ", dilation ", dilation.height,
                    'x', dilation.width, biased ? ", bias" : ", no bias", ", batch ", batch);
    CAPTURE(ec::type_name<T>(), name);
    REQUIRE(entries_.contains(name));
    const nlohmann::json& entry = entries_[name];
    ++checked_;

    StageRunner<Convolution, In, T> run;
    REQUIRE(run.theta.size() == Filters * (inputs + (biased ? 1 : 0)));
    const double limit = std::sqrt(6.0 / static_cast<double>(Filters + inputs));
    golden::fill(1000, 2 * limit, -limit, run.theta.head(Filters * inputs));
    if (biased) golden::fill(1001, 0.2, -0.1, run.theta.tail(Filters));
    const Matrix<T> x = uniform<T>(In.size(), batch, 1, 2, -1), dy = uniform<T>(out.size(), batch, 2, 2, -1);

    const Matrix<T> y = run.forward(x);
    golden::check_digest(entry["y"], y, tolerance<T>);
    run.dtheta.setOnes();  // to which the gradients are added
    golden::check_digest(entry["dx"], run.backward(x, y, dy), tolerance<T>);
    run.dtheta.array() -= T(1);
    golden::check_digest(entry["dW"], run.dtheta.head(Filters * inputs), tolerance<T>);
    if (biased) golden::check_digest(entry["db"], run.dtheta.tail(Filters), tolerance<T>);
  }

 private:
  nlohmann::json entries_;
  std::size_t checked_ = 0;
};

}  // namespace layers
