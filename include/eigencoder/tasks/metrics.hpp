// SPDX-License-Identifier: MIT
#pragma once

// All metrics, one header for each family.
#include "eigencoder/tasks/classification_metrics.hpp"
#include "eigencoder/tasks/clustering_metrics.hpp"
#include "eigencoder/tasks/ranking_metrics.hpp"
#include "eigencoder/tasks/reconstruction_metrics.hpp"
#include "eigencoder/tasks/silhouette.hpp"
#include "eigencoder/tasks/structural_similarity.hpp"
