// expect: SampleValues needs terms that are of a sample by itself
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/losses/likelihood.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/tasks/anomaly.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  using Score = ec::Gaussian;
#else
  using Score = ec::CalibratedGaussian;
#endif
  using Model = ec::Autoencoder<ec::Encoder<ec::features(4), ec::Dense<2>>, ec::Decoder<ec::features(2), ec::Dense<4>>>;
  ec::AnomalyDetector<Model, Score> detector{Model{}};
}
