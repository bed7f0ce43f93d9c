// SPDX-License-Identifier: MIT
#define EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/trainer_of.hpp"

#include "eigencoder/training/step_impl.hpp"
#include "eigencoder/training/trainer_of_impl.hpp"
#include "eigencoder/training/update_impl.hpp"

namespace eigencoder {

template class Updater<float>;
template class Updater<double>;
template class StepperOf<float>;
template class StepperOf<double>;
template class TrainerOf<float>;
template class TrainerOf<double>;

}  // namespace eigencoder
