// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <eigencoder/models/samples.hpp>

/// A matrix as if it were on disk: samples that are read a column at a time. It notes what is asked of it, and can fail.
class MatrixColumns : public eigencoder::ColumnReader<double> {
 public:
  using Index = eigencoder::Index;

  MatrixColumns(Eigen::MatrixXd matrix, Index block) : matrix_(std::move(matrix)), block_(block) {
    announced_.reserve(1 << 16);
  }

  Index rows() const override { return matrix_.rows(); }
  Index cols() const override { return matrix_.cols(); }
  Index block() const override { return block_; }
  void read(Index column, Index first_row, Index count, double* to) const override {
    if (reads_++ >= fails_after) throw eigencoder::FileError("columns: expected 48 bytes, found 0");
    std::copy_n(matrix_.col(column).data() + first_row, count, to);
  }
  void read_columns(Index first, Index count, double* to) const override {
    ++runs_;
    ColumnReader::read_columns(first, count, to);
  }
  void will_need(Index first, Index count) const noexcept override {
    const std::lock_guard lock(mutex_);
    for (Index j = first; j < first + count; ++j) announced_.push_back(j);
  }

  Index reads() const { return reads_; }  ///< of columns
  Index runs() const { return runs_; }    ///< of columns that were asked for together
  std::vector<Index> announced() const {
    const std::lock_guard lock(mutex_);
    return announced_;
  }

  std::atomic<Index> fails_after{1 << 30};

 private:
  Eigen::MatrixXd matrix_;
  Index block_;
  mutable std::atomic<Index> reads_{0}, runs_{0};
  mutable std::mutex mutex_;
  mutable std::vector<Index> announced_{};
};
