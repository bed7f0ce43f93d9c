// Linking eigencoder::onnx is all that the umbrella needs to export models.
#include <eigencoder/eigencoder.hpp>

int main() {
  eigencoder::export_onnx(eigencoder::Network<eigencoder::Sequential<eigencoder::features(3), eigencoder::Dense<2>>>{}, "model.onnx");
}
