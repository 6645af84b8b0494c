#include "record/process_ids.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "inject/process_facts.h"

namespace tiptoe::record {
namespace {

// The last number of the NSpid line is the id in the innermost namespace.
bool sees_itself_as(pid_t tid, pid_t inner) {
  const auto ids = inject::status_field(tid, "NSpid");
  if (!ids) return false;
  const size_t last = ids->find_last_of('\t');
  return std::atoi(ids->c_str() + (last == std::string::npos ? 0 : last + 1)) == inner;
}

bool is_alive(pid_t tid) {
  const auto state = inject::status_field(tid, "State");
  return state && !state->starts_with('Z') && !state->starts_with('X');
}

enum class Maps { kNo, kUnknown, kYes };

Maps maps_segment(pid_t tid, const SegmentIdentity& segment) {
  const auto mappings = inject::read_mappings(tid);
  if (!mappings || mappings->empty()) return is_alive(tid) ? Maps::kUnknown : Maps::kNo;
  const bool found = std::any_of(mappings->begin(), mappings->end(), [&](const auto& mapping) {
    return mapping.inode == segment.inode && mapping.device == segment.device;
  });
  return found ? Maps::kYes : Maps::kNo;
}

// The recorder, or its child the warden.
bool is_tiptoe(pid_t pid) {
  if (pid == getpid()) return true;
  struct stat ours {
  }, theirs{};
  return inject::status_field(pid, "PPid") == std::to_string(getpid()) &&
         stat("/proc/self/exe", &ours) == 0 &&
         stat(("/proc/" + std::to_string(pid) + "/exe").c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

// Cheap, and true of nearly every process of a machine: its ids are the same for us.
bool is_in_our_pid_namespace(const std::string& process) {
  struct stat ours {
  }, theirs{};
  return stat("/proc/self/ns/pid", &ours) == 0 &&
         stat((process + "/ns/pid").c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino;
}

// Among all threads of the processes of other namespaces.
std::optional<pid_t> search_namespaces(pid_t inner, const SegmentIdentity& segment) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const std::string path = process.path();
    if (path.find_first_not_of("0123456789", 6) != std::string::npos) continue;
    if (is_in_our_pid_namespace(path)) continue;
    std::error_code gone;
    for (const auto& task : fs::directory_iterator(path + "/task", gone)) {
      const pid_t tid = std::atoi(task.path().filename().c_str());
      if (sees_itself_as(tid, inner) && maps_segment(tid, segment) == Maps::kYes) return tid;
    }
  }
  return std::nullopt;
}

}  // namespace

SegmentIdentity SegmentIdentity::of(int memfd) {
  struct stat info {};
  fstat(memfd, &info);
  return {info.st_dev, info.st_ino};
}

std::optional<pid_t> find_thread(pid_t inner, const SegmentIdentity& segment) {
  const Maps here = sees_itself_as(inner, inner) ? maps_segment(inner, segment) : Maps::kNo;
  if (here == Maps::kYes) return inner;
  if (const auto found = search_namespaces(inner, segment)) return found;
  // A living process whose mappings we may not see is given the benefit of the doubt.
  return here == Maps::kUnknown ? std::optional(inner) : std::nullopt;
}

std::vector<pid_t> processes_mapping(const SegmentIdentity& segment) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(process.path().filename().c_str());
    if (pid == 0) continue;
    if (maps_segment(pid, segment) == Maps::kYes && !is_tiptoe(pid)) found.push_back(pid);
  }
  return found;
}

}  // namespace tiptoe::record
