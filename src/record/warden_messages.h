// What the recorder and the warden (warden.h) tell each other, over a socket that keeps messages
// whole.
#pragma once

#include <string_view>

#include "base/types.h"
#include "inject/unique_fd.h"

namespace tiptoe::record {

enum class MessageKind : u32 {
  // From the warden.
  kImage,        // a process runs a new image: with the segment's descriptor; waits for kImageHeld
  kNotStarted,   // execve failed with errno `value`
  kFailed,       // tiptoe cannot: `text`
  kMainStopped,  // the program was stopped by signal `value`
  kMainEnded,    // the program ended with wait status `value`
  kMainLost,     // the same, and it was to be traced but killed before its first instruction
  kNotice,       // `text` for the person at the terminal
  // From the recorder.
  kImageHeld,  // the recorder has mapped the segment of `image` and holds its lock
  kAbort,      // kill the program: its recording cannot begin
  kImageDone,  // no process runs `image` any more
  kForward,    // send signal `value` to the program
  kContinue,   // the recorder was continued: continue the program if it is still stopped
};

struct Message {
  MessageKind kind;
  u32 image = 0;
  i32 pid = 0;
  i32 value = 0;
  u32 chunk_count = 0;
  u32 parent_image = 0;    // kImage after an execve: the image and
  u32 parent_process = 0;  // process whose place the new image took; 0 for the first
  char text[256] = {};     // cut to fit, zero-terminated

  void set_text(std::string_view what);
};

struct ReceivedMessage {
  enum { kNone, kMessage, kClosed } outcome = kNone;
  Message message{};
  UniqueFd fd;
};

// False when the other side is gone.
bool send_message(int socket, const Message& message, int fd = -1);
// Does not wait.
ReceivedMessage receive_message(int socket);

}  // namespace tiptoe::record
