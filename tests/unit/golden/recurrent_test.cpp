// SPDX-License-Identifier: MIT
#include "golden_recurrent.hpp"
#include "support/stage_runner.hpp"

namespace {

namespace ec = eigencoder;
using ec::Direction, ec::Index, ec::Returns;

constexpr ec::Shape small = golden::steps_of_channels, odd = ec::sequence(7, 9);

/// The entries of a layer in the file: samples of one length, and of several.
template <class Layer, ec::Shape In>
void check_layer(const std::string& cell, const std::string& returns, const std::string& direction) {
  using Chain = ec::LayersAlone<double, In, Layer>;
  static const nlohmann::json file = golden::load("recurrent.json");
  const std::vector<std::string> kind{cell, returns, direction};
  std::size_t found = 0;
  for (const nlohmann::json& entry : file["layers"]) {
    if (std::vector<std::string>{entry["cell"], entry["returns"], entry["direction"]} != kind || entry["inputs"] != In.channels) continue;
    ++found;
    CAPTURE(kind, entry["lengths"], ec::to_string(In));
    ec::LayerRunner<Chain> run;
    golden::fill_blocks<Chain>(run);
    run.lengths = entry["lengths"].get<golden::Lengths>();
    const auto batch = entry["batch"].get<Index>();
    constexpr ec::Shape out = Chain::output;
    const Eigen::MatrixXd x = golden::without_padding(golden::drawn(1, In.size(), batch), run.lengths, In),
                          dy = golden::without_padding(golden::drawn(2, out.size(), batch), run.lengths, out);
    golden::check_totals(entry["y"], run.template forward<ec::Mode::predict>(x), golden::tolerance);
    const Eigen::MatrixXd y = run.forward(x);
    golden::check_totals(entry["y"], y, golden::tolerance);
    golden::check_totals(entry["dx"], run.backward(x, y, dy), golden::tolerance);
    golden::check_totals(entry["dtheta"], run.dtheta, golden::tolerance);
  }
  CHECK(found == (In == small ? 2 : 1));
}

template <template <Index, auto...> class Cell>
void check_layers(const std::string& cell) {
  check_layer<Cell<3, Returns::sequence>, small>(cell, "sequence", "forward");
  check_layer<Cell<3>, small>(cell, "last", "forward");
  check_layer<Cell<3, Returns::sequence, Direction::backward>, small>(cell, "sequence", "backward");
  check_layer<Cell<3, Direction::backward>, small>(cell, "last", "backward");
  check_layer<Cell<17, Returns::sequence>, odd>(cell, "sequence", "forward");
  check_layer<ec::Bidirectional<Cell<3, Returns::sequence>>, small>(cell, "sequence", "bidirectional");
  check_layer<ec::Bidirectional<Cell<3>>, small>(cell, "last", "bidirectional");
  check_layer<ec::Bidirectional<Cell<17, Returns::sequence>>, odd>(cell, "sequence", "bidirectional");
}

}  // namespace

TEST_CASE("golden: recurrent layers equal PyTorch's") {
  check_layers<ec::LSTM>("lstm");
  check_layer<ec::LSTM<3, Returns::state>, small>("lstm", "state", "forward");
  check_layer<ec::LSTM<3, Returns::state, Direction::backward>, small>("lstm", "state", "backward");
  check_layers<ec::GRU>("gru");
  check_layers<ec::SimpleRNN>("rnn");
}
