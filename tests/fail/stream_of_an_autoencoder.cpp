// expect: this layer, see L and its Position, cannot run a step at a time
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
  using Model = ec::Autoencoder<ec::Encoder<ec::sequence(8, 2), ec::GRU<4>>, ec::Decoder<ec::features(4), ec::RepeatVector<8>, ec::GRU<2, ec::Returns::sequence>>>;
  const Model model;
#ifdef CONTROL
  const auto network = model.encoder();
#else
  const Model& network = model;
#endif
  ec::Stream stream{network};
  return static_cast<int>(stream.output);
}
