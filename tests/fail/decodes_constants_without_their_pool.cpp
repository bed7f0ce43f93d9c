// expect: this decoder reads what the encoder has kept of the same sample
#include <eigencoder/models/embedded.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Restored = ec::UpSample2D<2>;
#else
using Restored = ec::MaxUnpool2D<0, 2>;
#endif

using Chain = ec::Chain<float, ec::image(4, 4), 1, ec::MaxPool2D<2>, Restored>;

void restore(const ec::EmbeddedModel<Chain>& model, const float (&codes)[4], float (&y)[16]);
void restore(const ec::EmbeddedModel<Chain>& model, const float (&codes)[4], float (&y)[16]) { model.decode(codes, y); }
