// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/core/eigen.hpp>
#include <eigencoder/kernels/bfloat16.hpp>

// Products are compared with sums in double precision of factors that the test rounds itself. Where the processor, or what this file
// is compiled for, has no instructions for bfloat16, there is only the way back to float32 to test.
namespace ec = eigencoder;
namespace kernels = eigencoder::kernels;
using ec::Index;
using ec::Precision;
using kernels::View;
using Product = kernels::detail::ProductInBfloat16<float>;

namespace {

/// To nearest, ties to even, by the bits.
float rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7fffU + (bits >> 16 & 1U)) & 0xffff0000U);
}
Eigen::MatrixXf rounded(const Eigen::MatrixXf& values) {
  return values.unaryExpr([](float value) { return rounded(value); });
}

Eigen::MatrixXf random(Index rows, Index cols, unsigned seed) {
  std::mt19937 draw(seed);
  return Eigen::MatrixXf::NullaryExpr(rows, cols, [&] { return 4 * static_cast<float>(draw()) / 4294967296.0F - 2; });
}

/// Runs the kernel however small the product is; false where there is none.
bool run(const Product& product) {
  if constexpr (kernels::detail::knows_bfloat16<float>) {
    if (ec::has_bfloat16()) return kernels::launch(product), true;
  }
  return false;
}

/// Operands as they are stored: transposed or not, with rows of poison below each column.
struct Operands {
  Eigen::MatrixXf a, b, a_stored, b_stored;
  bool a_transposed, b_transposed;

  Operands(Index m, Index k, Index n, bool left_transposed, bool right_transposed)
      : a(random(m, k, 1)), b(random(k, n, 2)), a_transposed(left_transposed), b_transposed(right_transposed) {
    a_stored = stored(a_transposed ? Eigen::MatrixXf(a.transpose()) : a);
    b_stored = stored(b_transposed ? Eigen::MatrixXf(b.transpose()) : b);
  }
  static Eigen::MatrixXf stored(const Eigen::MatrixXf& values) {
    Eigen::MatrixXf all = Eigen::MatrixXf::Constant(values.rows() + 3, values.cols(), std::numeric_limits<float>::quiet_NaN());
    all.topRows(values.rows()) = values;
    return all;
  }
  Product product(View<float> c) const {
    return {.a = {a_stored.data(), a_stored.rows() - 3, a_stored.cols(), a_stored.rows()},
            .b = {b_stored.data(), b_stored.rows() - 3, b_stored.cols(), b_stored.rows()},
            .a_transposed = a_transposed,
            .b_transposed = b_transposed,
            .c = c,
            .epilogue = {}};
  }
};

/// C inside of poison, which must stay.
struct Result {
  static constexpr Index margin = 2;
  static constexpr float poison = -9876;
  Eigen::MatrixXf memory;
  Index rows, cols;

  Result(Index m, Index n) : memory(Eigen::MatrixXf::Constant(m + 2 * margin, n + 2 * margin, poison)), rows(m), cols(n) {}
  auto block() { return memory.block(margin, margin, rows, cols); }
  View<float> view() { return {&memory(margin, margin), rows, cols, memory.rows()}; }
  bool untouched() {
    Eigen::MatrixXf around = memory;
    around.block(margin, margin, rows, cols).setConstant(poison);
    return (around.array() == poison).all();
  }
};

/// Every sum of floats is rounded once a factor, and a few times more.
void require_within(Result& result, const Eigen::MatrixXd& expected, const Eigen::MatrixXd& magnitude, Index depth, const std::string& what) {
  const Eigen::ArrayXXd error = (result.block().cast<double>() - expected).array().abs();
  const bool within = (error <= (static_cast<double>(depth) + 4) * std::ldexp(1.0, -24) * magnitude.array()).all();
  if (!within || !result.untouched()) FAIL(what << (within ? ": written beyond the result" : ": a result is not within the bound"));
}

struct Sizes {
  Index m, k, n;
};
/// Tiles, packets, blocks of depth and of columns begin and end here; primes are between.
const std::vector<Sizes> sizes{{1, 1, 1},    {16, 1, 12},   {17, 2, 13},    {31, 3, 7},     {32, 32, 8},    {33, 31, 25},
                               {47, 33, 37}, {64, 280, 24}, {61, 281, 29},  {49, 561, 257}, {97, 279, 263}, {128, 560, 256},
                               {5, 17, 521}, {2, 1123, 3},  {113, 67, 271}, {19, 0, 5},     {32, 16, 20}};

struct PlusOne {
  template <class V>
  V apply(V v) const {
    return kernels::max(v, V(0)) + V(1);
  }
};
struct Odd {
  template <class V>
  V derivative(V y) const {
    return y + y - V(1);
  }
};
struct Rectifier {
  static constexpr double least = 0;
};

}  // namespace

TEST_CASE("bfloat16: products of rounded factors, whichever is transposed") {
  for (const auto& [m, k, n] : sizes) {
    for (const int which : {0, 1, 2, 3}) {
      const Operands o(m, k, n, which % 2 == 1, which / 2 == 1);
      const Eigen::MatrixXd a = rounded(o.a).cast<double>(), b = rounded(o.b).cast<double>();
      Result c(m, n);
      if (!run(o.product(c.view()))) SUCCEED("there are no instructions for bfloat16");
      else require_within(c, a * b, a.cwiseAbs() * b.cwiseAbs(), k, ec::message(m, " × ", k, " × ", n, " of kind ", which));
    }
  }
}

TEST_CASE("bfloat16: bias, accumulation and the sums of rows, which stay those of the floats") {
  for (const auto& [m, k, n] : sizes) {
    const Operands o(m, k, n, false, true);
    const Eigen::MatrixXd a = rounded(o.a).cast<double>(), b = rounded(o.b).cast<double>();
    const Eigen::VectorXf bias = random(m, 1, 3), before = random(m, 1, 4);
    const Eigen::MatrixXf start = random(m, n, 5);
    const std::string what = ec::message(m, " × ", k, " × ", n);

    Result with_bias(m, n);
    Product product = o.product(with_bias.view());
    product.bias = bias.data();
    if (!run(product)) continue;
    const Eigen::MatrixXd magnitude = a.cwiseAbs() * b.cwiseAbs();
    require_within(with_bias, (a * b).colwise() + bias.cast<double>(), magnitude.colwise() + bias.cast<double>().cwiseAbs(), k, what + " with a bias");

    Result sum(m, n);
    sum.block() = start;
    Eigen::VectorXf sums = before;
    product = o.product(sum.view());
    product.accumulate = true;
    product.sums = sums.data();
    run(product);
    require_within(sum, a * b + start.cast<double>(), magnitude + start.cast<double>().cwiseAbs(), k, what + " accumulated");
    const Eigen::VectorXd exact = o.a.cast<double>().rowwise().sum() + before.cast<double>();
    const Eigen::VectorXd size = o.a.cast<double>().cwiseAbs().rowwise().sum() + before.cast<double>().cwiseAbs();
    CHECK(((sums.cast<double>() - exact).array().abs() <= (static_cast<double>(k) + 1) * std::ldexp(1.0, -24) * size.array()).all());
  }
}

TEST_CASE("bfloat16: epilogues see whole sums") {
  for (const Sizes& size : sizes) {
    const Index m = size.m, k = size.k, n = size.n;
    const Operands o(m, k, n, true, false);
    const Eigen::MatrixXd a = rounded(o.a).cast<double>(), b = rounded(o.b).cast<double>(), product = a * b;
    const Eigen::MatrixXd magnitude = a.cwiseAbs() * b.cwiseAbs() + Eigen::MatrixXd::Ones(m, n);
    Result y(m, n);
    y.block() = random(m, n, 6);
    const Eigen::MatrixXd at = y.block().cast<double>();
    const auto with = [&](const kernels::Epilogue<float>& epilogue, const Eigen::MatrixXd& expected, const char* what) {
      Result c(m, n);
      Product kernel = o.product(c.view());
      kernel.epilogue = epilogue;
      if (run(kernel)) require_within(c, expected, 4 * magnitude, k, ec::message(m, " × ", k, " × ", n, what));
    };
    const PlusOne plus_one{};
    const Odd odd{};
    const Rectifier rectifier{};
    with(kernels::apply<float>(plus_one), (product.cwiseMax(0.0).array() + 1).matrix(), " and a function");
    with(kernels::apply<float>(rectifier), product.cwiseMax(0.0), " and a bound");
    with(kernels::times_derivative<float>(odd, y.view().data), product.cwiseProduct((2 * at.array() - 1).matrix()), " and a derivative");
    with(kernels::times_derivative<float>(rectifier, y.view().data), (at.array() > 0).select(product, 0), " and a gate");
  }
}

TEST_CASE("bfloat16: rounding to nearest, ties to even; infinities and NaN pass; what is below the normal floats is 0") {
  const auto of_bits = [](std::uint32_t bits) { return std::bit_cast<float>(bits); };
  std::vector<float> values{0, 1, -1, 3.1415927F, -2.7182817F, 1e-30F, 1e30F, std::numeric_limits<float>::max()};
  for (const std::uint32_t upper : {0x3f80U, 0x3f81U, 0xc0ffU, 0x7f00U, 0x0100U}) {  // even and odd mantissas, below, at and above a tie
    for (const std::uint32_t lower : {0x0000U, 0x0001U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) values.push_back(of_bits(upper << 16 | lower));
  }
  const auto count = static_cast<Index>(values.size());
  const Eigen::MatrixXf row = Eigen::Map<const Eigen::MatrixXf>(values.data(), 1, count), one = Eigen::MatrixXf::Ones(1, 1);
  Eigen::MatrixXf as_right(1, count), as_left(count, 1);
  const Eigen::MatrixXf column = row.transpose();
  if (!run({.a = one, .b = row, .c = as_right, .epilogue = {}})) return;
  run({.a = column, .b = one, .c = as_left, .epilogue = {}});
  for (Index i = 0; i < count; ++i) {
    CAPTURE(i, row(0, i));
    CHECK(as_right(0, i) == rounded(row(0, i)));
    CHECK(as_left(i, 0) == rounded(row(0, i)));
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (const auto& [value, expected] : {std::pair{infinity, infinity}, {-infinity, -infinity}, {1e-40F, 0.0F}, {-1e-40F, 0.0F}}) {
    const Eigen::MatrixXf single = Eigen::MatrixXf::Constant(1, 1, value);
    Eigen::MatrixXf result(1, 1);
    run({.a = single, .b = one, .c = result, .epilogue = {}});
    CHECK(result(0, 0) == expected);
  }
  const Eigen::MatrixXf nan = Eigen::MatrixXf::Constant(1, 1, std::numeric_limits<float>::quiet_NaN());
  Eigen::MatrixXf result(1, 1);
  run({.a = one, .b = nan, .a_transposed = true, .b_transposed = true, .c = result, .epilogue = {}});
  CHECK(std::isnan(result(0, 0)));
}

TEMPLATE_TEST_CASE("a precision: bfloat16 where it is asked for and there, float32's bits elsewhere", "", float, double) {
  using T = TestType;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  for (const auto& [m, k, n] : {Sizes{67, 71, 73}, Sizes{64, 64, 31}, Sizes{64, 31, 64}, Sizes{31, 64, 64}, Sizes{40, 1, 40}, Sizes{40, 40, 1}}) {
    CAPTURE(m, k, n);
    const Matrix a = random(m, k, 1).template cast<T>(), b = random(k, n, 2).template cast<T>(), at = a.transpose(), bt = b.transpose(), y = random(m, n, 3).template cast<T>();
    const Matrix bias = random(m, 1, 4).template cast<T>();
    const PlusOne plus_one{};
    const Odd odd{};
    /// The four products, with a precision before the operands or with none.
    const auto all = [&](auto... precision) {
      std::vector<Matrix> results(5, y);
      results.push_back(bias);
      using In = View<const T>;
      kernels::multiply<T>(precision..., In(a), In(b), View<T>(results[0]), bias.data(), plus_one);
      kernels::add_multiply_transposed<T>(precision..., In(a), In(bt), View<T>(results[1]), results[5].data());
      kernels::multiply_transposed<T>(precision..., In(at), In(b), View<T>(results[2]), bias.data(), plus_one);
      kernels::multiply_transposed<T>(precision..., In(at), In(b), View<T>(results[3]), odd, In(y));
      kernels::add_multiply_transposed<T>(precision..., In(a), In(bt), View<T>(results[4]), nullptr, false);
      return results;
    };
    const auto plain = all(), same = all(Precision::float32), half = all(Precision::bfloat16);
    const bool differs = std::is_same_v<T, float> && ec::has_bfloat16() && std::min({m, k, n}) >= 32;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      CAPTURE(i);
      CHECK(same[i] == plain[i]);
      if (i < 5 || !differs) CHECK((half[i] == plain[i]) == !differs);
      CHECK((half[i] - plain[i]).norm() <= T(i < 5 ? 0.01 : 1e-6) * plain[i].norm());  // sums of rows are made in another order
    }
  }
}
