// SPDX-License-Identifier: MIT
// by itself: what it writes names its own types
#include <bit>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/io/export_header.hpp>
#include <eigencoder/models/autoencoder.hpp>

// Own layers, as a user's header has them.
namespace own {
enum class Side { left, right };
struct Turns {
  int count;
};
std::string cpp_value(Turns turns) { return "own::Turns{" + std::to_string(turns.count) + "}"; }
template <Side, bool, Turns, unsigned = 3>
struct Turn : eigencoder::Identity {};
}  // namespace own

namespace {

namespace ec = eigencoder;

bool holds(const std::string& text, const char* part) {
  UNSCOPED_INFO("must hold: " << part);
  return text.find(part) != std::string::npos;
}

struct Hidden : ec::Identity {};

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

using Small =
    ec::Autoencoder<ec::Encoder<ec::features(3), ec::Dense<2>, ec::BatchNorm>, ec::Decoder<ec::features(2), ec::Dense<3>>>;

}  // namespace

// What the text names is what the compiler takes it for: both are the same characters.
#define CHECK_TYPE(...) CHECK(ec::cpp_type<__VA_ARGS__>() == #__VA_ARGS__)
#define CHECK_SETTINGS(Layer, ...) CHECK(ec::cpp_settings(ec::Layer __VA_ARGS__) == #__VA_ARGS__)

TEST_CASE("export_header: the type of every layer with template arguments, as the compiler reads it") {
  CHECK_TYPE(eigencoder::Dense<32>);
  CHECK_TYPE(eigencoder::Dense<32, eigencoder::Bias::none, eigencoder::Init::orthogonal>);
  CHECK_TYPE(eigencoder::Conv2D<4, eigencoder::Extent{3}, eigencoder::Extent{1, 2}, eigencoder::Padding::valid,
                                eigencoder::Dilation{2, 2}>);
  CHECK_TYPE(eigencoder::Conv1D<4, 3, 2, eigencoder::Bias::added>);
  CHECK_TYPE(eigencoder::ConvTranspose2D<4, eigencoder::Extent{3, 5}, eigencoder::Extent{2}>);
  CHECK_TYPE(eigencoder::ConvTranspose1D<4, 3, 2>);
  CHECK_TYPE(eigencoder::DepthwiseConv2D<eigencoder::Extent{3}, eigencoder::Extent{2}>);
  CHECK_TYPE(eigencoder::Scale<>);
  CHECK_TYPE(eigencoder::Scale<eigencoder::Bias::none>);
  CHECK_TYPE(eigencoder::MaxPool2D<eigencoder::Extent{3}, eigencoder::Extent{2}, eigencoder::Padding::same>);
  CHECK_TYPE(eigencoder::MaxPool1D<2, 2>);
  CHECK_TYPE(eigencoder::AvgPool2D<eigencoder::Extent{2}, eigencoder::Extent{2}>);
  CHECK_TYPE(eigencoder::AvgPool1D<3, 2>);
  CHECK_TYPE(eigencoder::MaxUnpool2D<-4, eigencoder::Extent{2}>);
  CHECK_TYPE(eigencoder::UpSample2D<eigencoder::Extent{2, 3}, eigencoder::Interpolation::bilinear>);
  CHECK_TYPE(eigencoder::UpSample1D<2, eigencoder::Interpolation::nearest>);
  CHECK_TYPE(eigencoder::Reshape<eigencoder::image(2, 1, 3)>);
  CHECK_TYPE(eigencoder::Reshape<eigencoder::sequence(5, 3)>);
  CHECK_TYPE(eigencoder::Reshape<eigencoder::features(15)>);
  CHECK_TYPE(eigencoder::ZeroPad2D<eigencoder::Border{1, 2, 0, 3}>);
  CHECK_TYPE(eigencoder::Crop2D<eigencoder::Border{1, 1, 1, 1}>);
  CHECK_TYPE(eigencoder::LSTM<5, eigencoder::Returns::sequence, eigencoder::Truncation{3}, eigencoder::Direction::backward>);
  CHECK_TYPE(eigencoder::TimeDistributed<eigencoder::Dense<4, eigencoder::Bias::none>>);
  CHECK_TYPE(eigencoder::RecurrentDecoder<eigencoder::GRU<4>, 7, 3, eigencoder::Feed::code>);
  CHECK_TYPE(eigencoder::Embedding<9, 4>);
  CHECK_TYPE(eigencoder::KSparse<5>);
  CHECK_TYPE(eigencoder::VectorQuantizer<512>);
  CHECK_TYPE(eigencoder::TiedDense<0, eigencoder::features(9), eigencoder::Bias::none>);
  CHECK_TYPE(eigencoder::TiedConv2D<2, eigencoder::image(8, 8, 3), eigencoder::Extent{3}, eigencoder::Extent{2}>);
  CHECK_TYPE(eigencoder::Add<-3>);
  CHECK_TYPE(eigencoder::Concatenate<0>);
  CHECK_TYPE(eigencoder::Branch<-1>);
  CHECK_TYPE(eigencoder::TakeCondition<eigencoder::image(4, 4, 1), 10>);
  CHECK_TYPE(eigencoder::ProvideCondition<0, 10>);
  CHECK_TYPE(eigencoder::Frozen<eigencoder::Dense<4, eigencoder::Init::he_uniform>>);
  CHECK_TYPE(eigencoder::Frozen<eigencoder::LayerNorm>);
  CHECK_TYPE(eigencoder::ReLU);
  CHECK_TYPE(own::Turn<own::Side::right, true, own::Turns{2}, 7>);
}

TEST_CASE("export_header: an Init without a name by its bits") {
  constexpr ec::Init tenth = ec::Init::variance_scaling(0.1, ec::Init::Fan::mean, ec::Init::Law::truncated_normal);
  CHECK(ec::cpp_value(tenth) == "eigencoder::Init{eigencoder::Init::Law(3), 0.1, eigencoder::Init::Fan(3), 0, 0}");
  static_assert(eigencoder::Init{eigencoder::Init::Law(3), 0.1, eigencoder::Init::Fan(3), 0, 0} == tenth);
  static_assert(eigencoder::Init{eigencoder::Init::Law(0), 1.0, eigencoder::Init::Fan(0), 2, 5} ==
                ec::Init::ones_in_rows(2, 5));
  CHECK(ec::cpp_value(ec::Init::ones_in_rows(2, 5)) ==
        "eigencoder::Init{eigencoder::Init::Law(0), 1.0, eigencoder::Init::Fan(0), 2, 5}");
  for (const auto& [init, name] :
       {std::pair{ec::Init::zeros, "zeros"}, {ec::Init::ones, "ones"}, {ec::Init::glorot_normal, "glorot_normal"}})
    CHECK(ec::cpp_value(init) == ec::message("eigencoder::Init::", name));
}

TEST_CASE("export_header: settings as the braces that make the layer") {
  CHECK_SETTINGS(ReLU, {});
  CHECK_SETTINGS(LeakyReLU, {0.1});
  CHECK_SETTINGS(ELU, {2.0});
  CHECK_SETTINGS(BatchNorm, {0.9, 1e-05});
  CHECK_SETTINGS(LayerNorm, {1e-05});
  CHECK_SETTINGS(VectorQuantizer<4>, {0.5, 0.25});
  CHECK_SETTINGS(Dropout, {0.5});
  CHECK_SETTINGS(SpatialDropout2D, {0.125});
  CHECK_SETTINGS(MaskingNoise, {0.25});
  CHECK_SETTINGS(SaltAndPepperNoise, {0.2, -1.0, 1.0});
  CHECK_SETTINGS(GaussianNoise, {0.3, {0.0, 1.0}});
  CHECK_SETTINGS(GaussianNoise, {0.3, {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}});
  CHECK_SETTINGS(Frozen<ec::BatchNorm>, {{0.5, 0.01}});
  namespace eigencoder = ec;
  CHECK(ec::cpp_settings(ec::LSTM<5>{ec::RecurrentDropout{0.25}}) == "{}");  // of training alone
  CHECK_SETTINGS(TimeDistributed<ec::LayerNorm>, {eigencoder::LayerNorm{0.01}});
  CHECK_SETTINGS(Frozen<ec::TimeDistributed<ec::LayerNorm>>,
                 {eigencoder::TimeDistributed<eigencoder::LayerNorm>{eigencoder::LayerNorm{0.01}}});
  CHECK_SETTINGS(TimeDistributed<ec::Dense<3>>, {});
}

TEMPLATE_TEST_CASE("export_header: numbers are read back to the same bits", "", float, double) {
  using T = TestType;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Limits = std::numeric_limits<T>;
  std::vector<T> values{T(0),
                        -T(0),
                        T(1),
                        T(-2),
                        T(0.1),
                        T(1) / 3,
                        T(100000),
                        T(1e20),
                        Limits::max(),
                        Limits::lowest(),
                        Limits::min(),
                        Limits::denorm_min(),
                        Limits::epsilon(),
                        std::nextafter(T(1), T(2))};
  const ec::Random random(ec::Seed{1}, 0, 0);
  for (ec::Index i = 0; i < 2000; ++i) {  // every exponent
    const auto words = random.words<1>(0, i);
    const T value =
        std::bit_cast<T>(static_cast<Bits>(std::uint64_t{words[0][0]} << 32 >> (sizeof(T) == 4 ? 32 : 0) | words[1][0]));
    if (std::isfinite(value)) values.push_back(value);
  }
  for (const T value : values) {
    const std::string text = ec::cpp_value(value);
    INFO(text);
    T back = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), back);
    CHECK(std::bit_cast<Bits>(back) == std::bit_cast<Bits>(value));
    CHECK(std::string(rest) == (sizeof(T) == 4 ? "f" : ""));
    CHECK(text.find_first_of(".e") != std::string::npos);  // no integer
  }
}

TEST_CASE("export_header: parameters under their names in the order of memory, the type, and what it needs") {
  const Folder folder;
  Small model{ec::Seed{1}};
  Eigen::VectorXf theta(Small::parameter_count), state(Small::state_count);
  for (ec::Index i = 0; i < theta.size(); ++i) theta[i] = 0.5f * static_cast<float>(i);
  for (ec::Index i = 0; i < state.size(); ++i) state[i] = 100 + static_cast<float>(i);
  model.set_parameters(theta);
  model.set_state(state);
  ec::export_header(model, folder.path / "small.hpp", {.name = "small_net", .includes = {"own/turn.hpp"}});
  const std::string text = contents(folder.path / "small.hpp");
  for (const char* part :
       {"#include \"own/turn.hpp\"\n", "eigencoder::version.major == 0 && eigencoder::version.minor == 1",
        "using Chain = eigencoder::Chain<float, eigencoder::features(3), 2,", "eigencoder::Dense<2>,  // encoder.0: (2)\n",
        "eigencoder::BatchNorm,  // encoder.1: (2)\n", "eigencoder::Dense<3>>;  // decoder.0: (3)\n",
        "static_assert(Chain::parameter_count == 21 && Chain::state_count == 4);", "Chain::layer<1>{0.99, 0.001},",
        "    // encoder.0.weight: 2 x 3\n    0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 2.5f,\n    // encoder.0.bias: 2\n    3.0f, 3.5f,\n",
        "    // encoder.1.moving_variance: 2\n    102.0f, 103.0f,\n}};\n",
        "// decoder.0.bias: 3\n    9.0f, 9.5f, 10.0f,\n}};\n", "inline constexpr small_net_data::Model small_net{"})
    CHECK(holds(text, part));

  // A network without state and settings, in double.
  ec::export_header(ec::Network<ec::Sequential<ec::features(2), ec::Dense<1>>, double>{}, folder.path / "one.hpp");
  const std::string one = contents(folder.path / "one.hpp");
  for (const char* part : {"eigencoder::Chain<double, eigencoder::features(2), eigencoder::detail::no_code,",
                           "::State state{};", "model.predict(x, y);"})
    CHECK(holds(one, part));
  CHECK(one.find("layers{") == std::string::npos);
}

TEST_CASE("export_header: what cannot be exported is named, and the file stays as it was") {
  const Folder folder;
  const auto path = folder.path / "weights.hpp";
  ec::write_file(path, std::string_view("as it was"));
  Small model;
  auto theta = model.parameters().eval();
  theta[7] = std::numeric_limits<float>::quiet_NaN();
  model.set_parameters(theta);
  expect_error<ec::NonFiniteError>([&] { ec::export_header(model, path); }, {"finite", "nan", "encoder.0.bias", "row 1"});
  theta[7] = 0, theta[4] = -std::numeric_limits<float>::infinity();
  model.set_parameters(theta);
  expect_error<ec::NonFiniteError>([&] { ec::export_header(model, path); }, {"-inf", "encoder.0.weight", "row 0, column 2"});
  model = Small{};
  for (const char* name : {"", "2nd", "my model", "a::b", "_x", "modèle"})
    expect_error<ec::OptionError>([&] { ec::export_header(model, path, {.name = name}); }, {"a name of letters", name});
  expect_error<ec::OptionError>([&] { ec::export_header(ec::Network<ec::Sequential<ec::features(2), Hidden>>{}, path); },
                                {"Hidden", "in a header"});
  CHECK(contents(path) == "as it was");
  expect_error<ec::FileError>([&] { ec::export_header(model, folder.path / "none" / "weights.hpp"); },
                              {"none", "cannot be written"});
}

TEST_CASE("embedded models: constants in static memory predict what the model predicts") {
  static Small model{ec::Seed{3}};
  using Embedded = ec::EmbeddedModel<Small::Chain>;
  static Embedded::Theta theta;
  static Embedded::State state;
  static Embedded::Memory memory, other;
  std::copy_n(model.parameters().data(), theta.size(), theta.begin());
  std::copy_n(model.state().data(), state.size(), state.begin());
  static constexpr Embedded embedded{theta, state, memory};

  const Eigen::Vector3f x(0.25f, -1.0f, 2.0f);
  std::array<float, 3> in{x[0], x[1], x[2]}, out{}, again{};
  std::array<float, 2> code{};
  embedded.predict(in, out);
  CHECK(Eigen::Map<Eigen::Vector3f>(out.data()) == model.reconstruct(x));
  embedded.encode(in, code);
  CHECK(Eigen::Map<Eigen::Vector2f>(code.data()) == model.encode(x));
  embedded.with(other).decode(code, again);
  CHECK(again == out);
}
