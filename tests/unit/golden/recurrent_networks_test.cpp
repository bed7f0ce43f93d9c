// SPDX-License-Identifier: MIT
#include "golden_recurrent.hpp"

namespace {

namespace ec = eigencoder;
using ec::Direction, ec::Index, ec::Returns;

constexpr ec::Shape in = golden::steps_of_channels;

const nlohmann::json& network(const std::string& name) {
  static const nlohmann::json file = golden::load("recurrent.json");
  return file["networks"][name];
}

/// Output and every gradient.
template <class Model>
void check_network(const std::string& name) {
  INFO(name);
  const nlohmann::json& expected = network(name);
  const auto lengths = expected["lengths"].get<golden::Lengths>();
  Model model;
  const Eigen::MatrixXd x = golden::drawn(1, Model::input.size()), target = golden::drawn(2, Model::output.size());
  golden::check_gradients(expected, model, x, target, lengths);
  golden::check_totals(expected["output"], model.predict(x, lengths), golden::tolerance);
}

/// Of an autoencoder, whose target is its input; and five steps of Adam.
template <class Model>
void check_autoencoder(const std::string& name) {
  INFO(name);
  const nlohmann::json &expected = network(name), &adam = expected["adam"];
  const auto lengths = expected["lengths"].get<golden::Lengths>();
  Model model;
  const Eigen::MatrixXd x = golden::drawn(1, Model::input.size());
  golden::check_gradients(expected, model, x, x, lengths);
  golden::check_totals(expected["output"], model.reconstruct(x, lengths), golden::tolerance);

  const ec::Adam optimizer{.learning_rate = adam["learning_rate"], .beta1 = adam["beta1"], .beta2 = adam["beta2"], .epsilon = adam["epsilon"]};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, optimizer, {.threads = 2}};
  for (const auto& before : adam["losses"]) {
    CHECK(trainer.train_on_batch(x, x, {}, {}, lengths) == Approx(before.get<double>()).epsilon(golden::tolerance));
  }
  golden::check_totals(adam["theta"], model.parameters(), golden::tolerance);
}

template <ec::Shape In, class... Layers>
using Network = ec::Network<ec::Sequential<In, Layers...>, double>;
template <template <Index, auto...> class Cell, auto... Options>
using Stacked = Network<in, ec::Conv1D<4, 1>, Cell<3, Returns::sequence, Options...>, Cell<3, Returns::sequence, Options...>>;
template <template <Index, auto...> class Cell>
using Repeated = Network<ec::features(4), ec::Dense<2>, ec::RepeatVector<5>, Cell<3, Returns::sequence>>;
template <template <Index, auto...> class Cell>
using Truncated = Network<in, ec::Conv1D<4, 1>, Cell<3, Returns::sequence, ec::Truncation{2}>>;
template <template <Index, auto...> class Cell>
using Autoencoder =
    ec::Autoencoder<ec::Encoder<in, Cell<3>>, ec::Decoder<ec::features(3), ec::RepeatVector<5>, Cell<4, Returns::sequence>, ec::Conv1D<4, 1>>,
                    double>;

}  // namespace

TEST_CASE("golden: stacks of recurrent layers equal PyTorch's") {
  for (const std::string lengths : {"", "_with_lengths"}) check_network<Stacked<ec::LSTM>>("stacked_lstm" + lengths);
  check_network<Stacked<ec::SimpleRNN, Direction::backward>>("stacked_backward_rnn_with_lengths");
  check_network<Network<in, ec::Conv1D<4, 1>, ec::Bidirectional<ec::GRU<3, Returns::sequence>>, ec::Bidirectional<ec::GRU<3>>>>(
      "stacked_bidirectional_gru_with_lengths");
}

TEST_CASE("golden: a vector at every step of a recurrent layer equals PyTorch's") {
  check_network<Repeated<ec::GRU>>("repeated_gru");
  check_network<Repeated<ec::SimpleRNN>>("repeated_rnn");
  check_network<Network<ec::features(4), ec::Dense<2>, ec::RepeatVector<5>, ec::Bidirectional<ec::LSTM<3, Returns::sequence>>>>(
      "repeated_bidirectional_lstm");
}

TEST_CASE("golden: sequence autoencoders and their steps of Adam equal PyTorch's") {
  for (const std::string lengths : {"", "_with_lengths"}) {
    check_autoencoder<Autoencoder<ec::LSTM>>("autoencoder_lstm" + lengths);
    check_autoencoder<Autoencoder<ec::GRU>>("autoencoder_gru" + lengths);
  }
}

TEST_CASE("golden: truncated backpropagation through time equals PyTorch's") {
  check_network<Truncated<ec::LSTM>>("truncated_lstm");
  check_network<Truncated<ec::GRU>>("truncated_gru");
}
