#include "launcher/cli/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/spelling.h"

namespace temper::launch {
namespace {

constexpr const char* kVersion = "temper " TEMPER_VERSION;

/// CLI11 would say "argument was not expected"; the reader wants to know which verbs there are.
void check_verb(int argc, const char* const* argv, std::span<const Verb> verbs) {
  if (argc < 2 || std::string_view(argv[1]).starts_with('-')) {
    return;
  }
  const std::string_view given = argv[1];
  std::vector<std::string> names;
  std::string list;
  for (const Verb& verb : verbs) {
    if (given == verb.name) {
      return;
    }
    names.emplace_back(verb.name);
    list += std::string(list.empty() ? "" : ", ") + verb.name;
  }
  throw UserError("unknown command '" + std::string(given) + "'" + did_you_mean(given, names) +
                  "; the commands are " + list);
}

int parse_and_run(int argc, const char* const* argv, std::span<const Verb> verbs,
                  Context& context) {
  check_verb(argc, argv, verbs);
  CLI::App app("Temper trains language models from one recipe, with the same result everywhere.",
               "temper");
  app.set_version_flag("--version", kVersion, "Print the version");
  app.require_subcommand(1);
  Action action;
  for (const Verb& verb : verbs) {
    verb.add(*app.add_subcommand(verb.name, verb.summary), action);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked, context.out, context.err);
  } catch (const CLI::ParseError& error) {
    const std::string verb = argc > 1 ? std::string(argv[1]) + " " : "";
    throw UserError(std::string(error.what()) + "; see `temper " +
                    (verb.starts_with('-') ? "" : verb) + "--help`");
  }
  return action(context);
}

}  // namespace

int run_command_line(int argc, const char* const* argv, std::span<const Verb> verbs,
                     Context& context) {
  try {
    return parse_and_run(argc, argv, verbs, context);
  } catch (const std::exception& error) {
    context.out.flush();
    context.err << "temper: " << error.what() << std::endl;
    return static_cast<int>(exit_code_of(error));
  }
}

}  // namespace temper::launch
