#include "trace/record_fields.h"

#include "trace/fields.h"

namespace tiptoe::trace {
namespace {

// Tags are part of the format (FORMAT.md); never renumber one.
enum SessionTag : u16 {
  kArgument = 1,
  kCwd = 2,
  kStartNs = 3,
  kStartTsc = 4,
  kTscHz = 5,
  kVersion = 6,
  kMachine = 7,
  kMode = 8,
};
enum ImageTag : u16 {
  kImagePath = 1,
  kImageArgument = 2,
  kImageTsc = 3,
  kImagePid = 4,
  kImageModule = 5
};
enum ModuleTag : u16 { kPath = 1, kDevice = 2, kInode = 3, kMtimeNs = 4, kBytes = 5, kBuildId = 6 };
enum ProcessEndTag : u16 { kPid = 1, kWaitStatus = 2 };
enum EndTag : u16 {
  kReason = 1,
  kDroppedWords = 2,
  kProcesses = 3,
  kThreads = 4,
  kImages = 5,
  kProgramStatus = 6,
  kFlowWords = 7,
};

u64 widen(i64 value) {
  return static_cast<u64>(value);
}

}  // namespace

std::vector<u8> encode(const SessionInfo& session) {
  FieldWriter out;
  for (const std::string& argument : session.argv) out.text(kArgument, argument);
  out.text(kCwd, session.cwd);
  out.number(kStartNs, session.start_ns);
  out.number(kStartTsc, session.start_tsc);
  out.number(kTscHz, session.tsc_hz);
  out.text(kVersion, session.version);
  out.text(kMachine, session.machine);
  out.number(kMode, static_cast<u64>(session.mode));
  return out.data();
}

SessionInfo decode_session(std::span<const u8> payload) {
  SessionInfo session;
  Field field;
  for (FieldReader in(payload); in.next(field);) {
    switch (field.tag) {
      case kArgument:
        session.argv.push_back(field.text());
        break;
      case kCwd:
        session.cwd = field.text();
        break;
      case kStartNs:
        session.start_ns = field.number();
        break;
      case kStartTsc:
        session.start_tsc = field.number();
        break;
      case kTscHz:
        session.tsc_hz = field.number();
        break;
      case kVersion:
        session.version = field.text();
        break;
      case kMachine:
        session.machine = field.text();
        break;
      case kMode:
        session.mode = static_cast<RecordMode>(field.number());
        break;
      default:
        break;
    }
  }
  return session;
}

std::vector<u8> encode(const ImageInfo& image, i32 pid) {
  FieldWriter out;
  out.text(kImagePath, image.path);
  for (const std::string& argument : image.argv) out.text(kImageArgument, argument);
  out.number(kImageTsc, image.tsc);
  out.number(kImagePid, widen(pid));
  for (const ModuleIdentity& module : image.modules) out.bytes(kImageModule, encode(module));
  return out.data();
}

ImageInfo decode_image(std::span<const u8> payload, i32& pid) {
  ImageInfo image;
  Field field;
  for (FieldReader in(payload); in.next(field);) {
    switch (field.tag) {
      case kImagePath:
        image.path = field.text();
        break;
      case kImageArgument:
        image.argv.push_back(field.text());
        break;
      case kImageTsc:
        image.tsc = field.number();
        break;
      case kImagePid:
        pid = static_cast<i32>(field.number());
        break;
      case kImageModule:
        image.modules.push_back(decode_module_identity(field.value));
        break;
      default:
        break;
    }
  }
  return image;
}

std::vector<u8> encode(const ModuleIdentity& module) {
  FieldWriter out;
  out.text(kPath, module.path);
  out.number(kDevice, module.device);
  out.number(kInode, module.inode);
  out.number(kMtimeNs, widen(module.mtime_ns));
  out.number(kBytes, module.bytes);
  out.bytes(kBuildId, module.build_id);
  return out.data();
}

ModuleIdentity decode_module_identity(std::span<const u8> payload) {
  ModuleIdentity module;
  Field field;
  for (FieldReader in(payload); in.next(field);) {
    switch (field.tag) {
      case kPath:
        module.path = field.text();
        break;
      case kDevice:
        module.device = field.number();
        break;
      case kInode:
        module.inode = field.number();
        break;
      case kMtimeNs:
        module.mtime_ns = static_cast<i64>(field.number());
        break;
      case kBytes:
        module.bytes = field.number();
        break;
      case kBuildId:
        module.build_id = field.bytes();
        break;
      default:
        break;
    }
  }
  return module;
}

std::vector<u8> encode(const ProcessEnd& end) {
  FieldWriter out;
  out.number(kPid, widen(end.pid));
  out.number(kWaitStatus, widen(end.wait_status));
  return out.data();
}

ProcessEnd decode_process_end(std::span<const u8> payload) {
  ProcessEnd end;
  Field field;
  for (FieldReader in(payload); in.next(field);) {
    if (field.tag == kPid) end.pid = static_cast<i32>(field.number());
    if (field.tag == kWaitStatus) end.wait_status = static_cast<i32>(field.number());
  }
  return end;
}

std::vector<u8> encode(const EndRecord& end) {
  FieldWriter out;
  out.number(kReason, static_cast<u32>(end.reason));
  out.number(kDroppedWords, end.totals.dropped_words);
  out.number(kProcesses, end.totals.processes);
  out.number(kThreads, end.totals.threads);
  out.number(kImages, end.totals.images);
  out.number(kProgramStatus, widen(end.totals.wait_status));
  out.number(kFlowWords, end.flow_words);
  return out.data();
}

EndRecord decode_end(std::span<const u8> payload) {
  EndRecord end;
  Field field;
  for (FieldReader in(payload); in.next(field);) {
    switch (field.tag) {
      case kReason:
        end.reason = static_cast<EndReason>(field.number());
        break;
      case kDroppedWords:
        end.totals.dropped_words = field.number();
        break;
      case kProcesses:
        end.totals.processes = static_cast<u32>(field.number());
        break;
      case kThreads:
        end.totals.threads = static_cast<u32>(field.number());
        break;
      case kImages:
        end.totals.images = static_cast<u32>(field.number());
        break;
      case kProgramStatus:
        end.totals.wait_status = static_cast<i32>(field.number());
        break;
      case kFlowWords:
        end.flow_words = field.number();
        break;
      default:
        break;
    }
  }
  return end;
}

}  // namespace tiptoe::trace
