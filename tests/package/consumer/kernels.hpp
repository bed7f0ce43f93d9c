#pragma once

#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/models/autoencoder.hpp>

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(40), ec::Dense<17>, ec::GELU, ec::Dense<3>>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<17>, ec::GELU, ec::Dense<40>>>;

double restoration_error(const Model& model, const Eigen::MatrixXf& samples);
const char* level_elsewhere();
