// SPDX-License-Identifier: MIT
#include "check_convolution.hpp"
#include "golden/totals.hpp"
#include <eigencoder/layers/depthwise_conv2d.hpp>

namespace ec = eigencoder;
using ec::Bias, ec::Dilation, ec::Extent, ec::Init, ec::Padding;
using layers::Index;
using layers::Matrix;

namespace {

/// Whether the entry is of these options.
bool is_of(const nlohmann::json& entry, ec::Shape in, Extent kernel, Extent stride, Padding padding, Dilation dilation,
           Bias bias) {
  const nlohmann::json about{in.height,     in.width,     in.channels,     kernel.height, kernel.width,
                             stride.height, stride.width, dilation.height, dilation.width};
  nlohmann::json found = entry["shape"];
  for (const char* part : {"kernel", "stride", "dilation"}) found.insert(found.end(), entry[part].begin(), entry[part].end());
  return found == about && entry["same"] == (padding == Padding::same) && entry["bias"] == (bias == Bias::added);
}

template <class T>
void check_entry(const nlohmann::json& entry, AnyRunner<T>& run, ec::Shape in, Index weights) {
  CAPTURE(ec::to_string(in), entry["batch"]);
  auto &theta = run.memory.theta, &dtheta = run.memory.dtheta;
  const Index batch = entry["batch"], biases = theta.size() - weights;
  golden::fill(1000, 2, -1, theta.head(weights));
  golden::fill(1001, 2, -1, theta.tail(biases));
  const Matrix<T> x = layers::uniform<T>(in.size(), batch, 1, 2, -1), y = run.forward(x);
  const Matrix<T> dy = layers::uniform<T>(y.rows(), batch, 2, 2, -1);
  golden::check_totals(entry["y"], y, layers::tolerance<T>);
  dtheta.setOnes();  // to which the gradients are added
  golden::check_totals(entry["dx"], run.backward(x, y, dy), layers::tolerance<T>);
  dtheta.array() -= T(1);
  golden::check_totals(entry["dW"], dtheta.head(weights), layers::tolerance<T>);
  if (biases > 0) golden::check_totals(entry["db"], dtheta.tail(biases), layers::tolerance<T>);
}

template <class T, ec::Shape In, Extent Kernel, Extent Stride, Padding P, Dilation D, Bias B>
bool check_entry(const nlohmann::json& entry) {
  if (!is_of(entry, In, Kernel, Stride, P, D, B)) return false;
  StageRunner<ec::DepthwiseConv2D<Kernel, Stride, P, D, B>, In, T> run;
  REQUIRE(run.theta.size() == In.channels * (Kernel.size() + (B == Bias::added ? 1 : 0)));
  RunnerOf any(run);
  check_entry<T>(entry, any, In, In.channels * Kernel.size());
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE("DepthwiseConv2D: PyTorch's values, strides, dilations, both paddings", "", float, double) {
  using T = TestType;
  constexpr auto same = Padding::same, valid = Padding::valid;
  constexpr auto with = Bias::added, without = Bias::none;
  const nlohmann::json cases = golden::load("depthwise.json")["cases"];
  for (const nlohmann::json& entry : cases) {
    const int matches = check_entry<T, ec::image(1, 1, 1), 1, 1, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(1, 1, 3), 3, 1, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(5, 7, 1), 3, 1, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(28, 28, 1), 3, 1, same, Dilation{1}, without>(entry) +
                        check_entry<T, ec::image(28, 28, 1), 5, 2, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(6, 9, 2), Extent{2, 3}, 1, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(7, 8, 3), 3, 1, valid, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(9, 9, 3), 3, 2, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(9, 8, 5), Extent{4, 3}, Extent{3, 2}, valid, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(8, 7, 5), Extent{3, 2}, 1, same, Dilation{2, 3}, with>(entry) +
                        check_entry<T, ec::image(7, 7, 16), 3, 1, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(8, 6, 16), 3, 2, same, Dilation{1}, without>(entry) +
                        check_entry<T, ec::image(6, 14, 17), 3, 1, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(5, 6, 17), 2, 3, valid, Dilation{1}, with>(entry) +
                        check_entry<T, ec::sequence(9, 32), Extent{1, 5}, 1, same, Dilation{1, 2}, with>(entry) +
                        check_entry<T, ec::image(5, 9, 33), 3, Extent{2, 1}, same, Dilation{1}, with>(entry) +
                        check_entry<T, ec::image(4, 4, 3), 5, 1, same, Dilation{2}, with>(entry);
    CHECK(matches == 1);
  }
}

TEST_CASE("DepthwiseConv2D: gradients are added to, with and without dx") {
  layers::check_accumulation<float, ec::image(6, 7, 5), ec::DepthwiseConv2D<3>>();
}

TEST_CASE("DepthwiseConv2D: finite differences") {
  layers::check_gradient(ec::DepthwiseConv2D<3>{});
  layers::check_gradient(ec::DepthwiseConv2D<Extent{1, 2}, 2, Padding::valid, Bias::none>{});
}

TEMPLATE_TEST_CASE("DepthwiseConv2D: an activation in its store gives what the activation by itself gives", "", float, double) {
  using T = TestType;
  constexpr ec::Shape in = ec::image(5, 7, 3);
  StageRunner<ec::DepthwiseConv2D<3>, in, T> plain;
  StageRunner<ec::DepthwiseConv2D<3>, in, T, ec::LeakyReLU> fused({}, ec::LeakyReLU{0.1});
  golden::fill(7, 2, -1, plain.theta);
  fused.theta = plain.theta;
  const Matrix<T> x = layers::uniform<T>(in.size(), 3, 1, 2, -1);
  CHECK(fused.forward(x) == StageRunner<ec::LeakyReLU, in, T>(ec::LeakyReLU{0.1}).forward(plain.forward(x)));
}

TEMPLATE_TEST_CASE("DepthwiseConv2D: a NaN stays in its channel, and in the windows that see it", "", float, double) {
  using T = TestType;
  constexpr ec::Shape in = ec::image(6, 7, 5);
  StageRunner<ec::DepthwiseConv2D<3>, in, T> run;
  run.theta.setOnes();
  Matrix<T> x = layers::uniform<T>(in.size(), 3, 1, 2, -1);
  x((2 * 7 + 6) * 5 + 3, 1) = std::numeric_limits<T>::quiet_NaN();  // row 2, last column, channel 3
  const Matrix<T> y = run.forward(x);
  CHECK(y.array().isNaN().count() == 6);
  for (const Index row : {1, 2, 3}) {
    for (const Index column : {5, 6}) CHECK(std::isnan(y((row * 7 + column) * 5 + 3, 1)));
  }
}

TEST_CASE("DepthwiseConv2D: shapes, blocks and options in any order") {
  constexpr ec::Shape in = ec::image(28, 27, 8);
  static_assert(ec::DepthwiseConv2D<3>::output(in) == in);
  static_assert(ec::DepthwiseConv2D<3, 2>::output(in) == ec::image(14, 14, 8));
  static_assert(ec::DepthwiseConv2D<3, 2, Padding::valid>::output(in) == ec::image(13, 13, 8));
  constexpr auto blocks = ec::DepthwiseConv2D<Extent{3, 5}>::parameters(in);
  static_assert(blocks.size() == 2 && blocks[0].rows == 8 && blocks[0].cols == 15 && blocks[0].fan_in == 15 &&
                blocks[0].fan_out == 15);
  static_assert(blocks[1].size() == 8 && !blocks[1].decay && blocks[0].init == Init::glorot_uniform);
  using Given = ec::DepthwiseConv2D<3, 1, Init::he_normal, Dilation{2}, Bias::none, Padding::valid>;
  static_assert(Given::parameters(in).size() == 1 && Given::parameters(in)[0].init == Init::he_normal);
  static_assert(Given::output(in) == ec::image(24, 23, 8));
}
