// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/eigencoder.hpp>

// A batch of sequences with different lengths is what each of them is alone, through a network made for its length.
namespace ec = eigencoder;
using ec::Index;
using Matrix = layers::Matrix<double>;

namespace {

constexpr Index steps = 9, channels = 3;
const std::vector<Index> lengths{6, 9, 3, 6, 3, 9, 6};

/// The samples that have n steps, these alone.
Matrix those_of(const Matrix& samples, Index n, Index values, const std::vector<Index>& of) {
  Matrix found(values, std::count(of.begin(), of.end(), n));
  for (Index j = 0, k = 0; j < samples.cols(); ++j) {
    if (of[static_cast<std::size_t>(j)] == n) found.col(k++) = samples.col(j).head(values);
  }
  return found;
}

/// Values that are negative more often than not, so that a zero of the padding would be the largest.
Matrix samples(Index rows, Index columns, std::uint64_t stream) { return layers::uniform<double>(rows, columns, stream, 2, -1.6); }

/// Outputs, gradients of the input and of the parameters of one layer.
template <class L, Index Steps = steps>
void check_alone(const L& layer, const std::vector<Index>& of = lengths) {
  CAPTURE(ec::type_name<L>(), of.size());
  constexpr ec::Shape in = ec::sequence(Steps, channels), out = L::output(in);
  const auto batch = std::ssize(of);
  StageRunner<L, in, double> run(layer);
  golden::fill(3, 2, -1, run.theta);
  run.lengths = of;
  Matrix x = samples(in.size(), batch, 1), dy = samples(out.size(), batch, 2);
  const auto clear = [&](Matrix& values, auto own) {
    for (Index j = 0; j < batch; ++j) {
      const Index n = own(of[static_cast<std::size_t>(j)]);
      values.col(j).tail(values.rows() - n).setZero();
    }
  };
  const auto own_outputs = []<Index N>(std::integral_constant<Index, N>) { return L::output(ec::sequence(N, channels)).size(); };
  const auto outputs_of = [&](Index n) {
    if (n == 3) return own_outputs(std::integral_constant<Index, 3>{});
    if (n == 6) return own_outputs(std::integral_constant<Index, 6>{});
    return own_outputs(std::integral_constant<Index, Steps>{});
  };
  clear(x, [](Index n) { return n * channels; });
  clear(dy, outputs_of);
  const Matrix y = run.forward(x), dx = run.backward(x, y, dy);
  Matrix dtheta = Matrix::Zero(run.dtheta.size(), 1);
  const auto alone = [&]<Index N>(std::integral_constant<Index, N>) {
    if (std::count(of.begin(), of.end(), N) == 0) return;
    CAPTURE(N);
    StageRunner<L, ec::sequence(N, channels), double> one(layer);
    REQUIRE(one.theta.size() == run.theta.size());
    one.theta = run.theta;
    const Matrix its_x = those_of(x, N, N * channels, of), its_y = one.forward(its_x),
                 its_dx = one.backward(its_x, its_y, those_of(dy, N, outputs_of(N), of));
    CHECK(those_of(y, N, its_y.rows(), of).isApprox(its_y, 1e-14));
    CHECK(those_of(dx, N, its_x.rows(), of).isApprox(its_dx, 1e-14));
    dtheta += one.dtheta;
  };
  alone(std::integral_constant<Index, 3>{});
  alone(std::integral_constant<Index, 6>{});
  alone(std::integral_constant<Index, Steps>{});
  CHECK(run.dtheta.isApprox(dtheta, 1e-13));
  Matrix cleared = y;
  if (out.width > 1) {
    clear(cleared, outputs_of);
    CHECK(cleared == y);
  }
}

template <class L>
void check_batches(const L& layer = {}) {
  check_alone(layer);
  check_alone(layer, {6});
}

}  // namespace

TEST_CASE("Lengths: convolutions over time") {
  using ec::Padding;
  check_batches<ec::Conv1D<4, 3>>();
  check_batches<ec::Conv1D<4, 2>>();
  check_batches<ec::Conv1D<4, 2, 1, Padding::valid>>();
  check_batches<ec::Conv1D<4, 3, 2, Padding::valid>>();
  check_batches<ec::Conv1D<2, 2, 1, Padding::valid, ec::Dilation{2}>>();
  check_batches<ec::Conv1D<4, 3, 1, ec::Dilation{2}>>();
  check_batches<ec::DepthwiseConv2D<ec::Extent{1, 3}>>();
  check_batches<ec::DepthwiseConv2D<ec::Extent{1, 2}, 1, Padding::valid>>();
  check_batches<ec::ConvTranspose1D<4, 3, 2>>();
  check_batches<ec::ConvTranspose1D<4, 3, 2, Padding::valid>>();
  check_batches<ec::RepeatedConv2D<ec::Extent{1, 2}, 4, ec::Extent{1, 3}>>();
}

TEST_CASE("Lengths: pools") {
  using ec::Padding;
  check_batches<ec::MaxPool1D<3>>();
  check_batches<ec::MaxPool1D<2, 1>>();
  check_batches<ec::MaxPool1D<3, 1, Padding::same>>();
  check_batches<ec::MaxPool1D<4, 1, Padding::same>>();
  check_batches<ec::AvgPool1D<3>>();
  check_batches<ec::AvgPool1D<2, 1>>();
  check_batches<ec::AvgPool1D<3, 1, Padding::same>>();
  check_batches<ec::AvgPool1D<5, 1, Padding::same>>();
  check_batches<ec::GlobalAvgPool2D>();
}

TEST_CASE("Lengths: resampling, padding and layers that keep the steps") {
  check_batches<ec::UpSample1D<2>>();
  check_batches<ec::UpSample1D<2, ec::Interpolation::bilinear>>();
  check_batches<ec::UpSample1D<3, ec::Interpolation::bilinear>>();
  check_batches<ec::ZeroPad2D<ec::Border{0, 0, 1, 2}>>();
  check_batches<ec::Crop2D<ec::Border{0, 0, 2, 0}>>();
  check_batches<ec::ReverseSteps>();
  check_batches<ec::TimeDistributed<ec::Dense<4>>>();
  check_batches<ec::LayerNorm>();
  check_batches<ec::Softmax>();
  check_batches<ec::KSparse<5>>();
  check_batches<ec::KSparse<9>>();
}
