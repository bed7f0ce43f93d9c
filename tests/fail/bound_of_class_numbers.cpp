// expect: ImportanceWeighted needs a likelihood of values: class numbers are none
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Likelihood = ec::CategoricalCrossEntropy;
#else
using Likelihood = ec::SparseCategoricalCrossEntropy<>;
#endif
using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>;
using Decoder = ec::Decoder<ec::features(2), ec::Dense<6>, ec::Softmax>;

int main() {
  ec::VariationalAutoencoder<Encoder, ec::Latent<2>, Decoder> model;
  ec::Trainer{model, ec::ImportanceWeighted<2, Likelihood>{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(6, 3).eval());
}
