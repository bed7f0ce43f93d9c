// SPDX-License-Identifier: MIT
#include <set>

#include "support/catch.hpp"
#include <eigencoder/core/random.hpp>

namespace ec = eigencoder;

TEST_CASE("philox: the known answers of Random123") {
  using Word = std::array<std::uint32_t, 4>;
  CHECK(ec::philox({0, 0, 0, 0}, 0) == Word{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(ec::philox({ones, ones, ones, ones}, 0xffffffffffffffff) == Word{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(ec::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
        Word{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox: counters side by side give what each gives alone") {
  constexpr ec::Random random(ec::Seed{7}, 3, 2, 5);
  constexpr auto words = random.words<16>(4, 100);
  for (std::uint32_t i = 0; i < 16; ++i) {
    const auto alone = ec::philox({100 + i, 9, 3, 2}, 7);
    for (std::size_t w = 0; w < 4; ++w) CHECK(words[w][i] == alone[w]);
  }
}

TEST_CASE("random: an address alone decides a draw") {
  const ec::Random random(ec::Seed{7}, 3, 2);
  CHECK(random.uniform(5, 11) == random.uniform(5, 11));
  CHECK(ec::Random(ec::Seed{7}, 3, 2, 5).uniform(0, 11) == random.uniform(5, 11));  // a shard that begins at sample 5
  std::set<double> seen;
  for (ec::Index sample = 0; sample < 30; ++sample) {
    for (ec::Index element = 0; element < 30; ++element) seen.insert(random.uniform(sample, element));
  }
  seen.insert(ec::Random(ec::Seed{8}, 3, 2).uniform(0, 0));
  seen.insert(ec::Random(ec::Seed{7}, 4, 2).uniform(0, 0));
  seen.insert(ec::Random(ec::Seed{7}, 3, 3).uniform(0, 0));
  CHECK(seen.size() == 903);
}

TEST_CASE("random: moments of uniform and normal draws") {
  const ec::Random random(ec::Seed{1}, 0, 0);
  constexpr ec::Index n = 200'000;
  double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n4 = 0, least = 1, most = 0;
  for (ec::Index i = 0; i < n; ++i) {
    const double u = random.uniform(0, i), z = random.normal(1, i);
    least = std::min(least, u);
    most = std::max(most, u);
    u1 += u, u2 += u * u, n1 += z, n2 += z * z, n4 += z * z * z * z;
  }
  // Five standard deviations of each mean.
  const double root = std::sqrt(double(n));
  CHECK(least >= 0);
  CHECK(most < 1);
  CHECK(std::abs(u1 / n - 0.5) < 5 * 0.2887 / root);
  CHECK(std::abs(u2 / n - 1.0 / 3) < 5 * 0.2982 / root);
  CHECK(std::abs(n1 / n) < 5 * 1.0 / root);
  CHECK(std::abs(n2 / n - 1) < 5 * 1.4142 / root);
  CHECK(std::abs(n4 / n - 3) < 5 * 9.798 / root);
}

TEST_CASE("random: whole numbers below a bound") {
  const ec::Random random(ec::Seed{2}, 0, 0);
  std::array<int, 7> count{};
  for (ec::Index i = 0; i < 70'000; ++i) ++count[std::size_t(random.below(7, 0, i))];
  for (const int found : count) CHECK(std::abs(found - 10'000) < 5 * 93);
}
