#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/recipe/field_kinds.h"
#include "core/recipe/value_text.h"

namespace temper::recipe {

/// The visitor behind dump(): a section is indented under its key, a list of sections has an item a
/// line, everything else is `key: value`. An optional without a value is left out.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out, int indent = 0) : out_(out), indent_(indent) {}

  template <class T>
  NoChecks operator()(std::string_view key, T& member, std::string_view) {
    if constexpr (Section<T>) {
      begin_line(key);
      const std::size_t before = out_.size();
      out_ += '\n';
      FieldWriter inner(out_, indent_ + 2);
      member.visit(inner);
      if (out_.size() == before + 1) {
        out_.insert(before, " {}");
      }
    } else if constexpr (kIsOptional<T>) {
      if (member) {
        (*this)(key, *member, {});
      }
    } else {
      write_value(key, member);
    }
    return {};
  }

 private:
  template <class T>
  void write_value(std::string_view key, const T& value) {
    begin_line(key);
    out_ += fmt::format(" {}\n", print_value(value));
  }

  template <Section T>
  void write_value(std::string_view key, const std::vector<T>& items) {
    begin_line(key);
    out_ += items.empty() ? " []\n" : "\n";
    for (const T& item : items) {
      out_ +=
          std::string(static_cast<std::size_t>(indent_) + 2, ' ') + "- " + print_value(item) + "\n";
    }
  }

  void begin_line(std::string_view key) { out_ += fmt::format("{:{}}{}:", "", indent_, key); }

  std::string& out_;
  int indent_;
};

/// The visitor that lists each key with its value in YAML's flow form, in declaration order. An
/// optional without a value is listed with an empty text.
class FieldLister {
 public:
  using Values = std::vector<std::pair<std::string, std::string>>;

  explicit FieldLister(Values& values, std::string prefix = {})
      : values_(values), prefix_(std::move(prefix)) {}

  template <class T>
  NoChecks operator()(std::string_view key, T& member, std::string_view) {
    std::string full_key = join_key(prefix_, key);
    if constexpr (Section<T>) {
      FieldLister inner(values_, std::move(full_key));
      member.visit(inner);
    } else {
      values_.emplace_back(std::move(full_key), print_value(member));
    }
    return {};
  }

 private:
  Values& values_;
  std::string prefix_;
};

}  // namespace temper::recipe
