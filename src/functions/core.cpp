// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/core/error_impl.hpp"
#include "eigencoder/core/type_name_impl.hpp"
#include "eigencoder/models/codebook_impl.hpp"
#include "eigencoder/models/interpolate_impl.hpp"
#include "eigencoder/models/summary_impl.hpp"

void eigencoder::detail::component(TheseHeaders) {}
