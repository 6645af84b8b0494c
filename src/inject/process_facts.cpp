#include "inject/process_facts.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "inject/unique_fd.h"

namespace tiptoe::inject {
namespace {

// The kernel writes a newline in a path as \012; nothing else is escaped.
std::string unescape_newlines(std::string path) {
  for (size_t at = path.find("\\012"); at != std::string::npos; at = path.find("\\012", at)) {
    path.replace(at, 4, "\n");
  }
  return path;
}

std::optional<Mapping> parse_mapping(const std::string& line) {
  Mapping mapping;
  char flags[5] = {};
  unsigned major_number = 0, minor_number = 0;
  int path_at = 0;
  if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
                  &mapping.start, &mapping.end, flags, &mapping.file_offset, &major_number,
                  &minor_number, &mapping.inode, &path_at) != 7) {
    return std::nullopt;
  }
  if (flags[0] == 'r') mapping.protection |= PROT_READ;
  if (flags[1] == 'w') mapping.protection |= PROT_WRITE;
  if (flags[2] == 'x') mapping.protection |= PROT_EXEC;
  mapping.is_shared = flags[3] == 's';
  mapping.device = makedev(major_number, minor_number);
  if (path_at > 0) mapping.path = unescape_newlines(line.substr(path_at));
  return mapping;
}

std::map<u64, u64> parse_auxv(const std::string& bytes) {
  std::map<u64, u64> values;
  Elf64_auxv_t entry;
  for (size_t at = 0; at + sizeof(entry) <= bytes.size(); at += sizeof(entry)) {
    std::memcpy(&entry, bytes.data() + at, sizeof(entry));
    if (entry.a_type == AT_NULL) break;
    values[entry.a_type] = entry.a_un.a_val;
  }
  return values;
}

}  // namespace

std::optional<std::string> read_proc_file(pid_t pid, std::string_view name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + std::string(name);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(fd.get(), buffer, sizeof(buffer));
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

std::optional<std::string> status_field(pid_t pid, std::string_view key) {
  const std::optional<std::string> text = read_proc_file(pid, "status");
  if (!text) return std::nullopt;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() <= key.size() || !line.starts_with(key) || line[key.size()] != ':') continue;
    const size_t value = line.find_first_not_of(" \t", key.size() + 1);
    return value == std::string::npos ? std::string() : line.substr(value);
  }
  return std::nullopt;
}

namespace {

// prlimit is refused for a process of another user, /proc/PID/limits is not.
u64 soft_limit(pid_t pid, __rlimit_resource resource, std::string_view line_start) {
  rlimit64 limit{};
  if (prlimit64(pid, resource, nullptr, &limit) == 0) return limit.rlim_cur;  // ~0: no limit
  std::istringstream lines(read_proc_file(pid, "limits").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(line_start)) continue;
    const size_t value = line.find_first_not_of(' ', line_start.size());
    if (value != std::string::npos && line[value] != 'u') {
      return std::strtoull(line.c_str() + value, nullptr, 10);
    }
  }
  return ~u64{0};
}

}  // namespace

std::optional<std::vector<Mapping>> read_mappings(pid_t pid) {
  const std::optional<std::string> text = read_proc_file(pid, "maps");
  if (!text) return std::nullopt;
  std::vector<Mapping> mappings;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::optional<Mapping> mapping = parse_mapping(line);
    if (!mapping) return std::nullopt;
    mappings.push_back(std::move(*mapping));
  }
  return mappings;
}

u64 ProcessFacts::aux(u64 type) const {
  const auto found = auxv.find(type);
  return found == auxv.end() ? 0 : found->second;
}

const Mapping* ProcessFacts::mapping_at(u64 address) const {
  for (const Mapping& mapping : mappings) {
    if (mapping.start <= address && address < mapping.end) return &mapping;
  }
  return nullptr;
}

const Mapping* ProcessFacts::mapping_named(std::string_view path) const {
  for (const Mapping& mapping : mappings) {
    if (mapping.path == path) return &mapping;
  }
  return nullptr;
}

Expected<ProcessFacts> read_process_facts(pid_t pid) {
  ProcessFacts facts;
  std::optional<std::vector<Mapping>> mappings = read_mappings(pid);
  const std::optional<std::string> auxv = read_proc_file(pid, "auxv");
  if (!mappings || !auxv) {
    return Error{"cannot read /proc/" + std::to_string(pid) + "/maps and auxv; is /proc mounted?"};
  }
  facts.mappings = std::move(*mappings);
  facts.auxv = parse_auxv(*auxv);
  facts.stack_limit_bytes = soft_limit(pid, RLIMIT_STACK, "Max stack size");
  facts.mmap_limit_bytes = std::min(soft_limit(pid, RLIMIT_AS, "Max address space"),
                                    soft_limit(pid, RLIMIT_DATA, "Max data size"));
  if (const auto text = read_proc_file(pid, "personality")) {
    facts.personality = std::strtoull(text->c_str(), nullptr, 16);
  }
  return facts;
}

}  // namespace tiptoe::inject
