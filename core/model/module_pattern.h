#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace temper::model {

/// A regular expression over module names with the meaning that Python's `re` gives it, as PEFT
/// reads adapter_config.json. (Oniguruma with its Python syntax: groups, look-behind, (?i) and lazy
/// quantifiers are the same; a pattern that needs too many steps is an error instead of a hang.)
/// Immutable, thread-safe.
class ModulePattern {
 public:
  /// re.fullmatch(pattern, name). UserError naming `where` if it does not compile.
  static ModulePattern whole_name(const std::string& pattern, const std::string& where);
  /// re.match(rf"(.*\.)?({pattern})$", name): the rule of rank_pattern and alpha_pattern
  /// (peft/utils/other.py, get_pattern_key).
  static ModulePattern name_ending(const std::string& pattern, const std::string& where);

  ~ModulePattern();
  ModulePattern(ModulePattern&&) noexcept;
  ModulePattern& operator=(ModulePattern&&) noexcept;
  ModulePattern(const ModulePattern&) = delete;
  ModulePattern& operator=(const ModulePattern&) = delete;

  /// UserError if matching needs too many steps.
  bool matches(std::string_view name) const;

 private:
  struct Compiled;
  ModulePattern(const std::string& text, std::string where);

  std::string where_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace temper::model
