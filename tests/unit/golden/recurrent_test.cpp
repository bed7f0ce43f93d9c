// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "golden/totals.hpp"
#include "support/stage_runner.hpp"

// Recurrent layers against PyTorch: outputs, every gradient, steps of Adam; samples of one length and of several.
namespace {

namespace ec = eigencoder;
using ec::Direction, ec::Returns, ec::Index;
using Lengths = std::vector<Index>;

constexpr double tolerance = 1e-9;
constexpr ec::Shape small = ec::sequence(5, 4), odd = ec::sequence(7, 9);

const nlohmann::json& file() {
  static const nlohmann::json loaded = golden::load("recurrent.json");
  return loaded;
}

Eigen::MatrixXd drawn(std::uint64_t stream, Index rows, Index columns) {
  Eigen::MatrixXd values(rows, columns);
  golden::fill(stream, 2, -1, values);
  return values;
}

/// One block of parameters: weights are matrices, biases not.
template <class View>
void fill_block(std::uint64_t stream, const ec::Block& block, View&& view) {
  const double limit = block.cols > 0 ? std::sqrt(6.0 / static_cast<double>(block.rows + block.cols)) : 0.1;
  golden::fill(stream, 2 * limit, -limit, view);
}

/// What a sample has not is 0.
Eigen::MatrixXd without_padding(Eigen::MatrixXd values, const Lengths& lengths, Index channels) {
  for (std::size_t j = 0; j < lengths.size(); ++j)
    values.col(static_cast<Index>(j)).tail(values.rows() - channels * lengths[j]).setZero();
  return values;
}

/// The entry of a layer in the file, for samples of one length or of several.
const nlohmann::json& entry_of(const std::string& cell, const std::string& returns, const std::string& direction, ec::Shape in,
                               bool lengths) {
  for (const nlohmann::json& entry : file()["layers"]) {
    if (entry["cell"] == cell && entry["returns"] == returns && entry["direction"] == direction && entry["steps"] == in.width &&
        entry["lengths"].empty() != lengths) {
      return entry;
    }
  }
  throw std::runtime_error("recurrent.json lacks " + cell + ' ' + returns + ' ' + direction);
}

template <class Layer, ec::Shape In>
void check_layer(const std::string& cell, const std::string& returns, const std::string& direction) {
  using Chain = ec::LayersAlone<double, In, Layer>;
  using Stage = typename Chain::template stage<0>;
  CAPTURE(cell, returns, direction, ec::to_string(In));
  const nlohmann::json& entry = entry_of(cell, returns, direction, In, false);
  const auto batch = entry["batch"].get<Index>();
  ec::LayerRunner<Chain> run;
  std::uint64_t stream = 1000;
  for (const auto& [block, offset] : Stage::Trainable::entries) {
    fill_block(stream++, block, ec::MatrixView<double>(run.theta.data() + offset, block.rows, std::max<Index>(block.cols, 1)));
  }
  const Eigen::MatrixXd x = drawn(1, In.size(), batch), dy = drawn(2, Stage::out.size(), batch), y = run.forward(x);
  golden::check_totals(entry["y"], y, tolerance);
  golden::check_totals(entry["y"], run.template forward<ec::Mode::predict>(x), tolerance);
  run.forward(x);
  golden::check_totals(entry["dx"], run.backward(x, y, dy), tolerance);
  golden::check_totals(entry["dtheta"], run.dtheta, tolerance);
}

template <template <Index, auto...> class Cell>
void check_layers(const std::string& cell) {
  check_layer<Cell<3, Returns::sequence>, small>(cell, "sequence", "forward");
  check_layer<Cell<3>, small>(cell, "last", "forward");
  check_layer<Cell<3, Returns::sequence, Direction::backward>, small>(cell, "sequence", "backward");
  check_layer<Cell<3, Direction::backward>, small>(cell, "last", "backward");
  check_layer<ec::Bidirectional<Cell<3, Returns::sequence>>, small>(cell, "sequence", "bidirectional");
  check_layer<ec::Bidirectional<Cell<3>>, small>(cell, "last", "bidirectional");
  check_layer<Cell<17, Returns::sequence>, odd>(cell, "sequence", "forward");
}

template <class Model>
Eigen::MatrixXd output_of(const Model& model, const Eigen::MatrixXd& x, const Lengths& lengths) {
  if constexpr (requires { model.reconstruct(x); }) {
    return lengths.empty() ? model.reconstruct(x) : model.reconstruct(x, lengths);
  } else {
    return lengths.empty() ? model.predict(x) : model.predict(x, lengths);
  }
}

template <class Model>
void check_network(const std::string& name) {
  INFO(name);
  const nlohmann::json& expected = file()["networks"][name];
  const auto lengths = expected["lengths"].get<Lengths>();
  Model model;
  std::uint64_t stream = 1000;
  model.for_each_block([&](const std::string& block_name, const ec::Block& block, auto view) {
    CHECK(expected["gradients"][stream - 1000]["block"] == block_name);
    fill_block(stream++, block, view);
  });
  const Eigen::MatrixXd x = drawn(1, Model::input.size(), 3);
  const Eigen::MatrixXd target = expected.contains("adam") ? x : drawn(2, Model::output.size(), 3);

  const bool sequence = Model::output.width > 1;
  golden::check_totals(expected["output"], without_padding(output_of(model, x, lengths), sequence ? lengths : Lengths{}, Model::output.channels),
                       tolerance);
  using Loss = ec::MeanSquaredError;
  Eigen::VectorXd gradient(Model::parameter_count);
  for (const std::size_t threads : {1U, 2U}) {
    ec::Stepper<Model, ec::Objective<Loss>, ec::Adam> stepper(threads, {}, 0);
    stepper.reserve_training(3);
    const auto values =
        stepper.differentiate(model, ec::as_objective(Loss{}), {x, target, nullptr, 3}, 1, gradient.data());
    CHECK(values[0] == Approx(expected["loss"].get<double>()).epsilon(tolerance));
    std::size_t k = 0;
    const double* at = gradient.data();
    std::as_const(model).for_each_block([&](const std::string& block_name, const ec::Block&, auto view) {
      INFO("gradient of " << block_name << ", " << threads << " threads");
      golden::check_totals(expected["gradients"][k++], ec::MatrixView<const double>(at, view.rows(), view.cols()), tolerance);
      at += view.size();
    });
  }
}

template <class... Layers>
using Network = ec::Network<ec::Sequential<small, Layers...>, double>;
template <template <Index, auto...> class Cell, auto... Options>
using Stacked = Network<ec::Conv1D<4, 1>, Cell<3, Returns::sequence, Options...>, Cell<3, Returns::sequence, Options...>>;
template <template <Index, auto...> class Cell>
using Repeated = ec::Network<ec::Sequential<ec::features(4), ec::Dense<2>, ec::RepeatVector<5>, Cell<3, Returns::sequence>>, double>;
template <template <Index, auto...> class Cell>
using Autoencoder =
    ec::Autoencoder<ec::Encoder<small, Cell<3>>,
                    ec::Decoder<ec::features(3), ec::RepeatVector<5>, Cell<4, Returns::sequence>, ec::Conv1D<4, 1>>, double>;

}  // namespace

TEST_CASE("golden: recurrent layers equal PyTorch's") {
  check_layers<ec::LSTM>("lstm");
  check_layer<ec::LSTM<3, Returns::state>, small>("lstm", "state", "forward");
  check_layer<ec::LSTM<3, Returns::state, Direction::backward>, small>("lstm", "state", "backward");
  check_layers<ec::GRU>("gru");
  check_layers<ec::SimpleRNN>("rnn");
}
