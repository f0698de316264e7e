#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace temper::recipe {

/// Where a value was written: line and column from 1, or a --set option.
struct Place {
  int line = 1;
  int column = 1;
  bool in_override = false;
};

/// One value of a YAML document, with its place. Aliases are already resolved.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  Place place;
  std::string text;             ///< kScalar
  bool quoted = false;          ///< kScalar in quotes or tagged !!str: never a number or boolean
  std::vector<YamlNode> items;  ///< kList
  std::vector<Entry> entries;   ///< kMap, in file order, keys unique

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  /// The value of `key`, or nullptr.
  const YamlNode* find(std::string_view key) const;
  YamlNode* find(std::string_view key);
};

struct YamlNode::Entry {
  std::string key;
  Place key_place;
  YamlNode value;
};

struct YamlProblem {
  Place place;
  std::string message;
};

struct YamlDocument {
  YamlNode root;
  std::vector<YamlProblem> problems;
  bool complete = false;  ///< root is the whole document, but for what problems name
};

/// Bounds against hostile files. Aliases count as often as they are used.
inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;
inline constexpr int kMaxYamlDepth = 32;
inline constexpr std::size_t kMaxYamlNodes = 20000;

/// Parses one YAML 1.2 document (by yaml-cpp's events). Never throws on bad input: syntax errors,
/// duplicate keys, tags, keys that are not text, a second document, invalid UTF-8 and documents
/// beyond the bounds above become problems.
YamlDocument parse_yaml(std::string_view text);

}  // namespace temper::recipe
