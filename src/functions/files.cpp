// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/files/atomic_file_impl.hpp"
#include "eigencoder/files/image_impl.hpp"
#include "eigencoder/files/json_impl.hpp"
#include "eigencoder/files/random_access_file_impl.hpp"
#include "eigencoder/files/safetensors_writer_impl.hpp"
