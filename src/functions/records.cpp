// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/training/checkpoint_impl.hpp"
#include "eigencoder/training/early_stopping_impl.hpp"
#include "eigencoder/training/loggers_impl.hpp"
#include "eigencoder/training/model_checkpoint_impl.hpp"
#include "eigencoder/training/progress_impl.hpp"
#include "eigencoder/training/report_curves_impl.hpp"
#include "eigencoder/training/report_impl.hpp"
#include "eigencoder/training/resume_impl.hpp"
#include "eigencoder/training/schedules_impl.hpp"
#include "eigencoder/training/stop_on_signal_impl.hpp"
#include "eigencoder/training/tensorboard_impl.hpp"
#include "eigencoder/training/terminate_on_non_finite_impl.hpp"

namespace eigencoder::detail {

template void write_checkpoint(const std::filesystem::path&, const Snapshot<float>&, const CheckpointTrainer&, Facts,
                               const std::vector<BlockPlace>&);
template void write_checkpoint(const std::filesystem::path&, const Snapshot<double>&, const CheckpointTrainer&, Facts,
                               const std::vector<BlockPlace>&);

}  // namespace eigencoder::detail
