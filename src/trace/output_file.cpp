#include "trace/output_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tiptoe::trace {
namespace {

constexpr u64 kAllocationStep = 4 << 20;

u64 file_size_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return ~u64{0};
  return limit.rlim_cur;
}

bool is_full(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

Error cannot(const char* what, const std::string& name, int error) {
  return {std::string("cannot ") + what + " " + name + ": " + std::strerror(error)};
}

// Another tiptoe may create the same file at the same time, as in `tiptoe record a | tiptoe record
// b`: that one is the older then.
constexpr int kTries = 100;

Status keep_older(const std::string& name) {
  struct stat status {};
  if (lstat(name.c_str(), &status) != 0) return {};
  if (S_ISDIR(status.st_mode)) return Error{"cannot write " + name + ": it is a directory"};
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
    return Error{"cannot write " + name + ": it is not a regular file; name another with -o"};
  }
  if (rename(name.c_str(), (name + ".old").c_str()) != 0 && errno != ENOENT) {
    return cannot("keep the older file as", name + ".old", errno);
  }
  return {};
}

bool is_at(const std::string& name, int fd) {
  struct stat named {
  }, open{};
  return lstat(name.c_str(), &named) == 0 && fstat(fd, &open) == 0 && named.st_ino == open.st_ino &&
         named.st_dev == open.st_dev;
}

// Returns 0 or an errno.
int write_all(int fd, std::span<const u8> bytes, u64 offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written == 0 ? ENOSPC : errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<u64>(written);
  }
  return 0;
}

}  // namespace

Expected<OutputFile> OutputFile::create(const std::filesystem::path& path, u64 limit) {
  const std::string name = path.string();
  int fd = -1;
  for (int tries = 0; fd < 0 && tries < kTries; ++tries) {
    if (Status kept = keep_older(name); !kept) return kept.error();
    fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno != EEXIST) break;
  }
  if (fd < 0) return cannot("create", name, errno);
  // A umask may only take rights away; one that takes the owner's would make the trace unreadable.
  fchmod(fd, 0600);
  return OutputFile(fd, name, std::min(limit == 0 ? ~u64{0} : limit, file_size_limit()));
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      limit_(other.limit_),
      size_(other.size_),
      allocated_(other.allocated_),
      can_allocate_(other.can_allocate_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  std::swap(limit_, other.limit_);
  std::swap(size_, other.size_);
  std::swap(allocated_, other.allocated_);
  std::swap(can_allocate_, other.can_allocate_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool OutputFile::reserve(u64 bytes) {
  const u64 needed = size_ + bytes;
  if (needed > limit_) return false;
  if (!can_allocate_ || needed <= allocated_) return true;
  // Generously first, then exactly: near the end of the disk the small one may still fit.
  for (const u64 goal :
       {std::min(align_up(needed, kAllocationStep) + kAllocationStep, limit_), needed}) {
    if (fallocate(fd_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(allocated_),
                  static_cast<off_t>(goal - allocated_)) == 0) {
      allocated_ = goal;
      return true;
    }
    if (!is_full(errno)) {
      can_allocate_ = false;
      return true;
    }
  }
  return false;
}

Status OutputFile::append(std::span<const u8> head, std::span<const u8> tail) {
  int error = write_all(fd_, head, size_);
  if (error == 0) error = write_all(fd_, tail, size_ + head.size());
  if (error != 0) {
    if (ftruncate(fd_, static_cast<off_t>(size_)) == 0) allocated_ = size_;
    return failure("write", error);
  }
  size_ += head.size() + tail.size();
  return {};
}

Status OutputFile::close() {
  if (fd_ < 0) return {};
  int error = 0;
  if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) error = errno;
  const bool stayed = is_at(name_, fd_);
  if (::close(std::exchange(fd_, -1)) != 0 && error == 0) error = errno;
  if (error != 0) return failure("finish", error);
  if (!stayed) return Error{name_ + " was removed or renamed while it was being written"};
  return {};
}

Status OutputFile::failure(const char* what, int error) const {
  return cannot(what, name_, error);
}

}  // namespace tiptoe::trace
