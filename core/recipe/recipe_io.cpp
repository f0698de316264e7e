#include "core/recipe/recipe_io.h"

#include <optional>
#include <utility>

#include "core/base/environment.h"
#include "core/base/mapped_file.h"
#include "core/recipe/field_reader.h"
#include "core/recipe/overrides.h"
#include "core/recipe/reading.h"
#include "core/recipe/recipe_rules.h"
#include "core/recipe/yaml_tree.h"

namespace temper::recipe {
namespace {

std::vector<std::string> names_of(const std::vector<KeyReference>& references) {
  std::vector<std::string> keys;
  for (const KeyReference& reference : references) {
    keys.push_back(reference.key);
  }
  return keys;
}

/// Text, then tree, then --set, then fields, then rules. A text that is no YAML goes no further.
template <class T>
T parse(std::string_view yaml, const std::string& origin, const std::vector<std::string>& overrides,
        const Environment* environment, const std::vector<KeyReference>& references) {
  std::optional<Environment> own;
  if (environment == nullptr) {
    environment = &own.emplace(Environment::from_process());
  }
  Reading reading(origin, *environment, names_of(references));
  YamlDocument document = parse_yaml(yaml);
  for (const YamlProblem& problem : document.problems) {
    reading.fail_document(problem.place, problem.message);
  }
  if (!document.complete) {
    reading.throw_if_any();
  }
  if (document.root.is_null()) {
    document.root.kind = YamlNode::Kind::kMap;  // an empty file has no keys
  }
  if (!document.root.is_map()) {
    reading.fail_document(document.root.place,
                          "must be a mapping of keys such as `name: my-run`; see `temper recipe "
                          "reference`");
    reading.throw_if_any();
  }
  expand_source_shorthand(document.root);
  apply_overrides(document.root, overrides, reading);
  expand_source_shorthand(document.root);

  T result;
  FieldReader reader(document.root, "", reading);
  result.visit(reader);
  reader.report_unknown_keys();
  check_rules(result, reading);
  reading.throw_if_any();
  return result;
}

template <class T>
T read(const std::filesystem::path& file, const std::vector<std::string>& overrides,
       const Environment* environment, const std::vector<KeyReference>& references) {
  const MappedFile mapped(file);
  const std::string_view text(reinterpret_cast<const char*>(mapped.bytes().data()),
                              mapped.bytes().size());
  return parse<T>(text, file.string(), overrides, environment, references);
}

}  // namespace

Recipe read_recipe(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                   const Environment* environment) {
  return read<Recipe>(file, overrides, environment, recipe_keys());
}

Cluster read_cluster(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                     const Environment* environment) {
  return read<Cluster>(file, overrides, environment, cluster_keys());
}

Recipe parse_recipe(const std::string& yaml, const std::string& origin,
                    const std::vector<std::string>& overrides, const Environment* environment) {
  return parse<Recipe>(yaml, origin, overrides, environment, recipe_keys());
}

Cluster parse_cluster(const std::string& yaml, const std::string& origin,
                      const std::vector<std::string>& overrides, const Environment* environment) {
  return parse<Cluster>(yaml, origin, overrides, environment, cluster_keys());
}

}  // namespace temper::recipe
