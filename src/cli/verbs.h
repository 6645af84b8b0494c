// The verbs of the command, one function and one file each.
//
// Each function adds its subcommand, options and help to `app`. When the verb was given, its
// callback does the work and stores the command's exit status in `status`; errors are told by
// fail() of cli/output.h.
#pragma once

#include <CLI/CLI.hpp>

namespace tiptoe::cli {

void add_record_verb(CLI::App& app, int& status);  // verb_record.cpp
void add_run_verb(CLI::App& app, int& status);     // verb_run.cpp
void add_info_verb(CLI::App& app, int& status);    // verb_info.cpp
void add_report_verb(CLI::App& app, int& status);  // verb_report.cpp
void add_calls_verb(CLI::App& app, int& status);   // verb_calls.cpp
void add_path_verb(CLI::App& app, int& status);    // verb_path.cpp
void add_export_verb(CLI::App& app, int& status);  // verb_export.cpp

// Exit statuses. `record` and `run` end with the program's own status, or with these:
constexpr int kTiptoeFailed = 125;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
// The reading verbs:
constexpr int kFailed = 1;  // nothing could be shown
constexpr int kIncomplete =
    2;  // shown, but the trace is cut or damaged, and a line on stderr says so

}  // namespace tiptoe::cli
