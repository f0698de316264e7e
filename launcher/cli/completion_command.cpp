#include <memory>
#include <string>

#include "launcher/cli/completion.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {

void add_completion(CLI::App& app, Action& action) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")->required();
  app.callback([&action, &app, shell] {
    // The program is known as a whole once all verbs are added.
    const std::string script = completion_script(*shell, *app.get_parent());
    action = [script](Context& context) {
      context.out << script << std::flush;
      return 0;
    };
  });
}

}  // namespace temper::launch
