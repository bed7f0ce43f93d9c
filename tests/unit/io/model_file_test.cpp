// SPDX-License-Identifier: MIT
#include <limits>

#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/data/scaling.hpp>
#include <eigencoder/io/model_file.hpp>
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/batch_norm.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/dropout.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/training/history.hpp>

namespace ec = eigencoder;
using Eigen::VectorXf;

namespace {

template <class... L>
auto encoder(L... layers) {
  return ec::encoder<ec::features(4)>(layers...);
}
const auto decoder = ec::decoder<ec::features(3)>(ec::Dense<4>{}, ec::BatchNorm{});
auto small(std::uint64_t seed = 1, double slope = 0.1) {
  return ec::Autoencoder{encoder(ec::Dense<3>{}, ec::LeakyReLU{slope}), decoder, ec::Seed{seed}};
}
using Small = decltype(small());

/// Tensors that own their bytes: a file from elsewhere.
struct Tensors {
  struct Tensor {
    std::string name;
    ec::Dtype dtype;
    std::vector<std::uint64_t> shape;
    std::vector<std::byte> bytes;
  };
  std::vector<Tensor> tensors;

  template <class T>
  Tensors& add(const std::string& name, std::vector<std::uint64_t> shape, const std::vector<T>& values,
               ec::Dtype dtype = ec::dtype_of<T>) {
    tensors.push_back({name, dtype, std::move(shape), ec::to_bytes(std::span<const T>(values))});
    return *this;
  }
  void write(const std::filesystem::path& path, const ec::Metadata& texts = {}) const {
    std::vector<ec::TensorView> views;
    for (const Tensor& tensor : tensors) views.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
    ec::write_safetensors(path, views, texts);
  }
};

/// What a small model's file holds, under other names if wanted.
Tensors tensors_of(const std::filesystem::path& path, const std::function<std::string(std::string)>& rename) {
  const ec::SafetensorsFile file = ec::read_safetensors(path);
  Tensors tensors;
  for (const ec::TensorView& tensor : file.tensors()) {
    tensors.tensors.push_back({rename(tensor.name), tensor.dtype, tensor.shape, {tensor.bytes.begin(), tensor.bytes.end()}});
  }
  return tensors;
}

template <class Model>
bool equal(const Model& a, const Model& b) {
  return a.parameters() == b.parameters() && a.state() == b.state();
}

}  // namespace

TEST_CASE("A model goes into a file and back, with texts, facts and values", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "model.safetensors";
  Small model = small();
  model.set_state(VectorXf::LinSpaced(8, 0.5F, 2));
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(4, 9);
  const ec::Standardizer scaler(x);
  const ec::MinMaxScaler<float> range(x);
  const Eigen::Matrix2d matrix = (Eigen::Matrix2d() << 1, 2, 3, 4).finished();
  const Eigen::RowVectorXi row = Eigen::RowVectorXi::LinSpaced(3, 5, 7);
  ec::History history{.epochs = {{.epoch = 1, .train = {0.5, {}}, .seconds = 2},
                                 {.epoch = 2, .train = {0.25, {}}, .validation = {0.375, {}}, .validated = true, .seconds = 3}},
                      .stopped = "patience"};
  ec::save(
      model, path,
      {.values = {{"scaler", scaler}, {"range", range}, {"threshold", 0.1}, {"count", 7}, {"matrix", matrix}, {"row", row}},
       .texts = {{"author", "Ω \"quoted\""}},
       .training = history});
  CHECK(folder.names() == 1);

  Small loaded = small(2);
  ec::Standardizer<float> scaler_found;
  ec::MinMaxScaler<double> range_found;
  double threshold = 0;
  int count = 0;
  Eigen::MatrixXf matrix_found;
  Eigen::RowVector3i row_found;
  const ec::Metadata texts = ec::load(loaded, path,
                                      {.values = {{"scaler", scaler_found},
                                                  {"range", range_found},
                                                  {"threshold", threshold},
                                                  {"count", count},
                                                  {"matrix", matrix_found},
                                                  {"row", row_found}}});
  CHECK(equal(loaded, model));
  CHECK(scaler_found.mean() == scaler.mean());
  CHECK(scaler_found.deviation() == scaler.deviation());
  CHECK(range_found.range() == range.range().cast<double>());
  CHECK(threshold == 0.1);
  CHECK(count == 7);
  CHECK(matrix_found == matrix.cast<float>());
  CHECK(row_found == row);
  CHECK(texts == ec::Metadata{{"author", "Ω \"quoted\""},
                              {"eigencoder.version", "0.1.0"},
                              {"eigencoder.format", "1"},
                              {"eigencoder.layout", "pytorch"},
                              {"eigencoder.scalar", "float32"},
                              {"eigencoder.input", "(4)"},
                              {"eigencoder.architecture",
                               "encoder.0 Dense<3> (4) -> (3)\n"
                               "encoder.1 LeakyReLU{slope=0.1} (3) -> (3)\n"
                               "decoder.0 Dense<4> (3) -> (4)\n"
                               "decoder.1 BatchNorm{momentum=0.99, epsilon=0.001} (4) -> (4)\n"},
                              {"eigencoder.training.epochs", "2"},
                              {"eigencoder.training.loss", "0.25"},
                              {"eigencoder.training.validation_loss", "0.375"},
                              {"eigencoder.training.seconds", "5"},
                              {"eigencoder.training.stopped", "patience"}});
  threshold = 0;
  ec::load_values(path, {{"threshold", threshold}});
  CHECK(threshold == 0.1);
}

TEST_CASE("Halves go by themselves, and out of a whole model's file", "[model_file]") {
  const Folder folder;
  const Small model = small();
  ec::save(model, folder.path / "model.safetensors");
  ec::save(model.encoder(), folder.path / "encoder.safetensors");
  ec::save(model.decoder(), folder.path / "decoder.safetensors");
  CHECK(ec::read_safetensors(folder.path / "encoder.safetensors").find("0.weight") != nullptr);
  for (const std::string name : {"model", "encoder"}) {
    auto half = small(2).encoder();
    ec::load(half, folder.path / (name + ".safetensors"));
    CHECK(equal(half, model.encoder()));
  }
  for (const std::string name : {"model", "decoder"}) {
    auto half = small(2).decoder();
    ec::load(half, folder.path / (name + ".safetensors"));
    CHECK(equal(half, model.decoder()));
  }
  Small whole = small(2);
  expect_error<ec::ShapeError>([&] { ec::load(whole, folder.path / "encoder.safetensors"); },
                               {"decoder.0: expected Dense<4> (3) -> (4), found none"});
  CHECK(equal(whole, small(2)));
}

TEST_CASE("Another network is refused layer by layer, and nothing changes", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "model.safetensors";
  Small model = small();
  double threshold = 7;
  const auto refuses = [&](std::initializer_list<std::string_view> parts, const ec::LoadOptions& options = {}) {
    expect_error<ec::ShapeError>([&] { ec::load(model, path, options); }, parts);
    CHECK(equal(model, small()));
    CHECK(threshold == 7);
  };
  ec::save(small(2, 0.2), path, {.values = {{"threshold", 1.0}}});
  refuses({path.string(), "nothing was loaded",
           "encoder.1: expected LeakyReLU{slope=0.1} (3) -> (3), found LeakyReLU{slope=0.2} (3) -> (3)"},
          {.values = {{"threshold", threshold}}});
  // What is not asked for may be another; the tensors fit.
  Small other = model;
  ec::load(other, path, {.check_layers = false});
  CHECK(equal(other, small(2)));

  ec::save(ec::Autoencoder{encoder(ec::Dense<3>{}, ec::LeakyReLU{0.1}, ec::Tanh{}), decoder}, path);
  refuses({"\n  encoder.2: expected no layer, found Tanh (3) -> (3)\n"});
  ec::save(ec::Autoencoder{encoder(ec::Dense<5>{}, ec::Dense<3>{}, ec::LeakyReLU{0.1}), decoder}, path);
  refuses(
      {"encoder.0: expected Dense<3> (4) -> (3), found Dense<5> (4) -> (5)", "encoder.1: expected no layer, found Dense<3>"});
  // The tensors then say the same.
  refuses({"encoder.0.weight of Dense<3>: expected [3, 4], found F32 [5, 4]",
           "encoder.0.bias of Dense<3>: expected [3], found F32 [5]", "\"encoder.1.weight\": expected nothing, found [3, 5]"},
          {.check_layers = false});

  // Values that are not there, or of another kind.
  ec::save(small(2), path, {.values = {{"threshold", Eigen::VectorXd::Zero(2)}, {"scaler.mean", Eigen::VectorXf::Zero(4)}}});
  refuses({"values.threshold", "expected a number of F64, found F64 [2]"}, {.values = {{"threshold", threshold}}});
  ec::Standardizer<float> scaler;
  refuses({"expected a tensor \"values.scaler.deviation\"", "found values.scaler.mean, values.threshold"},
          {.values = {{"scaler", scaler}}});
  CHECK(scaler.features() == 0);
  Eigen::VectorXi integers;
  refuses({"values.threshold", "expected a vector of I32, found F64 [2]"}, {.values = {{"threshold", integers}}});
  Eigen::Vector3d three(1, 2, 3);
  refuses({"values.threshold", "3 × 1", "[2]"}, {.values = {{"threshold", three}}});
  CHECK(three == Eigen::Vector3d(1, 2, 3));
}

TEST_CASE("What does not change predictions may differ", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "model.safetensors";
  // Noise in training, frozen layers, and how weights begin.
  const ec::Autoencoder noisy{
      encoder(ec::Dropout{0.5}, ec::Dense<3, ec::Init::he_normal>{}, ec::Dropout{0.1}, ec::LeakyReLU{0.1}), decoder,
      ec::Seed{3}};
  ec::save(noisy, path);
  CHECK(ec::read_safetensors(path).find("encoder.1.weight") != nullptr);
  Small model = small();
  ec::load(model, path);
  CHECK(model.parameters() == noisy.parameters());
  ec::Autoencoder frozen{encoder(ec::Frozen<ec::Dense<3>>{}, ec::LeakyReLU{0.1}, ec::SpatialDropout2D{0.5}), decoder,
                         ec::Seed{4}};
  ec::load(frozen, path);
  CHECK(frozen.parameters() == noisy.parameters());
}

TEST_CASE("Files from elsewhere load by names and shapes", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "elsewhere.safetensors";
  Small model = small(), other = small(2);
  ec::save(model, path);
  const auto write = [&](const std::function<std::string(std::string)>& rename) {
    tensors_of(path, rename).write(folder.path / "named");
  };
  const auto named = folder.path / "named";
  write([](std::string name) { return name; });
  ec::load(other, named);
  CHECK(equal(other, model));

  // Under a name of their own.
  other = small(2);
  write([](const std::string& name) { return "net." + name; });
  expect_error<ec::ShapeError>([&] { ec::load(other, named); },
                               {"encoder.0.weight of Dense<3>: expected [3, 4], found nothing",
                                "\"net.encoder.0.weight\": expected nothing", "set in_order = true"});
  CHECK(equal(other, small(2)));
  ec::load(other, named, {.prefix = "net."});
  CHECK(equal(other, model));

  // Where modules without tensors count that have no layer here, numbers go up, past 9.
  other = small(2);
  write([](std::string name) { return name.replace(name.find('.') + 1, 1, name[8] == '0' ? "2" : "10"); });
  ec::load(other, named, {.in_order = true});
  CHECK(equal(other, model));
  other = small(2);
  write([](std::string name) { return name.starts_with("decoder.1") ? "decoder.0.1" + name.substr(9) : name; });
  ec::load(other, named, {.in_order = true});
  CHECK(equal(other, model));
  other = small(2);
  tensors_of(path, [](std::string name) { return name; }).add<float>("decoder.2.weight", {1}, {0}).write(named);
  expect_error<ec::ShapeError>([&] { ec::load(other, named, {.in_order = true}); },
                               {"3 modules with tensors, and this model has 2", "expected no module, found decoder.2"});
  expect_error<ec::ShapeError>([&] { ec::load(other, named); }, {"\"decoder.2.weight\": expected nothing, found [1]"});
  CHECK(equal(other, small(2)));
}

TEST_CASE("Other scalars are converted", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "scalars.safetensors";
  using Line = ec::Sequential<ec::features(3), ec::Dense<2>>;
  ec::Network<Line> model;
  ec::Network<Line, double> wide;
  const std::vector<float> weights{1, -2, 0.5F, 65504, 6.103515625e-05F, 5.9604644775390625e-08F}, bias{-0.0F, 0.333251953125F};
  const auto check = [&](auto& loaded) {
    // Column-major here: (o, i) at o + 2 i.
    for (int o = 0; o < 2; ++o) {
      for (int i = 0; i < 3; ++i) CHECK(loaded.parameters()[o + 2 * i] == weights[static_cast<std::size_t>(3 * o + i)]);
    }
    CHECK(std::signbit(loaded.parameters()[6]));
    CHECK(loaded.parameters()[7] == bias[1]);
  };
  // The same numbers by their bits: 1, −2, 0.5, the largest, the smallest normal and the smallest, −0, 0x1.554p-2.
  Tensors()
      .add<std::uint16_t>("0.weight", {2, 3}, {0x3c00, 0xc000, 0x3800, 0x7bff, 0x0400, 0x0001}, ec::Dtype::F16)
      .add<std::uint16_t>("0.bias", {2}, {0x8000, 0x3555}, ec::Dtype::F16)
      .write(path);
  ec::load(model, path);
  check(model);
  ec::load(wide, path);
  check(wide);
  Tensors()
      .add<std::uint16_t>("0.weight", {2, 3}, {0x3f80, 0xc000, 0x3f00, 0x477f, 0x3880, 0x3380}, ec::Dtype::BF16)
      .add<double>("0.bias", {2}, {-0.0, 0.333251953125})
      .write(path);
  ec::load(model, path);
  CHECK(model.parameters()[3] == 0x1p-14F);  // (1, 1)
  CHECK(model.parameters()[1] == 65280.0F);  // bfloat16 has 8 bits
  CHECK(model.parameters()[7] == bias[1]);

  ec::save(wide, path);
  ec::load(model, path);
  check(model);
  wide.set_parameters(Eigen::VectorXd::Constant(8, 1e300));
  ec::save(wide, path);
  expect_error<ec::NonFiniteError>([&] { ec::load(model, path); }, {"\"0.weight\" holds inf at [0, 0]"});
  check(model);
  Tensors().add<std::int32_t>("0.weight", {2, 3}, std::vector<std::int32_t>(6)).add<float>("0.bias", {2}, {0, 0}).write(path);
  expect_error<ec::ShapeError>([&] { ec::load(model, path); }, {"0.weight of Dense<2>: expected [2, 3], found I32 [2, 3]"});
}

TEST_CASE("NaN and infinity are refused unless they are asked for", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "model.safetensors";
  Small good = small(), bad = small();
  bad.parameter("encoder.0.weight")(2, 1) = std::numeric_limits<float>::quiet_NaN();
  ec::save(good, path);
  expect_error<ec::NonFiniteError>([&] { ec::save(bad, path); },
                                   {path.string(), "\"encoder.0.weight\" holds nan at [2, 1]", "non_finite = true"});
  ec::load(good, path);  // the file is the old one
  ec::save(bad, path, {.non_finite = true});
  expect_error<ec::NonFiniteError>([&] { ec::load(good, path); }, {"\"encoder.0.weight\" holds nan at [2, 1]"});
  CHECK(equal(good, small()));
  ec::load(good, path, {.non_finite = true});
  CHECK(std::isnan(good.parameter("encoder.0.weight")(2, 1)));
}

TEST_CASE("Files and options that make no sense", "[model_file]") {
  const Folder folder;
  const auto path = folder.path / "model.safetensors";
  Small model = small();
  expect_error<ec::FileError>([&] { ec::load(model, path); }, {path.string(), "cannot be read"});
  expect_error<ec::OptionError>(
      [&] {
        ec::save(model, path, {.texts = {{"eigencoder.version", "9"}}});
      },
      {"must not begin with eigencoder."});
  expect_error<ec::OptionError>([&] { ec::save(model, path, {.values = {{"", 1.0}}}); }, {"needs a name"});
  expect_error<ec::Error>([&] { ec::save(model, path, {.values = {{"a", 1.0}, {"a", 2.0}}}); }, {"values.a"});
  CHECK(folder.names() == 0);

  ec::save(model, path);
  const Tensors tensors = tensors_of(path, [](std::string name) { return name; });
  for (const std::string format : {"2", "0", "-1", "1x", "", "99999999999999"}) {
    tensors.write(path, {{"eigencoder.format", format}, {"eigencoder.version", "1.4.2"}});
    expect_error<ec::FileError>([&] { ec::load(model, path); }, {"format 1 to 1", '"' + format + '"', "\"1.4.2\""});
  }
  tensors.write(path, {{"eigencoder.format", "1"}, {"eigencoder.layout", "caffe"}});
  expect_error<ec::FileError>([&] { ec::load(model, path); }, {"pytorch or keras", "caffe"});
  tensors.write(path, {{"eigencoder.format", "1"}, {"eigencoder.architecture", "nonsense\n\n<<<"}});
  expect_error<ec::ShapeError>([&] { ec::load(model, path); }, {"encoder.0: expected Dense<3>"});
  CHECK(equal(model, small()));
}
