// expect: term_needs::sample_weights
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

/// The weighted number of samples, and TermNeeds says so in the control alone.
struct Weights {
#ifdef CONTROL
  static constexpr ec::TermNeeds needs{.sample_weights = true};
#endif
  template <class S, bool Gradient, bool Accumulate>
  double operator()(ec::LossPass<S, Gradient, Accumulate> pass) const {
    return static_cast<double>(pass.weights[0]);
  }
};

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, Weights{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
