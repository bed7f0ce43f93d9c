// SPDX-License-Identifier: MIT
#include <atomic>
#include <thread>

#include "support/allocations.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
using ec::WeightFormat;
using Eigen::MatrixXf;

namespace {

using Encoder = ec::Encoder<ec::image(5, 3), ec::Dense<37>, ec::Tanh, ec::Dense<2>, ec::ReLU>;
using Decoder = ec::Decoder<Encoder::output, ec::LeakyReLU, ec::Dense<15>, ec::Sigmoid>;
using Model = ec::Autoencoder<Encoder, Decoder>;

/// Weights as the format keeps them, by its definition.
template <WeightFormat W>
MatrixXf rounded(const MatrixXf& w) {
  MatrixXf result = w;
  for (ec::Index i = 0; i < w.rows(); ++i) {
    const float scale = w.row(i).cwiseAbs().maxCoeff() / 127;
    for (float& value : result.row(i)) {
      const float step = W == WeightFormat::int8 ? scale : std::ldexp(1.0F, std::ilogb(value) - 7);
      value = std::nearbyint(value / step) * step;
    }
  }
  return result;
}

/// The model with such weights in the blocks named, in float.
template <WeightFormat W, class M>
M with_rounded(const M& model, std::initializer_list<std::string_view> names) {
  M copy = model;
  for (const std::string_view name : names) copy.parameter(name) = rounded<W>(copy.parameter(name));
  return copy;
}

/// No parameter is 0, and none like its neighbours.
template <class M>
M varied() {
  M model{ec::Seed{4}};
  const Eigen::VectorXf wave =
      Eigen::VectorXf::LinSpaced(M::parameter_count, 1, static_cast<float>(M::parameter_count)).array().sin();
  model.set_parameters(model.parameters() + 0.2F * wave);
  model.set_state((model.state().array() + 0.5F).matrix());
  return model;
}
MatrixXf samples(ec::Index rows, ec::Index columns) {
  return Eigen::VectorXf::LinSpaced(rows * columns, 1, static_cast<float>(7 * rows * columns))
      .array()
      .sin()
      .matrix()
      .reshaped(rows, columns);
}
/// Within the rounding of values to 16 bits and of sums.
void check_close(const MatrixXf& found, const MatrixXf& expected) {
  REQUIRE(found.rows() == expected.rows());
  REQUIRE(found.cols() == expected.cols());
  CHECK((found - expected).cwiseAbs().maxCoeff() <= 2e-4F * expected.cwiseAbs().maxCoeff());
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("compact model: predicts what the model with rounded weights predicts", "", ((WeightFormat W), W),
                       WeightFormat::bfloat16, WeightFormat::int8) {
  const Model model = varied<Model>();
  const ec::CompactModel<Model, W> compact{model};
  const Model expected = with_rounded<W>(model, {"encoder.0.weight", "encoder.2.weight", "decoder.1.weight"});
  const MatrixXf x = samples(15, 70), codes = compact.encode(x);
  check_close(codes, expected.encode(x));
  check_close(compact.decode(codes), expected.decode(codes));
  check_close(compact.reconstruct(x), expected.reconstruct(x));
  CHECK((compact.reconstruct(x) - model.reconstruct(x)).cwiseAbs().maxCoeff() > 1e-5F);  // they are rounded
  static_assert(decltype(compact)::input == Model::input && decltype(compact)::output == Model::output &&
                decltype(compact)::code == Model::code);
  static_assert(decltype(compact)::format == W);

  SECTION("with a workspace, of any size") {
    for (const ec::Index columns : {1, 7, 70}) {
      auto workspace = compact.workspace(columns);
      MatrixXf y(15, 70), c(2, 70);
      const long before = allocations::count();
      compact.reconstruct(x, y, workspace);
      compact.encode(x, c, workspace);
      compact.decode(c, y, workspace);
      if (allocations::counted) CHECK(allocations::count() == before);
      check_close(c, codes);
      check_close(y, compact.reconstruct(x));
    }
  }
  SECTION("from many threads at once") {
    const MatrixXf once = compact.reconstruct(x);
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) right += compact.reconstruct(x) == once;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 40);
  }
  SECTION("it does not change with the model, and its copies are its own") {
    Model other = model;
    const ec::CompactModel<Model, W> made{other};
    other.set_parameters(Eigen::VectorXf::Zero(Model::parameter_count));
    const auto copy = made;
    CHECK(made.encode(x) == codes);
    CHECK(copy.encode(x) == codes);
  }
}

TEST_CASE("compact model: matrices that do not fit, and models that have been moved from, are refused as by a model") {
  Model model{ec::Seed{4}};
  ec::CompactModel<Model, WeightFormat::int8> compact{model};
  auto workspace = compact.workspace(4);
  MatrixXf y(15, 4);
  expect_error<ec::ShapeError>([&] { compact.encode(MatrixXf(14, 4)); }, {"encode", "15 rows", "(5, 3, 1)", "found 14"});
  expect_error<ec::ShapeError>([&] { compact.decode(MatrixXf(3, 4)); }, {"decode", "2 rows", "found 3"});
  expect_error<ec::ShapeError>([&] { compact.reconstruct(MatrixXf(15, 5), y, workspace); }, {"output of 5 columns", "found 4"});
  expect_error<ec::OptionError>([&] { compact.workspace(-1); }, {"workspace: expected room for 0 to"});

  const auto moved = std::move(compact);
  expect_error<ec::Error>([&] { compact.reconstruct(y); }, {"this model has been moved from", "assign to this one"});
  compact = moved;
  CHECK(compact.reconstruct(samples(15, 4)) == moved.reconstruct(samples(15, 4)));
  const Model taken = std::move(model);
  expect_error<ec::Error>([&] { ec::CompactModel<Model, WeightFormat::int8>{model}; }, {"this model has been moved from"});
}

TEST_CASE("compact model: weights that are not finite are refused, by name") {
  Model model{ec::Seed{4}};
  model.parameter("decoder.1.weight")(11, 1) = std::numeric_limits<float>::quiet_NaN();
  const std::initializer_list<std::string_view> says{"CompactModel: expected weights that are finite",
                                                     "found nan in decoder.1.weight at row 11, column 1"};
  expect_error<ec::Error>([&] { ec::CompactModel<Model, WeightFormat::int8>{model}; }, says);
  expect_error<ec::Error>([&] { ec::CompactModel<Model, WeightFormat::bfloat16>{model}; }, says);
  model.parameter("decoder.1.weight")(11, 1) = 1;
  model.parameter("encoder.0.weight")(3, 14) = std::numeric_limits<float>::max();  // no bfloat16 is as large
  expect_error<ec::Error>([&] { ec::CompactModel<Model, WeightFormat::bfloat16>{model}; },
                          {"at most 3.38953e+38", "encoder.0.weight at row 3, column 14"});
  CHECK_NOTHROW(ec::CompactModel<Model, WeightFormat::int8>{model});
}

TEST_CASE("compact model: a half or a quarter of the bytes, in whole panels of 32 rows") {
  using Large = ec::Network<ec::Sequential<ec::features(256), ec::Dense<512>, ec::Dense<64, ec::Bias::none>>>;
  constexpr ec::Index vectors = 512 + 64 + 512, weights = 256 * 512 + 512 * 64;  // scales, and a bias
  const auto parameters = []<class M>(std::type_identity<M>) { return M::bytes(1) - M::Workspace::bytes(1); };
  CHECK(parameters(std::type_identity<ec::CompactModel<Large, WeightFormat::int8>>{}) == weights + 4 * vectors);
  CHECK(parameters(std::type_identity<ec::CompactModel<Large, WeightFormat::bfloat16>>{}) == 2 * weights + 4 * 512);
}

TEST_CASE("compact model: layers of all kinds, some of which stay as they are") {
  const auto check = []<class M, WeightFormat W>(const M& model, std::initializer_list<std::string_view> names,
                                                 std::integral_constant<WeightFormat, W>) {
    const ec::CompactModel<M, W> compact{model};
    const M expected = with_rounded<W>(model, names);
    const MatrixXf x = samples(M::input.size(), 9);
    if constexpr (requires { compact.predict(x); }) {
      check_close(compact.predict(x), expected.predict(x));
    } else {
      check_close(compact.encode(x), expected.encode(x));
      check_close(compact.reconstruct(x), expected.reconstruct(x));
    }
  };
  constexpr std::integral_constant<WeightFormat, WeightFormat::int8> int8;
  constexpr std::integral_constant<WeightFormat, WeightFormat::bfloat16> bfloat16;

  SECTION("images, running averages, frozen layers, groups, layers that hold values") {
    using Net = ec::Network<decltype(ec::sequential<ec::image(6, 6)>(
        ec::Conv2D<3, 3>{}, ec::BatchNorm{}, ec::MaxPool2D<2>{}, ec::Dense<33>{}, ec::LeakyReLU{0.4},
        ec::Frozen<ec::Dense<9, ec::Bias::none>>{}, ec::Residual<ec::Dense<9>, ec::Tanh>{}, ec::Softmax{}))>;
    Net model{ec::sequential<ec::image(6, 6)>(ec::Conv2D<3, 3>{}, ec::BatchNorm{}, ec::MaxPool2D<2>{}, ec::Dense<33>{},
                                              ec::LeakyReLU{0.4}, ec::Frozen<ec::Dense<9, ec::Bias::none>>{},
                                              ec::Residual<ec::Dense<9>, ec::Tanh>{}, ec::Softmax{}),
              ec::Seed{4}};
    model.set_state((model.state().array() + 0.5F).matrix());
    check(model, {"layer.3.weight", "layer.5.weight", "layer.6.weight"}, int8);
    check(model, {"layer.3.weight", "layer.5.weight", "layer.6.weight"}, bfloat16);
  }
  SECTION("a tied layer reads the weights that it borrows, which stay as they are") {
    using Wide = ec::Encoder<ec::features(12), ec::Dense<35>, ec::Tanh, ec::Dense<6>>;
    using Tied = ec::Autoencoder<Wide, ec::Decoder<Wide::output, ec::TiedDense<2, ec::features(35)>, ec::Tanh, ec::Dense<12>>>;
    check(varied<Tied>(), {"encoder.0.weight", "decoder.2.weight"}, int8);
  }
  SECTION("a list that is an encoder or a decoder alone") {
    check(varied<ec::Network<Encoder>>(), {"encoder.0.weight", "encoder.2.weight"}, int8);
    check(varied<ec::Network<Decoder>>(), {"decoder.1.weight"}, bfloat16);
  }
}

TEST_CASE("compact model: variational models, whose heads stay as they are") {
  using E = ec::Encoder<ec::features(20), ec::Dense<40>, ec::Tanh>;
  using D = ec::Decoder<ec::features(3), ec::Dense<40>, ec::Tanh, ec::Dense<20>>;
  const MatrixXf x = samples(20, 9);
  SECTION("alone") {
    using Variational = ec::VariationalAutoencoder<E, ec::Latent<3>, D>;
    const auto model = varied<Variational>(),
               expected = with_rounded<WeightFormat::int8>(model, {"encoder.0.weight", "decoder.0.weight", "decoder.2.weight"});
    const ec::CompactModel<Variational, WeightFormat::int8> compact{model};
    check_close(compact.encode(x), expected.encode(x));
    check_close(compact.encode_distribution(x).log_variance, expected.encode_distribution(x).log_variance);
    check_close(compact.reconstruct(x), expected.reconstruct(x));
    check_close(compact.sample(5, ec::Seed{2}), expected.sample(5, ec::Seed{2}));
    check_close(compact.interpolate(Eigen::Vector3f(1, 0, 2), Eigen::Vector3f(0, 1, 1), 4),
                expected.interpolate(Eigen::Vector3f(1, 0, 2), Eigen::Vector3f(0, 1, 1), 4));
  }
  SECTION("of classes") {
    using Conditional = ec::ConditionalVariationalAutoencoder<E, ec::Latent<3>, ec::Condition<4>, D>;
    const auto model = varied<Conditional>(),
               expected = with_rounded<WeightFormat::int8>(model, {"encoder.1.weight", "decoder.1.weight", "decoder.3.weight"});
    const ec::CompactModel<Conditional, WeightFormat::int8> compact{model};
    const Eigen::VectorXi labels = Eigen::VectorXi::LinSpaced(9, 0, 8).unaryExpr([](int i) { return i % 4; });
    check_close(compact.encode(x, labels), expected.encode(x, labels));
    check_close(compact.reconstruct(x, labels), expected.reconstruct(x, labels));
    check_close(compact.sample(labels, ec::Seed{2}), expected.sample(labels, ec::Seed{2}));
    expect_error<ec::OptionError>([&] { compact.encode(x, Eigen::VectorXi::Constant(9, 4)); }, {"expected labels from 0 to 3"});
  }
}

TEST_CASE("compact model: of a trained network, within one per cent of its error") {
  using Deep = ec::Autoencoder<ec::Encoder<ec::features(24), ec::Dense<40>, ec::ReLU, ec::Dense<4>>,
                               ec::Decoder<ec::features(4), ec::Dense<40>, ec::ReLU, ec::Dense<24>, ec::Sigmoid>>;
  // Points near a curved surface of four dimensions, and what no code can hold: noise, as data have.
  const MatrixXf inside = samples(4, 256), outside = samples(24, 4), noise = 0.1F * samples(29, 256).topRows(24);
  const MatrixXf x = (1 + (-outside * inside).array().exp()).inverse().matrix() + noise;
  Deep model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 3e-3}};
  for (int step = 0; step < 400; ++step) trainer.train_on_batch(x);
  const auto error = [&](const auto& any) {
    return double{(any.reconstruct(x) - x).squaredNorm()} / static_cast<double>(x.size());
  };
  const double exact = error(model);
  CHECK(exact < 0.008);  // it has learnt something
  const double bfloat16 = error(ec::CompactModel<Deep, WeightFormat::bfloat16>{model}),
               int8 = error(ec::CompactModel<Deep, WeightFormat::int8>{model});
  CAPTURE(exact, bfloat16 / exact, int8 / exact);
  CHECK(std::abs(bfloat16 / exact - 1) < 0.01);
  CHECK(std::abs(int8 / exact - 1) < 0.01);
}
