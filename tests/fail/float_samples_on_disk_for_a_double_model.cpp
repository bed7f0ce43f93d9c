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
  const std::shared_ptr<const ec::ColumnReader<Scalar>> reader;  // as samples_on_disk<Scalar> returns it
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.fit(reader, {.epochs = 2});
}
