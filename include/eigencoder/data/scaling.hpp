// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

// What brings the features of samples to one scale before training, and back. Samples are columns, features rows.
namespace eigencoder {

namespace detail {

/// x ↦ (x − offset) / scale, feature by feature, which both scalers are. `Self` has their names.
template <class Self, std::floating_point T>
class FeatureScaling {
 public:
  using Scalar = T;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  /// How many features a sample has; 0 before the first fit.
  Index features() const { return offset_.size(); }
  /// Which of them the last fit found to be the same in all samples, in order. They are kept, with a scale of 1, and become 0.
  /// Files do not keep this list.
  const std::vector<Index>& constant_features() const { return constant_; }

  /// x ← (x − offset) / scale in place, features × N. Throws ShapeError.
  void apply(Eigen::Ref<Matrix> x) const {
    check_rows("apply", x.rows());
    x.array() = (x.array().colwise() - offset_.array()).colwise() / scale_.array();
  }
  /// The reverse, x ← scale x + offset. Throws ShapeError.
  void invert(Eigen::Ref<Matrix> x) const {
    check_rows("invert", x.rows());
    x.array() = (x.array().colwise() * scale_.array()).colwise() + offset_.array();
  }

  /// Of sequences, and of images, the features are the channels: one offset and one scale for each, over all steps (or pixels)
  /// of all samples. x: (channels · steps) × N, channels fastest. With `lengths`, one for each sample, only its first
  /// lengths[j] steps count. Throws as fit does, and ShapeError where the channels do not divide the rows, or lengths are not N
  /// from 1 to steps.
  ///   scaler.fit_channels(train.samples, train.channels, train.lengths);
  void fit_channels(const Eigen::Ref<const Matrix>& x, Index channels, std::span<const Index> lengths = {}) {
    if (channels < 1) throw OptionError(message(Self::name, "::fit_channels: expected a channel or more, found ", channels));
    check_lengths("fit_channels", x, channels, lengths);
    Index steps = lengths.empty() ? x.size() / channels : 0;
    for (const Index length : lengths) steps += length;
    Matrix counted(channels, steps);
    Index begin = 0;
    for (Index j = 0; j < x.cols(); ++j) {
      const Index length = length_of(j, x.rows() / channels, lengths);
      counted.middleCols(begin, length) = Eigen::Map<const Matrix>(x.col(j).data(), channels, length);
      for (Index i = 0; i < channels * length; ++i) {
        if (std::isfinite(x(i, j))) continue;
        throw NonFiniteError(message(Self::name, "::fit_channels: expected finite values, found ", x(i, j), " in channel ",
                                     i % channels, ", step ", i / channels, " of sample ", j));
      }
      begin += length;
    }
    static_cast<Self&>(*this).fit(counted);
  }
  /// As apply(), channel by channel. Steps from lengths[j] on, the padding of sample j, stay as they are.
  void apply_channels(Eigen::Ref<Matrix> x, std::span<const Index> lengths = {}) const {
    visit_steps("apply_channels", x, lengths, [&](auto steps) { apply(steps); });
  }
  /// As invert(), channel by channel.
  void invert_channels(Eigen::Ref<Matrix> x, std::span<const Index> lengths = {}) const {
    visit_steps("invert_channels", x, lengths, [&](auto steps) { invert(steps); });
  }

  /// Calls f(name, vector) for what it holds, by which ec::save and ec::load take it along.
  template <class F>
  void for_each_part(F f) {
    f(Self::offset_name, offset_);
    f(Self::scale_name, scale_);
  }
  template <class F>
  void for_each_part(F f) const {
    f(Self::offset_name, offset_);
    f(Self::scale_name, scale_);
  }
  /// Throws ShapeError or NonFiniteError where parts that were loaded cannot be those of a fit.
  void check_parts() const {
    if (offset_.size() != scale_.size() || offset_.size() == 0) {
      throw ShapeError(message(Self::name, ": expected as many values of ", Self::scale_name, " as of ", Self::offset_name,
                               ", one or more, found ", scale_.size(), " and ", offset_.size()));
    }
    for (Index i = 0; i < features(); ++i) {
      if (!std::isfinite(offset_[i]) || !std::isfinite(scale_[i]) || !(scale_[i] > 0)) {
        throw NonFiniteError(message(Self::name, ": expected a finite ", Self::offset_name, " and a positive ",
                                     Self::scale_name, ", found ", offset_[i], " and ", scale_[i], " for feature ", i));
      }
    }
  }

 protected:
  /// Of doubles, but of T by name, so that expressions of it are compiled where they are used alone.
  using Doubles = Eigen::Array<std::common_type_t<T, double>, Eigen::Dynamic, 1>;

  /// Throws ShapeError or NonFiniteError unless `x` has a sample and every value is finite.
  static void check_samples(const Eigen::Ref<const Matrix>& x) {
    if (x.size() == 0) {
      throw ShapeError(
          message(Self::name, "::fit: expected at least one sample of one feature, found ", x.rows(), " × ", x.cols()));
    }
    for (Index j = 0; j < x.cols(); ++j) {
      for (Index i = 0; i < x.rows(); ++i) {
        if (std::isfinite(x(i, j))) continue;
        throw NonFiniteError(
            message(Self::name, "::fit: expected finite values, found ", x(i, j), " in feature ", i, " of sample ", j));
      }
    }
  }
  /// Takes over what was found, if T can hold it; a scale of 0, that of a constant feature, becomes 1.
  void set(const Doubles& offset, const Doubles& scale) {
    Vector found = offset.template cast<T>().matrix(), scales = (scale == 0).select(1.0, scale).template cast<T>().matrix();
    for (Index i = 0; i < found.size(); ++i) {
      if (std::isfinite(found[i]) && std::isfinite(scales[i]) && scales[i] > 0) continue;
      throw OptionError(message(Self::name, "::fit: feature ", i, " has a ", Self::offset_name, " of ", offset[i], " and a ",
                                Self::scale_name, " of ", scale[i], ", which its scalar cannot hold: scale it first"));
    }
    offset_ = std::move(found);
    scale_ = std::move(scales);
    constant_.clear();
    for (Index i = 0; i < scale.size(); ++i)
      if (scale[i] == 0) constant_.push_back(i);
  }

  Vector offset_, scale_;
  std::vector<Index> constant_;

 private:
  static Index length_of(Index sample, Index steps, std::span<const Index> lengths) {
    return lengths.empty() ? steps : lengths[static_cast<std::size_t>(sample)];
  }
  static void check_lengths(std::string_view call, const Eigen::Ref<const Matrix>& x, Index channels,
                            std::span<const Index> lengths) {
    const auto refuse = [&](const auto&... parts) {
      throw ShapeError(message(Self::name, "::", call, ": expected ", parts...));
    };
    if (x.rows() == 0 || x.rows() % channels != 0)
      refuse("a multiple of ", channels, " rows, one for each channel, found ", x.rows());
    if (lengths.empty()) return;
    if (std::ssize(lengths) != x.cols()) refuse("as many lengths as samples, ", x.cols(), ", found ", lengths.size());
    const Index steps = x.rows() / channels;
    for (Index j = 0; j < x.cols(); ++j) {
      const Index length = length_of(j, steps, lengths);
      if (length < 1 || length > steps) refuse("lengths from 1 to ", steps, ", found ", length, " for sample ", j);
    }
  }
  template <class F>
  void visit_steps(std::string_view call, Eigen::Ref<Matrix> x, std::span<const Index> lengths, F f) const {
    check_fitted(call);
    check_lengths(call, x, features(), lengths);
    for (Index j = 0; j < x.cols(); ++j)
      f(Eigen::Map<Matrix>(x.col(j).data(), features(), length_of(j, x.rows() / features(), lengths)));
  }

  void check_fitted(std::string_view call) const {
    if (features() == 0) throw ShapeError(message(Self::name, "::", call, ": it knows no features yet: call fit, or load it"));
  }
  void check_rows(std::string_view call, Index rows) const {
    check_fitted(call);
    if (rows == features()) return;
    throw ShapeError(message(Self::name, "::", call, ": expected ", features(),
                             " rows, one for each feature that it was fitted to, found ", rows));
  }
};

}  // namespace detail

/// Gives every feature mean 0 and standard deviation 1: x ← (x − μ) / σ, with μ and the (biased) σ of the samples that it was
/// fitted to. Of a feature that is the same in all of them σ is taken as 1; constant_features() says which. Scikit-learn:
/// StandardScaler. Keras: Normalization.
///   ec::Standardizer scaler(train);   // rows are features, columns samples
///   scaler.apply(test);
/// T is float or double; sums are in double.
template <std::floating_point T = float>
class Standardizer : public detail::FeatureScaling<Standardizer<T>, T> {
  using Base = detail::FeatureScaling<Standardizer<T>, T>;
  using typename Base::Doubles;

 public:
  using typename Base::Matrix, typename Base::Vector;
  static constexpr std::string_view name = "Standardizer", offset_name = "mean", scale_name = "deviation";

  Standardizer() = default;
  /// Fitted, as by fit().
  template <class X>
  requires std::same_as<typename X::Scalar, T>
  explicit Standardizer(const Eigen::MatrixBase<X>& x) {
    fit(x.derived());
  }

  /// x: features × N. Throws ShapeError if it is empty, NonFiniteError that names feature and sample, OptionError where T
  /// cannot hold a mean or a deviation; what was fitted before stays then.
  void fit(const Eigen::Ref<const Matrix>& x) {
    Base::check_samples(x);
    // Of the differences from the first sample: those of a constant feature are exactly 0.
    const auto in_double = [&x](Index j) { return x.col(j).array().template cast<double>(); };
    const Doubles first = in_double(0);
    Doubles shift = Doubles::Zero(x.rows()), squares = shift;
    for (Index j = 0; j < x.cols(); ++j) shift += in_double(j) - first;
    shift /= static_cast<double>(x.cols());
    for (Index j = 0; j < x.cols(); ++j) squares += (in_double(j) - first - shift).square();
    Base::set(first + shift, (squares / static_cast<double>(x.cols())).sqrt());
  }

  const Vector& mean() const { return Base::offset_; }
  const Vector& deviation() const { return Base::scale_; }
};
template <class X>
explicit Standardizer(const Eigen::MatrixBase<X>&) -> Standardizer<typename X::Scalar>;

/// Brings every feature to [0, 1]: x ← (x − min) / (max − min), with min and max of the samples that it was fitted to. A
/// feature that is the same in all of them becomes 0. Values beyond min and max leave the interval; nothing is cut.
/// Scikit-learn: MinMaxScaler.
template <std::floating_point T = float>
class MinMaxScaler : public detail::FeatureScaling<MinMaxScaler<T>, T> {
  using Base = detail::FeatureScaling<MinMaxScaler<T>, T>;
  using typename Base::Doubles;

 public:
  using typename Base::Matrix, typename Base::Vector;
  static constexpr std::string_view name = "MinMaxScaler", offset_name = "minimum", scale_name = "range";

  MinMaxScaler() = default;
  /// Fitted, as by fit().
  template <class X>
  requires std::same_as<typename X::Scalar, T>
  explicit MinMaxScaler(const Eigen::MatrixBase<X>& x) {
    fit(x.derived());
  }

  /// x: features × N. Throws as Standardizer::fit does.
  void fit(const Eigen::Ref<const Matrix>& x) {
    Base::check_samples(x);
    const Doubles least = x.rowwise().minCoeff().array().template cast<double>(),
                  most = x.rowwise().maxCoeff().array().template cast<double>();
    Base::set(least, most - least);
  }

  const Vector& minimum() const { return Base::offset_; }
  const Vector& range() const { return Base::scale_; }  ///< max − min, and 1 where that is 0
};
template <class X>
explicit MinMaxScaler(const Eigen::MatrixBase<X>&) -> MinMaxScaler<typename X::Scalar>;

}  // namespace eigencoder
