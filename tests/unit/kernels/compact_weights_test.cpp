// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/core/eigen.hpp>
#include <eigencoder/kernels/compact_weights.hpp>

namespace kernels = eigencoder::kernels;
using eigencoder::Index;
using eigencoder::NoActivation;
using eigencoder::WeightFormat;
using kernels::View;

namespace {

using Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXf;
constexpr float infinity = std::numeric_limits<float>::infinity(), smallest = std::numeric_limits<float>::min();

/// An activation that the component does not know.
struct Odd {
  template <class V>
  static V apply(V x) {
    return kernels::max(x, V(0)) + V(1);
  }
};
/// One that products apply in registers.
struct Positive {
  static constexpr double least = 0;
};

/// A matrix with its memory, which ends where it ends.
template <WeightFormat W>
struct Compact {
  Index rows, cols;
  std::vector<float> packed, scales, bias;

  explicit Compact(const MatrixXf& w, const VectorXf& b = {})
      : rows(w.rows()),
        cols(w.cols()),
        packed(size(kernels::compact_size(W, rows, cols)), 7.0F),
        scales(W == WeightFormat::int8 ? size(kernels::compact_rows(rows)) : 0, 7.0F),
        bias(b.size() > 0 ? size(kernels::compact_rows(rows)) : 0) {
    kernels::compact_weights(W, w, packed.data(), scales.data());
    std::copy_n(b.data(), b.size(), bias.begin());
  }

  /// f(Ŵ X + b), into strided memory whose margins must stay as they are.
  template <class F = NoActivation>
  MatrixXf times(const MatrixXf& x, const F& f = {}) const {
    constexpr Index margin = 3;
    constexpr float poison = -9876;
    std::vector<float> scratch(size(kernels::compact_scratch(W, cols) * x.cols()));
    MatrixXf memory = MatrixXf::Constant(rows + 2 * margin, x.cols() + 2 * margin, poison);
    const auto block = memory.block(margin, margin, rows, x.cols());
    const View<float> y(memory.data() + margin + margin * memory.rows(), rows, x.cols(), memory.rows());
    kernels::multiply_compact<W>(packed.data(), scales.data(), x, y, bias.empty() ? nullptr : bias.data(), f, scratch.data());
    MatrixXf product = block;
    memory.block(margin, margin, rows, x.cols()).setConstant(poison);
    if (!(memory.array() == poison).all())
      FAIL("written beside the product of " << rows << " × " << cols << " and " << x.cols() << " columns");
    return product;
  }
  /// Ŵ, column by column the product with a unit vector.
  MatrixXf values() const { return times(MatrixXf::Identity(cols, cols)); }

 private:
  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }
};

/// Whole numbers from −2 to 2, none like its neighbours.
MatrixXf whole_numbers(Index rows, Index cols, std::uint32_t seed) {
  return MatrixXf::NullaryExpr(rows, cols, [&](Index i, Index j) {
    const auto mixed =
        (static_cast<std::uint32_t>(i) * 2654435761u + static_cast<std::uint32_t>(j) * 40503u + seed) * 2246822519u;
    return static_cast<float>(static_cast<int>((mixed >> 13) % 5) - 2);
  });
}
MatrixXf reals(Index rows, Index cols, std::uint64_t stream) {
  MatrixXf m(rows, cols);
  golden::fill(stream, 2, -1, m);
  return m;
}

/// ŵ by the definition, in double.
template <WeightFormat W>
MatrixXd rounded(const MatrixXf& w) {
  MatrixXd result(w.rows(), w.cols());
  for (Index i = 0; i < w.rows(); ++i) {
    const double scale = double{w.row(i).cwiseAbs().maxCoeff() / 127.0F};
    for (Index j = 0; j < w.cols(); ++j) {
      const double value = double{w(i, j)};
      const double step = W == WeightFormat::int8 ? scale : std::ldexp(1.0, std::ilogb(value) - 7);
      result(i, j) = step > 0 ? std::nearbyint(value / step) * step : 0;
    }
  }
  return result;
}

const std::vector<Index> all_rows{1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 47, 64, 67}, all_depths{1, 2, 3, 7, 64, 101},
    all_columns{1, 2, 3, 4, 5, 7, 11, 12, 13, 25, 101};

}  // namespace

TEST_CASE("compact weights: sizes") {
  static_assert(kernels::compact_size(WeightFormat::bfloat16, 32, 10) == 32 * 10 / 2);
  static_assert(kernels::compact_size(WeightFormat::int8, 64, 10) == 64 * 10 / 4);
  static_assert(kernels::compact_size(WeightFormat::int8, 1, 3) == 32 * 4 / 4);  // whole panels, and pairs of columns
  static_assert(kernels::compact_rows(1) == 32 && kernels::compact_rows(32) == 32 && kernels::compact_rows(33) == 64);
}

// Whole numbers, of which no format loses anything, and sums that floats hold: results are exact. For int8 each row's largest
// weight is 127, and each column's largest value 32767, so that all scales are 1.
TEMPLATE_TEST_CASE_SIG("compact weights: exact products of any size, with and without bias and activation", "",
                       ((WeightFormat W), W), WeightFormat::bfloat16, WeightFormat::int8) {
  for (const Index m : all_rows) {
    for (const Index k : all_depths) {
      MatrixXf w = whole_numbers(m, k, 1);
      for (Index i = 0; i < m; ++i) w(i, (3 * i) % k) = i % 2 == 0 ? 127 : -127;
      const VectorXf b = whole_numbers(m, 1, 3);
      const Compact<W> plain(w), biased(w, b);
      for (const Index n : all_columns) {
        MatrixXf x = whole_numbers(k, n, 2);
        for (Index j = 0; j < n; ++j) x((5 * j + 1) % k, j) = j % 3 == 0 ? -32767 : 32767;
        const MatrixXf product = (w.cast<double>() * x.cast<double>()).cast<float>(), sum = product.colwise() + b;
        CAPTURE(m, k, n);
        if (plain.times(x) != product) FAIL("W X");
        if (biased.times(x) != sum) FAIL("W X + b");
        if (biased.times(x, Odd{}) != MatrixXf((sum.cwiseMax(0.0F).array() + 1).matrix())) FAIL("f(W X + b)");
        if (biased.times(x, Positive{}) != sum.cwiseMax(0.0F)) FAIL("max(W X + b, 0)");
      }
    }
  }
}

TEMPLATE_TEST_CASE_SIG("compact weights: the product of the rounded weights, in double, within the rounding of values and sums",
                       "", ((WeightFormat W), W), WeightFormat::bfloat16, WeightFormat::int8) {
  for (const Index k : {1, 13, 511, 512, 513, 784, 1025, 1537}) {
    for (const Index n : {1, 3, 14}) {
      CAPTURE(k, n);
      const MatrixXf w = reals(37, k, 1), x = reals(k, n, 2);
      const MatrixXd hat = rounded<W>(w), exact = hat * x.cast<double>();
      // Of values half a step of their column's scale; of sums a few units in the last place of their largest part.
      const Eigen::RowVectorXd step = x.cwiseAbs().colwise().maxCoeff().cast<double>() / 32767;
      const MatrixXd values = hat.cwiseAbs().rowwise().sum() * step / 2,
                     sums = hat.cwiseAbs() * x.cwiseAbs().cast<double>() * 40 * std::numeric_limits<float>::epsilon();
      const MatrixXd bound = W == WeightFormat::int8 ? MatrixXd(values + sums) : sums;
      const MatrixXd error = (Compact<W>(w).times(x).template cast<double>() - exact).cwiseAbs();
      CHECK((error.array() <= bound.array()).all());
    }
  }
}

TEST_CASE("compact weights: int8, the largest sums there are") {
  for (const Index k : {512, 513, 1024, 2050}) {
    for (const Index n : {1, 5}) {
      for (const float sign : {1.0F, -1.0F}) {
        const MatrixXf w = MatrixXf::Constant(33, k, 127), x = MatrixXf::Constant(k, n, sign * 32767);
        const float exact = sign * 127 * 32767 * static_cast<float>(k);
        const MatrixXf error = (Compact<WeightFormat::int8>(w).times(x).array() - exact).abs();
        CHECK(error.maxCoeff() <= 4 * std::numeric_limits<float>::epsilon() * std::abs(exact));
      }
    }
  }
}

TEST_CASE("compact weights: int8, rows within half a step of their scales, and rows of nothing") {
  MatrixXf w = reals(70, 45, 5);
  for (Index i = 0; i < 70; ++i) w.row(i) *= std::ldexp(1.0F, static_cast<int>(i) - 35);
  w.row(7).setZero();
  w.row(8).setConstant(smallest / 4);  // whose scale would be no normal number
  w.row(9).setConstant(1e38F);
  const Compact<WeightFormat::int8> compact(w);
  const MatrixXf values = compact.values();
  for (Index i = 0; i < 70; ++i) {
    CAPTURE(i);
    const float scale = w.row(i).cwiseAbs().maxCoeff() / 127;
    if (i == 7 || i == 8) {
      CHECK(compact.scales[static_cast<std::size_t>(i)] == 0);
      CHECK(values.row(i).isZero(0));
    } else {
      CHECK(compact.scales[static_cast<std::size_t>(i)] == scale);
      CHECK((values.row(i) - w.row(i)).cwiseAbs().maxCoeff() <= scale * 0.5001F);
    }
  }
  for (std::size_t i = 70; i < compact.scales.size(); ++i) CHECK(compact.scales[i] == 0);
}

TEST_CASE("compact weights: bfloat16 is the nearest, of two the even") {
  for (float value = 1.0F; value < 2.5F; value += 0x1p-10F) {
    for (const float v : {value, -value, value * 0x1p100F, value * 0x1p-120F}) {
      const float found = kernels::from_bfloat16(kernels::to_bfloat16(v));
      const double step = std::ldexp(1.0, std::ilogb(v) - 7);
      if (double{found} != std::nearbyint(double{v} / step) * step) FAIL(v << " became " << found);
    }
  }
  CHECK(kernels::from_bfloat16(kernels::to_bfloat16(0x1.FEp127F)) == 0x1.FEp127F);
  CHECK(kernels::from_bfloat16(kernels::to_bfloat16(0x1.FFp127F)) == infinity);
  CHECK(kernels::to_bfloat16(0.0F) == 0);
  CHECK(kernels::to_bfloat16(-0.0F) == 0x8000);
}

TEST_CASE("compact weights: as PyTorch rounds") {
  const nlohmann::json file = golden::load("compact_weights.json");
  const auto rows = file["rows"].get<Index>(), cols = file["columns"].get<Index>();
  const MatrixXf w = reals(rows, cols, 1);
  const auto q = file["int8"].get<std::vector<int>>();
  const auto scales = file["scales"].get<std::vector<double>>();
  const auto halves = file["bfloat16"].get<std::vector<double>>();
  REQUIRE(q.size() == static_cast<std::size_t>(w.size()));
  const Compact<WeightFormat::int8> compact(w);
  const MatrixXf bfloat16 = Compact<WeightFormat::bfloat16>(w).values();
  std::size_t at = 0;
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i, ++at) {
      CAPTURE(i, j);
      const float scale = compact.scales[static_cast<std::size_t>(i)];
      CHECK(double{scale} == scales[static_cast<std::size_t>(i)]);
      CHECK(int{kernels::to_int8(w(i, j), scale)} == q[at]);
      CHECK(double{bfloat16(i, j)} == halves[at]);
    }
  }
}

TEMPLATE_TEST_CASE_SIG("compact weights: what is not finite reaches its column and no other", "", ((WeightFormat W), W),
                       WeightFormat::bfloat16, WeightFormat::int8) {
  const Compact<W> compact(reals(35, 21, 1));
  for (const float evil : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (const Index n : {1, 2, 15}) {
      for (const Index at : {0, 7, 20}) {
        MatrixXf x = reals(21, n, 2);
        const MatrixXf before = compact.times(x);
        x(at, n / 2) = evil;
        const MatrixXf after = compact.times(x);
        CHECK(after.col(n / 2).unaryExpr([](float v) { return !std::isfinite(v); }).all());
        for (Index j = 0; j < n; ++j) {
          if (j != n / 2) CHECK((after.col(j).array() == before.col(j).array()).all());
        }
      }
    }
  }
}

TEST_CASE("compact weights: int8, columns of any magnitude") {
  const MatrixXf w = reals(20, 31, 1);
  const Compact<WeightFormat::int8> compact(w);
  const MatrixXf x = reals(31, 2, 2), y = compact.times(x);
  for (const int exponent : {-105, -40, 40, 105}) {
    CAPTURE(exponent);
    const float power = std::ldexp(1.0F, exponent);
    CHECK((compact.times(power * x) - power * y).cwiseAbs().maxCoeff() <= 1e-5F * power * y.cwiseAbs().maxCoeff());
  }
  CHECK(compact.times(0 * x).isZero(0));
  CHECK(compact.times(MatrixXf::Constant(31, 2, 1000 * smallest)).isZero(0));  // next to nothing is nothing
}

TEST_CASE("compact weights: int8, a sample has the same bits in any batch") {
  const Compact<WeightFormat::int8> compact(reals(49, 777, 1), reals(49, 1, 3));
  const MatrixXf x = reals(777, 110, 2), all = compact.times(x);
  for (const Index n : {1, 2, 5, 13, 109}) {
    CAPTURE(n);
    CHECK((compact.times(x.leftCols(n)).array() == all.leftCols(n).array()).all());
  }
}
