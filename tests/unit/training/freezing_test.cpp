// SPDX-License-Identifier: MIT
#include "training_golden.hpp"

#include <eigencoder/testing/gradient_check.hpp>

using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;

/// How often the backward of each Counting<Place> has run.
std::array<int, 3> backward_calls;

/// Passes x through, and counts.
template <std::size_t Place>
struct Counting {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {}; }
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = pass.x;
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    ++backward_calls[Place];
    if constexpr (InputGradient) pass.dx = pass.dy;
  }
};

template <class First, class Second, class T = double>
using Stack = ec::Network<ec::Sequential<ec::features(6), First, Counting<0>, ec::Tanh, Second, Counting<1>, ec::Dense<5>, ec::Tanh,
                                         Counting<2>, ec::Dense<6>>,
                          T>;
using Plain = Stack<ec::Dense<4>, ec::Dense<3>>;

template <class AnyModel>
auto with_decay(AnyModel& model) {
  return ec::Trainer{model, ec::MeanSquaredError{} + 1e-2 * ec::L2Weights{}, ec::AdamW{.learning_rate = 0.05, .weight_decay = 0.1},
                     {.threads = 1}};
}

template <class AnyModel>
Eigen::VectorXd gradient(const AnyModel& model, const Eigen::MatrixXd& x, std::size_t threads) {
  const auto objective = ec::as_objective(ec::MeanSquaredError{});
  ec::Stepper<AnyModel, std::decay_t<decltype(objective)>, ec::SGD> stepper(threads, {}, 0);
  stepper.reserve_training(x.cols());
  Eigen::VectorXd values(AnyModel::parameter_count);
  stepper.differentiate(model, objective, {x, x, nullptr, x.cols()}, 1, values.data());
  return values;
}

}  // namespace

TEST_CASE("freezing: an encoder frozen by its type gives PyTorch's steps with one that requires no gradient") {
  const Eigen::MatrixXd x = inputs(), target = targets();
  using Typed = ec::Autoencoder<FrozenEncoder, Decoder, double>;
  Typed model;
  start(model);
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = file()["learning_rate"]}, {.threads = 1}};
  check_steps(file()["frozen_encoder"]["adam"], model, trainer, 1e-12, [&] { return trainer.train_on_batch(x, target); });
}

TEST_CASE("freezing: no bit of what is frozen changes, its moments neither, and what was frozen can be trained again") {
  const Eigen::MatrixXd x = filled(1, 6, 20);
  Plain model{ec::Seed{1}};
  auto trainer = with_decay(model);
  trainer.fit(x, {.batch_size = 5, .progress = quiet});
  const auto before = trainer.snapshot();
  trainer.freeze("layer.0");
  trainer.freeze("layer.3.weight");
  trainer.fit(x, {.epochs = 2, .batch_size = 5, .progress = quiet});
  const auto after = trainer.snapshot();
  // 6 · 4 + 4 of layer.0 and 4 · 3 weights of layer.3 lie in front, its bias and the rest behind them.
  const std::size_t frozen = 28 + 12, all = Plain::parameter_count;
  const auto unchanged = [](const auto& a, const auto& b, std::size_t begin, std::size_t count) {
    return std::equal(a.begin() + static_cast<std::ptrdiff_t>(begin), a.begin() + static_cast<std::ptrdiff_t>(begin + count),
                      b.begin() + static_cast<std::ptrdiff_t>(begin));
  };
  CHECK(unchanged(before.parameters, after.parameters, 0, frozen));
  CHECK(unchanged(before.slots, after.slots, 0, frozen));
  CHECK(unchanged(before.slots, after.slots, all, frozen));
  for (std::size_t i = frozen; i < all; ++i) CHECK(before.parameters[i] != after.parameters[i]);

  trainer.set_rate("layer", 1);
  trainer.train_on_batch(x);
  for (std::size_t i = 0; i < all; ++i) CHECK(trainer.snapshot().parameters[i] != after.parameters[i]);
}

TEST_CASE("freezing: backward ends at the first trained layer, by type and by name") {
  const Eigen::MatrixXd x = filled(1, 6, 4);
  const auto calls = [&](auto& trainer) {
    backward_calls.fill(0);
    trainer.train_on_batch(x);
    return backward_calls;
  };
  using Calls = std::array<int, 3>;
  Plain plain{ec::Seed{1}};
  Stack<ec::Frozen<ec::Dense<4>>, ec::Frozen<ec::Dense<3>>> both{ec::Seed{1}};
  auto by_name = with_decay(plain);
  auto by_type = with_decay(both);
  CHECK(calls(by_name) == Calls{1, 1, 1});
  CHECK(calls(by_type) == Calls{0, 0, 1});
  by_name.freeze("layer.3");
  CHECK(calls(by_name) == Calls{1, 1, 1});
  by_name.freeze("layer.0");
  CHECK(calls(by_name) == Calls{0, 0, 1});
  by_name.freeze("layer");
  CHECK(calls(by_name) == Calls{0, 0, 0});
  CHECK(by_name.gradient_norm() == 0);
}

TEST_CASE("freezing: the gradient of what is trained is as without, that of what is frozen 0") {
  const Eigen::MatrixXd x = filled(1, 6, 37);
  Plain plain{ec::Seed{1}};
  Stack<ec::Dense<4>, ec::Frozen<ec::Dense<3>>> middle{ec::Seed{1}};
  CHECK(plain.parameters() == middle.parameters());
  for (const std::size_t threads : {1U, 3U}) {
    Eigen::VectorXd expected = gradient(plain, x, threads);
    expected.segment(28, 15).setZero();
    CHECK(distance(gradient(middle, x, threads), expected) < 1e-15);
  }

  // With a convolution, whose weights a layer behind is tied to, in the middle; a trained layer before it.
  using Fixed = ec::Encoder<ec::image(5, 5), ec::Conv2D<2, 3>, ec::Tanh, ec::Frozen<ec::Conv2D<3, 3>>, ec::Tanh>;
  using Free = ec::Encoder<ec::image(5, 5), ec::Conv2D<2, 3>, ec::Tanh, ec::Conv2D<3, 3>, ec::Tanh>;
  using Tied = ec::Decoder<ec::image(5, 5, 3), ec::TiedConv2D<2, ec::image(5, 5, 2), 3>, ec::Tanh, ec::Conv2D<1, 3>>;
  ec::Autoencoder<Fixed, Tied, double> frozen{ec::Seed{1}};
  const ec::Autoencoder<Free, Tied, double> free{ec::Seed{1}};
  const Eigen::MatrixXd images = filled(3, 25, 7);
  Eigen::VectorXd expected = gradient(free, images, 1);
  CHECK(expected.segment(20, 57).norm() > 0);
  expected.segment(20, 57).setZero();
  CHECK(distance(gradient(frozen, images, 1), expected) < 1e-15);
  CHECK(distance(gradient(frozen, images, 3), expected) < 1e-14);
  const ec::GradientReport report = ec::check_model_gradient(frozen, ec::MeanSquaredError{}, images, images);
  INFO(report.text());
  CHECK(report.error < 1e-6);
  CHECK(report.checked == frozen.parameter_count - 57);
}

TEST_CASE("freezing: several layers at once are each frozen, groups included; a mirror of them is trained") {
  using Block = ec::Residual<ec::Dense<4>, ec::Tanh>;
  using Grouped = ec::Encoder<ec::features(6), ec::Frozen<ec::Dense<4>, ec::Tanh, Block>, ec::Dense<4>>;
  using Flat = std::tuple<ec::Frozen<ec::Dense<4>>, ec::Tanh, ec::Frozen<ec::Dense<4>>, ec::Tanh, ec::Add<-3>, ec::Dense<4>>;
  CHECK(std::is_same_v<decltype(Grouped::layers), Flat>);
  CHECK(std::is_same_v<decltype(ec::encoder<ec::features(6)>(ec::frozen(ec::Dense<4>{}, ec::Tanh{}, Block{}), ec::Dense<4>{}).layers), Flat>);
  CHECK(ec::Network<Grouped>::Chain::trains_before(5) == false);
  CHECK(ec::Network<Grouped>::Chain::trains_before(6));
  constexpr auto leaky = ec::frozen(ec::Dense<4>{}, ec::LeakyReLU{0.25});
  CHECK(std::get<1>(leaky.layers).apply(-1.0) == -0.25);
  CHECK(std::is_same_v<decltype(ec::frozen(ec::Dense<4>{})), ec::Frozen<ec::Dense<4>>>);

  using Small = ec::Encoder<ec::features(6), ec::Frozen<ec::Dense<4>>, ec::Tanh>;
  CHECK(std::is_same_v<decltype(ec::Mirror<Small>::layers), std::tuple<ec::Dense<6>>>);
}

TEST_CASE("freezing: a normalisation's parameters are frozen, its running averages go on") {
  using Typed = ec::Network<ec::Sequential<ec::features(6), ec::Dense<4>, ec::Frozen<ec::BatchNorm>, ec::Tanh, ec::Dense<6>>, double>;
  Typed model{ec::Seed{1}};
  const Eigen::VectorXd state = model.state();
  const Eigen::MatrixXd frozen = model.parameter("layer.1.gamma");
  auto trainer = with_decay(model);
  trainer.train_on_batch(filled(1, 6, 20));
  CHECK(model.parameter("layer.1.gamma") == frozen);
  CHECK(model.state() != state);
}

TEST_CASE("rates: a wrong name or factor is refused, and the names are listed") {
  Model model;
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  for (const char* name : {"", "enc", "encoder.", "encoder.1", "encoder.0.weigh", "layer.0"}) {
    expect_error<ec::OptionError>([&] { trainer.freeze(name); },
                                  {ec::message("there are no parameters \"", name, '"'),
                                   "there are: encoder, encoder.0, encoder.0.weight, encoder.0.bias, decoder, decoder.0, decoder.0.weight"});
  }
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ec::OptionError>([&] { trainer.set_rate("encoder", bad); }, {"\"encoder\"", "finite and not negative, found"});
  }
  expect_error<ec::OptionError>([&] { trainer.set_rate("encoder", 1e-310); }, {"Adam: learning_rate", "must be from"});
  trainer.set_rate("encoder", 1e-300);
  expect_error<ec::OptionError>([&] { trainer.set_optimizer({.learning_rate = 1e-20}); }, {"Adam: learning_rate"});
  CHECK(trainer.optimizer().learning_rate == 1e-3);

  ec::Autoencoder<FrozenEncoder, Decoder, double> typed;
  ec::Trainer of_typed{typed, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  of_typed.freeze("encoder");
  expect_error<ec::OptionError>([&] { of_typed.set_rate("encoder.0", 1); }, {"frozen by its type"});
}

TEST_CASE("fine-tuning: an encoder that was trained elsewhere comes with its parameters and running state") {
  using WithState = ec::Encoder<ec::features(6), ec::Dense<4>, ec::BatchNorm, ec::Tanh>;
  using Frozen = ec::Encoder<ec::features(6), ec::Frozen<ec::Dense<4>>, ec::Frozen<ec::BatchNorm>, ec::Tanh>;
  ec::Autoencoder<WithState, Decoder, double> trained{ec::Seed{1}};
  ec::Autoencoder<Frozen, Decoder, double> model{ec::Seed{2}};
  ec::Network<ec::Sequential<ec::features(6), ec::Dense<4>, ec::BatchNorm, ec::Tanh, ec::Dense<2>>, float> classifier{ec::Seed{2}};
  const Eigen::MatrixXd x = filled(1, 6, 20);
  ec::Trainer{trained, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}}.fit(x, {.progress = quiet});

  const Eigen::MatrixXd decoder = model.parameter("decoder.0.weight");
  CHECK(model.encode(x) != trained.encode(x));
  model.set_encoder(trained.encoder());
  CHECK(model.encode(x) == trained.encode(x));
  CHECK(model.parameter("decoder.0.weight") == decoder);
  model.set_decoder(trained.decoder());
  CHECK(model.reconstruct(x) == trained.reconstruct(x));

  classifier.set_layers(trained.encoder());  // another scalar, and not all layers
  CHECK(classifier.parameter("layer.0.weight") == trained.parameter("encoder.0.weight").cast<float>());
  CHECK(distance(classifier.state(), trained.state().cast<float>()) == 0);
}
