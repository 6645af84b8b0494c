#include "trace/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "trace/crc32c.h"

namespace tiptoe::trace {
namespace {

u64 footprint(const SectionHeader& header) {
  return sizeof header + align_up(header.stored_bytes, kSectionAlignment);
}

// The sizes a writer can have produced; anything else is damage, whatever the checksum says.
bool is_plausible(const SectionHeader& header) {
  const u32 crc =
      crc32c({reinterpret_cast<const u8*>(&header), offsetof(SectionHeader, header_crc)});
  return header.magic == kSectionMagic && header.header_crc == crc &&
         header.raw_bytes <= kMaxRawBytes && header.stored_bytes <= header.raw_bytes &&
         header.codec <= static_cast<u8>(Codec::kLz4);
}

bool is_valid(const FileTrailer& trailer) {
  const u32 crc = crc32c({reinterpret_cast<const u8*>(&trailer), offsetof(FileTrailer, crc)});
  return trailer.magic == kTrailerMagic && trailer.crc == crc;
}

std::string plural(u64 count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

void Integrity::add(std::string problem) {
  ++problem_count;
  if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
}

std::string describe(const SectionHeader& header) {
  const std::string image = " of image " + std::to_string(header.image);
  const std::string stream = std::to_string(header.stream);
  const std::string chunk = ", chunk " + std::to_string(header.sequence);
  switch (header.kind) {
    case SectionKind::kSession:
      return "the session";
    case SectionKind::kImage:
      return "description" + image;
    case SectionKind::kModuleIdentity:
      return "a module's identity";
    case SectionKind::kProcessEnd:
      return "end" + image + ", process " + stream;
    case SectionKind::kNote:
      return "a note";
    case SectionKind::kDefinitions:
      return "definitions" + image + ", process " + stream + chunk;
    case SectionKind::kFlow:
      return "flow" + image + ", stream " + stream + chunk;
    case SectionKind::kIndex:
      return "the index";
    case SectionKind::kEnd:
      return "the end marker";
  }
  return "a section of unknown kind";
}

Reader::Reader(int fd, std::string name, u64 file_bytes)
    : fd_(fd), name_(std::move(name)), file_bytes_(file_bytes) {}

Reader::Reader(Reader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      file_bytes_(other.file_bytes_),
      sections_(std::move(other.sections_)),
      end_(std::move(other.end_)),
      integrity_(std::move(other.integrity_)) {}

Reader& Reader::operator=(Reader&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  std::swap(file_bytes_, other.file_bytes_);
  std::swap(sections_, other.sections_);
  std::swap(end_, other.end_);
  std::swap(integrity_, other.integrity_);
  return *this;
}

Reader::~Reader() {
  if (fd_ >= 0) close(fd_);
}

Expected<Reader> Reader::open(const std::filesystem::path& path) {
  const std::string name = path.string();
  // O_NONBLOCK: a fifo must give an error, not a wait.
  const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const char* hint = errno == ENOENT ? "; record one with: tiptoe record -- PROGRAM" : "";
    return Error{"cannot open " + name + ": " + std::strerror(errno) + hint};
  }
  struct stat status {};
  fstat(fd, &status);
  Reader reader(fd, name, static_cast<u64>(status.st_size));
  if (!S_ISREG(status.st_mode)) return Error{name + " is not a regular file"};
  if (Status checked = reader.check_file_header(); !checked) return checked.error();
  if (!reader.load_index()) reader.scan();
  reader.check_numbers();
  return reader;
}

bool Reader::read_at(u64 offset, void* out, size_t size) const {
  if (offset > file_bytes_ || size > file_bytes_ - offset) return false;
  u8* at = static_cast<u8*>(out);
  while (size != 0) {
    const ssize_t got = pread(fd_, at, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    offset += static_cast<u64>(got);
    size -= static_cast<size_t>(got);
  }
  return true;
}

Status Reader::check_file_header() {
  FileHeader header{};
  const size_t there = std::min<u64>(sizeof header, file_bytes_);
  if (there == 0) return Error{name_ + " is empty"};
  if (!read_at(0, &header, there)) return Error{"cannot read " + name_};
  const size_t magic_bytes = std::min(there, kFileMagic.size());
  if (!std::equal(kFileMagic.begin(), kFileMagic.begin() + magic_bytes, header.magic.begin())) {
    return Error{name_ + " is not a Tiptoe trace"};
  }
  if (there == sizeof header && header.version != kFormatVersion) {
    return Error{name_ + " has trace format " + std::to_string(header.version) +
                 "; this tiptoe reads format " + std::to_string(kFormatVersion)};
  }
  return {};
}

std::optional<SectionHeader> Reader::read_header(u64 offset) const {
  SectionHeader header;
  if (!read_at(offset, &header, sizeof header) || !is_plausible(header)) return std::nullopt;
  return header;
}

void Reader::take(u64 offset, const SectionHeader& header) {
  if (header.kind == SectionKind::kIndex) return;
  if (header.kind != SectionKind::kEnd) {
    sections_.push_back({offset, header});
    return;
  }
  PayloadBuffer buffer;
  const Expected<std::span<const u8>> end = payload({offset, header}, buffer);
  if (!end) {
    integrity_.add(end.error().message);
    return;
  }
  integrity_.has_end = true;
  end_ = decode_end(*end);
}

// The sections that all parts of the index list, the last part first. Nothing when a part is
// damaged, or claims more than the file can hold.
std::optional<std::vector<Section>> Reader::read_index(u64 last_part) const {
  std::vector<std::vector<Section>> parts;
  const u64 most = file_bytes_ / sizeof(SectionHeader);
  u64 count = 0;
  PayloadBuffer buffer;
  for (u64 offset = last_part, before = file_bytes_; offset != 0;) {
    const auto header = offset < before ? read_header(offset) : std::nullopt;
    if (!header || header->kind != SectionKind::kIndex) return std::nullopt;
    const auto payload = this->payload({offset, *header}, buffer);
    before = offset;
    if (!payload || payload->size() < sizeof offset) return std::nullopt;
    std::memcpy(&offset, payload->data(), sizeof offset);
    const std::span<const u8> entries = payload->subspan(sizeof offset);
    std::vector<Section>& part = parts.emplace_back(entries.size() / sizeof(IndexEntry));
    if (!part.empty()) std::memcpy(part.data(), entries.data(), part.size() * sizeof part[0]);
    count += part.size();
    if (count > most) return std::nullopt;
  }
  std::vector<Section> sections;
  sections.reserve(count);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    sections.insert(sections.end(), part->begin(), part->end());
  }
  return sections;
}

bool Reader::load_index() {
  FileTrailer trailer;
  if (file_bytes_ < sizeof trailer ||
      !read_at(file_bytes_ - sizeof trailer, &trailer, sizeof trailer) || !is_valid(trailer)) {
    return false;
  }
  const auto end = read_header(trailer.end_offset);
  if (!end || end->kind != SectionKind::kEnd) return false;
  auto found = read_index(trailer.index_offset);
  if (!found) return false;
  u64 free_from = sizeof(FileHeader);
  for (const Section& section : *found) {
    // In order, apart, and inside the file; else the index lies and the scan will tell.
    if (section.file_offset < free_from || section.file_offset > trailer.index_offset ||
        !is_plausible(section.header)) {
      return false;
    }
    free_from = section.file_offset + footprint(section.header);
  }
  if (free_from > trailer.index_offset) return false;
  sections_ = std::move(*found);
  integrity_.has_index = true;
  take(trailer.end_offset, *end);
  return true;
}

void Reader::note_cut(u64 offset, u64 wanted) {
  integrity_.add("the file is cut: at least " + plural(offset + wanted - file_bytes_, "byte") +
                 " are missing after byte " + std::to_string(file_bytes_));
}

// Walks from header to header; over damage to the next thing that looks like a section and has the
// right checksum.
void Reader::scan() {
  u64 at = sizeof(FileHeader);
  while (at < file_bytes_) {
    if (integrity_.has_end) return check_trailer_at(at);
    const auto header = read_header(at);
    if (header && footprint(*header) > file_bytes_ - at) {
      note_cut(at, footprint(*header));
      integrity_.problems.back() += " (in " + describe(*header) + ")";
      return;
    }
    if (header) {
      take(at, *header);
      at += footprint(*header);
      continue;
    }
    const auto next = find_next_section(at + kSectionAlignment);
    if (!next) {
      integrity_.add("the file ends in " + plural(file_bytes_ - at, "byte") +
                     " that are no complete section, from byte " + std::to_string(at));
      return;
    }
    integrity_.add(plural(*next - at, "byte") + " from byte " + std::to_string(at) +
                   " are damaged and were skipped");
    at = *next;
  }
  if (integrity_.has_end) {
    check_trailer_at(at);
  } else {
    integrity_.add("the end marker is missing: the recorder was killed, or the file was cut");
  }
}

void Reader::check_trailer_at(u64 offset) {
  FileTrailer trailer;
  if (offset + sizeof trailer == file_bytes_ && read_at(offset, &trailer, sizeof trailer) &&
      is_valid(trailer)) {
    return;
  }
  integrity_.add("the file is cut or damaged behind its end marker; nothing recorded is missing");
}

std::optional<u64> Reader::find_next_section(u64 from) const {
  constexpr size_t kWindow = 1 << 20;
  std::vector<u8> window(std::min<u64>(kWindow, file_bytes_));
  for (u64 base = align_down(from, kSectionAlignment); base + sizeof(SectionHeader) <= file_bytes_;
       base += kWindow) {
    const size_t size = std::min<u64>(kWindow, file_bytes_ - base);
    if (!read_at(base, window.data(), size)) return std::nullopt;
    for (size_t i = 0; i + sizeof(u32) <= size; i += kSectionAlignment) {
      u32 magic;
      std::memcpy(&magic, window.data() + i, sizeof magic);
      if (magic == kSectionMagic && base + i >= from && read_header(base + i)) return base + i;
    }
  }
  return std::nullopt;
}

// The writer numbers its sections, so a hole shows even where the bytes around it are whole.
void Reader::check_numbers() {
  u32 expected = 0;
  for (const Section& section : sections_) {
    const u32 number = section.header.number;
    if (number > expected) {
      integrity_.add(plural(number - expected, "section") + " missing before " +
                     describe(section.header));
    }
    if (number < expected) integrity_.add(describe(section.header) + " is there twice");
    expected = number + 1;
  }
}

Expected<std::span<const u8>> Reader::payload(const Section& section, PayloadBuffer& buffer) const {
  const SectionHeader& header = section.header;
  const auto damaged = [&](const char* how) {
    return Error{describe(header) + " at byte " + std::to_string(section.file_offset) + " " + how};
  };
  if (!is_plausible(header)) return damaged("has a damaged header");
  const u64 offset = section.file_offset + sizeof header;
  if (offset > file_bytes_ || header.stored_bytes > file_bytes_ - offset) return damaged("is cut");
  buffer.stored.resize(header.stored_bytes);
  if (!read_at(offset, buffer.stored.data(), buffer.stored.size())) {
    return damaged("cannot be read");
  }
  if (crc32c(buffer.stored) != header.payload_crc) return damaged("is damaged (checksum)");
  const Codec codec = static_cast<Codec>(header.codec);
  if (codec == Codec::kNone && header.raw_bytes == header.stored_bytes) {
    return std::span<const u8>(buffer.stored);
  }
  buffer.raw.resize(header.raw_bytes);
  if (!buffer.decompressor.decompress(codec, buffer.stored, buffer.raw)) {
    return damaged("does not decompress");
  }
  return std::span<const u8>(buffer.raw);
}

}  // namespace tiptoe::trace
