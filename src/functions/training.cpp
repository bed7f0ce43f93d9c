// SPDX-License-Identifier: MIT
#include "bodies.hpp"

#include "eigencoder/engine/initialize_impl.hpp"
#include "eigencoder/engine/parallel_impl.hpp"
#include "eigencoder/training/diagnose_impl.hpp"
#include "eigencoder/training/find_learning_rate_impl.hpp"
#include "eigencoder/training/on_all_ranks_impl.hpp"
#include "eigencoder/training/step_impl.hpp"
#include "eigencoder/training/trainer_of_impl.hpp"
#include "eigencoder/training/update_impl.hpp"

namespace eigencoder {

template void initialize(const Block&, float*, Random, Index);
template void initialize(const Block&, double*, Random, Index);
template void initialize(std::span<const PlacedBlock>, float*, float*, Seed);
template void initialize(std::span<const PlacedBlock>, double*, double*, Seed);
template class detail::Diagnosis<float>;
template class detail::Diagnosis<double>;
template class Updater<float>;
template class Updater<double>;
template class StepperOf<float>;
template class StepperOf<double>;
template class TrainerOf<float>;
template class TrainerOf<double>;
template LearningRateCurve find_learning_rate(TrainerOf<float>&, const Samples<float>&, const Samples<float>&,
                                              const FindLearningRateOptions&);
template LearningRateCurve find_learning_rate(TrainerOf<double>&, const Samples<double>&, const Samples<double>&,
                                              const FindLearningRateOptions&);

}  // namespace eigencoder
