#include "record/drain_thread.h"

#include <sys/epoll.h>

#include <utility>

namespace tiptoe::record {

DrainThread::DrainThread(RecorderLock& lock, int pidfd_poll, Events events)
    : lock_(lock),
      pidfd_poll_(pidfd_poll),
      events_(std::move(events)),
      thread_([this] { run(); }) {}

DrainThread::~DrainThread() {
  if (thread_.joinable()) finish();
}

void DrainThread::add(NewImage image) {
  lock_.hold(image.drain->mapping());
  {
    const std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(image));
  }
  bells_.wake();
}

DrainThread::Result DrainThread::finish() {
  finishing_ = true;
  bells_.wake();
  thread_.join();
  return result_;
}

void DrainThread::run() {
  while (!finishing_) {
    const Doorbells::Seen seen = bells_.seen();
    pass();
    if (!finishing_) bells_.wait(seen);
  }
  finish_all();
}

void DrainThread::pass() {
  take_new_images();
  for (auto image = images_.begin(); image != images_.end();) {
    ImageDrain& drain = *image->second;
    if (!stopped_) drain.drain();
    watch_pidfds(drain);
    drain.find_dead_processes();
    watch_pidfds(drain);  // of whom that has found
    const auto current = image++;
    if (drain.is_done()) retire(current);
  }
  write_ends();
  check_writer();
}

void DrainThread::take_new_images() {
  std::vector<NewImage> incoming;
  {
    const std::lock_guard lock(mutex_);
    incoming.swap(incoming_);
  }
  for (NewImage& image : incoming) {
    const u32 number = image.drain->number();
    const auto parent = images_.find(image.parent_image);
    if (parent != images_.end()) parent->second->on_exec(image.parent_process, image.pid);
    if (writer_) (void)writer_->write_image(number, image.pid, image.info);
    if (stopped_) image.drain->stop();
    bells_.add(number, image.drain->control().doorbell);
    images_.emplace(number, std::move(image.drain));
    ++result_.images;
  }
}

// One report each is enough: what it means is found out in the next pass.
void DrainThread::watch_pidfds(ImageDrain& drain) {
  for (int pidfd : drain.new_pidfds()) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    epoll_ctl(pidfd_poll_, EPOLL_CTL_ADD, pidfd, &event);
  }
}

void DrainThread::retire(std::map<u32, std::unique_ptr<ImageDrain>>::iterator image) {
  const u32 number = image->first;
  ImageDrain& drain = *image->second;
  drain.finish();
  keep_ended(drain);
  result_.totals += drain.totals();
  bells_.remove_by_sleeper(number);
  lock_.forget(drain.mapping());
  images_.erase(image);
  events_.on_image_done(number);
}

// A parent may be slow to wait for its child. Nobody is waited for: what is not known by the next
// time somebody ends, or by the end of the session, is left out.
void DrainThread::keep_ended(ImageDrain& drain) {
  std::vector<ImageDrain::EndedProcess> ended = drain.take_ended();
  if (!ended.empty()) ended_.emplace(drain.number(), std::move(ended));
}

void DrainThread::write_ends() {
  for (auto& [image, ended] : ended_) ImageDrain::write_ends(writer_, image, ended);
  std::erase_if(ended_, [](const auto& image) { return image.second.empty(); });
}

// The program goes on; what it records from here on is dropped and counted.
void DrainThread::check_writer() {
  if (stopped_ || !writer_ || !writer_->ended()) return;
  stopped_ = true;
  for (const auto& [number, drain] : images_) drain->stop();
  events_.on_write_failed();
}

void DrainThread::finish_all() {
  pass();
  for (const auto& [number, drain] : images_) {
    drain->finish();  // what cannot be written any more is counted
    keep_ended(*drain);
    lock_.forget(drain->mapping());
    drain->abandon();
    result_.totals += drain->totals();
    result_.processes_left = true;
  }
  write_ends();
  check_writer();
}

}  // namespace tiptoe::record
