// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/core/eigen.hpp>
#include <eigencoder/kernels/gemm.hpp>

// Small whole numbers make every sum exact, in any order: results are compared for equality, and together with the poison
// around them, so that one comparison finds a wrong value and a stray store alike.
namespace kernels = eigencoder::kernels;
using eigencoder::Index;
using kernels::View;

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// Whole numbers from −2 to 2, none like its neighbours.
template <class T>
Matrix<T> whole_numbers(Index rows, Index cols, std::uint32_t seed) {
  return Matrix<T>::NullaryExpr(rows, cols, [&](Index i, Index j) {
    const auto mixed =
        (static_cast<std::uint32_t>(i) * 2654435761u + static_cast<std::uint32_t>(j) * 40503u + seed) * 2246822519u;
    return static_cast<T>(static_cast<int>((mixed >> 13) % 5) - 2);
  });
}

/// A·B, by the definition.
template <class T>
Matrix<T> exact_product(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c = Matrix<T>::Zero(a.rows(), b.cols());
  for (Index j = 0; j < b.cols(); ++j) {
    for (Index p = 0; p < a.cols(); ++p) c.col(j) += b(p, j) * a.col(p);
  }
  return c;
}

/// A matrix of poison with a block inside for a kernel to write.
template <class T>
struct Poisoned {
  static constexpr Index margin = 3;
  static constexpr T poison = T(-9876);
  Matrix<T> memory;
  Index rows, cols;

  Poisoned(Index row_count, Index col_count) : memory(row_count + 2 * margin, col_count + 2 * margin) {
    reset(row_count, col_count);
  }

  void reset(Index row_count, Index col_count) {
    rows = row_count, cols = col_count;
    memory.setConstant(poison);
  }
  auto block() { return memory.block(margin, margin, rows, cols); }
  /// The block is the corner of that matrix, and around it all is as it was.
  bool holds(const Matrix<T>& expected) {
    const auto untouched = [](const auto& part) { return (part.array() == poison).all(); };
    return block() == expected.topLeftCorner(rows, cols) && untouched(memory.leftCols(margin)) && untouched(memory.topRows(margin)) &&
           untouched(memory.middleCols(margin + cols, margin)) && untouched(memory.middleRows(margin + rows, margin));
  }
  View<T> view() { return {&memory(margin, margin), rows, cols, memory.rows()}; }  // an empty block of Eigen 5 is nowhere
};

/// Applied to half a sum, or before the bias, it would give something else.
struct Epilogue {
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

template <class T>
View<const T> corner(const Matrix<T>& matrix, Index rows, Index cols) {
  return {matrix.data(), rows, cols, matrix.rows()};
}

/// Sizes at which a tile, a packet or a block of depth begins or ends.
template <class T>
std::vector<Index> border_sizes() {
  constexpr Index lanes = kernels::Packet<T>::size, tile = kernels::detail::wide_tile;
  return {1, lanes, lanes + 1, 2 * lanes - 1, 2 * lanes, 4 * lanes + 1, 2 * tile + 5};
}
constexpr Index block = kernels::detail::depth_block;
const std::vector<Index> deep{block - 1, block, block + 1, 2 * block, 2 * block + 1};

constexpr Index most = 70;
/// Every depth that leaves another rest of a packet, and some up to `most`; those of several blocks are tests of their own.
const std::vector<Index> depths = [] {
#ifdef __SANITIZE_ADDRESS__  // these runs look for stray reads and writes, and are ten times as slow
  constexpr Index each_up_to = 1, step = 9;
#else
  constexpr Index each_up_to = 17, step = 7;
#endif
  std::vector<Index> all;
  for (Index k = 1; k <= most; k += k < each_up_to ? 1 : step) all.push_back(k);
  return all;
}();

/// Calls f(m, n, C) with memory for an m × n matrix C, for every m and n.
template <class T>
void for_all_sizes(const std::function<void(Index, Index, Poisoned<T>&)>& f) {
  for (Index m = 1; m <= most; ++m) {
    for (Index n = 1; n <= most; ++n) {
      Poisoned<T> c(m, n);
      f(m, n, c);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("multiply: every size up to 70, with and without bias and epilogue, in strided memory", "", float, double) {
  using T = TestType;
  const Matrix<T> a = whole_numbers<T>(most, most, 1), b = whole_numbers<T>(most, most, 2);
  const Vector<T> bias = whole_numbers<T>(most, 1, 3);
  for (const Index k : depths) {
    const Matrix<T> product = exact_product<T>(a.leftCols(k), b.topRows(k));  // holds those of fewer rows and columns
    const Matrix<T> activated = ((product.colwise() + bias).cwiseMax(T(0)).array() + T(1)).matrix();
    for_all_sizes<T>([&](Index m, Index n, Poisoned<T>& c) {
      const bool with_bias = (m + n + k) % 2 == 0;
      if (with_bias) {
        kernels::multiply<T>(corner(a, m, k), corner(b, k, n), c.view(), bias.data(), Epilogue{});
      } else {
        kernels::multiply<T>(corner(a, m, k), corner(b, k, n), c.view());
      }
      if (!c.holds(with_bias ? activated : product)) FAIL(m << " × " << k << " · " << k << " × " << n << (with_bias ? " with bias" : ""));
    });
  }
}

TEMPLATE_TEST_CASE("multiply_transposed: every size up to 70", "", float, double) {
  using T = TestType;
  const Matrix<T> a = whole_numbers<T>(most, most, 1), b = whole_numbers<T>(most, most, 2);
  for (const Index k : depths) {
    const Matrix<T> product = exact_product<T>(a.topRows(k).transpose(), b.topRows(k));
    for_all_sizes<T>([&](Index m, Index n, Poisoned<T>& c) {
      kernels::multiply_transposed<T>(corner(a, k, m), corner(b, k, n), c.view());
      if (!c.holds(product)) FAIL("(" << k << " × " << m << ")ᵀ · " << k << " × " << n);
    });
  }
}

TEMPLATE_TEST_CASE("multiply_transposed: times a derivative, which follows from what lies in its place", "", float, double) {
  using T = TestType;
  for (const Index k : {Index{3}, kernels::detail::depth_block + 1}) {  // not in the store of half a sum
    const Matrix<T> a = whole_numbers<T>(k, most, 1), b = whole_numbers<T>(k, most, 2), y = whole_numbers<T>(most, most, 3);
    const Matrix<T> product = (exact_product<T>(a.transpose(), b).array() * (2 * y.array() - T(1))).matrix();
    for_all_sizes<T>([&](Index m, Index n, Poisoned<T>& c) {
      Poisoned<T> own(m, n);
      own.block() = y.topLeftCorner(m, n);
      const View<T> places = own.view();
      kernels::multiply_transposed<T>(corner(a, k, m), corner(b, k, n), c.view(), Odd{}, {places.data, m, n, places.stride});
      if (!c.holds(product)) FAIL("(" << k << " × " << m << ")ᵀ · " << k << " × " << n);
    });
  }
}

TEMPLATE_TEST_CASE("multiply_transposed: in memory of exactly its size, across the borders of depth", "", float, double) {
  using T = TestType;
  for (const Index k : deep) {
    for (const Index m : border_sizes<T>()) {
      for (const Index n : border_sizes<T>()) {
        CAPTURE(m, n, k);
        const Matrix<T> a = whole_numbers<T>(k, m, 1), b = whole_numbers<T>(k, n, 2);
        Matrix<T> c = Matrix<T>::Constant(m, n, not_a_number<T>);  // must not be read
        kernels::multiply_transposed<T>(a, b, c);
        CHECK(c == exact_product<T>(a.transpose(), b));
      }
    }
  }
}

TEMPLATE_TEST_CASE("multiply: in memory of exactly its size, bias and epilogue apart, across the borders of depth", "", float,
                   double) {
  using T = TestType;
  for (const Index k : deep) {
    for (const Index m : border_sizes<T>()) {
      for (const Index n : border_sizes<T>()) {
        CAPTURE(m, n, k);
        const Matrix<T> a = whole_numbers<T>(m, k, 1), b = whole_numbers<T>(k, n, 2), product = exact_product(a, b);
        const Vector<T> bias = whole_numbers<T>(m, 1, 3);
        Matrix<T> c = Matrix<T>::Constant(m, n, not_a_number<T>);  // must not be read
        kernels::multiply<T>(a, b, c);
        CHECK(c == product);
        c.setConstant(not_a_number<T>);
        kernels::multiply<T>(a, b, c, bias.data());
        CHECK(c == product.colwise() + bias);
        c.setConstant(not_a_number<T>);
        kernels::multiply<T>(a, b, c, nullptr, Epilogue{});
        CHECK(c == (product.cwiseMax(T(0)).array() + T(1)).matrix());
      }
    }
  }
}

TEMPLATE_TEST_CASE("add_multiply_transposed: every size up to 70, added to what was there, with and without sums", "", float, double) {
  using T = TestType;
  const Matrix<T> a = whole_numbers<T>(most, most, 4), b = whole_numbers<T>(most, most, 5),
                  before = whole_numbers<T>(most, most, 6);
  for (const Index k : depths) {
    const Matrix<T> sum = before + exact_product<T>(a.leftCols(k), b.leftCols(k).transpose());
    const Vector<T> only_sums = a.leftCols(k).rowwise().sum(), row_sums = before.col(0) + only_sums;
    for_all_sizes<T>([&](Index m, Index n, Poisoned<T>& c) {
      const bool with_sums = (m + n + k) % 2 == 0;
      Vector<T> sums = before.col(0).head(m);
      c.block() = before.topLeftCorner(m, n);
      kernels::add_multiply_transposed<T>(corner(a, m, k), corner(b, n, k), c.view(), with_sums ? sums.data() : nullptr);
      if (!c.holds(sum)) FAIL(m << " × " << k << " · (" << n << " × " << k << ")ᵀ");
      if (sums != (with_sums ? row_sums : before.col(0)).head(m)) FAIL("sums of " << m << " × " << k);
      kernels::add_multiply_transposed<T>(corner(a, m, k), corner(b, n, k), c.view(), with_sums ? sums.data() : nullptr, false);
      if (!c.holds(Matrix<T>(sum - before))) FAIL("overwritten: " << m << " × " << k << " · (" << n << " × " << k << ")ᵀ");
      if (sums != (with_sums ? only_sums : before.col(0)).head(m)) FAIL("overwritten: sums of " << m << " × " << k);
    });
  }
}

TEMPLATE_TEST_CASE("add_multiply: every size up to 70, and across the borders of depth, added to what was there", "", float, double) {
  using T = TestType;
  const Matrix<T> a = whole_numbers<T>(most, most, 4), b = whole_numbers<T>(most, most, 5),
                  before = whole_numbers<T>(most, most, 6);
  for (const Index k : depths) {
    const Matrix<T> sum = before + exact_product<T>(a.leftCols(k), b.topRows(k));
    for_all_sizes<T>([&](Index m, Index n, Poisoned<T>& c) {
      c.block() = before.topLeftCorner(m, n);
      kernels::add_multiply<T>(corner(a, m, k), corner(b, k, n), c.view());
      if (!c.holds(sum)) FAIL(m << " × " << k << " · " << k << " × " << n);
    });
  }
  for (const Index k : deep) {
    const Matrix<T> left = whole_numbers<T>(35, k, 4), right = whole_numbers<T>(k, 27, 5);
    Matrix<T> c = before.topLeftCorner(35, 27);
    kernels::add_multiply<T>(left, right, c);
    CHECK(c == before.topLeftCorner(35, 27) + exact_product<T>(left, right));
  }
}

TEMPLATE_TEST_CASE("add_multiply_transposed: in memory of exactly its size, across the borders of depth", "", float, double) {
  using T = TestType;
  for (const Index k : deep) {
    for (const Index m : border_sizes<T>()) {
      for (const Index n : border_sizes<T>()) {
        CAPTURE(m, n, k);
        const Matrix<T> a = whole_numbers<T>(m, k, 4), b = whole_numbers<T>(n, k, 5), before = whole_numbers<T>(m, n, 6);
        Matrix<T> c = before;
        Vector<T> sums = Vector<T>::Zero(m);
        kernels::add_multiply_transposed<T>(a, b, c, sums.data());
        CHECK(c == before + exact_product<T>(a, b.transpose()));
        CHECK(sums == a.rowwise().sum());
      }
    }
  }
}

TEMPLATE_TEST_CASE("products: operands whose columns lie far apart, in memory of exactly their size", "", float, double) {
  using T = TestType;
  constexpr Index lanes = kernels::Packet<T>::size, left = kernels::detail::worth_packing_left,
                  right = kernels::detail::packed_columns<T>, tall = kernels::detail::worth_packing_right;
  for (const Index k : {Index{65}, kernels::detail::packed_depth + 1, kernels::detail::depth_block + 1}) {
    for (const Index m : {tall - 1, tall, tall + 4 * lanes + 1}) {
      for (const Index n : {left, 3 * left + 1, 2 * right + 5, kernels::detail::column_block<true> + 7}) {
        CAPTURE(m, n, k);
        const Matrix<T> a = whole_numbers<T>(m, k, 1), b = whole_numbers<T>(k, n, 2), product = exact_product(a, b);
        const Matrix<T> transposed = b.transpose(), before = whole_numbers<T>(m, n, 3);
        const Vector<T> bias = whole_numbers<T>(m, 1, 4), row_sums = a.rowwise().sum();
        Matrix<T> c = Matrix<T>::Constant(m, n, not_a_number<T>);  // must not be read
        kernels::multiply<T>(a, b, c, bias.data(), Epilogue{});
        CHECK(c == ((product.colwise() + bias).cwiseMax(T(0)).array() + T(1)).matrix());
        c = before;
        Vector<T> sums = bias;
        kernels::add_multiply_transposed<T>(a, transposed, c, sums.data());
        CHECK(c == before + product);
        CHECK(sums == bias + row_sums);
        kernels::add_multiply_transposed<T>(a, transposed, c, sums.data(), false);
        CHECK(c == product);
        CHECK(sums == row_sums);
      }
    }
  }
}

TEMPLATE_TEST_CASE("products: real numbers within the rounding of their sums", "", float, double) {
  using T = TestType;
  constexpr Index m = 37, n = 29, k = 600;
  const auto reals = [](Index rows, Index cols, double step) {
    return Matrix<T>::NullaryExpr(rows, cols,
                                  [=](Index i, Index j) { return static_cast<T>(std::sin(step * double(1 + i + rows * j))); })
        .eval();
  };
  const Matrix<T> a = reals(m, k, 0.7), b = reals(k, n, 1.3), transposed = b.transpose();
  const Matrix<double> exact = exact_product<double>(a.template cast<double>(), b.template cast<double>());
  const auto error = [&](const Matrix<T>& c) { return (c.template cast<double>() - exact).cwiseAbs().maxCoeff(); };
  constexpr double rounding = 40 * double{std::numeric_limits<T>::epsilon()};
  Matrix<T> c(m, n), sum = Matrix<T>::Zero(m, n);
  kernels::multiply<T>(a, b, c);
  CHECK(error(c) < rounding);
  kernels::add_multiply_transposed<T>(a, transposed, sum);
  CHECK(error(sum) < rounding);
}

TEMPLATE_TEST_CASE("products: a NaN or an infinity reaches its row or column of C, and nothing else", "", float, double) {
  using T = TestType;
  constexpr Index m = 35, n = 27, k = kernels::detail::depth_block + 2;  // two blocks
  const Matrix<T> a = whole_numbers<T>(m, k, 1), b = whole_numbers<T>(k, n, 2), product = exact_product(a, b);
  const auto bad = [](const Matrix<T>& c) { return c.unaryExpr([](T v) { return T(!std::isfinite(v)); }).eval(); };
  for (const T evil : {not_a_number<T>, std::numeric_limits<T>::infinity()}) {
    for (const Index p : {Index{0}, k / 2 - 1, k / 2, k - 1}) {
      for (const Index at : {0, 16, 26}) {
        Matrix<T> left = a, right = b, c(m, n), marks = Matrix<T>::Zero(m, n);
        left(at + 8, p) = evil;
        marks.row(at + 8).setOnes();
        kernels::multiply<T>(left, b, c);
        CHECK(bad(c) == marks);
        const Matrix<T> transposed = b.transpose();
        c.setZero();
        kernels::add_multiply_transposed<T>(left, transposed, c);
        CHECK(bad(c) == marks);

        right(p, at) = evil;
        marks.setZero().col(at).setOnes();
        kernels::multiply<T>(a, right, c);
        CHECK(bad(c) == marks);
        CHECK(c.leftCols(at) == product.leftCols(at));
      }
    }
  }
}

TEMPLATE_TEST_CASE("add_columns: every number of rows, added to what was there", "", float, double) {
  using T = TestType;
  for (Index m = 1; m <= 20 * kernels::Packet<T>::size + 1; ++m) {
    for (const Index n : {1, 2, 7}) {
      const Matrix<T> whole = whole_numbers<T>(m + 2, n, 7);
      const Vector<T> before = whole_numbers<T>(m, 1, 8);
      Poisoned<T> sum(m, 1), expected(m, 1);
      sum.block() = before;
      expected.block() = before + whole.topRows(m).rowwise().sum();
      kernels::add_columns<T>(corner(whole, m, n), sum.view().data);
      if (sum.memory != expected.memory) FAIL(m << " × " << n);

      const Matrix<T> tight = whole.topRows(m);
      Vector<T> tight_sum = before;
      kernels::add_columns<T>(tight, tight_sum.data());
      if (tight_sum != expected.block()) FAIL(m << " × " << n << " in memory of exactly its size");
    }
  }
}

TEMPLATE_TEST_CASE("products of no rows or no columns write nothing", "", float, double) {
  using T = TestType;
  const Matrix<T> a = whole_numbers<T>(9, 9, 1), b = whole_numbers<T>(9, 9, 2);
  const Vector<T> bias = whole_numbers<T>(9, 1, 3);
  for (const auto& [m, n] : {std::pair<Index, Index>{0, 5}, {5, 0}, {0, 0}}) {
    CAPTURE(m, n);
    Poisoned<T> c(m, n), untouched(m, n);
    kernels::multiply<T>(corner(a, m, 4), corner(b, 4, n), c.view(), bias.data(), Epilogue{});
    kernels::add_multiply_transposed<T>(corner(a, m, 4), corner(b, n, 4), c.view());
    kernels::multiply_transposed<T>(corner(a, 4, m), corner(b, 4, n), c.view());
    kernels::add_columns<T>(corner(a, m, 0), c.view().data);
    CHECK(c.memory == untouched.memory);
  }
}

TEMPLATE_TEST_CASE("products of no depth are empty sums", "", float, double) {
  using T = TestType;
  const Matrix<T> a = whole_numbers<T>(9, 9, 1), b = whole_numbers<T>(9, 9, 2);
  const Vector<T> bias = whole_numbers<T>(9, 1, 3);
  Poisoned<T> c(9, 5), expected(9, 5);
  c.block() = expected.block() = b.leftCols(5);
  kernels::add_multiply_transposed<T>(corner(a, 9, 0), corner(b, 5, 0), c.view());
  CHECK(c.memory == expected.memory);
  kernels::multiply<T>(corner(a, 9, 0), corner(b, 0, 5), c.view(), bias.data(), Epilogue{});
  expected.block() = (bias.cwiseMax(T(0)).array() + T(1)).matrix().replicate(1, 5);
  CHECK(c.memory == expected.memory);
}
