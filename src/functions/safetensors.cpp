// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/files/safetensors_impl.hpp"
#include "eigencoder/io/describe_impl.hpp"
