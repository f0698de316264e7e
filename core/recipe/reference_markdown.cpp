#include <fmt/format.h>

#include <string_view>

#include "core/recipe/field_kinds.h"
#include "core/recipe/foreign_names.h"
#include "core/recipe/recipe_io.h"

namespace temper::recipe {
namespace {

constexpr std::string_view kIntroduction = R"(# Recipe and cluster reference

This page is written by `temper recipe reference` from the declarations in `core/recipe/`; a test
keeps it up to date.

A **recipe** says what to train, a **cluster file** says where:
`temper run recipes/quickstart.yaml --on configs/local.yaml`. Both are YAML. A small recipe:

```yaml
name: my-first-adapter
model: {base: models/smollm2-135m-instruct.gguf}
data: {train: data/chats.jsonl}
duration: {epochs: 3}
```

Everything else has a default, shown below. `temper plan` prints the recipe with all of them.

## How files are read

- **Strictly.** An unknown key, a value of the wrong type or out of bounds, or values that don't go
  together stop the program before anything starts. All errors are reported at once, each as
  `file:line:column: key: what is wrong, the value, what to do`.
- **Numbers** are decimal: `1000`, `0.5`, `2e-4`. An integer has no point and no exponent. Booleans
  are `true` and `false`. Text needs quotes only where YAML asks for them.
- **`--set key=value`** replaces or adds a value: `--set optimizer.lr=1e-4`,
  `--set data.train.0.path=other.jsonl` (the first source; an index one past the end appends),
  `--set 'adapter.targets=[q_proj, v_proj]'`. It may be repeated; the last one wins.
- **`${env:NAME}`** in a text is replaced by the environment variable; one that is not set is an
  error. `$${` stands for `${`.
- **Short forms:** `train: chats.jsonl` stands for `train: [{path: chats.jsonl}]`, and so for `eval`.
- A file has at most 1 MiB. YAML's anchors and aliases work; tags and merge keys are errors.
)";

constexpr std::string_view kRules = R"(
## What has to go together

- `duration` has exactly one of `epochs` and `steps`.
- `batch.slots` is at most `batch.samples`.
- `optimizer.betas` are two numbers.
- `model.init: random` needs `adapter.type: none`: random weights under an adapter stay random.
- With `adapter.type: none` the other keys of `adapter` keep their defaults.
- `schedule.warmup` from 1 on is a whole number of steps, no more than `duration.steps`. With `wsd`,
  warm-up and `decay` together take at most the whole run. `decay` is for `wsd` only, and a
  `constant` schedule has no `min_lr_ratio`.
- `eval.every` and `eval.samples` need `data.eval`.
- Regexes in `adapter` compile (Python's syntax).
- `name` names a directory: letters, digits, `.`, `_`, `-`, at most 100.
- `model.dtype: bf16` and `tf32` need GPUs: `resources.gpus` in the cluster file.

A run may be resumed with a changed recipe only if the change can't alter the result: `name`,
`data.eval`, and everything in `eval` and `checkpoint` may change.
)";

constexpr std::string_view kForeignIntroduction = R"(
## Coming from another framework

The names of axolotl, Hugging Face Trainer and TRL, LLaMA-Factory, torchtune and llm-foundry are not
accepted, but understood: the error names the key here.

| There | Here | Mind |
|---|---|---|
)";

/// Text for a cell: '|' would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '|' ? "\\|" : std::string(1, c);
  }
  return escaped;
}

std::string section_of(const std::string& key) {
  const std::size_t dot = key.find('.');
  return dot == std::string::npos ? std::string() : key.substr(0, dot);
}

std::string default_cell(const KeyReference& reference) {
  const std::string& value = reference.default_value;
  const bool is_word = value == "required" || value == "unset";
  return is_word ? value : fmt::format("`{}`", cell(value));
}

void append_rows(std::string& page, const std::vector<KeyReference>& references,
                 std::string_view section) {
  page += "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const KeyReference& reference : references) {
    if (section_of(reference.key) != section) {
      continue;
    }
    const std::string bounds =
        reference.bounds.empty() ? "" : fmt::format(" ({})", cell(reference.bounds));
    page += fmt::format("| `{}` | {}{} | {} | {}. |\n", reference.key, cell(reference.type), bounds,
                        default_cell(reference), cell(reference.help));
  }
}

/// Collects the help of the sections, which are no keys of their own.
struct SectionHelp {
  std::vector<std::pair<std::string, std::string>>& sections;

  template <class T>
  NoChecks operator()(std::string_view key, T&, std::string_view help) {
    if constexpr (Section<T>) {
      sections.emplace_back(key, help);
    }
    return {};
  }
};

void append_recipe(std::string& page) {
  const std::vector<KeyReference> references = recipe_keys();
  page += "\n## Recipe\n\n";
  append_rows(page, references, "");
  std::vector<std::pair<std::string, std::string>> sections;
  SectionHelp visitor{sections};
  Recipe recipe;
  recipe.visit(visitor);
  for (const auto& [section, help] : sections) {
    page += fmt::format("\n### {}\n\n{}.\n\n", section, help);
    append_rows(page, references, section);
  }
}

void append_foreign_names(std::string& page) {
  page += kForeignIntroduction;
  for (const ForeignName& foreign : foreign_names()) {
    page += fmt::format("| `{}` | {} | {} |\n", foreign.name,
                        foreign.key.empty() ? "—" : fmt::format("`{}`", foreign.key),
                        cell(foreign.note));
  }
}

}  // namespace

std::string reference_markdown() {
  std::string page(kIntroduction);
  append_recipe(page);
  page += kRules;
  page += "\n## Cluster file\n\n";
  append_rows(page, cluster_keys(), "");
  append_foreign_names(page);
  return page;
}

}  // namespace temper::recipe
