// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/training/shuffle.hpp"

namespace eigencoder::detail {

/// Shuffles numbers of columns on disk in blocks, columns that lie together: the blocks in random order, and then each `pool`
/// of them, one after the other in that order, as one. So a few runs of a file are read at a time, and all samples of a pool
/// are equally likely to come next.
class BlockShuffle {
 public:
  BlockShuffle(Index block, Index pool) : block_(block), pool_(pool) {}

  /// Shuffles an order that rises. The draws are those of samples random.first_sample() + k · 4096.
  void operator()(std::span<Index> order, const Random& random) {
    from_.assign(order.begin(), order.end());
    const Index size = std::ssize(order), blocks = (size + block_ - 1) / block_;
    blocks_.resize(static_cast<std::size_t>(blocks));
    std::iota(blocks_.begin(), blocks_.end(), Index{0});
    shuffle(blocks_, random);
    announced_ = 0;
    auto begin_of_pool = order.begin(), end = begin_of_pool;
    for (Index b = 0; b < blocks; ++b) {
      const Index first = blocks_[static_cast<std::size_t>(b)] * block_, count = std::min(block_, size - first);
      end = std::copy_n(from_.begin() + first, count, end);
      if ((b + 1) % pool_ != 0 && b + 1 < blocks) continue;
      shuffle({begin_of_pool, end}, random, (b / pool_ + 1) * 4096);
      begin_of_pool = end;
    }
  }

  /// Calls will_need(first, count), once an order, with the columns of each block of the pool in which place `used` of the
  /// order is, and of the next pool.
  template <class WillNeed>
  void announce(Index used, WillNeed will_need) {
    const Index size = std::ssize(from_), end = std::min((used / (block_ * pool_) + 2) * pool_, std::ssize(blocks_));
    for (; announced_ < end; ++announced_) {
      const Index first = blocks_[static_cast<std::size_t>(announced_)] * block_, last = std::min(first + block_, size) - 1;
      const auto column = [&](Index j) { return from_[static_cast<std::size_t>(j)]; };
      will_need(column(first), column(last) + 1 - column(first));
    }
  }

 private:
  Index block_, pool_;
  std::vector<Index> from_{}, blocks_{};  ///< the order before, and the blocks of it in their new order
  Index announced_ = 0;                   ///< blocks
};

}  // namespace eigencoder::detail
