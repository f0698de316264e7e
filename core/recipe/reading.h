#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/findings.h"
#include "core/recipe/yaml_tree.h"

namespace temper {
class Environment;
}

namespace temper::recipe {

/// The state of reading one file: its findings, where each key was written, and which keys have a
/// finding already, so that no rule complains about a consequence.
class Reading {
 public:
  /// `known_keys` are the full keys of the format, "data.train[].path" for those of a list's items.
  Reading(std::string origin, const Environment& environment, std::vector<std::string> known_keys);

  const Environment& environment() const { return environment_; }

  /// The key is in the file (or in --set), its value at `place`.
  void note_key(const std::string& key, const Place& place) { places_.emplace(key, place); }

  /// Reports a problem that belongs to no key.
  void fail_document(const Place& place, std::string_view message);
  /// Reports a wrong value.
  void fail(const std::string& key, const Place& place, std::string_view message);
  /// Reports a required key that is not there, unless a misspelling of it is found.
  void fail_missing(const std::string& key, const Place& place, std::string_view help);
  /// Reports a key that the format doesn't have, with the best guess at what was meant.
  void fail_unknown(const std::string& key, const Place& place);

  /// Whether the key is in the file.
  bool has(std::string_view key) const { return places_.contains(key); }
  /// Whether none of the keys, nothing inside them nor around them, has a finding: then rules may
  /// judge their values.
  bool sound(std::initializer_list<std::string_view> keys) const;
  /// Reports that values don't go together, under the first key, at the first that is in the file.
  void fail_rule(std::initializer_list<std::string_view> keys, std::string_view message);

  /// Throws a UserError with all findings. Call once, last.
  void throw_if_any();

 private:
  struct Missing {
    std::string key;
    Place place;
    std::string message;
  };

  Findings findings_;
  const Environment& environment_;
  std::vector<std::string> known_keys_;
  std::map<std::string, Place, std::less<>> places_;
  std::set<std::string, std::less<>> failed_;
  std::vector<Missing> missing_;
};

}  // namespace temper::recipe
