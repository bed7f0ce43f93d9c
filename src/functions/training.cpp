// SPDX-License-Identifier: MIT
#include "bodies.hpp"

#include "eigencoder/engine/parallel_impl.hpp"
#include "eigencoder/training/diagnose_impl.hpp"
#include "eigencoder/training/step_impl.hpp"
#include "eigencoder/training/trainer_of_impl.hpp"
#include "eigencoder/training/update_impl.hpp"

namespace eigencoder {

template class detail::Diagnosis<float>;
template class detail::Diagnosis<double>;
template class Updater<float>;
template class Updater<double>;
template class StepperOf<float>;
template class StepperOf<double>;
template class TrainerOf<float>;
template class TrainerOf<double>;

}  // namespace eigencoder
