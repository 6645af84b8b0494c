#include "record/session_info.h"

#include <cpuid.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <filesystem>
#include <fstream>

#include "inject/process_facts.h"

namespace tiptoe::record {
namespace {

u64 now_ns() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

// What the processor, or else the hypervisor, says of the time stamp counter's rate; 0 when neither
// does.
u64 tsc_frequency() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(0x15, &eax, &ebx, &ecx, &edx) && eax && ebx && ecx) {
    return u64{ecx} * ebx / eax;  // crystal frequency * ratio
  }
  __cpuid(1, eax, ebx, ecx, edx);
  if (!(ecx >> 31)) return 0;  // not under a hypervisor
  __cpuid(0x40000000, eax, ebx, ecx, edx);
  if (eax < 0x40000010) return 0;
  __cpuid(0x40000010, eax, ebx, ecx, edx);
  return u64{eax} * 1000;  // kHz
}

std::vector<std::string> split_at_zeros(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\0', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace

trace::SessionInfo describe_session(const std::vector<std::string>& argv, std::string version,
                                    trace::RecordMode mode) {
  trace::SessionInfo info;
  info.argv = argv;
  std::error_code error;
  info.cwd = std::filesystem::current_path(error);
  info.start_ns = now_ns();
  info.start_tsc = __rdtsc();
  info.tsc_hz = tsc_frequency();
  info.version = std::move(version);
  info.machine = processor_model();
  info.mode = mode;
  return info;
}

trace::ImageInfo describe_image(pid_t pid) {
  trace::ImageInfo info;
  std::error_code error;
  info.path = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
  info.argv = split_at_zeros(inject::read_proc_file(pid, "cmdline").value_or(""));
  info.tsc = __rdtsc();
  return info;
}

}  // namespace tiptoe::record
