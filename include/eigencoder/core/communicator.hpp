// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace eigencoder {

/// What processes that train one model together, the ranks 0 to size − 1, do with one another. All but `exchange` and `abandon`
/// are done by all ranks in the same order, with spans of equal length.
///   sum(values)              each element becomes its sum over the ranks, the same bits on all of them
///   broadcast(bytes, root)   all get what rank `root` has
///   exchange(with, send, receive)  to and from one other rank, which does the same; either span may be empty
///   local_size()             how many of the ranks run on this machine
///   barrier()                returns when all ranks have come to it
///   abandon(why)             this rank goes no further: no other may wait for it for ever. Does not throw
/// They throw an Error where the others cannot be reached. One thread of a rank calls them, the one that trains.
template <class C>
concept Communicator = requires(const C& ranks, std::span<float> floats, std::span<double> doubles, std::span<std::byte> bytes,
                                std::span<const std::byte> send, const std::string& why) {
  { ranks.rank() } -> std::convertible_to<int>;
  { ranks.size() } -> std::convertible_to<int>;
  { ranks.local_size() } -> std::convertible_to<int>;
  ranks.sum(floats);
  ranks.sum(doubles);
  ranks.broadcast(bytes, 0);
  ranks.exchange(0, send, bytes);
  ranks.barrier();
  ranks.abandon(why);
};

/// Any Communicator, without its type. By default the only rank of one: it holds nothing, and nothing is called.
class AnyCommunicator {
 public:
  AnyCommunicator() = default;
  template <Communicator C>
  requires(!std::same_as<C, AnyCommunicator>) AnyCommunicator(C ranks) : ranks_(std::make_shared<Of<C>>(std::move(ranks))) {}

  int rank() const { return ranks_ ? ranks_->rank() : 0; }
  int size() const { return ranks_ ? ranks_->size() : 1; }
  int local_size() const { return ranks_ ? ranks_->local_size() : 1; }
  bool alone() const { return size() == 1; }
  void sum(std::span<float> values) const {
    if (ranks_) ranks_->sum(values);
  }
  void sum(std::span<double> values) const {
    if (ranks_) ranks_->sum(values);
  }
  void broadcast(std::span<std::byte> bytes, int root = 0) const {
    if (ranks_) ranks_->broadcast(bytes, root);
  }
  void exchange(int with, std::span<const std::byte> send, std::span<std::byte> receive) const {
    if (ranks_) ranks_->exchange(with, send, receive);
  }
  void barrier() const {
    if (ranks_) ranks_->barrier();
  }
  void abandon(const std::string& why) const noexcept {
    if (ranks_) ranks_->abandon(why);
  }

  /// Whether a condition holds on every rank.
  bool all(bool here) const {
    double failures = here ? 0 : 1;
    sum(std::span(&failures, 1));
    return failures == 0;
  }

 private:
  struct Any {
    virtual ~Any() = default;
    virtual int rank() const = 0;
    virtual int size() const = 0;
    virtual int local_size() const = 0;
    virtual void sum(std::span<float> values) const = 0;
    virtual void sum(std::span<double> values) const = 0;
    virtual void broadcast(std::span<std::byte> bytes, int root) const = 0;
    virtual void exchange(int with, std::span<const std::byte> send, std::span<std::byte> receive) const = 0;
    virtual void barrier() const = 0;
    virtual void abandon(const std::string& why) const noexcept = 0;
  };
  template <class C>
  struct Of final : Any {
    explicit Of(C communicator) : ranks(std::move(communicator)) {}
    int rank() const override { return ranks.rank(); }
    int size() const override { return ranks.size(); }
    int local_size() const override { return ranks.local_size(); }
    void sum(std::span<float> values) const override { ranks.sum(values); }
    void sum(std::span<double> values) const override { ranks.sum(values); }
    void broadcast(std::span<std::byte> bytes, int root) const override { ranks.broadcast(bytes, root); }
    void exchange(int with, std::span<const std::byte> send, std::span<std::byte> receive) const override {
      ranks.exchange(with, send, receive);
    }
    void barrier() const override { ranks.barrier(); }
    void abandon(const std::string& why) const noexcept override { ranks.abandon(why); }
    C ranks;
  };

  std::shared_ptr<const Any> ranks_;
};

}  // namespace eigencoder
