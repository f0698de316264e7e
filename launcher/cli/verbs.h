#pragma once

#include "launcher/cli/command_line.h"

/// One function a verb: adds its options to `app` and sets `action` to what it does.
namespace temper::launch {

void add_plan(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_submit(CLI::App& app, Action& action);
void add_completion(CLI::App& app, Action& action);
void add_attend(CLI::App& app, Action& action);
void add_join(CLI::App& app, Action& action);
void add_start_ranks(CLI::App& app, Action& action);
void add_resume(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_logs(CLI::App& app, Action& action);
void add_cancel(CLI::App& app, Action& action);
void add_checkpoints(CLI::App& app, Action& action);
void add_push(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_recipe(CLI::App& app, Action& action);
void add_tokens(CLI::App& app, Action& action);
void add_data(CLI::App& app, Action& action);

}  // namespace temper::launch
