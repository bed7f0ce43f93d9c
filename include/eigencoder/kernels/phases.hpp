// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <utility>

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/packet.hpp"

// Rows of pixels sorted by phase, so that packets can run along a row where windows are several pixels apart.
namespace eigencoder::kernels::detail {

/// Four scalars, where half of a register holds more.
template <class T>
struct Four {
  static constexpr Index size = 4;
  using Raw [[gnu::vector_size(4 * sizeof(T))]] = T;
  Raw raw;
  Four() = default;
  explicit Four(Raw value) : raw(value) {}
  static Four load(const T* from) {
    Four four;
    std::memcpy(&four.raw, from, sizeof(Raw));
    return four;
  }
  void store(T* to) const { std::memcpy(to, &raw, sizeof(Raw)); }
};

/// Groups of `Stride` pixels of `Channels` scalars in packets: as they lie in a row, a packet after the other; or by phase, a
/// packet for each.
template <class P, Index Channels, Index Stride>
class Groups {
 public:
  using Packets = std::array<P, static_cast<std::size_t>(Stride)>;

  /// Out of a row, by phase.
  static Packets split(const Packets& row) { return gather<true>(row, std::make_index_sequence<std::size_t(Stride)>{}); }
  /// The reverse.
  static Packets merge(const Packets& phases) { return gather<false>(phases, std::make_index_sequence<std::size_t(Stride)>{}); }

 private:
  using Lanes = std::make_index_sequence<std::size_t(P::size)>;

  /// Which of the scalars of all packets is in this lane of the result.
  template <bool Split>
  static constexpr Index source(Index packet, Index lane) {
    if (Split) return (lane / Channels * Stride + packet) * Channels + lane % Channels;
    const Index scalar = packet * P::size + lane, pixel = scalar / Channels;
    return pixel % Stride * P::size + pixel / Stride * Channels + scalar % Channels;
  }
  template <bool Split, std::size_t... Of>
  static Packets gather(const Packets& from, std::index_sequence<Of...>) {
    return {P(of_packets<Split, Index(Of), 1>(from[0].raw, from, Lanes{}))...};
  }
  /// The lanes that come from packet `Next` or later, into those that came from the packets before it.
  template <bool Split, Index Of, Index Next, std::size_t... Lane>
  static auto of_packets(typename P::Raw before, const Packets& from, std::index_sequence<Lane...> lanes) {
    if constexpr (Next == Stride) {
      return before;
    } else {
      constexpr auto index = [](Index lane) {
        const Index at = source<Split>(Of, lane);
        if (at / P::size == Next) return P::size + at % P::size;
        return Next == 1 ? at % P::size : lane;  // of the first packet, or in its place already
      };
      const auto more = __builtin_shufflevector(before, from[std::size_t(Next)].raw, int(index(Index(Lane)))...);
      return of_packets<Split, Of, Next + 1>(more, from, lanes);
    }
  }
};

/// A row of pixels as windows `stride` apart see it: pixel s is number (s + before) / stride of phase (s + before) % stride.
/// What one tap of successive windows sees is successive pixels of one phase.
struct Phases {
  Index channels, stride, before, pixels;
  Index first, end;  ///< groups that have a pixel of each phase
  Index length;      ///< scalars of a phase

  constexpr Phases(const Axis& axis, Index count)
      : channels(count),
        stride(axis.stride),
        before(axis.padding_before),
        pixels(axis.pixels),
        first((before + stride - 1) / stride),
        end(std::max((before + pixels) / stride, first)),
        length((before + pixels + stride - 1) / stride * channels) {}

  /// Where rows lie: as they are, and sorted.
  template <class Row, class Sorted>
  struct Rows {
    Index count;
    Row* row;
    Index next_row;  ///< from a row to the next
    Sorted* sorted;
    Index next_sorted, phase;  ///< the same when sorted, and from a phase to the next
  };

  template <class T>
  [[gnu::noinline]] void split(const Rows<const T, T>& rows) const {
    move(rows);
  }
  /// The reverse.
  template <class T>
  [[gnu::noinline]] void merge(const Rows<T, const T>& rows) const {
    move(rows);
  }

 private:
  template <class Row, class Sorted>
  void move(const Rows<Row, Sorted>& rows) const {
    using T = std::remove_const_t<Row>;
    const Index begin = std::min(first * stride - before, pixels), groups = end - first, until = begin + groups * stride;
    if (begin > 0) move_pixels(rows, 0, begin, first - 1, before - (first - 1) * stride);
    if (until < pixels) move_pixels(rows, until, pixels, end, 0);
    if (groups == 0) return;
    if (channels == 3) {
      stride == 2 ? move_threes<2>(rows, begin, groups - 1) : move_threes<0>(rows, begin, groups - 1);
      return move_pixels(rows, until - stride, until, end - 1, 0);
    }
    const auto packets = [&]<class P>() {
      if (groups * channels < P::size) return false;
      if constexpr (P::size > 2) {
        if (channels == 2 && stride == 2) return move_packets<P, 2, 2>(rows, begin);
      }
      if constexpr (P::size > 1) {
        if (channels == 1 && stride == 2) return move_packets<P, 1, 2>(rows, begin);
        if (channels == 1 && stride == 3) return move_packets<P, 1, 3>(rows, begin);
        if (channels == 1 && stride == 4) return move_packets<P, 1, 4>(rows, begin);
      }
      return false;
    };
    using Half = Packet<T, Register::half>;
    if (packets.template operator()<Packet<T>>() || packets.template operator()<Half>()) return;
    if constexpr (Half::size > Four<T>::size) {
      if (packets.template operator()<Four<T>>()) return;
    }
    move_pixels(rows, begin, until, first, 0);
  }

  template <Index Count, class T>
  static void copy(T* sorted, const T* pixel) {
    std::memcpy(sorted, pixel, static_cast<std::size_t>(Count) * sizeof(T));
  }
  template <Index Count, class T>
  static void copy(const T* sorted, T* pixel) {
    std::memcpy(pixel, sorted, static_cast<std::size_t>(Count) * sizeof(T));
  }

  /// Pixels [from, to) of the rows, of which the first is of this group and phase.
  template <class Row, class Sorted>
  [[gnu::noinline]] void move_pixels(Rows<Row, Sorted> rows, Index from, Index to, Index group, Index first_phase) const {
    const Index count = channels, step = stride;
    Row* row = rows.row + from * count;
    Sorted* sorted = rows.sorted + group * count;
    for (Index r = 0; r < rows.count; ++r, row += rows.next_row, sorted += rows.next_sorted) {
      Sorted* at = sorted;
      Index p = first_phase;
      for (Index s = 0; s < to - from; ++s) {
        const Index quads = count - count % 4;
        for (Index c = 0; c < quads; c += 4) copy<4>(at + p * rows.phase + c, row + s * count + c);
        for (Index c = quads; c < count; ++c) copy<1>(at + p * rows.phase + c, row + s * count + c);
        if (++p == step) p = 0, at += count;
      }
    }
  }

  /// Groups of pixels of three channels, with the scalar after each pixel, which is in its place too.
  template <Index Stride, class Row, class Sorted>
  void move_threes(Rows<Row, Sorted> rows, Index begin, Index groups) const {
    const Index step = Stride > 0 ? Stride : stride;
    Row* row = rows.row + begin * 3;
    Sorted* sorted = rows.sorted + first * 3;
    for (Index r = 0; r < rows.count; ++r, row += rows.next_row, sorted += rows.next_sorted) {
      for (Index q = 0; q < groups; ++q) {
#pragma GCC unroll 2
        for (Index p = 0; p < step; ++p) copy<4>(sorted + q * 3 + p * rows.phase, row + (q * step + p) * 3);
      }
    }
  }

  template <class P, Index Channels, Index Stride, class Row, class Sorted>
  bool move_packets(Rows<Row, Sorted> rows, Index begin) const {
    using G = Groups<P, Channels, Stride>;
    const Index n = (end - first) * Channels;
    Row* row = rows.row + begin * Channels;
    Sorted* sorted = rows.sorted + first * Channels;
    for (Index r = 0; r < rows.count; ++r, row += rows.next_row, sorted += rows.next_sorted) {
      for (Index block = 0; block < n; block += P::size) {
        const Index at = std::min(block, n - P::size);
        typename G::Packets packets;
        if constexpr (std::is_const_v<Row>) {
          for (Index k = 0; k < Stride; ++k) packets[std::size_t(k)] = P::load(row + at * Stride + k * P::size);
          packets = G::split(packets);
          for (Index k = 0; k < Stride; ++k) packets[std::size_t(k)].store(sorted + at + k * rows.phase);
        } else {
          for (Index k = 0; k < Stride; ++k) packets[std::size_t(k)] = P::load(sorted + at + k * rows.phase);
          packets = G::merge(packets);
          for (Index k = 0; k < Stride; ++k) packets[std::size_t(k)].store(row + at * Stride + k * P::size);
        }
      }
    }
    return true;
  }
};

}  // namespace eigencoder::kernels::detail
