// expect: gather() and TermNeeds::sums or TermNeeds::shared go together
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

/// Σ_i (the mean of unit i over the batch)².
struct SquaredMeans {
  static constexpr ec::TermNeeds needs{.sums = [](ec::Shape code) { return code.size(); }};
#ifdef CONTROL
  template <class S>
  void gather(ec::PenaltyGather<S> pass) const {
    for (ec::Index i = 0; i < pass.y.rows(); ++i) pass.sums[static_cast<std::size_t>(i)] += double(pass.y.row(i).sum());
  }
#endif
  template <class S, bool Gradient>
  double operator()(ec::PenaltyPass<S, Gradient> pass) const {
    double value = 0;
    for (const double sum : pass.sums) value += sum * sum;
    return value;
  }
};

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer trainer{model, ec::as_objective(ec::MeanSquaredError{}) + SquaredMeans{}, ec::Adam{}};
}
