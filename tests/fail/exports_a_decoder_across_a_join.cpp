// expect: this decoder joins an activation of the encoder: codes alone cannot be decoded, export the whole model
#include <eigencoder/io/onnx.hpp>

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<4>, ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>, ec::Add<0>>;

int main() {
  const ec::Autoencoder<Encoder, Decoder> model;
#ifdef CONTROL
  ec::export_onnx(model, "model.onnx");
#else
  ec::export_onnx_decoder(model, "decoder.onnx");
#endif
}
