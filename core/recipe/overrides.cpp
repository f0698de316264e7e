#include "core/recipe/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/recipe/yaml_scalar.h"

namespace temper::recipe {
namespace {

/// A list index, or nullopt.
std::optional<std::size_t> parse_index(std::string_view text) {
  const std::optional<std::int64_t> index = parse_integer(text);
  return index && *index >= 0 ? std::optional(static_cast<std::size_t>(*index)) : std::nullopt;
}

std::vector<std::string_view> split_key(std::string_view key) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t dot = key.find('.', begin);
    parts.push_back(key.substr(begin, dot - begin));
    if (dot == std::string_view::npos) {
      return parts;
    }
    begin = dot + 1;
  }
}

void set_place(YamlNode& node, const Place& place) {
  node.place = place;
  for (YamlNode& item : node.items) {
    set_place(item, place);
  }
  for (YamlNode::Entry& entry : node.entries) {
    entry.key_place = place;
    set_place(entry.value, place);
  }
}

/// The value inside `node` under one part of a key, made if it isn't there; nullptr if `node` can't
/// have it, with the reason in `problem`.
YamlNode* descend(YamlNode& node, std::string_view part, const Place& place, std::string& problem) {
  const std::optional<std::size_t> index = parse_index(part);
  if (node.is_null()) {
    node.kind = index ? YamlNode::Kind::kList : YamlNode::Kind::kMap;
    node.place = place;
  }
  if (node.is_scalar()) {
    problem = fmt::format("there is nothing under {}, which is {}; set the whole value",
                          quote_for_message(part), quote_for_message(node.text));
    return nullptr;
  }
  if (node.is_list()) {
    if (!index || *index > node.items.size()) {
      problem = fmt::format("{} is no index of a list of {}; write 0 to {}, the last appends",
                            quote_for_message(part), node.items.size(), node.items.size());
      return nullptr;
    }
    if (*index == node.items.size()) {
      node.items.emplace_back().place = place;
    }
    return &node.items[*index];
  }
  if (YamlNode* found = node.find(part)) {
    return found;
  }
  YamlNode value;
  value.place = place;
  node.entries.push_back({std::string(part), place, std::move(value)});
  return &node.entries.back().value;
}

/// The value of an option, or nullopt after reporting why not.
std::optional<YamlNode> parse_value(const std::string& key, std::string_view text,
                                    const Place& place, Reading& reading) {
  YamlNode value;
  if (text.empty()) {
    value.kind = YamlNode::Kind::kScalar;
    value.quoted = true;
  } else {
    YamlDocument document = parse_yaml(text);
    if (!document.problems.empty()) {
      reading.fail(
          key, place,
          fmt::format("value {}: {}", quote_for_message(text), document.problems.front().message));
      return std::nullopt;
    }
    value = std::move(document.root);
  }
  set_place(value, place);
  return value;
}

void apply_override(YamlNode& root, std::string_view option, const Place& place, Reading& reading) {
  const std::size_t equals = option.find('=');
  const std::string key(option.substr(0, equals));
  const std::vector<std::string_view> parts = split_key(key);
  const bool hollow =
      std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); });
  if (equals == std::string_view::npos || hollow || parts.size() > kMaxYamlDepth) {
    reading.fail_document(place, fmt::format("{} is not key=value; write e.g. optimizer.lr=1e-4",
                                             quote_for_message(option)));
    return;
  }
  std::optional<YamlNode> value = parse_value(key, option.substr(equals + 1), place, reading);
  if (!value) {
    return;
  }
  YamlNode* node = &root;
  std::string problem;
  for (const std::string_view part : parts) {
    node = descend(*node, part, place, problem);
    if (node == nullptr) {
      reading.fail(key, place, problem);
      return;
    }
  }
  *node = *std::move(value);
}

void expand_sources(YamlNode& sources) {
  if (sources.is_scalar() || sources.is_map()) {
    YamlNode list;
    list.kind = YamlNode::Kind::kList;
    list.place = sources.place;
    list.items.push_back(std::move(sources));
    sources = std::move(list);
  }
  for (YamlNode& item : sources.items) {
    if (item.is_scalar()) {
      YamlNode source;
      source.kind = YamlNode::Kind::kMap;
      source.place = item.place;
      const Place place = item.place;
      source.entries.push_back({"path", place, std::move(item)});
      item = std::move(source);
    }
  }
}

}  // namespace

void apply_overrides(YamlNode& root, const std::vector<std::string>& overrides, Reading& reading) {
  Place place;
  place.in_override = true;
  for (const std::string& option : overrides) {
    apply_override(root, option, place, reading);
    ++place.line;  // orders their findings
  }
}

void expand_source_shorthand(YamlNode& root) {
  YamlNode* data = root.find("data");
  if (data == nullptr) {
    return;
  }
  for (const std::string_view key : {"train", "eval"}) {
    if (YamlNode* sources = data->find(key)) {
      expand_sources(*sources);
    }
  }
}

}  // namespace temper::recipe
