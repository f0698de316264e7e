#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/field_checks.h"
#include "core/recipe/field_kinds.h"
#include "core/recipe/reading.h"
#include "core/recipe/recipe.h"
#include "core/recipe/value_text.h"
#include "core/recipe/yaml_tree.h"

namespace temper::recipe {

/// The visitor that fills a struct from a YAML mapping. What can't be read keeps its default and
/// leaves a finding; after the visit, report_unknown_keys() names what no field took.
class FieldReader {
 public:
  /// `prefix` is the full key of `map`, empty for the document.
  FieldReader(const YamlNode& map, std::string prefix, Reading& reading)
      : map_(map), prefix_(std::move(prefix)), reading_(reading) {}

  template <class T>
  FieldChecks operator()(std::string_view key, T& member, std::string_view help) {
    const std::string full_key = join_key(prefix_, key);
    FieldChecks checks(reading_, full_key, help, default_text(member));
    taken_.emplace_back(key);
    const YamlNode* node = map_.find(key);
    if (node != nullptr) {
      checks.set_place(node->place);
      reading_.note_key(full_key, node->place);
      read(*node, full_key, member, checks);
    } else {
      checks.set_missing(map_.place);
      read_absent(full_key, member);
    }
    return checks;
  }

  void report_unknown_keys();

 private:
  void read(const YamlNode& node, const std::string& key, std::string& out, FieldChecks& checks);
  void read(const YamlNode& node, const std::string& key, std::int64_t& out, FieldChecks& checks);
  void read(const YamlNode& node, const std::string& key, double& out, FieldChecks& checks);
  void read(const YamlNode& node, const std::string& key, bool& out, FieldChecks& checks);
  void read(const YamlNode& node, const std::string& key, Targets& out, FieldChecks& checks);

  template <Choice T>
  void read(const YamlNode& node, const std::string& key, T& out, FieldChecks&) {
    std::vector<std::string> names;
    for (const auto& choice : Choices<T>::kNames) {
      names.emplace_back(choice.second);
    }
    if (const std::optional<std::size_t> index = read_choice(node, key, names)) {
      out = Choices<T>::kNames[*index].first;
    }
  }

  template <class T>
  void read(const YamlNode& node, const std::string& key, std::optional<T>& out,
            FieldChecks& checks) {
    T value{};
    read(node, key, value, checks);
    out = value;
  }

  template <class T>
  void read(const YamlNode& node, const std::string& key, std::vector<T>& out,
            FieldChecks& checks) {
    if (!expect(node, key, YamlNode::Kind::kList, "a list such as [a, b]")) {
      return;
    }
    out.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string item_key = join_key(key, std::to_string(i));
      reading_.note_key(item_key, node.items[i].place);
      read(node.items[i], item_key, out.emplace_back(), checks);
    }
    checks.set_empty(out.empty());
  }

  template <class T>
  void read(const YamlNode& node, const std::string& key, std::map<std::string, T>& out,
            FieldChecks& checks) {
    if (!expect(node, key, YamlNode::Kind::kMap, "a mapping such as {key: value}")) {
      return;
    }
    out.clear();
    for (const YamlNode::Entry& entry : node.entries) {
      const std::string item_key = join_key(key, entry.key);
      reading_.note_key(item_key, entry.value.place);
      read(entry.value, item_key, out[entry.key], checks);
    }
  }

  template <Section T>
  void read(const YamlNode& node, const std::string& key, T& out, FieldChecks&) {
    if (expect(node, key, YamlNode::Kind::kMap, describe_section(out))) {
      read_section(node, key, out);
    }
  }

  /// A section that isn't there still has required keys.
  template <class T>
  void read_absent(const std::string& key, T& member) {
    if constexpr (Section<T>) {
      YamlNode empty;
      empty.kind = YamlNode::Kind::kMap;
      empty.place = map_.place;
      read_section(empty, key, member);
    }
  }

  template <Section T>
  void read_section(const YamlNode& node, const std::string& key, T& out) {
    FieldReader reader(node, key, reading_);
    out.visit(reader);
    reader.report_unknown_keys();
  }

  /// "a mapping of path, format"
  template <Section T>
  static std::string describe_section(T& section) {
    std::string names;
    auto add_name = [&names](std::string_view key, auto&, std::string_view) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", key);
      return NoChecks{};
    };
    section.visit(add_name);
    return fmt::format("a mapping of {}", names);
  }

  /// Reports anything but a node of `kind`.
  bool expect(const YamlNode& node, const std::string& key, YamlNode::Kind kind,
              const std::string& what);
  std::optional<std::size_t> read_choice(const YamlNode& node, const std::string& key,
                                         const std::vector<std::string>& names);
  void fail_type(const YamlNode& node, const std::string& key, std::string_view what,
                 std::string_view advice);

  template <class T>
  static std::string default_text(const T& member) {
    if constexpr (Section<T> || kIsList<T> || kIsMap<T>) {
      return {};
    } else {
      return print_value(member);
    }
  }

  const YamlNode& map_;
  std::string prefix_;
  Reading& reading_;
  std::vector<std::string> taken_;
};

}  // namespace temper::recipe
