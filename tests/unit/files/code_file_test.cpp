// SPDX-License-Identifier: MIT
#include <fstream>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/files/code_file.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

/// Values around 0, of each place more spread than of the one before.
Eigen::MatrixXi some_values(Index rows, Index columns) {
  Eigen::MatrixXd x(rows, columns);
  golden::fill(1, 2, -1, x);
  for (Index i = 0; i < rows && columns > 0; ++i) x.row(i) *= static_cast<double>(i * i);
  return ec::quantize(x, 0.5);
}
ec::CodeFile some_codes() { return {ec::features(5), 0.5, 77, 3, some_values(5, 12)}; }

void check_equal(const ec::CodeFile& a, const ec::CodeFile& b) {
  CHECK(a.shape == b.shape);
  CHECK(a.step == b.step);
  CHECK(a.model == b.model);
  CHECK(a.across == b.across);
  CHECK(a.values.rows() == b.values.rows());
  CHECK(a.values.cols() == b.values.cols());
  CHECK(a.values == b.values);
}

/// Makes the checksum right again.
std::vector<std::byte> signed_again(std::vector<std::byte> bytes) {
  bytes.resize(bytes.size() - 4);
  ec::detail::append_value(bytes, ec::checksum(bytes));
  return bytes;
}
template <class Value>
std::vector<std::byte> with(std::vector<std::byte> bytes, std::size_t at, Value value) {
  std::vector<std::byte> ordered;
  ec::detail::append_value(ordered, value);
  std::ranges::copy(ordered, bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return signed_again(bytes);
}

}  // namespace

TEST_CASE("code files: read as they were written") {
  const Folder folder;
  for (const Index rows : {1, 5, 12}) {
    for (const Index columns : {0, 1, 7, 300}) {
      CAPTURE(rows, columns);
      const ec::CodeFile codes{ec::features(rows), 0.1, 0, 0, some_values(rows, columns)};
      ec::write_code_file(folder.path / "codes", codes);
      check_equal(ec::read_code_file(folder.path / "codes"), codes);
    }
  }
  ec::CodeFile extreme{ec::image(2, 3, 1), 1e-300, ~0U, 2, Eigen::MatrixXi::Zero(6, 4)};
  extreme.values.row(1).setConstant(std::numeric_limits<int>::max());
  extreme.values.row(2).setConstant(std::numeric_limits<int>::min());
  extreme.values.row(3) << -32768, 32767, 0, 1;
  check_equal(ec::decode_code_file(ec::encode_code_file(extreme)), extreme);
  check_equal(ec::decode_code_file(ec::encode_code_file(some_codes()), {.shape = ec::features(5), .model = 77}), some_codes());
}

TEST_CASE("code files: the bytes of a fixed file, which stay readable") {
  const ec::CodeFile codes{ec::features(2), 0.5, 1, 2, Eigen::MatrixXi{{1, 1}, {0, 0}}};
  const std::vector<std::byte> bytes = ec::encode_code_file(codes);
  // Each place has one value and takes two gamma codes: of 2, to which 1 is folded, and of 0, then of 0 and 0: 011 1 1 1.
  const std::array<unsigned char, 57> expected{0x89, 'E', 'I', 'G', 'C', 'O', 'D',  'E',  1, 0, 0, 0, 1, 0, 0, 0, 2,   0, 0, 0,
                                               1,    0,   0,   0,   1,   0,   0,    0,    2, 0, 0, 0, 2, 0, 0, 0, 0,   0, 0, 0,
                                               0,    0,   0,   0,   0,   0,   0xe0, 0x3f, 1, 0, 0, 0, 0, 0, 0, 0, 0x7c};
  REQUIRE(bytes.size() == expected.size() + 4);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(std::to_integer<int>(bytes[i]) == expected[i]);
  }
}

TEST_CASE("code files: each place of the code takes the entropy of its own values") {
  Eigen::MatrixXi values = Eigen::MatrixXi::Zero(100, 4096);
  const auto zeros = ec::encode_code_file({ec::features(100), 1, 0, 0, values});
  CHECK(zeros.size() <= 60 + 100 * 2 / 8 + 1);  // two bits a place, whatever the number of samples
  for (Index j = 0; j < values.cols(); ++j) values(3, j) = static_cast<int>(j % 16) - 8;  // four bits
  const auto four = ec::encode_code_file({ec::features(100), 1, 0, 0, values});
  CHECK(four.size() - zeros.size() >= 4096 / 2);
  CHECK(four.size() - zeros.size() <= 4096 / 2 + 40);
}

TEST_CASE("code files: few samples of far values take no more than the values themselves") {
  // 16 bits a value. What a file claims must not cost more than its values either: 60,000 claims of 65,536 values each.
  const Eigen::MatrixXi values = Eigen::MatrixXi::NullaryExpr(
      60'000, 2, [](Index i, Index j) { return j == 0 ? 0 : static_cast<int>(60'000 + i % 5'000); });
  const auto bytes = ec::encode_code_file({ec::features(60'000), 1, 0, 0, values});
  CHECK(ec::decode_code_file(bytes).values == values);
  CHECK(bytes.size() <= 60 + 60'000 * (2 * 2 + 1 + 4));
}

TEST_CASE("code files: every cut and every flipped bit is noticed") {
  const std::vector<std::byte> bytes = ec::encode_code_file(some_codes());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(ec::decode_code_file(std::span(bytes).first(size)), ec::FileError);
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<std::byte> flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    CAPTURE(bit);
    CHECK_THROWS_AS(ec::decode_code_file(flipped), ec::FileError);
  }
  const auto read = [](const std::vector<std::byte>& data) { return [=] { ec::decode_code_file(data); }; };
  const auto first = [&](std::size_t size) {
    return std::vector<std::byte>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  };
  expect_error<ec::FileError>(read({}), {"codes: expected a file of codes", "89 EIGCODE", "other bytes"});
  expect_error<ec::FileError>(read(first(30)), {"at least 60 bytes", "found 30", "cut short"});
  expect_error<ec::FileError>(read(first(bytes.size() - 1)), {"bytes of codes as its header says", "cut short"});
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  expect_error<ec::FileError>(read(longer), {"behind its end"});
  std::vector<std::byte> damaged = bytes;
  damaged[60] ^= std::byte{1};
  expect_error<ec::FileError>(read(damaged), {"expected the checksum", "damaged, get it again"});
}

TEST_CASE("code files: a header that does not fit is refused, though its checksum does") {
  const std::vector<std::byte> bytes = ec::encode_code_file(some_codes());
  const auto refuse = [&](std::size_t at, auto value, std::initializer_list<std::string_view> parts,
                          const ec::CodeFileOptions& options = {}) {
    expect_error<ec::FileError>([&] { ec::decode_code_file(with(bytes, at, value), options); }, parts);
  };
  refuse(8, std::uint32_t{2}, {"expected version 1", "found 2"});
  refuse(16, std::uint32_t{0}, {"found a shape of 1 x 1 x 0"});
  refuse(16, ~std::uint32_t{0}, {"codes of 1 to 100000000 values", "raise max_values"});
  refuse(32, ~std::uint64_t{0}, {"at most 100000000 values", "codes of 5"});
  refuse(32, std::uint64_t{13}, {"whole rows of 3 patches", "found 13"});
  refuse(32, std::uint64_t{3'000'000}, {"expected 3000000 codes of 5 values"});
  refuse(32, std::uint64_t{3}, {"expected 3 codes of 5 values", "found"});
  refuse(40, 0.0, {"a step above 0", "found 0"});
  refuse(40, std::numeric_limits<double>::quiet_NaN(), {"a step above 0", "nan"});
  refuse(40, 1.0, {"at most 59 values", "found 12 codes of 5"}, {.max_values = 59});
  refuse(40, 1.0, {"expected codes of shape (6), which the decoder takes", "found (5)"}, {.shape = ec::features(6)});
  refuse(40, 1.0, {"the model with checksum 78", "found 77", "the decoder that was saved with their encoder"}, {.model = 78});
  refuse(56, ~std::uint64_t{0}, {"expected 12 codes of 5 values", "damaged"});
  expect_error<ec::FileError>([] { ec::read_code_file("no/such/file"); }, {"no/such/file", "cannot be read"});
}

TEST_CASE("code files: what cannot be written is refused") {
  ec::CodeFile codes = some_codes();
  const auto refuse = [&]<class E>(const E*, std::initializer_list<std::string_view> parts) {
    expect_error<E>([&] { ec::encode_code_file(codes); }, parts);
    codes = some_codes();
  };
  constexpr const ec::ShapeError* shape = nullptr;
  constexpr const ec::OptionError* option = nullptr;
  codes.shape = ec::features(6);
  refuse(shape, {"expected 6 values a code", "found a matrix of 5 x 12"});
  codes.across = 5;
  refuse(shape, {"whole rows of patches", "12 in rows of 5"});
  codes.across = -1;
  refuse(shape, {"in rows of -1"});
  codes.step = 0;
  refuse(option, {"a step above 0"});
  codes.values(2, 1) = 100'000;
  refuse(option, {"differ by less than 65536", "to 100000", "at place 2", "larger step"});
}

TEST_CASE("quantize: the nearest multiples, halves upwards; dequantize: multiples of the step") {
  const Eigen::MatrixXd x{{-0.5, -0.49, 0.49}, {0.5, 2.25, -7.3}};
  CHECK(ec::quantize(x, 1) == Eigen::MatrixXi{{0, 0, 0}, {1, 2, -7}});
  CHECK(ec::quantize(x, 0.5) == Eigen::MatrixXi{{-1, -1, 1}, {1, 5, -15}});
  CHECK(ec::dequantize<double>(ec::quantize(x, 0.5), 0.5) == Eigen::MatrixXd{{-0.5, -0.5, 0.5}, {0.5, 2.5, -7.5}});
  const Eigen::MatrixXf y = ec::dequantize(Eigen::MatrixXi{{3, -4}}, 0.1);
  CHECK(y == Eigen::MatrixXf{{0.1F * 3.0F, 0.1F * -4.0F}});
  CHECK(ec::quantize(y, 0.1) == Eigen::MatrixXi{{3, -4}});

  const auto refuse = [](double value, double step) { return [=] { ec::quantize(Eigen::MatrixXd{{0.0, value}}, step); }; };
  expect_error<ec::NonFiniteError>(refuse(std::numeric_limits<double>::quiet_NaN(), 1), {"at value 0 of code 1"});
  expect_error<ec::OptionError>(refuse(1e10, 1), {"below 2^30", "found 1e+10", "take a larger one"});
  expect_error<ec::OptionError>(refuse(1, 0), {"a step above 0"});
}
