// expect: export_onnx_encoder: this model has no encoder and decoder
// expect: export_onnx_decoder: this model has no encoder and decoder
#include <eigencoder/io/onnx.hpp>

namespace ec = eigencoder;

int main() {
  const ec::Network<ec::Encoder<ec::features(4), ec::Dense<2>>> model;
#ifdef CONTROL
  ec::export_onnx(model, "model.onnx");
#else
  ec::export_onnx_encoder(model, "encoder.onnx");
  ec::export_onnx_decoder(model, "decoder.onnx");
#endif
}
