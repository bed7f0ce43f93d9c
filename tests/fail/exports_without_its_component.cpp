// expect: export_onnx needs its component: link eigencoder::onnx
// expect: export_onnx_encoder needs its component: link eigencoder::onnx
// expect: export_onnx_decoder needs its component: link eigencoder::onnx
// flags: -UEIGENCODER_HAS_ONNX
#include <eigencoder/eigencoder.hpp>
#ifdef CONTROL
#include <eigencoder/io/onnx.hpp>  // as one does who does without the target
#endif
namespace ec = eigencoder;

int main() {
  const ec::Autoencoder<ec::Encoder<ec::features(4), ec::Dense<2>>, ec::Decoder<ec::features(2), ec::Dense<4>>> model;
  ec::export_onnx(model, "model.onnx");
  ec::export_onnx_encoder(model, "encoder.onnx");
  ec::export_onnx_decoder(model, "decoder.onnx");
}
