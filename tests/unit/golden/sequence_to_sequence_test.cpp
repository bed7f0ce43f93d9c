// SPDX-License-Identifier: MIT
#include "golden_recurrent.hpp"
#include "support/stage_runner.hpp"

namespace {

namespace ec = eigencoder;
using ec::Direction, ec::Feed, ec::Index, ec::Returns;

constexpr ec::Shape in = golden::steps_of_channels;

const nlohmann::json& file() {
  static const nlohmann::json loaded = golden::load("sequence_to_sequence.json");
  return loaded;
}
ec::Seed seed() { return ec::Seed{file()["seed"].get<std::uint64_t>()}; }

struct Entry {
  const nlohmann::json& expected;
  double ratio;  ///< of teacher forcing
};

/// Those of a kind of decoder; those that are fed the code have a feed of that name.
std::vector<Entry> entries_of(const char* where, const std::string& cell, Direction order, Feed fed) {
  const std::string direction = order == Direction::backward ? "backward" : "forward";
  std::vector<Entry> found;
  for (const nlohmann::json& entry : file()[where]) {
    if (entry["cell"] != cell || entry["direction"] != direction || (entry["feed"] == "code") != (fed == Feed::code)) continue;
    found.push_back({entry, file()["ratios"][entry["feed"].get<std::string>()].get<double>()});
  }
  REQUIRE(!found.empty());
  return found;
}

/// A decoder alone, its initial state's gradient included.
template <class Layer, Feed Fed>
void check_decoder(const std::string& cell) {
  using Decoder = ec::RecurrentDecoder<Layer, in.width, in.channels, Fed>;
  constexpr ec::Shape code_shape = ec::features(Decoder::state_size);
  using Chain = ec::LayersAlone<double, code_shape, Decoder>;
  for (const Entry& entry : entries_of("decoders", cell, Layer::direction, Fed)) {
    CAPTURE(cell, entry.expected["direction"], entry.expected["feed"]);
    const typename Chain::Layers layers{Decoder{ec::TeacherForcing{entry.ratio}}};
    ec::LayerRunner<Chain> run(layers);
    golden::fill_blocks<Chain>(run);
    run.random = ec::Random(seed(), file()["step"].get<std::uint64_t>(), 1);
    run.targets = golden::drawn(3, in.size());
    const Eigen::MatrixXd code = golden::drawn(1, Decoder::state_size), y = run.forward(code);
    golden::check_totals(entry.expected["y"], y, golden::tolerance);
    golden::check_totals(entry.expected["dx"], run.backward(code, y, golden::drawn(2, in.size())), golden::tolerance);
    golden::check_totals(entry.expected["dtheta"], run.dtheta, golden::tolerance);
    if (entry.ratio == 0) golden::check_totals(entry.expected["y"], run.template forward<ec::Mode::predict>(code), golden::tolerance);
  }
}

template <template <Index, auto...> class Cell>
void check_decoders(const std::string& cell) {
  check_decoder<Cell<3>, Feed::output>(cell);
  check_decoder<Cell<3>, Feed::code>(cell);
  check_decoder<Cell<3, Direction::backward>, Feed::output>(cell);
  check_decoder<Cell<3, Direction::backward>, Feed::code>(cell);
}

/// With its encoder: codes, what it makes of them in use, and every gradient; samples of one length and of several.
template <template <Index, auto...> class Cell, Direction Order, Feed Fed>
void check_autoencoder(const std::string& cell) {
  using Layer = ec::RecurrentDecoder<Cell<3, Order>, in.width, in.channels, Fed>;
  using Encoder = ec::Encoder<in, Cell<3, Returns::state>>;
  using Model = ec::SequenceAutoencoder<Encoder, ec::Decoder<Encoder::output, Layer>, double>;
  for (const Entry& entry : entries_of("autoencoders", cell, Order, Fed)) {
    CAPTURE(cell, entry.expected["direction"], entry.expected["feed"]);
    Model model{ec::encoder<in>(Cell<3, Returns::state>{}), ec::decoder<Encoder::output>(Layer{ec::TeacherForcing{entry.ratio}}), ec::Seed{1}};
    const auto lengths = entry.expected["lengths"].get<golden::Lengths>();
    const Eigen::MatrixXd x = golden::drawn(1, in.size());
    golden::check_gradients(entry.expected, model, x, x, lengths, seed(), file()["step"].get<std::uint64_t>());
    golden::check_totals(entry.expected["code"], model.encode(x, lengths), golden::tolerance);
    golden::check_totals(entry.expected["output"], model.reconstruct(x, lengths), golden::tolerance);
  }
}

}  // namespace

TEST_CASE("golden: decoders that begin with a code equal PyTorch's") {
  check_decoders<ec::LSTM>("lstm");
  check_decoders<ec::GRU>("gru");
  check_decoders<ec::SimpleRNN>("rnn");
}

TEST_CASE("golden: sequence-to-sequence autoencoders equal PyTorch's") {
  check_autoencoder<ec::LSTM, Direction::forward, Feed::output>("lstm");
  check_autoencoder<ec::LSTM, Direction::backward, Feed::output>("lstm");
  check_autoencoder<ec::GRU, Direction::forward, Feed::output>("gru");
  check_autoencoder<ec::GRU, Direction::backward, Feed::code>("gru");
}
