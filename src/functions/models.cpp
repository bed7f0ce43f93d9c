// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/io/layout_impl.hpp"
#include "eigencoder/io/model_file_impl.hpp"
#include "eigencoder/io/model_reader_impl.hpp"

namespace eigencoder::detail {

template std::vector<std::byte> encode_model(const std::string&, const ModelFacts&, Shape, const float*, const float*,
                                             const SaveOptions&);
template std::vector<std::byte> encode_model(const std::string&, const ModelFacts&, Shape, const double*, const double*,
                                             const SaveOptions&);
template void read_contents(const SafetensorsFile&, const ModelFacts&, const LoadOptions&, const std::string&,
                            Contents<float>&);
template void read_contents(const SafetensorsFile&, const ModelFacts&, const LoadOptions&, const std::string&,
                            Contents<double>&);

}  // namespace eigencoder::detail
