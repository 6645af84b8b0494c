#include "analysis/streams.h"

#include <algorithm>
#include <charconv>

namespace tiptoe::analysis {
namespace {

std::optional<u32> parse_number(std::string_view text) {
  u32 number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Matches>
std::vector<u32> streams_where(const trace::Program& program, Matches matches) {
  std::vector<u32> found;
  for (u32 i = 0; i < program.streams.size(); ++i) {
    if (matches(program.streams[i])) found.push_back(i);
  }
  return found;
}

std::string known_threads(const trace::Program& program) {
  constexpr size_t kEnough = 12;
  std::string list;
  for (size_t i = 0; i < program.streams.size() && i < kEnough; ++i) {
    const trace::Stream& stream = program.streams[i];
    list += (i == 0 ? "" : ", ") + std::to_string(program.thread(stream).tid) + " (" +
            stream_name(program, stream) + ")";
  }
  return program.streams.size() > kEnough ? list + "..." : list;
}

// A number is a tid first, a stream number where no thread has that tid.
std::vector<u32> select_thread(const trace::Program& program, const std::string& name) {
  const size_t dot = name.find('.');
  const auto number = parse_number(std::string_view(name).substr(dot + 1));
  if (!number) return {};
  if (dot != std::string::npos) {
    const auto image = parse_number(std::string_view(name).substr(0, dot));
    if (!image) return {};
    return streams_where(program, [&](const trace::Stream& stream) {
      return program.images[stream.image].number == *image &&
             program.thread(stream).stream == *number;
    });
  }
  std::vector<u32> found = streams_where(program, [&](const trace::Stream& stream) {
    return program.thread(stream).tid == static_cast<i32>(*number);
  });
  if (!found.empty()) return found;
  return streams_where(program, [&](const trace::Stream& stream) {
    return program.thread(stream).stream == *number;
  });
}

}  // namespace

Expected<std::vector<u32>> select_streams(const trace::Program& program,
                                          const StreamFilter& filter) {
  std::vector<u32> selected;
  if (filter.thread.empty()) {
    selected = streams_where(program, [](const trace::Stream&) { return true; });
  } else {
    selected = select_thread(program, filter.thread);
    if (selected.empty()) {
      return Error{"no thread " + filter.thread + " in the trace; there are " +
                   known_threads(program)};
    }
  }
  if (!filter.process) return selected;
  std::erase_if(selected, [&](u32 index) {
    return pid_of(program, program.streams[index]) != *filter.process;
  });
  if (selected.empty()) {
    return Error{"nothing of process " + std::to_string(*filter.process) +
                 " in the trace; tiptoe info lists the processes"};
  }
  return selected;
}

std::string stream_name(const trace::Program& program, const trace::Stream& stream) {
  return std::to_string(program.images[stream.image].number) + "." +
         std::to_string(program.thread(stream).stream);
}

i32 pid_of(const trace::Program& program, const trace::Stream& stream) {
  const trace::Image& image = program.images[stream.image];
  const trace::Process* process = image.find_process(program.thread(stream).process);
  return process == nullptr ? image.pid : process->pid;
}

std::string stream_title(const trace::Program& program, const trace::Stream& stream) {
  const std::string& path = program.images[stream.image].info.path;
  const std::string base = path.substr(path.rfind('/') + 1);
  const i32 pid = pid_of(program, stream);
  const i32 tid = program.thread(stream).tid;
  std::string title = "thread " + std::to_string(tid);
  if (pid != tid) title += " of process " + std::to_string(pid);
  return base.empty() ? title : title + " (" + base + ")";
}

}  // namespace tiptoe::analysis
