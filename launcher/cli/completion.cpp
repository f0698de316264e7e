#include "launcher/cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "core/base/error.h"

namespace temper::launch {
namespace {

struct VerbWords {
  std::string name;
  std::string summary;
  std::vector<std::string> options;  ///< "--set", "-f" …
};

std::vector<VerbWords> words_of(const CLI::App& program) {
  std::vector<VerbWords> verbs;
  for (const CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; })) {
    VerbWords words{verb->get_name(), verb->get_description(), {}};
    for (const CLI::App* nested : verb->get_subcommands([](const CLI::App*) { return true; })) {
      words.options.push_back(nested->get_name());
    }
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        words.options.push_back("--" + name);
      }
      for (const std::string& name : option->get_snames()) {
        words.options.push_back("-" + name);
      }
    }
    verbs.push_back(std::move(words));
  }
  return verbs;
}

std::string names_of(const std::vector<VerbWords>& verbs) {
  std::string names;
  for (const VerbWords& verb : verbs) {
    names += (names.empty() ? "" : " ") + verb.name;
  }
  return names;
}

/// `case` branches that set `options` for the verb, in the syntax that bash and zsh share.
std::string branches(const std::vector<VerbWords>& verbs, std::string_view assignment) {
  std::string text;
  for (const VerbWords& verb : verbs) {
    text += fmt::format("    {}) {} ;;\n", verb.name,
                        fmt::format(fmt::runtime(assignment), fmt::join(verb.options, " ")));
  }
  return text;
}

/// Verbs that take a run.
constexpr std::string_view kRunVerbs = "status|logs|cancel|resume|attend";

std::string bash_script(const std::vector<VerbWords>& verbs) {
  return fmt::format(
      R"SCRIPT(# bash completion of temper; load it with: source <(temper completion bash)
_temper() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options="" runs=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "{}" -- "$word")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  case ${{COMP_WORDS[1]}} in
    {}) runs=$(command ls runs 2> /dev/null) ;;
  esac
  case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$runs $options" -- "$word"; compgen -f -- "$word") ;;
  esac
}}
complete -o filenames -F _temper temper
)SCRIPT",
      names_of(verbs), branches(verbs, "options=\"{}\""), kRunVerbs);
}

std::string zsh_script(const std::vector<VerbWords>& verbs) {
  return fmt::format(R"SCRIPT(#compdef temper
# zsh completion of temper; load it with: source <(temper completion zsh), after compinit
_temper() {{
  local -a options
  if (( CURRENT == 2 )); then
    compadd -- {}
    return
  fi
  case $words[2] in
{}  esac
  if [[ $words[CURRENT] == -* ]]; then
    compadd -- $options
    return
  fi
  compadd -- ${{(M)options:#[a-z]*}}
  case $words[2] in
    {}) compadd -- runs/*(N:t) ;;
  esac
  _files
}}
compdef _temper temper
)SCRIPT",
                     names_of(verbs), branches(verbs, "options=({})"), kRunVerbs);
}

/// A text between single quotes, as fish takes it.
std::string fish_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return quoted + "'";
}

std::string fish_script(const std::vector<VerbWords>& verbs) {
  std::string text =
      "# fish completion of temper; load it with: temper completion fish | source\n"
      "function __temper_runs; command ls runs 2> /dev/null; end\n";
  for (const VerbWords& verb : verbs) {
    text += fmt::format("complete -c temper -n __fish_use_subcommand -f -a {} -d {}\n", verb.name,
                        fish_text(verb.summary));
    for (const std::string& option : verb.options) {
      const std::string how = option.starts_with("--")  ? "-l " + option.substr(2)
                              : option.starts_with('-') ? "-s " + option.substr(1)
                                                        : "-a " + option;
      text += fmt::format("complete -c temper -n '__fish_seen_subcommand_from {}' {}\n", verb.name,
                          how);
    }
  }
  return text +
         "complete -c temper -n '__fish_seen_subcommand_from status logs cancel resume attend' "
         "-a '(__temper_runs)'\n";
}

}  // namespace

std::string completion_script(const std::string& shell, const CLI::App& program) {
  const std::vector<VerbWords> verbs = words_of(program);
  if (shell == "bash") {
    return bash_script(verbs);
  }
  if (shell == "zsh") {
    return zsh_script(verbs);
  }
  if (shell == "fish") {
    return fish_script(verbs);
  }
  throw UserError(fmt::format("completion: '{}' is none of bash, zsh, fish", shell));
}

}  // namespace temper::launch
