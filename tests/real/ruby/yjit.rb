# YJIT compiles methods to machine code, patches it and throws it away.
# packages: ruby
# run: ruby --yjit --yjit-call-threshold=5 "$CASE"
class Shape
  attr_accessor :w, :h
  def initialize(w, h) = (@w, @h = w, h)
  def area = @w * @h
end
class Round < Shape
  def area = @w * @w * 3
end
def total(shapes) = shapes.sum(&:area)
shapes = (1..300).map { |n| n.odd? ? Shape.new(n, n + 1) : Round.new(n, n) }
100.times { total(shapes) }
puts total(shapes)
class Shape
  def area = @w + @h
end
puts total(shapes)
class Integer
  alias old_plus +
end
def sum_to(n)
  i = s = 0
  while i < n
    s += i & 7
    i += 1
  end
  s
end
20.times { sum_to(500) }
puts sum_to(100_000)
def raiser(n) = n > 3 ? raise(ArgumentError, "at #{n}") : raiser(n + 1)
puts 200.times.map { raiser(0) rescue $!.message }.uniq
puts RubyVM::YJIT.enabled?
