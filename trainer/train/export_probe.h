#pragma once

#include "core/export/probe.h"
#include "trainer/train/export_result.h"

namespace temper::train {

// What the exporters' gates compare: outputs on the first training samples, cut short, of the
// trained model in memory and of the files that were written. Every token counts for the loss. The
// probe borrows `parts`.

/// The files are an adapter's: its matrices, with the base that was trained on.
exporting::Probe adapter_probe(const ExportParts& parts);

/// The files are a whole model's, opened as a base model is.
exporting::Probe model_probe(const ExportParts& parts);

}  // namespace temper::train
