#include "core/recipe/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "core/recipe/yaml_text.h"

namespace temper::recipe {
namespace {

Place place_of(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1, false};
}

/// Stops yaml-cpp in the middle of a document.
struct Refused {
  YamlProblem problem;
};

std::size_t count_nodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) {
    count += count_nodes(item);
  }
  for (const YamlNode::Entry& entry : node.entries) {
    count += count_nodes(entry.value);
  }
  return count;
}

int depth_of(const YamlNode& node) {
  int depth = 0;
  for (const YamlNode& item : node.items) {
    depth = std::max(depth, depth_of(item));
  }
  for (const YamlNode::Entry& entry : node.entries) {
    depth = std::max(depth, depth_of(entry.value));
  }
  return depth + 1;
}

/// Builds the tree from events. Open containers are on a stack; a map that has read a key waits for
/// its value in `pending_key`.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  YamlDocument take() { return {std::move(root_), std::move(problems_), true}; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.place = place_of(mark);
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      refuse(mark, "an alias inside the value that it names; write the value out");
    }
    // Copying is what makes small files large, so the copies count against the bounds.
    count(mark, count_nodes(found->second));
    if (static_cast<int>(open_.size()) + depth_of(found->second) > kMaxYamlDepth) {
      refuse_depth(mark);
    }
    add_counted(YamlNode(found->second));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.place = place_of(mark);
    node.text = value;
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!node.quoted) {
      check_tag(mark, tag);
    } else if (!is_quote_closed(text_, static_cast<std::size_t>(mark.pos))) {
      refuse(mark, "a quote that is not closed before the end of the file; close it");
    }
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<std::pair<std::string, Place>> pending_key;
    bool skip_value = false;  // of a key that can't be kept
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string message) {
    throw Refused{{place_of(mark), std::move(message)}};
  }

  [[noreturn]] void refuse_depth(const YAML::Mark& mark) {
    refuse(mark, fmt::format("nested more than {} levels deep; no key needs that", kMaxYamlDepth));
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    num_nodes_ += nodes;
    if (num_nodes_ > kMaxYamlNodes) {
      refuse(mark, fmt::format("more than {} values (aliases count each time they are used); "
                               "shorten the file",
                               kMaxYamlNodes));
    }
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      problems_.push_back(
          {place_of(mark), fmt::format("tag '{}' is not used here; remove it", tag)});
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    check_tag(mark, tag);
    if (static_cast<int>(open_.size()) + 1 >= kMaxYamlDepth) {
      refuse_depth(mark);
    }
    count(mark, 1);
    Open container;
    container.node.kind = kind;
    container.node.place = place_of(mark);
    container.anchor = anchor;
    open_.push_back(std::move(container));
  }

  void close() {
    Open container = std::move(open_.back());
    open_.pop_back();
    if (container.anchor != 0) {
      anchored_.insert_or_assign(container.anchor, container.node);
    }
    add_counted(std::move(container.node));
  }

  void add(YamlNode node, YAML::anchor_t anchor) {
    YAML::Mark mark;
    mark.line = node.place.line - 1;
    mark.column = node.place.column - 1;
    count(mark, 1);
    if (anchor != 0) {
      anchored_.insert_or_assign(anchor, node);
    }
    add_counted(std::move(node));
  }

  void add_counted(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.pending_key) {
      begin_entry(parent, node);
    } else {
      if (!parent.skip_value) {
        parent.node.entries.push_back(
            {std::move(parent.pending_key->first), parent.pending_key->second, std::move(node)});
      }
      parent.pending_key.reset();
      parent.skip_value = false;
    }
  }

  void begin_entry(Open& parent, const YamlNode& key) {
    parent.pending_key.emplace(key.text, key.place);
    if (!key.is_scalar()) {
      problems_.push_back({key.place, "a key must be text; quote it or remove it"});
      parent.skip_value = true;
      return;
    }
    const auto& entries = parent.node.entries;
    const auto first = std::find_if(entries.begin(), entries.end(),
                                    [&](const auto& entry) { return entry.key == key.text; });
    if (first != entries.end()) {
      problems_.push_back(
          {key.place, fmt::format("duplicate key '{}', first on line {}; remove one", key.text,
                                  first->key_place.line)});
      parent.skip_value = true;
    }
  }

  std::string_view text_;  // yaml-cpp takes the end of the file for a closing quote
  YamlNode root_;
  std::vector<YamlProblem> problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchored_;
  std::size_t num_nodes_ = 0;
};

YamlProblem describe_syntax_error(const YAML::Exception& error, std::string_view text) {
  const Place place = error.mark.is_null() ? Place{} : place_of(error.mark);
  const std::string_view advice = is_indented_with_tab(text, place.line)
                                      ? "indent with spaces, this line has a tab"
                                      : "check indentation, colons and quotes here and just above";
  return {place, fmt::format("not valid YAML ({}); {}", error.msg, advice)};
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) {
      return &entry.value;
    }
  }
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view key) {
  return const_cast<YamlNode*>(std::as_const(*this).find(key));
}

YamlDocument parse_yaml(std::string_view text) {
  if (std::optional<YamlProblem> problem = check_yaml_text(text)) {
    return {{}, {std::move(*problem)}, false};
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);  // a byte order mark is not counted in places
  }
  TreeBuilder builder(text);
  std::optional<YamlProblem> stopped;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(text);
    if (parser.HandleNextDocument(second)) {
      stopped = YamlProblem{second.take().root.place,
                            "a second YAML document; keep one, without '---' between"};
    }
  } catch (const Refused& refused) {
    stopped = refused.problem;
  } catch (const YAML::Exception& error) {
    stopped = describe_syntax_error(error, text);
  }
  YamlDocument document = builder.take();
  if (stopped) {
    document.problems.push_back(std::move(*stopped));
    document.complete = false;
  }
  return document;
}

}  // namespace temper::recipe
