// tiptoe info: what was run, when, by what, and whether the trace is whole.
#include <ctime>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/info.h"
#include "cli/output.h"
#include "cli/trace_input.h"
#include "cli/verbs.h"

namespace tiptoe::cli {
namespace {

using nlohmann::json;

struct Options {
  InputOptions input;
  bool json = false;
};

std::string command_line(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& argument : argv) line += (line.empty() ? "" : " ") + argument;
  return line;
}

std::string date_of(u64 unix_ns) {
  const time_t seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[40];
  return std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0 ? "" : text;
}

std::string name_of(trace::EndReason reason) {
  switch (reason) {
    case trace::EndReason::kProgramEnded:
      return "program ended";
    case trace::EndReason::kStopped:
      return "recording was stopped";
    case trace::EndReason::kDiskFull:
      return "disk full: recording ended early";
    case trace::EndReason::kWriteFailed:
      return "write error: recording ended early";
  }
  return "for an unknown reason";
}

std::string build_id_of(const trace::Program& program, const trace::Module& module) {
  const trace::ModuleIdentity* identity = program.identity_of(module);
  if (identity == nullptr) return {};
  return hex_bytes(
      {reinterpret_cast<const char*>(identity->build_id.data()), identity->build_id.size()});
}

// Everything that is wrong, from opening to the last word.
std::vector<std::string> all_problems(const TraceInput& input,
                                      const analysis::TraceCounts& counts) {
  std::vector<std::string> problems;
  for (const trace::Integrity* integrity :
       {&input.reader().integrity(), &input.program().problems, &counts.problems}) {
    problems.insert(problems.end(), integrity->problems.begin(), integrity->problems.end());
    if (integrity->problem_count > integrity->problems.size()) {
      problems.push_back("... and " +
                         with_commas(integrity->problem_count - integrity->problems.size()) +
                         " more");
    }
  }
  return problems;
}

u64 dropped_words(const TraceInput& input, const analysis::TraceCounts& counts) {
  const auto& end = input.reader().end();
  return counts.total.unnamed_exits +
         std::max(counts.total.dropped_words, end ? end->totals.dropped_words : 0);
}

// --- text
// -----------------------------------------------------------------------------------------

void print_session(const TraceInput& input, const analysis::TraceCounts& counts) {
  const trace::SessionInfo& session = input.program().session;
  const analysis::StreamCounts& total = counts.total;
  const auto row = [](const char* label, const std::string& value) {
    print(left(label, 12) + printable(value) + "\n");
  };
  row("trace", input.reader().name() + ", " + in_bytes(input.reader().file_bytes()));
  row("command", command_line(session.argv));
  row("directory", session.cwd);
  row("recorded", date_of(session.start_ns) + " by tiptoe " + session.version +
                      (session.machine.empty() ? "" : " on " + session.machine));
  const auto& end = input.reader().end();
  row("ended", end ? name_of(end->reason) + ", " + describe_wait_status(end->totals.wait_status)
                   : "no end marker: the recorder was killed, or the file was cut");
  if (input.has_flow()) {
    row("executed", with_commas(total.instructions) + " instructions in " +
                        with_commas(total.blocks) + " blocks");
    row("events",
        with_commas(total.syscalls) + " system calls, " + with_commas(total.signals) + " signals");
  } else {
    row("mode", "coverage: which instructions were executed (tiptoe report), not in what order");
  }
  const u64 dropped = dropped_words(input, counts);
  row("drops", dropped == 0 ? "none" : with_commas(dropped) + " words");
  if (total.unknown_exits + total.path_breaks != 0) {
    row("path", with_commas(total.path_breaks) + " breaks, " + with_commas(total.unknown_exits) +
                    " exits of unknown blocks");
  }
}

void print_process(const TraceInput& input, const analysis::TraceCounts& counts,
                   const trace::Image& image, const trace::Process& process) {
  const trace::Program& program = input.program();
  std::string line = "  process " + std::to_string(process.pid);
  if (process.parent != 0) line += ", forked by " + std::to_string(process.parent_pid);
  if (process.exec) line += ", went on as another program";
  if (process.wait_status) line += ", " + describe_wait_status(*process.wait_status);
  print(line + "\n");
  for (size_t i = 0; i < program.streams.size(); ++i) {
    const trace::Stream& stream = program.streams[i];
    const trace::Thread& thread = program.thread(stream);
    if (&program.images[stream.image] != &image || thread.process != process.number) continue;
    const analysis::StreamCounts& one = counts.streams[i];
    print("    thread " + left(std::to_string(thread.tid), 8) + " stream " +
          left(analysis::stream_name(program, stream), 7) +
          right(with_commas(one.instructions), 16) + " instructions" +
          (one.ended || process.exec ? "" : ", end not recorded") + "\n");
  }
}

void print_images(const TraceInput& input, const analysis::TraceCounts& counts) {
  for (const trace::Image& image : input.program().images) {
    print("\nimage " + std::to_string(image.number) + ": " + printable(image.info.path) + "  " +
          with_commas(image.blocks.size()) + " blocks of code\n");
    for (const trace::Process& process : image.processes) {
      print_process(input, counts, image, process);
    }
  }
}

void print_modules(const trace::Program& program) {
  print("\nmodules\n");
  std::set<std::string> seen;
  for (const trace::Module& module : program.modules) {
    const std::string name = module.path.empty() ? "[anonymous]" : printable(module.path);
    const std::string build_id = build_id_of(program, module);
    std::string line = "  " + right(hex(module.start), 14) + "-" +
                       left(hex(module.start + module.bytes), 14) + "  " + name;
    if (!build_id.empty()) line += "  build-id " + build_id;
    // Forked children and repeated runs map the same things again.
    if (seen.insert(line).second) print(line + "\n");
  }
}

void print_list(const char* title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  print(std::string("\n") + title + "\n");
  for (const std::string& line : lines) print("  " + printable(line) + "\n");
}

void print_text(const TraceInput& input, const analysis::TraceCounts& counts) {
  print_session(input, counts);
  const std::vector<std::string> problems = all_problems(input, counts);
  print(left("integrity", 12) + (problems.empty() ? "whole" : "not whole, see below") + "\n");
  print_images(input, counts);
  print_modules(input.program());
  print_list("notes", input.program().notes);
  print_list("problems", problems);
}

// --- JSON
// -----------------------------------------------------------------------------------------

json json_of(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& text : texts) list.push_back(valid_utf8(text));
  return list;
}

json json_of(const analysis::StreamCounts& counts) {
  return {{"instructions", counts.instructions},
          {"blocks", counts.blocks},
          {"words", counts.words},
          {"syscalls", counts.syscalls},
          {"signals", counts.signals},
          {"dropped_words", counts.dropped_words},
          {"unknown_exits", counts.unknown_exits},
          {"path_breaks", counts.path_breaks},
          {"missing_chunks", counts.missing_chunks}};
}

json images_json(const TraceInput& input) {
  json list = json::array();
  for (const trace::Image& image : input.program().images) {
    json processes = json::array();
    for (const trace::Process& process : image.processes) {
      json entry = {{"pid", process.pid}, {"exec", process.exec}};
      if (process.parent != 0) entry["parent_pid"] = process.parent_pid;
      if (process.wait_status) entry["wait_status"] = *process.wait_status;
      processes.push_back(entry);
    }
    list.push_back({{"image", image.number},
                    {"path", valid_utf8(image.info.path)},
                    {"argv", json_of(image.info.argv)},
                    {"blocks", image.blocks.size()},
                    {"processes", processes}});
  }
  return list;
}

json threads_json(const TraceInput& input, const analysis::TraceCounts& counts) {
  const trace::Program& program = input.program();
  json list = json::array();
  for (size_t i = 0; i < program.streams.size(); ++i) {
    const trace::Stream& stream = program.streams[i];
    json entry = json_of(counts.streams[i]);
    entry["tid"] = program.thread(stream).tid;
    entry["pid"] = analysis::pid_of(program, stream);
    entry["image"] = program.images[stream.image].number;
    entry["stream"] = program.thread(stream).stream;
    entry["ended"] = counts.streams[i].ended;
    list.push_back(entry);
  }
  return list;
}

json modules_json(const trace::Program& program) {
  json list = json::array();
  for (const trace::Module& module : program.modules) {
    list.push_back({{"image", module.image},
                    {"process", module.process},
                    {"path", valid_utf8(module.path)},
                    {"start", module.start},
                    {"bytes", module.bytes},
                    {"file_offset", module.file_offset},
                    {"tsc", module.tsc},
                    {"build_id", build_id_of(program, module)}});
  }
  return list;
}

void print_json(const TraceInput& input, const analysis::TraceCounts& counts) {
  const trace::SessionInfo& session = input.program().session;
  const auto& end = input.reader().end();
  json root = {{"file", valid_utf8(input.reader().name())},
               {"file_bytes", input.reader().file_bytes()},
               {"command", json_of(session.argv)},
               {"directory", valid_utf8(session.cwd)},
               {"start_ns", session.start_ns},
               {"tiptoe_version", valid_utf8(session.version)},
               {"machine", valid_utf8(session.machine)},
               {"mode", input.has_flow() ? "flow" : "coverage"},
               {"complete", end.has_value()},
               {"counts", json_of(counts.total)},
               {"images", images_json(input)},
               {"threads", threads_json(input, counts)},
               {"modules", modules_json(input.program())},
               {"notes", json_of(input.program().notes)},
               {"problems", json_of(all_problems(input, counts))}};
  root["counts"]["dropped_words"] = dropped_words(input, counts);
  if (end) {
    root["end"] = {{"reason", name_of(end->reason)}, {"wait_status", end->totals.wait_status}};
  }
  print(root.dump(2) + "\n");
}

int info(const Options& options) {
  const auto input = TraceInput::open(options.input);
  if (!input) return fail(input.error().message, kFailed);
  const analysis::TraceCounts counts =
      analysis::count_everything((*input)->reader(), (*input)->program());
  if (options.json) {
    print_json(**input, counts);
  } else {
    print_text(**input, counts);
  }
  return (*input)->conclude(counts.problems);
}

}  // namespace

void add_info_verb(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("info", "What a trace holds, and whether it is whole");
  add_file_option(*verb, options->input);
  verb->add_flag("--json", options->json, "Print JSON");
  verb->callback([options, &status] { status = info(*options); });
}

}  // namespace tiptoe::cli
