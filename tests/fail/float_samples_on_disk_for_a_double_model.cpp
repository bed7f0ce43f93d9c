// expect: this model works in double: make Samples<double>, on disk by samples_on_disk<double>(path)
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Scalar = double;
#else
using Scalar = float;
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder, double> model;
  const ec::RawColumns columns{.rows = 4};
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.fit(ec::samples_on_disk<Scalar>("samples", columns), {.epochs = 2});
}
