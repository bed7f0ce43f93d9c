// SPDX-License-Identifier: MIT
#include <cmath>

#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/core/random.hpp>
#include <eigencoder/files/range_coder.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

using Symbols = std::vector<Index>;

/// Draws from a distribution, by its cumulative sums.
Symbols drawn(const std::vector<double>& p, Index count, std::uint64_t seed) {
  const ec::Random random(ec::Seed{seed}, 1, 0);
  Symbols all;
  for (Index j = 0; j < count; ++j) {
    double rest = random.uniform(j, 0);
    Index k = 0;
    while (k + 1 < std::ssize(p) && rest >= p[static_cast<std::size_t>(k)]) rest -= p[static_cast<std::size_t>(k++)];
    all.push_back(k);
  }
  return all;
}

std::vector<std::byte> encoded(const Symbols& symbols, ec::FrequencyModel model) {
  ec::RangeEncoder coder;
  for (const Index symbol : symbols) model.encode(coder, symbol);
  return std::move(coder).finish();
}
Symbols decoded(std::span<const std::byte> bytes, Index count, ec::FrequencyModel model) {
  ec::RangeDecoder coder(bytes);
  Symbols all;
  for (Index j = 0; j < count; ++j) all.push_back(model.decode(coder));
  CHECK(coder.at_end());
  CHECK_FALSE(coder.past_end());
  return all;
}
void check_round_trip(const Symbols& symbols, const ec::FrequencyModel& model) {
  CHECK(decoded(encoded(symbols, model), std::ssize(symbols), model) == symbols);
}
double bits(const std::vector<std::byte>& bytes) { return 8 * static_cast<double>(bytes.size()); }

}  // namespace

TEST_CASE("range coder: what is decoded is what was encoded") {
  for (const Index n : {1, 2, 3, 7, 64, 257, 5000}) {
    CAPTURE(n);
    const std::vector<double> even(static_cast<std::size_t>(n), 1 / static_cast<double>(n));
    std::vector<double> steep;
    for (Index k = 0; k < n; ++k) steep.push_back(std::ldexp(1.0, -static_cast<int>(k) - 1));
    for (const Index count : {0, 1, 2, 5, 3000}) {
      for (const auto& p : {even, steep}) check_round_trip(drawn(p, count, 7), ec::FrequencyModel(n));
    }
  }
  // Increments, and sums that are halved every few symbols.
  const Symbols some = drawn({0.7, 0.2, 0.05, 0.05}, 4000, 3);
  check_round_trip(some, ec::FrequencyModel(4, 1));
  check_round_trip(some, ec::FrequencyModel(4, 1, 9));
  check_round_trip(some, ec::FrequencyModel(4, 1'000'000, 3'000'000));
  check_round_trip(some, ec::FrequencyModel(4, 1U << 30, 1U << 31));
}

TEST_CASE("range coder: carries run through any number of bytes") {
  // The upper end of the interval is kept, symbol for symbol, and then the lowest is taken, or one in the middle.
  for (const std::uint64_t total : {3ULL, 255ULL, 257ULL, (1ULL << 32) - 1}) {
    for (const std::size_t length : {0U, 1U, 30U, 300U}) {
      for (std::uint64_t last : {std::uint64_t{0}, total / 2, total - 1}) {
        ec::RangeEncoder coder;
        for (std::size_t i = 0; i < length; ++i) coder.encode(total - 1, 1, total);
        for (int i = 0; i < 9; ++i) coder.encode(last, 1, total);
        const std::vector<std::byte> bytes = std::move(coder).finish();
        ec::RangeDecoder back(bytes);
        bool same = true;
        for (std::size_t i = 0; i < length + 9; ++i) {
          const std::uint64_t wanted = i < length ? total - 1 : last;
          same = same && back.peek(total) == wanted;
          back.decode(wanted, 1);
        }
        CAPTURE(total, length, last);
        CHECK(same);
        CHECK(back.at_end());
      }
    }
  }
}

TEST_CASE("range coder: symbols of known probabilities take their entropy, and a byte") {
  // Fixed probabilities, of which each symbol's share is known: −Σ log₂ p.
  const std::vector<std::uint64_t> parts{1, 2, 13, 48};
  const Symbols symbols = drawn({1 / 64.0, 2 / 64.0, 13 / 64.0, 48 / 64.0}, 20'000, 5);
  ec::RangeEncoder coder;
  double ideal = 0;
  for (const Index k : symbols) {
    std::uint64_t start = 0;
    for (Index i = 0; i < k; ++i) start += parts[static_cast<std::size_t>(i)];
    coder.encode(start, parts[static_cast<std::size_t>(k)], 64);
    ideal -= std::log2(static_cast<double>(parts[static_cast<std::size_t>(k)]) / 64);
  }
  const double taken = bits(std::move(coder).finish());
  CHECK(taken >= ideal - 8.01);
  CHECK(taken <= ideal + 8.01);
}

TEST_CASE("FrequencyModel: the code length of a Dirichlet prior, in closed form, in any order") {
  for (const double a : {1.0, 2.0, 32.0}) {
    for (const auto& p : {std::vector<double>{1}, {0.5, 0.5}, {0.9, 0.05, 0.05}, std::vector<double>(100, 0.01)}) {
      const auto n = static_cast<double>(p.size());
      Symbols symbols = drawn(p, 5000, 11);
      std::vector<double> counts(p.size());
      for (const Index k : symbols) counts[static_cast<std::size_t>(k)] += 1;
      double nats = std::lgamma(5000 + n / a) - std::lgamma(n / a);
      for (const double c : counts) nats += std::lgamma(1 / a) - std::lgamma(c + 1 / a);
      const double ideal = nats / std::log(2.0);
      const ec::FrequencyModel model(std::ssize(p), static_cast<std::uint32_t>(a));
      const double taken = bits(encoded(symbols, model));
      CAPTURE(a, p.size(), ideal, taken);
      CHECK(taken >= ideal - 8.01);  // zeros at the end are left out
      CHECK(taken <= ideal + 8.01);
      std::ranges::sort(symbols);
      CHECK(std::abs(bits(encoded(symbols, model)) - taken) <= 8);
    }
  }
}

TEST_CASE("FrequencyModel: comes near the entropy of what it did not know, and follows a change if it forgets") {
  std::vector<double> p;  // a geometric distribution, whose entropy is 2 bits
  for (int k = 0; k < 40; ++k) p.push_back(std::ldexp(1.0, -k - 1));
  const Symbols symbols = drawn(p, 100'000, 2);
  const double each = bits(encoded(symbols, ec::FrequencyModel(40))) / 100'000;
  CHECK(each > 1.98);
  CHECK(each < 2.02);

  Symbols changing = drawn({0.98, 0.02}, 20'000, 3);
  for (std::size_t i = 10'000; i < changing.size(); ++i) changing[i] = 1 - changing[i];
  const double entropy = -(0.98 * std::log2(0.98) + 0.02 * std::log2(0.02));
  CHECK(bits(encoded(changing, ec::FrequencyModel(2))) / 20'000 > 0.9);
  CHECK(bits(encoded(changing, ec::FrequencyModel(2, 32, 1U << 14))) / 20'000 < 1.3 * entropy);
  ec::FrequencyModel model(2, 1);
  CHECK(model.probability(0) == 0.5);
  ec::RangeEncoder coder;
  model.encode(coder, 1);
  CHECK(model.probability(1) == Approx(2.0 / 3));
}

TEST_CASE("gamma codes: whole numbers of any size, small ones in few bits") {
  std::vector<std::uint32_t> values{0, 1, 2, 3, 6, 7, 8, 1000, (1U << 31) - 1, 1U << 31, ~0U - 1, ~0U};
  for (const std::uint32_t value : values) {
    ec::RangeEncoder coder;
    for (int i = 0; i < 80; ++i) ec::encode_gamma(coder, value);
    const std::vector<std::byte> bytes = std::move(coder).finish();
    CAPTURE(value);
    CHECK(std::abs(static_cast<double>(bytes.size()) - 10 * (2 * std::floor(std::log2(value + 1.0)) + 1)) <= 1);
    ec::RangeDecoder back(bytes);
    bool same = true;
    for (int i = 0; i < 80; ++i) same = same && ec::decode_gamma(back) == value;
    CHECK(same);
  }
  ec::RangeDecoder nothing({});
  expect_error<ec::FileError>([&] { ec::decode_gamma(nothing); }, {"below 2^32", "damaged"});
}

TEST_CASE("range coder: other bytes give other symbols, and no more") {
  const ec::Random random(ec::Seed{1}, 1, 0);
  for (Index run = 0; run < 200; ++run) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(run % 40));
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = run % 3 == 0 ? std::byte{0xff} : static_cast<std::byte>(random.below(256, run, static_cast<Index>(i)));
    ec::RangeDecoder coder(bytes);
    ec::FrequencyModel model(1 + run % 17);
    bool inside = true;
    for (int i = 0; i < 500; ++i) {
      const Index symbol = model.decode(coder);
      inside = inside && symbol >= 0 && symbol < model.symbols();
    }
    CHECK(inside);
  }
}

TEST_CASE("FrequencyModel: refuses what it cannot code") {
  expect_error<ec::OptionError>([] { ec::FrequencyModel(0); }, {"from 1 to 1048576 symbols", "found 0"});
  expect_error<ec::OptionError>([] { ec::FrequencyModel((1 << 20) + 1); }, {"found 1048577"});
  expect_error<ec::OptionError>([] { ec::FrequencyModel(4, 0); }, {"an increment from 1 on"});
  expect_error<ec::OptionError>([] { ec::FrequencyModel(4, 32, 39); }, {"at least 8 + 32", "found at most 39"});
  expect_error<ec::OptionError>([] { ec::FrequencyModel(2, 0x55555555, 0xFFFFFFFF); },
                                {"at most 2147483648, found 4294967295"});
  expect_error<ec::OptionError>([] { ec::FrequencyModel(2).probability(2); }, {"a symbol from 0 to 1, found 2"});
  ec::FrequencyModel model(4);
  ec::RangeEncoder coder;
  expect_error<ec::OptionError>([&] { model.encode(coder, 4); }, {"a symbol from 0 to 3", "found 4"});
  expect_error<ec::OptionError>([&] { model.encode(coder, -1); }, {"found -1"});
}
