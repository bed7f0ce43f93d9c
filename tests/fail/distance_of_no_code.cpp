// expect: CodeDistance needs a model with a code
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/tasks/anomaly.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  using Model = ec::Autoencoder<ec::Encoder<ec::features(4), ec::Dense<2>>, ec::Decoder<ec::features(2), ec::Dense<4>>>;
#else
  using Model = ec::Network<ec::Sequential<ec::features(4), ec::Dense<2>, ec::Dense<4>>>;
#endif
  ec::AnomalyDetector<Model, ec::CodeDistance> detector{Model{}};
}
