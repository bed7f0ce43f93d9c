// expect: save needs nlohmann-json: link eigencoder::safetensors
// expect: load needs nlohmann-json: link eigencoder::safetensors
// expect: describe needs nlohmann-json: link eigencoder::safetensors
// flags: -UEIGENCODER_HAS_SAFETENSORS
#include <eigencoder/eigencoder.hpp>
#if defined(CONTROL) && __has_include(<nlohmann/json.hpp>)
#include <eigencoder/io/describe.hpp>  // as one does who links nlohmann-json without the target
#include <eigencoder/io/model_file.hpp>
#endif
namespace ec = eigencoder;

int main() {
  ec::Network<ec::Sequential<ec::features(2), ec::Dense<1>>> model;
#if !defined(CONTROL) || __has_include(<nlohmann/json.hpp>)
  ec::save(model, "model.safetensors", {.values = {{"threshold", 0.5}}});
  ec::load(model, "model.safetensors");
  return static_cast<int>(ec::describe("model.safetensors").size());
#else
  return static_cast<int>(model.parameters().size());
#endif
}
