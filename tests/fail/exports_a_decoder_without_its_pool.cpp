// expect: codes alone cannot be decoded, export the whole model
#include <eigencoder/io/onnx.hpp>

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::image(4, 4), ec::MaxPool2D<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::MaxUnpool2D<0, 2>>;

int main() {
  const ec::Autoencoder<Encoder, Decoder> model;
#ifdef CONTROL
  ec::export_onnx_encoder(model, "encoder.onnx");
#else
  ec::export_onnx_decoder(model, "decoder.onnx");
#endif
}
