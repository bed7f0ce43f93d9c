// SPDX-License-Identifier: MIT
#pragma once

#include "check_layer.hpp"
#include "golden/digest.hpp"
#include <eigencoder/core/window.hpp>
#include <eigencoder/layers/dense.hpp>

namespace layers {

/// What a convolution's type says, so that what is asked of all of them is compiled once a scalar.
struct ConvolutionFacts {
  ec::Shape in, out;
  Index filters;
  ec::Extent kernel, stride;
  ec::Dilation dilation;
  bool biased, same;
};

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
    StageRunner<Convolution, In, T> run;
    RunnerOf any(run);
    check({.in = In,
           .out = Convolution::output(In),
           .filters = Filters,
           .kernel = Kernel,
           .stride = Stride,
           .dilation = ec::option_or<ec::Dilation, Options...>(ec::Dilation{1}),
           .biased = ec::option_or<ec::Bias, Options...>(ec::Bias::added) == ec::Bias::added,
           .same = ec::option_or<ec::Padding, Options...>(ec::Padding::same) == ec::Padding::same},
          any, batch);
  }

 private:
  void check(const ConvolutionFacts& of, AnyRunner<T>& run, Index batch) {
    const std::string name = ec::message(of.in.height, 'x', of.in.width, 'x', of.in.channels, " to ", of.filters, ", kernel ",
                                         of.kernel.height, 'x', of.kernel.width, ", stride ", of.stride.height, 'x',
                                         of.stride.width, of.same ? ", same" : ", valid", ", dilation ", of.dilation.height,
                                         'x', of.dilation.width, of.biased ? ", bias" : ", no bias", ", batch ", batch);
    CAPTURE(ec::type_name<T>(), name);
    REQUIRE(entries_.contains(name));
    const nlohmann::json& entry = entries_[name];
    ++checked_;

    const Index inputs = of.in.channels * of.kernel.size(), weights = of.filters * inputs;
    REQUIRE(run.memory.theta.size() == weights + (of.biased ? of.filters : 0));
    const double limit = std::sqrt(6.0 / static_cast<double>(of.filters + inputs));
    golden::fill(1000, 2 * limit, -limit, run.memory.theta.head(weights));
    if (of.biased) golden::fill(1001, 0.2, -0.1, run.memory.theta.tail(of.filters));
    const Matrix<T> x = uniform<T>(of.in.size(), batch, 1, 2, -1), dy = uniform<T>(of.out.size(), batch, 2, 2, -1);

    const Matrix<T> y = run.forward(x);
    golden::check_digest(entry["y"], y, tolerance<T>);
    run.memory.dtheta.setOnes();  // to which the gradients are added
    golden::check_digest(entry["dx"], run.backward(x, y, dy), tolerance<T>);
    run.memory.dtheta.array() -= T(1);
    golden::check_digest(entry["dW"], run.memory.dtheta.head(weights), tolerance<T>);
    if (of.biased) golden::check_digest(entry["db"], run.memory.dtheta.tail(of.filters), tolerance<T>);
  }

  nlohmann::json entries_;
  std::size_t checked_ = 0;
};

}  // namespace layers
