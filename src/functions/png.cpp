// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/files/png_impl.hpp"
#include "eigencoder/io/png_impl.hpp"
