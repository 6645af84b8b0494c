#include "trace/writer.h"

#include <cstring>
#include <utility>
#include <vector>

#include "trace/crc32c.h"
#include "trace/format.h"
#include "trace/output_file.h"
#include "trace/record_fields.h"

namespace tiptoe::trace {
namespace {

// Room for the end section and the trailer, whatever stands in them, and for the header of one more
// index section.
constexpr u64 kEndBytes = 1024;

// The index is written in parts of this many entries: what the recorder must remember does not grow
// with the trace.
constexpr size_t kIndexPart = 4096;

template <class T>
std::span<const u8> bytes_of(const T& value) {
  return {reinterpret_cast<const u8*>(&value), sizeof value};
}

std::span<const u8> bytes_of(std::string_view text) {
  return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

SectionHeader header_of(SectionKind kind, u32 image = 0, u32 stream = 0) {
  SectionHeader header{};
  header.magic = kSectionMagic;
  header.kind = kind;
  header.image = image;
  header.stream = stream;
  return header;
}

}  // namespace

struct Writer::Impl {
  Impl(OutputFile output, const WriterOptions& options)
      : file(std::move(output)), codec(options.codec) {}

  OutputFile file;
  Codec codec;
  Compressor compressor;
  std::vector<u8> compressed;
  std::vector<u8> padded;
  std::vector<IndexEntry> index;  // of what the last index section does not have
  u64 last_index_offset = 0;
  u32 sections = 0;
  u64 flow_words = 0;
  u64 raw_bytes = 0;
  bool full = false;    // no space: the reason of the end
  bool failed = false;  // anything else that went wrong
  bool finished = false;

  // What the index of everything so far and one section more, and the end, can take at most.
  u64 reserve_for_end() const {
    return sizeof(SectionHeader) + (index.size() + 2) * sizeof(IndexEntry) + kEndBytes;
  }

  Status write_header();
  Status add(SectionHeader header, std::span<const u8> raw);
  Status store(SectionHeader& header, std::span<const u8> raw);
  Status write_index_part();
  Status write_index_and_end(const EndRecord& end);
};

Status Writer::Impl::write_header() {
  FileHeader header{kFileMagic, kFormatVersion, 0};
  if (!file.reserve(sizeof header + reserve_for_end())) {
    return Error{"cannot write " + file.name() + ": no space left; name another place with -o"};
  }
  return file.append(bytes_of(header), {});
}

// Compresses, completes the header, and appends; the space must have been reserved.
Status Writer::Impl::store(SectionHeader& header, std::span<const u8> raw) {
  const Codec used = compressor.compress(codec, raw, compressed);
  const std::span<const u8> stored = used == Codec::kNone ? raw : std::span<const u8>(compressed);
  header.codec = static_cast<u8>(used);
  header.raw_bytes = static_cast<u32>(raw.size());
  header.stored_bytes = static_cast<u32>(stored.size());
  header.payload_crc = crc32c(stored);
  header.header_crc = crc32c(bytes_of(header).first(offsetof(SectionHeader, header_crc)));
  padded.assign(stored.begin(), stored.end());
  padded.resize(align_up(padded.size(), kSectionAlignment));
  return file.append(bytes_of(header), padded);
}

Status Writer::Impl::add(SectionHeader header, std::span<const u8> raw) {
  if (full || failed || finished) return Error{file.name() + ": the recording has ended already"};
  if (raw.size() > kMaxRawBytes)
    return Error{file.name() + ": a section of this size is not possible"};
  if (!file.reserve(sizeof header + raw.size() + kSectionAlignment + reserve_for_end())) {
    full = true;
    return Error{"no space left for " + file.name() +
                 ": the recording ends here; what was recorded is kept"};
  }
  const u64 offset = file.size();
  header.number = sections;
  if (Status stored = store(header, raw); !stored) {
    failed = true;
    return stored;
  }
  ++sections;
  index.push_back({offset, header});
  raw_bytes += raw.size();
  if (index.size() < kIndexPart) return {};
  const Status written = write_index_part();  // in the space reserved for it
  failed = !written;
  return written;
}

Status Writer::Impl::write_index_part() {
  const u64 offset = file.size();
  const std::span<const u8> entries{reinterpret_cast<const u8*>(index.data()),
                                    index.size() * sizeof(IndexEntry)};
  std::vector<u8> raw(sizeof last_index_offset + entries.size());
  std::memcpy(raw.data(), &last_index_offset, sizeof last_index_offset);
  std::memcpy(raw.data() + sizeof last_index_offset, entries.data(), entries.size());
  SectionHeader header = header_of(SectionKind::kIndex);
  if (Status stored = store(header, raw); !stored) return stored;
  last_index_offset = offset;
  index.clear();
  return {};
}

Status Writer::Impl::write_index_and_end(const EndRecord& end) {
  if (Status written = write_index_part(); !written) return written;
  FileTrailer trailer{};
  trailer.magic = kTrailerMagic;
  trailer.index_offset = last_index_offset;
  trailer.end_offset = file.size();
  SectionHeader header = header_of(SectionKind::kEnd);
  if (Status stored = store(header, encode(end)); !stored) return stored;
  trailer.crc = crc32c(bytes_of(trailer).first(offsetof(FileTrailer, crc)));
  return file.append(bytes_of(trailer), {});
}

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Expected<Writer> Writer::create(const std::filesystem::path& path, const SessionInfo& session,
                                const WriterOptions& options) {
  Expected<OutputFile> file = OutputFile::create(path, options.max_file_bytes);
  if (!file) return file.error();
  Writer writer(std::make_unique<Impl>(std::move(*file), options));
  if (Status written = writer.impl_->write_header(); !written) return written.error();
  const Status written = writer.impl_->add(header_of(SectionKind::kSession), encode(session));
  if (!written) return written.error();
  return writer;
}

void Writer::use_codec(Codec codec) {
  impl_->codec = codec;
}

Status Writer::write_flow(u32 image, u32 stream, u32 sequence, u64 begin_tsc, u64 end_tsc,
                          std::span<const u32> words) {
  SectionHeader header = header_of(SectionKind::kFlow, image, stream);
  header.sequence = sequence;
  header.begin_tsc = begin_tsc;
  header.end_tsc = end_tsc;
  const Status status =
      impl_->add(header, {reinterpret_cast<const u8*>(words.data()), words.size_bytes()});
  if (status) impl_->flow_words += words.size();
  return status;
}

Status Writer::write_definitions(u32 image, u32 process, u32 sequence, u32 offset,
                                 std::span<const u8> records) {
  SectionHeader header = header_of(SectionKind::kDefinitions, image, process);
  header.sequence = sequence;
  header.offset = offset;
  return impl_->add(header, records);
}

Status Writer::write_image(u32 image, i32 pid, const ImageInfo& info) {
  return impl_->add(header_of(SectionKind::kImage, image), encode(info, pid));
}

Status Writer::write_module_identity(const ModuleIdentity& module) {
  return impl_->add(header_of(SectionKind::kModuleIdentity), encode(module));
}

Status Writer::write_process_end(u32 image, u32 process, i32 pid, int wait_status) {
  return impl_->add(header_of(SectionKind::kProcessEnd, image, process),
                    encode(ProcessEnd{pid, wait_status}));
}

Status Writer::write_note(std::string_view text) {
  return impl_->add(header_of(SectionKind::kNote), bytes_of(text));
}

Status Writer::finish(EndReason reason, const SessionTotals& totals) {
  if (impl_->finished) return Error{impl_->file.name() + ": finished already"};
  impl_->finished = true;
  if (impl_->failed) reason = EndReason::kWriteFailed;
  if (impl_->full) reason = EndReason::kDiskFull;
  const Status written = impl_->write_index_and_end({reason, totals, impl_->flow_words});
  const Status closed = impl_->file.close();
  return written ? closed : written;
}

bool Writer::ended() const {
  return impl_->full || impl_->failed || impl_->finished;
}

WriterTotals Writer::totals() const {
  return {impl_->file.size(), impl_->flow_words, impl_->raw_bytes, impl_->sections};
}

}  // namespace tiptoe::trace
