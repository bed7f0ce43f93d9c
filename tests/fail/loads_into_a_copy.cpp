// expect: load: this model is a copy, which nobody would see again
// flags: -DEIGENCODER_HAS_SAFETENSORS
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/model_file.hpp>
namespace ec = eigencoder;

int main() {
  using Encoder = ec::Encoder<ec::features(2), ec::Dense<1>>;
  ec::Autoencoder<Encoder, ec::Mirror<Encoder>> model;
#ifdef CONTROL
  auto encoder = model.encoder();
  ec::load(encoder, "encoder.safetensors");
  model.set_encoder(encoder);
#else
  ec::load(model.encoder(), "encoder.safetensors");
#endif
  return static_cast<int>(model.parameters().size());
}
