// expect: fit needs a function that trains model() on scaled samples
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/tasks/anomaly.hpp>
namespace ec = eigencoder;

int main() {
  using Model = ec::Autoencoder<ec::Encoder<ec::features(4), ec::Dense<2>>, ec::Decoder<ec::features(2), ec::Dense<4>>>;
  ec::AnomalyDetector<Model> detector{Model{}};
#ifdef CONTROL
  const auto train = [](const Eigen::MatrixXf&) {};
#else
  const auto train = [] {};
#endif
  detector.fit(Eigen::MatrixXf::Random(4, 9), train);
}
