#!/usr/bin/ruby
# Fibers switch stacks; threads share a lock that a timer thread takes away; ractors do not.
# packages: ruby
require 'timeout'
generator = Fiber.new { 1000.times { |i| Fiber.yield i }; :end }
puts 1001.times.map { generator.resume }.last
fibers = 300.times.map { |n| Fiber.new { |x| loop { x = Fiber.yield(x * n) } } }
puts 5.times.sum { |round| fibers.sum { |f| f.resume(round) } }
queue = Queue.new
threads = 8.times.map { |n| Thread.new { 500.times { |i| queue << i * n } } }
threads.each(&:join)
puts queue.size, Array.new(queue.size) { queue.pop }.sum
lock = Mutex.new
count = 0
10.times.map { Thread.new { 200.times { lock.synchronize { count += 1 } } } }.each(&:join)
puts count
busy = 4.times.map { |n| Thread.new { (1..60_000).inject { |a, b| (a * 31 + b * n) % 1_000_003 } } }
puts busy.map(&:value).inspect
begin
  Timeout.timeout(0.1) { loop {} }
rescue Timeout::Error
  puts 'timeout'
end
victim = Thread.new { sleep }
victim.report_on_exception = false
Thread.pass until victim.stop?
victim.raise('stop')
begin
  victim.join
rescue RuntimeError => e
  puts e.message
end
$VERBOSE = nil
Warning[:experimental] = false
puts 3.times.map { |n| Ractor.new(n) { |k| (1..20_000).sum { |i| i % (k + 2) } } }.map(&:take).inspect
