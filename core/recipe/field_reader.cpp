#include "core/recipe/field_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/recipe/interpolation.h"
#include "core/recipe/suggestions.h"
#include "core/recipe/yaml_scalar.h"

namespace temper::recipe {
namespace {

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "empty";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a mapping";
    case YamlNode::Kind::kScalar:
      break;
  }
  return fmt::format("{}{}", node.quoted ? "the text " : "", quote_for_message(node.text));
}

}  // namespace

void FieldReader::fail_type(const YamlNode& node, const std::string& key, std::string_view what,
                            std::string_view advice) {
  const std::string_view what_to_do = node.is_null() ? "write a value or remove the key" : advice;
  reading_.fail(key, node.place,
                fmt::format("must be {}, is {}; {}", what, describe(node), what_to_do));
}

bool FieldReader::expect(const YamlNode& node, const std::string& key, YamlNode::Kind kind,
                         const std::string& what) {
  if (node.kind == kind) {
    return true;
  }
  fail_type(node, key, what, "`temper recipe reference` shows how");
  return false;
}

void FieldReader::read(const YamlNode& node, const std::string& key, std::string& out,
                       FieldChecks& checks) {
  if (!node.is_scalar()) {
    fail_type(node, key, "text", "write one value");
    return;
  }
  Interpolated value = interpolate(node.text, reading_.environment());
  if (!value.problem.empty()) {
    reading_.fail(key, node.place, value.problem);
    return;
  }
  out = std::move(value.text);
  checks.set_empty(out.empty());
}

void FieldReader::read(const YamlNode& node, const std::string& key, std::int64_t& out,
                       FieldChecks& checks) {
  const std::optional<std::int64_t> value =
      node.is_scalar() ? parse_integer(node.text) : std::nullopt;
  if (!value || node.quoted) {
    fail_type(node, key, "an integer",
              value ? "remove the quotes" : "write digits only, such as 1000");
    return;
  }
  out = *value;
  checks.add_number(key, node.place, static_cast<double>(out), print_integer(out));
}

void FieldReader::read(const YamlNode& node, const std::string& key, double& out,
                       FieldChecks& checks) {
  const std::optional<double> value = node.is_scalar() ? parse_number(node.text) : std::nullopt;
  if (!value || node.quoted) {
    fail_type(node, key, "a number",
              value ? "remove the quotes" : "write it such as 0.5 or 2e-4, and finite");
    return;
  }
  out = *value;
  checks.add_number(key, node.place, out, node.text);
}

void FieldReader::read(const YamlNode& node, const std::string& key, bool& out, FieldChecks&) {
  const std::optional<bool> value = node.is_scalar() ? parse_boolean(node.text) : std::nullopt;
  if (!value || node.quoted) {
    fail_type(node, key, "true or false", value ? "remove the quotes" : "write one of the two");
    return;
  }
  out = *value;
}

void FieldReader::read(const YamlNode& node, const std::string& key, Targets& out,
                       FieldChecks& checks) {
  if (node.is_list()) {
    std::vector<std::string> endings;
    read(node, key, endings, checks);
    out = std::move(endings);
    return;
  }
  if (!node.is_scalar()) {
    fail_type(node, key, "all-linear, a regex or a list of name endings",
              "write e.g. all-linear or [q_proj, v_proj]");
    return;
  }
  std::string text;
  read(node, key, text, checks);
  out = std::move(text);
}

std::optional<std::size_t> FieldReader::read_choice(const YamlNode& node, const std::string& key,
                                                    const std::vector<std::string>& names) {
  const auto found =
      node.is_scalar() ? std::find(names.begin(), names.end(), node.text) : names.end();
  if (found != names.end()) {
    return static_cast<std::size_t>(found - names.begin());
  }
  const std::string what =
      names.size() == 1 ? names.front() : fmt::format("one of {}", fmt::join(names, ", "));
  const std::string nearest = node.is_scalar() ? nearest_choice(node.text, names) : "";
  fail_type(node, key, what,
            nearest.empty()
                ? std::string(names.size() == 1 ? "there is no other so far" : "write one of these")
                : fmt::format("did you mean {}?", nearest));
  return std::nullopt;
}

void FieldReader::report_unknown_keys() {
  for (const YamlNode::Entry& entry : map_.entries) {
    if (std::find(taken_.begin(), taken_.end(), entry.key) == taken_.end()) {
      reading_.fail_unknown(join_key(prefix_, entry.key), entry.key_place);
    }
  }
}

}  // namespace temper::recipe
