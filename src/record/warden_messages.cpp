#include "record/warden_messages.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace tiptoe::record {
namespace {

// A message of one part with room for one descriptor.
struct Envelope {
  explicit Envelope(Message& message) : part{&message, sizeof(message)} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
  }
  iovec part;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
};

}  // namespace

void Message::set_text(std::string_view what) {
  const size_t bytes = std::min(what.size(), sizeof(text) - 1);
  std::memcpy(text, what.data(), bytes);
  text[bytes] = 0;
}

bool send_message(int socket, const Message& message, int fd) {
  Message copy = message;
  Envelope envelope(copy);
  if (fd >= 0) {
    cmsghdr* control = CMSG_FIRSTHDR(&envelope.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &fd, sizeof(int));
  } else {
    envelope.header.msg_control = nullptr;
    envelope.header.msg_controllen = 0;
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &envelope.header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == sizeof(message);
}

ReceivedMessage receive_message(int socket) {
  ReceivedMessage received;
  Envelope envelope(received.message);
  ssize_t got;
  do {
    got = recvmsg(socket, &envelope.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return received;
  if (got != sizeof(Message)) {
    received.outcome = ReceivedMessage::kClosed;
    return received;
  }
  if (cmsghdr* control = CMSG_FIRSTHDR(&envelope.header);
      control && control->cmsg_type == SCM_RIGHTS) {
    int fd;
    std::memcpy(&fd, CMSG_DATA(control), sizeof(int));
    received.fd = UniqueFd(fd);
  }
  received.outcome = ReceivedMessage::kMessage;
  return received;
}

}  // namespace tiptoe::record
