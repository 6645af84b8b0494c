#include "trace/fields.h"

#include <algorithm>

namespace tiptoe::trace {
namespace {

struct FieldHeader {
  u16 tag;
  u16 reserved;
  u32 bytes;
};

}  // namespace

void FieldWriter::put(u16 tag, const void* value, size_t size) {
  const FieldHeader header{tag, 0, static_cast<u32>(size)};
  const size_t at = data_.size();
  data_.resize(at + sizeof header + size);
  std::memcpy(data_.data() + at, &header, sizeof header);
  if (size != 0) std::memcpy(data_.data() + at + sizeof header, value, size);
}

u64 Field::number() const {
  u64 number = 0;
  const size_t size = std::min(value.size(), sizeof number);
  if (size != 0) std::memcpy(&number, value.data(), size);
  return number;
}

bool FieldReader::next(Field& field) {
  FieldHeader header;
  if (data_.size() < sizeof header) return false;
  std::memcpy(&header, data_.data(), sizeof header);
  data_ = data_.subspan(sizeof header);
  if (header.bytes > data_.size()) return false;
  field = {header.tag, data_.first(header.bytes)};
  data_ = data_.subspan(header.bytes);
  return true;
}

}  // namespace tiptoe::trace
