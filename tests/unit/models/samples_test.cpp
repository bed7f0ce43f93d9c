// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/tasks/sample_errors.hpp>

#include "support/throws.hpp"

namespace ec = eigencoder;

namespace {

template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
template <class S>
using RowMajor = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<6>>;
using Model = ec::Autoencoder<Encoder, Decoder>;

constexpr ec::Index count = 70;

const Eigen::MatrixXf& samples() {
  static const Eigen::MatrixXf x = Eigen::MatrixXf::NullaryExpr(6, count, [](ec::Index i, ec::Index j) {
    return float(ec::Random(ec::Seed{11}, 0, 0).uniform(j, i));
  });
  return x;
}

/// Integers of every bit pattern, from the least to the greatest.
template <class S>
Matrix<S> integers() {
  using Limits = std::numeric_limits<S>;
  Matrix<S> x = Matrix<S>::NullaryExpr(6, count, [](ec::Index i, ec::Index j) {
    return S(ec::Random(ec::Seed{12}, 0, 0).below(std::uint32_t(Limits::max()) - std::uint32_t(Limits::min()) + 1, j, i));
  });
  x(0, 0) = Limits::min();
  x(1, 0) = Limits::max();
  return x;
}

Eigen::MatrixXf values(const ec::Samples<float>& x) {
  Eigen::MatrixXf all(x.rows(), x.cols());
  for (ec::Index j = 0; j < x.cols(); ++j) x.copy_column(j, all.col(j).data());
  return all;
}

/// What training on inputs and validation on them leaves: parameters, and a loss.
Eigen::VectorXf train(const ec::Samples<float>& x, bool shuffle) {
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2}, {.threads = 2, .seed = ec::Seed{3}}};
  const auto history =
      trainer.fit(x, {.batch_size = 16, .shuffle = shuffle, .validation = x, .progress = ec::Progress::quiet});
  return (Eigen::VectorXf(Model::parameter_count + 1) << model.parameters(), float(history.last().validation.loss)).finished();
}

/// Everything that takes samples does with `given` what it does with x.
template <class Given>
void check_same(const Given& given, const Eigen::MatrixXf& x) {
  const Model model{ec::Seed{1}};
  CHECK(values(given) == x);
  CHECK(model.encode(given) == model.encode(x));
  CHECK(model.reconstruct(given) == model.reconstruct(x));
  CHECK(model.decode(given.topRows(4)) == model.decode(x.topRows(4)));
  CHECK(model.encoder().predict(given) == model.encode(x));
  for (const bool shuffle : {true, false}) CHECK(train(given, shuffle) == train(x, shuffle));
}

template <class S>
void check_integers(float one) {
  const Matrix<S> x = integers<S>();
  check_same(x, x.template cast<float>() / one);
  const Matrix<S> wide = (Matrix<S>(9, count) << x, x.topRows(3)).finished();
  CHECK(values(wide.topRows(6)) == x.template cast<float>() / one);
  CHECK(values(x.cwiseMax(S(1))) == x.cwiseMax(S(1)).template cast<float>() / one);
  CHECK(ec::Samples<double>(x).value(1, 0) == double(x(1, 0)) / double(one));
}

/// A matrix as a file would give it, which counts how often it was asked.
struct Recorded : ec::ColumnReader<float> {
  const Eigen::MatrixXf& x;
  bool bytes;
  mutable std::atomic<int> reads = 0;
  mutable std::vector<ec::Index> needed{};

  explicit Recorded(const Eigen::MatrixXf& samples, bool integers = false) : x(samples), bytes(integers) {}
  ec::Index rows() const override { return x.rows(); }
  ec::Index cols() const override { return x.cols(); }
  bool integers() const override { return bytes; }
  float least_integer() const override { return bytes ? -1.0f : 0.0f; }
  ec::Index block() const override { return 7; }
  void read(ec::Index column, ec::Index first, ec::Index rows, float* to) const override {
    ++reads;
    if (column == 13) throw ec::FileError("column 13 cannot be read");
    std::copy_n(&x(first, column), rows, to);
  }
  void will_need(ec::Index first, ec::Index columns) const noexcept override { needed = {first, columns}; }
};

}  // namespace

TEST_CASE("samples: integers of 8 and 16 bits stand for their shares of 1, bit for bit, everywhere") {
  check_integers<std::uint8_t>(255);
  check_integers<std::uint16_t>(65535);
  check_integers<std::int8_t>(128);
  check_integers<std::int16_t>(32768);
}

TEST_CASE("samples: whatever its order or strides, a matrix or expression is what it holds") {
  const Eigen::MatrixXf& x = samples();
  const RowMajor<float> rows = x;
  check_same(rows, x);
  const Eigen::MatrixXf turned = x.transpose(), tall = (Eigen::MatrixXf(12, count) << x, -x).finished();
  CHECK(values(turned.transpose()) == x);
  CHECK(values(2 * x - x) == x);
  CHECK(values(x.array()) == x);
  CHECK(values(Eigen::MatrixXf::Identity(6, 6) * x) == x);
  CHECK(values(tall(Eigen::seq(0, 10, 2), Eigen::seq(0, count - 1))) == tall(Eigen::seq(0, 10, 2), Eigen::seq(0, count - 1)));
  CHECK(values(Eigen::Map<const Eigen::MatrixXf, 0, Eigen::Stride<Eigen::Dynamic, 2>>(tall.data(), 6, count, {12, 2})) ==
        tall(Eigen::seq(0, 10, 2), Eigen::seq(0, count - 1)));
  CHECK(values(turned.row(3).transpose().replicate(1, 2)) == turned.row(3).transpose().replicate(1, 2));
  CHECK(values(Eigen::RowVectorXf::LinSpaced(5, 0, 1)) == Eigen::RowVectorXf::LinSpaced(5, 0, 1));
  CHECK(train(2 * x - x, true) == train(x, true));
}

TEST_CASE("samples: what has a name is viewed, what has none is kept") {
  Eigen::MatrixXf x = samples();
  CHECK(ec::Samples<float>(x).column(1) == &x(0, 1));
  CHECK(ec::Samples<float>(std::as_const(x)).column(1) == &x(0, 1));
  CHECK(ec::Samples<float>(x.rightCols(9)).column(0) == &x(0, count - 9));
  CHECK(ec::Samples<float>(x.topRows(3)).column(1) == &x(0, 1));
  const Eigen::Map<const Eigen::MatrixXf> map(x.data(), 6, count);
  CHECK(ec::Samples<float>(map).column(1) == &x(0, 1));
  CHECK(ec::Samples<float>(Eigen::Map<const Eigen::MatrixXf>(x.data(), 6, count)).column(1) == &x(0, 1));
  const Eigen::Ref<const Eigen::MatrixXf> ref = x;
  CHECK(ec::Samples<float>(ref).column(1) == &x(0, 1));

  // The options outlive the matrices that they were made of: under the address sanitizer this shows.
  const auto make = [] { return Eigen::MatrixXf(samples()); };
  const auto referred = [] { return Eigen::Ref<const Eigen::MatrixXf>(2 * samples()); };  // holds what it refers to
  const ec::FitOptions<float> options{.validation = make(), .validation_targets = referred(), .progress = ec::Progress::quiet};
  CHECK(values(options.validation) == x);
  CHECK(values(options.validation_targets) == 2 * x);
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  const double validated = trainer.fit(x, options).last().validation.loss;
  CHECK(validated == trainer.evaluate(x, 2 * x, options.batch_size).loss);
  const float* const memory = x.data();
  CHECK(ec::Samples<float>(std::move(x)).column(0) == memory);
}

TEST_CASE("samples: predictions say what does not fit") {
  const Model model{ec::Seed{1}};
  Model::Workspace workspace = model.workspace(4);
  Eigen::MatrixXf y(6, 3);
  expect_error<ec::ShapeError>([&] { model.encode(Matrix<std::uint8_t>::Zero(5, 3)); }, {"encode", "6 rows", "found 5"});
  expect_error<ec::ShapeError>([&] { model.reconstruct(samples().topRows(5), y, workspace); }, {"reconstruct", "6 rows", "found 5"});
  expect_error<ec::ShapeError>([&] { model.reconstruct(samples(), y, workspace); }, {"reconstruct", "70 columns", "found 3"});
  CHECK(model.encode(samples().leftCols(0)).cols() == 0);
}

TEST_CASE("samples: a conditional model takes what the others take") {
  using Cvae = ec::ConditionalVariationalAutoencoder<ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>, ec::Latent<2>,
                                                     ec::Condition<2>, ec::Decoder<ec::features(2), ec::Dense<6>>>;
  const Cvae model{ec::Seed{1}};
  const Matrix<std::uint8_t> bytes = integers<std::uint8_t>();
  const Eigen::MatrixXf x = bytes.cast<float>() / 255.0F;
  const Eigen::VectorXi labels = Eigen::VectorXi::NullaryExpr(count, [](ec::Index j) { return int(j % 2); });
  CHECK(model.encode(bytes, labels) == model.encode(x, labels));
  CHECK(model.reconstruct(bytes, labels) == model.reconstruct(x, labels));
  CHECK(values(ec::with_classes(bytes, labels, 2)) == ec::with_classes(x, labels, 2));
}

TEST_CASE("samples: on disk are read a column or a value at a time, and are what a matrix of the same would be") {
  const Eigen::MatrixXf x = samples().leftCols(12);
  const auto reader = std::make_shared<Recorded>(x);  // not const, and of a derived type, as users have it
  const ec::Samples<float> disk = reader;
  CHECK((disk.on_disk() && !disk.in_place() && !disk.integers()));
  CHECK((disk.rows() == 6 && disk.cols() == 12 && disk.block() == 7));
  CHECK(reader->reads == 0);
  CHECK(values(disk) == x);
  CHECK(reader->reads == 12);
  CHECK(disk.matrix() == x);  // by the base class's read_columns
  CHECK(disk.value(4, 11) == x(4, 11));

  const ec::Samples<float> part = disk.columns(2, 9).columns(1, 5);
  CHECK(values(part) == x.middleCols(3, 5));
  CHECK(part.value(5, 4) == x(5, 7));
  Eigen::MatrixXf copy(6, 2);
  CHECK(part.columns_without_gaps(1, 2, copy.data()) == copy.data());
  CHECK(copy == x.middleCols(4, 2));
  part.will_need(2, 3);
  CHECK(reader->needed == std::vector<ec::Index>{5, 3});
  part.prefetch_column(0);

  const std::shared_ptr<const ec::ColumnReader<float>> shared = reader;
  CHECK(values(ec::part_of(shared, 1, 5)) == ec::part_of(x, 1, 5));
  CHECK(values(ec::part_of(disk, 0, 3, 4)) == x.leftCols(3));  // one of four parts, since the third rank has two
  CHECK(ec::part_of(ec::Samples<float>(x), 1, 2).column(0) == &x(0, 6));

  CHECK(disk == ec::Samples<float>(reader));
  CHECK(disk.columns(3, 5) == disk.columns(1, 9).columns(2, 5));
  CHECK(!(disk.columns(3, 5) == disk.columns(2, 5)));
  CHECK(!(disk == ec::Samples<float>(x)));
  CHECK(!(disk == ec::Samples<float>(std::make_shared<Recorded>(x))));

  const ec::Samples<float> memory = x;
  for (const ec::Samples<float>& all : {disk, memory}) {
    expect_error<ec::ShapeError>([&] { all.columns(0, 1000); }, {"expected columns within 12, found 0 to 1000"});
    expect_error<ec::ShapeError>([&] { all.columns(-1, 3); }, {"found -1 to 2"});
    expect_error<ec::ShapeError>([&] { all.columns(5, -2); }, {"found 5 to 3"});
    expect_error<ec::ShapeError>([&] { all.columns(2, 9).columns(1, 9); }, {"within 9, found 1 to 10"});
    CHECK((all.columns(3, 9).cols() == 9 && all.columns(12, 0).cols() == 0));
  }
  CHECK((!memory.on_disk() && memory.block() == 1));
  memory.will_need(0, 12);
  const ec::Samples<float> integers = std::make_shared<const Recorded>(x, true);
  CHECK((integers.integers() && integers.least_integer() == -1));
}

TEST_CASE("samples: on disk outlive what they were made of, and errors of reading come out of a prediction") {
  const Model model{ec::Seed{1}};
  const Eigen::MatrixXf& x = samples();
  const ec::Samples<float> all = std::make_shared<Recorded>(x);
  CHECK(model.reconstruct(all.columns(14, 50)) == model.reconstruct(x.middleCols(14, 50)));
  CHECK(ec::sample_errors(model, all.columns(0, 13)).samples == ec::sample_errors(model, x.leftCols(13)).samples);
  expect_error<ec::FileError>([&] { model.reconstruct(all); }, {"column 13"});
  expect_error<ec::OptionError>([&] { ec::Samples<float>(std::shared_ptr<const ec::ColumnReader<float>>()); }, {"expected a reader"});

  // What training asks of values, it asks of those on disk too.
  Eigen::MatrixXf damaged = x.leftCols(10);
  damaged(2, 6) = std::numeric_limits<float>::quiet_NaN();
  const ec::Samples<float> disk = std::make_shared<Recorded>(damaged);
  ec::check_values("inputs", disk.columns(0, 6));
  expect_error<ec::NonFiniteError>([&] { ec::check_values("inputs", disk); }, {"row 2 of sample 6"});
  Eigen::MatrixXf tall = Eigen::MatrixXf::Zero(10000, 10);  // three columns are read at once
  for (const ec::Index j : {9, 7, 3, 0}) {
    tall(9999, j) = std::numeric_limits<float>::infinity();
    expect_error<ec::NonFiniteError>([&] { ec::check_values("inputs", ec::Samples<float>(std::make_shared<Recorded>(tall))); },
                                     {"row 9999 of sample " + std::to_string(j)});
  }
  const ec::TargetRange range{{0, 0.5}, [] { return std::string("Loss"); }};
  damaged.setConstant(0.25f);
  ec::check_values("targets", disk, range);
  damaged(3, 4) = 1;
  expect_error<ec::OptionError>([&] { ec::check_values("targets", disk, range); }, {"found 1 in row 3 of sample 4"});
  damaged.setZero();
  damaged(1, 2) = 0.25f;
  const ec::TargetRange whole{{-1, 3}, [] { return std::string("Loss"); }, true};
  expect_error<ec::OptionError>([&] { ec::check_values("targets", disk, whole); }, {"found 0.25 in row 1 of sample 2"});

  Model trained = model;
  ec::Trainer trainer{trained, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  expect_error<ec::OptionError>([&] { trainer.fit(x.leftCols(10), {.element_weights = disk, .progress = ec::Progress::quiet}); },
                                {"element_weights", "in memory"});
}
