#pragma once

#include <string>
#include <vector>

#include "core/recipe/reading.h"
#include "core/recipe/yaml_tree.h"

namespace temper::recipe {

/// Writes --set options "optimizer.lr=1e-4" into `root`, in order, as if the file had said so. The
/// value is YAML in its flow form (`[a, b]`, `{path: a}`); nothing after '=' is the empty text.
/// "data.train.0.path" goes into a list; an index one past its end appends. What can't be applied
/// becomes a finding.
void apply_overrides(YamlNode& root, const std::vector<std::string>& overrides, Reading& reading);

/// data.train and data.eval may be one source instead of a list, and a source a plain path instead
/// of a mapping: writes both out as `[{path: …}]`.
void expand_source_shorthand(YamlNode& root);

}  // namespace temper::recipe
