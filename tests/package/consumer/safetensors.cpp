// Linking eigencoder::safetensors is all that the umbrella needs to save and load models.
#include <eigencoder/eigencoder.hpp>

int main() {
  eigencoder::Network<eigencoder::Sequential<eigencoder::features(3), eigencoder::Dense<2>>> saved{eigencoder::Seed{1}}, loaded;
  eigencoder::save(saved, "model.safetensors");
  eigencoder::load(loaded, "model.safetensors");
  return saved.parameters() == loaded.parameters() ? 0 : 1;
}
