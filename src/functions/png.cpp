// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/io/png_impl.hpp"
