// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

// A batch of sequences with different lengths is what each of them is alone, through a network made for its length.
namespace ec = eigencoder;
using ec::Index;
using Matrix = layers::Matrix<double>;

namespace {

constexpr Index steps = 9, channels = 3;

/// The samples that have n steps, and of them the first values.
Matrix those_of(const Matrix& samples, Index n, Index values, const std::vector<Index>& lengths) {
  Matrix found(values, std::count(lengths.begin(), lengths.end(), n));
  for (Index j = 0, k = 0; j < samples.cols(); ++j) {
    if (lengths[static_cast<std::size_t>(j)] == n) found.col(k++) = samples.col(j).head(values);
  }
  return found;
}

/// Zeros after the first values of the samples that do not have all steps.
Matrix padded(Matrix samples, Index values, const std::vector<Index>& lengths) {
  for (Index j = 0; j < samples.cols(); ++j) {
    if (lengths[static_cast<std::size_t>(j)] < steps) samples.col(j).tail(samples.rows() - values).setZero();
  }
  return samples;
}

/// Values that are negative more often than not, so that a zero of the padding would be the largest.
Matrix samples(Index rows, Index columns, std::uint64_t stream) {
  return layers::uniform<double>(rows, columns, stream, 2, -1.6);
}

/// Outputs, gradients of the input and of the parameters of one layer, of samples that have all steps or fewer: `one` is made
/// for those.
void check_alone(AnyRunner<double>& run, ec::Shape in, ec::Shape out, AnyRunner<double>& one, ec::Shape short_in,
                 ec::Shape short_out, const std::vector<Index>& lengths) {
  CAPTURE(lengths);
  const auto batch = std::ssize(lengths);
  REQUIRE(one.memory.theta.size() == run.memory.theta.size());
  golden::fill(3, 2, -1, run.memory.theta);
  one.memory.theta = run.memory.theta;
  const Matrix x = padded(samples(in.size(), batch, 1), short_in.size(), lengths),
               dy = padded(samples(out.size(), batch, 2), short_out.size(), lengths);

  run.memory.lengths = lengths;
  const Matrix y = run.forward(x), dx = run.backward(x, y, dy), dtheta = run.memory.dtheta;
  run.memory.lengths.clear();
  run.memory.dtheta.setZero();
  const auto check = [&](AnyRunner<double>& alone, Index n, Index inputs, Index outputs) {
    CAPTURE(n);
    const Matrix its_x = those_of(x, n, inputs, lengths), its_y = alone.forward(its_x),
                 its_dx = alone.backward(its_x, its_y, those_of(dy, n, outputs, lengths));
    CHECK(those_of(y, n, outputs, lengths).isApprox(its_y, 1e-14));
    CHECK(those_of(dx, n, inputs, lengths).isApprox(its_dx, 1e-14));
  };
  check(one, short_in.width, short_in.size(), short_out.size());
  if (lengths.size() > 1) check(run, steps, in.size(), out.size());
  CHECK(dtheta.isApprox(run.memory.dtheta + one.memory.dtheta, 1e-13));
  CHECK(y == padded(y, short_out.size(), lengths));
}

template <class L, Index N = 6>
void check_batches(const L& layer = {}) {
  CAPTURE(ec::type_name<L>());
  constexpr ec::Shape in = ec::sequence(steps, channels), short_in = ec::sequence(N, channels);
  for (const std::vector<Index>& lengths : {std::vector<Index>{N, steps, N, N, N, steps, N}, {N}}) {
    StageRunner<L, in, double> run(layer);
    StageRunner<L, short_in, double> one(layer);
    RunnerOf any_run(run);
    RunnerOf any_one(one);
    check_alone(any_run, in, L::output(in), any_one, short_in, L::output(short_in), lengths);
  }
}

/// The pool runs before Tanh, the second convolution reads the steps before they are repeated, and the last has as many as the
/// input.
template <Index N>
using Network = ec::Network<
    ec::Sequential<ec::sequence(N, channels), ec::Conv1D<5, 3>, ec::Tanh, ec::MaxPool1D<3>, ec::LeakyReLU, ec::UpSample1D<3>,
                   ec::Conv1D<4, 3>, ec::Sigmoid, ec::ReverseSteps, ec::TimeDistributed<ec::Dense<channels>>>,
    double>;

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
  check_batches<ec::MaxPool1D<4, 1, Padding::same>, 3>();
  check_batches<ec::AvgPool1D<3>>();
  check_batches<ec::AvgPool1D<2, 1>>();
  check_batches<ec::AvgPool1D<3, 1, Padding::same>>();
  check_batches<ec::AvgPool1D<5, 1, Padding::same>, 2>();
  check_batches<ec::GlobalAvgPool2D>();
}

TEST_CASE("Lengths: resampling, padding and layers that keep the steps") {
  check_batches<ec::UpSample1D<2>>();
  check_batches<ec::UpSample1D<2, ec::Interpolation::bilinear>, 1>();
  check_batches<ec::UpSample1D<3, ec::Interpolation::bilinear>>();
  check_batches<ec::ZeroPad2D<ec::Border{0, 0, 1, 2}>>();
  check_batches<ec::Crop2D<ec::Border{0, 0, 2, 0}>>();
  check_batches<ec::ReverseSteps>();
  check_batches<ec::TimeDistributed<ec::Dense<4>>>();
  check_batches<ec::LayerNorm>();
  check_batches<ec::Softmax>();
  check_batches<ec::KSparse<5>>();
  check_batches<ec::KSparse<9>, 3>();
}

TEST_CASE("Lengths: BatchNorm counts the samples' own steps") {
  // What it makes of the own steps of all samples, each step by itself as a sample.
  const std::vector<Index> lengths{6, 9, 3, 1, 9, 2, 7};
  constexpr ec::Shape in = ec::sequence(steps, channels);
  StageRunner<ec::BatchNorm, in, double> run;
  StageRunner<ec::BatchNorm, ec::features(channels), double> one;
  const auto own_steps = [&](const Matrix& samples) {
    Matrix found(channels, 37);
    for (Index j = 0, k = 0; j < samples.cols(); k += lengths[static_cast<std::size_t>(j++)]) {
      const Index n = lengths[static_cast<std::size_t>(j)];
      found.middleCols(k, n) = samples.col(j).head(n * channels).reshaped(channels, n);
    }
    return found;
  };
  golden::fill(3, 2, -1, run.theta);
  run.state = one.state = samples(2 * channels, 1, 4).cwiseAbs();
  one.theta = run.theta;
  run.lengths = lengths;
  Matrix x = samples(in.size(), 7, 1), dy = samples(in.size(), 7, 2);
  for (Index j = 0; j < 7; ++j) {
    const Index padding = (steps - lengths[static_cast<std::size_t>(j)]) * channels;
    x.col(j).tail(padding).setZero();
    dy.col(j).tail(padding).setZero();
  }
  const Matrix y = run.forward(x), dx = run.backward(x, y, dy), its_x = own_steps(x), its_y = one.forward(its_x),
               its_dx = one.backward(its_x, its_y, own_steps(dy));
  CHECK(own_steps(y).isApprox(its_y, 1e-13));
  CHECK(own_steps(dx).isApprox(its_dx, 1e-12));
  CHECK(run.dtheta.isApprox(one.dtheta, 1e-13));
  run.gather(x, 2);  // from shards
  run.settle(7);
  one.settle(37);
  CHECK(run.state.isApprox(one.state, 1e-13));
}

TEST_CASE("Lengths: a network trained on padded sequences, and one on the shorter ones alone") {
  const std::vector<Index> lengths{6, 9, 6, 6, 9, 6, 6};
  const Matrix x = padded(samples(steps * channels, 7, 1), 6 * channels, lengths),
               target = padded(samples(steps * channels, 7, 2), 6 * channels, lengths);
  Network<steps> whole{ec::Seed{3}}, longer{ec::Seed{3}};
  Network<6> shorter{ec::Seed{3}};
  const Matrix y = whole.predict(x, lengths);
  CHECK(those_of(y, 6, 6 * channels, lengths).isApprox(shorter.predict(those_of(x, 6, 6 * channels, lengths)), 1e-13));
  CHECK(those_of(y, 9, 9 * channels, lengths).isApprox(longer.predict(those_of(x, 9, 9 * channels, lengths)), 1e-13));
  CHECK(y == padded(y, 6 * channels, lengths));

  // A step of gradient descent of size 1 takes away the gradient.
  const auto train = [](auto& model, const Matrix& inputs, const Matrix& targets, ec::StepCounts of = {}) {
    const Eigen::VectorXd before = model.parameters();
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1}, {.threads = 1}};
    const double loss = trainer.train_on_batch(inputs, targets, {}, {}, of);
    return std::pair{loss, Eigen::VectorXd(before - model.parameters())};
  };
  const auto [loss, gradient] = train(whole, x, target, lengths);
  const auto [loss_6, gradient_6] =
      train(shorter, those_of(x, 6, 6 * channels, lengths), those_of(target, 6, 6 * channels, lengths));
  const auto [loss_9, gradient_9] =
      train(longer, those_of(x, 9, 9 * channels, lengths), those_of(target, 9, 9 * channels, lengths));
  CHECK(loss == Approx((5 * loss_6 + 2 * loss_9) / 7).epsilon(1e-13));
  CHECK(gradient.isApprox((5 * gradient_6 + 2 * gradient_9) / 7, 1e-12));
}

TEST_CASE("Lengths: finite differences of layers that look where a sample ends") {
  using Layers = ec::Sequential<ec::sequence(steps, channels), ec::Conv1D<4, 3>, ec::BatchNorm, ec::Tanh,
                                ec::MaxPool1D<3, 1, ec::Padding::same>, ec::UpSample1D<2, ec::Interpolation::bilinear>,
                                ec::AvgPool1D<3, 2, ec::Padding::same>, ec::KSparse<9>, ec::GlobalAvgPool2D, ec::Dense<2>>;
  ec::Network<Layers, double> model{ec::Seed{3}};
  const Matrix x = samples(steps * channels, 7, 1), target = samples(2, 7, 2);
  const ec::GradientReport report = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, target,
                                                             {.difference = 1e-5, .lengths = {6, 9, 3, 1, 9, 2, 7}});
  CAPTURE(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("Lengths: steps that layers make of n") {
  using ec::Border, ec::Padding;
  constexpr ec::Shape in = ec::sequence(9, 3);
  using Same = ec::Conv1D<4, 3, 2>;
  static_assert(Same::steps(in, 9) == 5 && Same::steps(in, 4) == 2 && Same::steps(in, 1) == 1);
  using Valid = ec::Conv1D<4, 3, 2, Padding::valid>;
  static_assert(Valid::steps(in, 9) == 4 && Valid::steps(in, 6) == 2 && Valid::steps(in, 3) == 1 && Valid::steps(in, 2) == 0);
  using Dilated = ec::Conv1D<4, 3, 1, Padding::valid, ec::Dilation{2}>;
  static_assert(Dilated::steps(in, 9) == 5 && Dilated::steps(in, 5) == 1 && Dilated::steps(in, 4) == 0);
  static_assert(ec::ConvTranspose1D<4, 3, 2>::steps(in, 4) == 8);
  static_assert(ec::ConvTranspose1D<4, 3, 2, Padding::valid>::steps(in, 4) == 9);
  static_assert(ec::TiedConv2D<0, in, ec::Extent{1, 3}, ec::Extent{1, 2}>::steps(ec::sequence(5, 4), 3) == 6);
  static_assert(ec::TiedConv2D<0, in, ec::Extent{1, 3}, ec::Extent{1, 2}, Padding::valid>::steps(ec::sequence(4, 4), 3) == 7);
  static_assert(ec::MaxPool1D<3>::steps(in, 8) == 2 && ec::MaxPool1D<3>::steps(in, 2) == 0);
  static_assert(ec::AvgPool1D<3, 2, Padding::same>::steps(in, 6) == 3);
  static_assert(ec::MaxUnpool2D<0, ec::Extent{1, 3}>::steps(ec::sequence(3, 4), 2) == 6);
  static_assert(ec::UpSample1D<3>::steps(in, 4) == 12);
  static_assert(ec::ZeroPad2D<Border{0, 0, 2, 1}>::steps(in, 4) == 7);
  static_assert(ec::Crop2D<Border{0, 0, 2, 1}>::steps(in, 9) == 6 && ec::Crop2D<Border{0, 0, 2, 1}>::steps(in, 4) == 2);

  const Network<steps> model{ec::Seed{3}};
  const auto predict = [&] { model.predict(Matrix::Zero(steps * channels, 2), std::vector<Index>{9, 2}); };
  expect_error<ec::OptionError>(predict, {"sample 1 has 2 steps", "layer 2 makes no step of them"});
}
