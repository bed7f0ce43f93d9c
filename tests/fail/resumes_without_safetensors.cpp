// expect: Trainer::resume needs nlohmann-json: link eigencoder::safetensors
// flags: -UEIGENCODER_HAS_SAFETENSORS
#include <eigencoder/eigencoder.hpp>
#if defined(CONTROL) && __has_include(<nlohmann/json.hpp>)
#include <eigencoder/files/safetensors.hpp>  // as one does who has the library without the target
#endif
namespace ec = eigencoder;

int main() {
#if !defined(CONTROL) || __has_include(<nlohmann/json.hpp>)
  ec::Network<ec::Sequential<ec::features(2), ec::Dense<2>>> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}};
  trainer.resume("checkpoint.safetensors");
#endif
}
