// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/gru.hpp>
#include <eigencoder/layers/lstm.hpp>
#include <eigencoder/layers/recurrent_decoder.hpp>
#include <eigencoder/layers/simple_rnn.hpp>

using namespace layers;

namespace {

constexpr Index steps = 5, values = 3;

/// Finite differences, on a batch of 1 and on one of 7.
template <ec::Shape State, class Layer>
void check(const Layer& layer) {
  for (const Index batch : {1, 7}) {
    const ec::GradientReport report = ec::check_layer_gradient<State>(layer, {.batch = batch});
    CAPTURE(ec::type_name<Layer>(), batch, report.text());
    CHECK(report.error < 1e-6);
  }
}

}  // namespace

TEST_CASE("RecurrentDecoder: finite differences", "[recurrent_decoder]") {
  check<ec::features(8)>(ec::RecurrentDecoder<ec::LSTM<4>, steps, values>{ec::TeacherForcing{0.5}});
  check<ec::features(4)>(ec::RecurrentDecoder<ec::GRU<4>, steps, values>{ec::GRU<4>{ec::RecurrentDropout{0.3}}, ec::TeacherForcing{0.0}});
  check<ec::features(4)>(ec::RecurrentDecoder<ec::SimpleRNN<4, ec::Direction::backward>, steps, values>{ec::TeacherForcing{1.0}});
  check<ec::features(4)>(ec::RecurrentDecoder<ec::GRU<4>, steps, values, ec::Feed::code>{});
  check<ec::features(8)>(ec::RecurrentDecoder<ec::LSTM<4>, steps, values, ec::Feed::code>{});
}
