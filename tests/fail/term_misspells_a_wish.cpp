// expect: facter
// expect: TermNeeds
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

struct Gradual {
#ifdef CONTROL
  static constexpr ec::TermNeeds needs{.factor = true};
#else
  static constexpr ec::TermNeeds needs{.facter = true};
#endif
  static double factor(std::uint64_t step) { return step < 10 ? 0.1 : 1.0; }

  template <class S, bool Gradient>
  double operator()(ec::PenaltyPass<S, Gradient> pass) const {
    return ec::pointwise_penalty(pass, ec::detail::square);
  }
};

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer trainer{model, ec::as_objective(ec::MeanSquaredError{}) + Gradual{}, ec::Adam{}};
}
