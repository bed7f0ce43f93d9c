// expect: AnomalyDetector's score is a loss such as MeanSquaredError, an Elbo, an ImportanceWeighted, or CodeDistance
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/tasks/anomaly.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  using Score = ec::CodeDistance;
#else
  using Score = ec::Standardizer<float>;
#endif
  using Model = ec::Autoencoder<ec::Encoder<ec::features(4), ec::Dense<2>>, ec::Decoder<ec::features(2), ec::Dense<4>>>;
  ec::AnomalyDetector<Model, Score> detector{Model{}};
}
