// SPDX-License-Identifier: MIT
#include <thread>

#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

using Encoder = ec::Encoder<ec::image(5, 3), ec::Dense<7>, ec::Tanh, ec::Dense<2>, ec::ReLU>;
using Decoder = ec::Decoder<Encoder::output, ec::LeakyReLU, ec::Dense<15>, ec::Sigmoid>;
using Model = ec::Autoencoder<Encoder, Decoder>;

static_assert(Model::parameter_count == 15 * 7 + 7 + 7 * 2 + 2 + 2 * 15 + 15);
static_assert(Model::input == ec::image(5, 3) && Model::code == ec::features(2) && Model::output == ec::features(15));
static_assert(Model::bytes(1) < 4096 && Model::bytes(2) >= Model::bytes(1));

/// The network written out in Eigen.
Eigen::MatrixXf encoded(Model& model, const Eigen::MatrixXf& x) {
  const Eigen::MatrixXf hidden =
      ((model.parameter("encoder.0.weight") * x).colwise() + model.parameter("encoder.0.bias").col(0)).array().tanh();
  return ((model.parameter("encoder.2.weight") * hidden).colwise() + model.parameter("encoder.2.bias").col(0)).cwiseMax(0.0F);
}
Eigen::MatrixXf decoded(Model& model, const Eigen::MatrixXf& codes) {
  const Eigen::MatrixXf leaky = (codes.array() > 0).select(codes, 0.3F * codes);
  const Eigen::ArrayXXf logits =
      (model.parameter("decoder.1.weight") * leaky).colwise() + model.parameter("decoder.1.bias").col(0);
  return (1 + (-logits).exp()).inverse();
}

}  // namespace

TEST_CASE("autoencoder: encode, decode and reconstruct are the network written out") {
  Model model{ec::Seed{4}};
  model.set_parameters(model.parameters() + 0.1F * Eigen::VectorXf::Random(Model::parameter_count));
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(15, 150);
  const Eigen::MatrixXf codes = model.encode(x);
  CHECK((codes - encoded(model, x)).cwiseAbs().maxCoeff() < 1e-6F);
  CHECK((model.decode(codes) - decoded(model, codes)).cwiseAbs().maxCoeff() < 1e-6F);
  // Codes that a decoder meets need not be an encoder's: its first layer must act on them.
  CHECK((model.decode(-codes) - decoded(model, -codes)).cwiseAbs().maxCoeff() < 1e-6F);
  CHECK((model.reconstruct(x) - decoded(model, codes)).cwiseAbs().maxCoeff() < 1e-6F);
  CHECK(model.encode(Eigen::MatrixXf(15, 0)).cols() == 0);

  SECTION("its halves on their own") {
    CHECK(model.encoder().predict(x) == codes);
    CHECK(model.decoder().predict(codes) == model.decode(codes));
    static_assert(decltype(model.encoder())::parameter_count + decltype(model.decoder())::parameter_count ==
                  Model::parameter_count);
  }

  SECTION("a workspace of any size gives the same, and blocks with gaps too") {
    for (const ec::Index columns : {1, 7, 150, 400}) {
      auto workspace = model.workspace(columns);
      Eigen::MatrixXf y = Eigen::MatrixXf::Zero(15, 150), c(2, 150), tall = Eigen::MatrixXf::Zero(30, 150);
      tall.topRows(15) = x;
      model.reconstruct(x, y, workspace);
      CHECK((y - decoded(model, codes)).cwiseAbs().maxCoeff() < 1e-6F);
      model.encode(x, c, workspace);
      CHECK((c - codes).cwiseAbs().maxCoeff() < 1e-6F);
      model.reconstruct(tall.topRows(15), tall.bottomRows(15), workspace);
      CHECK((tall.bottomRows(15) - y).cwiseAbs().maxCoeff() < 1e-6F);
      CHECK(tall.topRows(15) == x);
    }
  }

  SECTION("from many threads at once") {
    const Eigen::MatrixXf expected = model.reconstruct(x);
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) right += model.reconstruct(x) == expected;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 80);
  }

  SECTION("a copy is independent") {
    Model copy = model;
    copy.set_parameters(Eigen::VectorXf::Zero(Model::parameter_count));
    CHECK(model.encode(x) == codes);
    CHECK(copy.encode(x).isZero());
  }
}

TEST_CASE("autoencoder: matrices that do not fit are refused") {
  const Model model{ec::Seed{4}};
  auto workspace = model.workspace(4);
  Eigen::MatrixXf y(15, 4);
  expect_error<ec::ShapeError>([&] { model.encode(Eigen::MatrixXf(14, 4)); }, {"encode", "15 rows", "(5, 3, 1)", "found 14"});
  expect_error<ec::ShapeError>([&] { model.decode(Eigen::MatrixXf(3, 4)); }, {"decode", "2 rows", "found 3"});
  expect_error<ec::ShapeError>([&] { model.reconstruct(Eigen::MatrixXf(16, 4)); }, {"reconstruct", "15 rows", "found 16"});
  expect_error<ec::ShapeError>([&] { model.encode(Eigen::MatrixXf(15, 4), y, workspace); },
                               {"encode", "output of 2 rows", "found 15"});
  expect_error<ec::ShapeError>([&] { model.reconstruct(Eigen::MatrixXf(15, 5), y, workspace); },
                               {"output of 5 columns", "found 4"});
}

TEST_CASE("autoencoder: a workspace that no memory can hold, or of less than nothing, is refused") {
  const Model model{ec::Seed{4}};
  constexpr ec::Index most = std::numeric_limits<ec::Index>::max();
  for (const ec::Index columns : {most, most / 8, most / Model::Workspace::bytes(1) + 1, ec::Index{-1}}) {
    const std::string found = "found " + std::to_string(columns);
    expect_error<ec::OptionError>([&] { model.workspace(columns); }, {"workspace: expected room for 0 to", found});
    expect_error<ec::OptionError>([&] { static_cast<void>(Model::bytes(columns)); }, {"workspace: expected room", found});
  }
  CHECK(model.workspace(0).columns() == 1);
  CHECK(Model::Workspace::bytes(0) == Model::Workspace::bytes(1));
}

TEST_CASE("autoencoder: all parameters are overwritten by as many, or by none") {
  using Normalised = ec::Autoencoder<ec::Encoder<ec::features(4), ec::BatchNorm>, ec::Decoder<ec::features(4), ec::Dense<4>>>;
  Normalised model{ec::Seed{4}};
  const Eigen::VectorXf before = model.parameters();
  for (const ec::Index length : {Normalised::parameter_count - 1, Normalised::parameter_count + 1, ec::Index{0}}) {
    expect_error<ec::ShapeError>([&] { model.set_parameters(Eigen::VectorXf::Ones(length)); },
                                 {"set_parameters: expected 28 values", "found " + std::to_string(length)});
    expect_error<ec::ShapeError>([&] { model.set_state(Eigen::VectorXf::Ones(length)); },
                                 {"set_state: expected 8 values", "found " + std::to_string(length)});
  }
  CHECK(model.parameters() == before);
  model.set_parameters(model.parameters().reverse());  // an expression that reads what is overwritten
  CHECK(model.parameters() == before.reverse());
  model.set_state(Eigen::ArrayXd::LinSpaced(8, 0, 7).cast<float>());
  CHECK(model.state()[7] == 7.0F);
}

TEST_CASE("autoencoder: a model that has been moved from says so, and lives again with another's parameters") {
  Model model{ec::Seed{4}};
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(15, 3), codes = model.encode(x);
  const Model moved = std::move(model);
  CHECK(moved.encode(x) == codes);
  auto workspace = moved.workspace(3);
  Eigen::MatrixXf y(15, 3);
  const auto refused = [](auto use) {
    expect_error<ec::Error>(use, {"this model has been moved from", "no parameters", "assign to this one"});
  };
  refused([&] { model.encode(x); });
  refused([&] { model.decode(codes); });
  refused([&] { model.reconstruct(x); });
  refused([&] { model.reconstruct(x, y, workspace); });
  refused([&] { model.parameters(); });
  refused([&] { model.state(); });
  refused([&] { model.parameter("encoder.0.weight"); });
  refused([&] { model.set_parameters(moved.parameters()); });
  refused([&] { model.encoder(); });
  const Model copy = model;
  refused([&] { copy.encode(x); });
  model = moved;
  CHECK(model.encode(x) == codes);
}

TEST_CASE("autoencoder: parameters by name") {
  Model model{ec::Seed{4}};
  std::vector<std::string> names;
  ec::Index total = 0;
  std::as_const(model).for_each_block([&](const std::string& name, const ec::Block& block, auto view) {
    names.push_back(name);
    CHECK(view.size() == block.size());
    total += view.size();
  });
  CHECK(names == std::vector<std::string>{"encoder.0.weight", "encoder.0.bias", "encoder.2.weight", "encoder.2.bias",
                                          "decoder.1.weight", "decoder.1.bias"});
  CHECK(total == Model::parameter_count);
  CHECK(model.parameter("encoder.2.weight").rows() == 2);
  CHECK(model.parameter("encoder.2.weight").cols() == 7);
  expect_error<ec::OptionError>([&] { model.parameter("encoder.1.weight"); },
                                {"encoder.1.weight", "encoder.0.weight, encoder.0.bias"});
}

TEST_CASE("autoencoder: types and values spell the same network") {
  auto e = ec::encoder<ec::features(4)>(ec::Dense<3>{}, ec::LeakyReLU{0.1});
  auto d = ec::decoder<ec::features(3)>(ec::Dense<4>{});
  static_assert(std::is_same_v<decltype(e), ec::Encoder<ec::features(4), ec::Dense<3>, ec::LeakyReLU>>);
  ec::Autoencoder by_value{e, d, ec::Seed{2}};
  static_assert(std::is_same_v<decltype(by_value), ec::Autoencoder<decltype(e), decltype(d), float>>);
  ec::Autoencoder<decltype(e), decltype(d)> by_type{ec::Seed{2}};
  CHECK(by_value.parameters() == by_type.parameters());
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(4, 8);
  CHECK(by_value.encode(x) != by_type.encode(x));  // slopes 0.1 and 0.3
  CHECK(by_value.encode(x).cwiseMax(0) == by_type.encode(x).cwiseMax(0));
}

TEST_CASE("network: any stack of layers") {
  using Classifier = ec::Network<ec::Sequential<ec::features(4), ec::Dense<8>, ec::ReLU, ec::Dense<3>, ec::Softmax>, double>;
  const Classifier network{ec::Seed{1}};
  const Eigen::MatrixXd y = network.predict(Eigen::MatrixXd::Random(4, 5));
  CHECK((y.colwise().sum().array() - 1).abs().maxCoeff() < 1e-15);
  auto workspace = network.workspace(2);
  Eigen::MatrixXd in_pieces(3, 5);
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(4, 5);
  network.predict(x, in_pieces, workspace);
  const Eigen::MatrixXd at_once = network.predict(x);
  CHECK(in_pieces.leftCols(4) == at_once.leftCols(4));
  // The last piece is one column: its products are sums in another order.
  CHECK((in_pieces - at_once).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("summary: layers, shapes, parameters and totals") {
  const std::string text = ec::summary(Model{});
  const std::string kernels = "\n Kernels: " + std::string(ec::name(ec::simd())) + '\n';
  for (const char* const part :
       {"(5, 3, 1)", "encoder.0  Dense<7>", "decoder.1  Dense<15>", "112", "Parameters: 173 (692 B)", kernels.c_str()}) {
    INFO(text << "\nmust hold: " << part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(ec::detail::with_commas(1'149'520) == "1,149,520");
  CHECK(ec::detail::with_commas(999) == "999");
  CHECK(ec::detail::with_commas(0) == "0");
  CHECK(ec::detail::readable_bytes(203'968) == "199.19 KiB");
}

TEST_CASE("summary: columns stand in line, however long positions and names are") {
  using ec::ReLU;
  using Long = ec::Encoder<ec::image(1, 2, 3), ec::Reshape<ec::image(3, 1, 2)>, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU>;
  const std::string text = ec::summary(ec::Autoencoder<Long, ec::Decoder<Long::output, ec::Dense<6>>>{});
  for (const std::string line : {"\n input                            (2, 3)                  \n",
                                 "\n encoder.0   Reshape<(3, 1, 2)>   (3, 1, 2)              0\n",
                                 "\n encoder.9   ReLU                 (3, 1, 2)              0\n",
                                 "\n encoder.10  ReLU                 (3, 1, 2)              0\n",
                                 "\n decoder.0   Dense<6>             (6)                   42\n"}) {
    INFO(text << "\nmust hold: " << line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("autoencoder: a large matrix, shared among threads, gives what piece after piece gives") {
  using Wide =
      ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<32>, ec::ReLU>, ec::Decoder<ec::features(32), ec::Dense<784>>>;
  const Wide model{ec::Seed{1}};
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(784, 4100);
  Eigen::MatrixXf y(784, 4100), codes(32, 4100);
  Wide::Workspace workspace = model.workspace(64);
  model.reconstruct(x, y, workspace);
  CHECK(model.reconstruct(x) == y);
  model.encode(x, codes, workspace);
  CHECK(model.encode(x) == codes);
  CHECK(model.decode(codes) == y);
  CHECK(model.encode(x.middleRows(0, 784).leftCols(0)).cols() == 0);
}
