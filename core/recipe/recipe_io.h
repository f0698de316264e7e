#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/recipe/recipe.h"

namespace temper {
class Environment;
}

namespace temper::recipe {

/// Reads a recipe or cluster file strictly: every unknown key, ill-typed or out-of-bounds value and
/// broken cross-field rule is reported at once, one line each,
/// `file:line:column: key: what, value, what to do`, in one UserError. `overrides` are --set values
/// "optimizer.lr=1e-4", applied over the file (their errors say "--set" in place of
/// file:line:column).
/// ${env:NAME} inside string values is replaced (an unset variable is an error), $${ stands for ${.
/// Variables come from `environment`, or the process's own if it is null.
Recipe read_recipe(const std::filesystem::path& file,
                   const std::vector<std::string>& overrides = {},
                   const Environment* environment = nullptr);
Cluster read_cluster(const std::filesystem::path& file,
                     const std::vector<std::string>& overrides = {},
                     const Environment* environment = nullptr);

/// The same from text; `origin` names it in messages.
Recipe parse_recipe(const std::string& yaml, const std::string& origin,
                    const std::vector<std::string>& overrides = {},
                    const Environment* environment = nullptr);
Cluster parse_cluster(const std::string& yaml, const std::string& origin,
                      const std::vector<std::string>& overrides = {},
                      const Environment* environment = nullptr);

/// All fields with their values as YAML; parse_recipe(dump) gives an equal recipe, byte for byte
/// the same dump. Doubles are printed with the fewest digits that read back the same.
std::string dump(const Recipe& recipe);
std::string dump(const Cluster& cluster);

/// sha256 over the values that decide the result: all but name, data.eval, eval.* and checkpoint.*.
/// A run may only be resumed by a recipe with the same fingerprint.
std::string result_fingerprint(const Recipe& recipe);

/// One line `key: old value → new value` for each of those values that differs; empty: none does.
std::string describe_difference(const Recipe& old, const Recipe& now);

/// docs/recipe-reference.md: every key of recipe and cluster with type, default, bounds, help.
std::string reference_markdown();
/// The same as data: one entry a key, for generators (the quickstart's data set).
struct KeyReference {
  std::string key;   ///< "optimizer.lr"
  std::string type;  ///< "number", "one of adamw", …
  std::string default_value;
  std::string bounds;  ///< "> 0" or empty
  std::string help;
};
std::vector<KeyReference> recipe_keys();
std::vector<KeyReference> cluster_keys();

}  // namespace temper::recipe
