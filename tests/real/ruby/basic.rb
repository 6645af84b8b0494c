#!/usr/bin/ruby
# packages: ruby
require 'digest'
require 'json'
require 'set'
words = (1..20_000).map { |n| (n * 2_654_435_761 % 4093).to_s(16) }
puts words.tally.sort_by { |w, n| [-n, w] }.first(3).inspect
puts Digest::SHA256.hexdigest(words.join(' '))
puts JSON.parse(JSON.generate(words.first(3))).inspect
puts (1..200).inject(:*).to_s.length
puts words.join(' ').scan(/\b(\h)\1\h*\b/).length
fib = Hash.new { |h, n| h[n] = n < 2 ? n : h[n - 1] + h[n - 2] }
puts fib[90]
puts Enumerator.new { |y| a, b = 0, 1; loop { y << a; a, b = b, a + b } }.lazy.select(&:even?).first(8).inspect
begin
  [1, 2].fetch(9)
rescue IndexError => e
  puts e.message
end
def deep(n) = n.zero? ? 0 : 1 + deep(n - 1)
puts deep(5000)
begin
  def forever(n) = forever(n + 1) + 1
  forever(0)
rescue SystemStackError => e
  puts e.message
end
GC.start
ObjectSpace.garbage_collect
warn 'done'
exit 4
