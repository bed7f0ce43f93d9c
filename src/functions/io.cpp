// SPDX-License-Identifier: MIT
#include "bodies.hpp"

#include "eigencoder/io/architecture_impl.hpp"
#include "eigencoder/io/layout_impl.hpp"
#include "eigencoder/io/tensor_plan_impl.hpp"
#include "eigencoder/io/tensor_values_impl.hpp"
