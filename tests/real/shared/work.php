<?php
// What a JIT can get wrong: loops, types that change, recursion, exceptions, closures, references, strings.
function fib(int $n): int { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
function sieve(int $n): int {
  $composite = array_fill(0, $n + 1, false);
  for ($i = 2, $count = 0; $i <= $n; $i++) {
    if ($composite[$i]) continue;
    $count++;
    for ($j = $i * $i; $j <= $n; $j += $i) $composite[$j] = true;
  }
  return $count;
}
function mandel(int $size): int {
  $inside = 0;
  for ($y = 0; $y < $size; $y++) for ($x = 0; $x < $size; $x++) {
    $cr = 3.0 * $x / $size - 2; $ci = 2.0 * $y / $size - 1; $zr = $zi = 0.0;
    for ($n = 0; $n < 60; $n++) {
      $t = $zr * $zr - $zi * $zi + $cr; $zi = 2 * $zr * $zi + $ci; $zr = $t;
      if ($zr * $zr + $zi * $zi > 4) break;
    }
    $inside += $n == 60;
  }
  return $inside;
}
function overflow(int $n) { $x = PHP_INT_MAX - 50; for ($i = 0; $i < $n; $i++) $x += 1; return $x; }
function thrower(int $n) { if ($n % 7 == 0) throw new RuntimeException("at $n"); return $n; }
function by_reference(array &$a) { foreach ($a as &$v) $v = "$v!"; }
interface Area { function area(); }
class Square implements Area { function __construct(public $s) {} function area() { return $this->s ** 2; } }
class Circle implements Area { function __construct(public $r) {} function area() { return 3 * $this->r ** 2; } }
echo fib(21), ' ', sieve(100000), ' ', mandel(60), "\n";
var_dump(overflow(40), overflow(60));
$caught = 0;
for ($i = 0; $i < 3000; $i++) { try { thrower($i); } catch (RuntimeException $e) { $caught++; } }
echo $caught, "\n";
$a = range(1, 5);
for ($i = 0; $i < 20; $i++) by_reference($a);
echo strlen(implode($a)), "\n";
$sum = 0;
for ($i = 0; $i < 5000; $i++) { $o = $i % 3 ? new Square($i) : new Circle($i); $sum += $o->area(); }
echo $sum, "\n";
$add = fn($x) => fn($y) => $x + $y;
for ($i = 0, $t = 0; $i < 5000; $i++) $t = $add($t)($i);
echo $t, ' ', $add('1')(2.5), "\n";
$s = '';
for ($i = 0; $i < 20000; $i++) $s .= chr(97 + $i * 7 % 26);
echo md5($s), ' ', preg_match_all('/[aeiou][^aeiou]+/', $s), "\n";
echo json_encode(array_slice(array_count_values(str_split($s, 3)), 0, 4)), "\n";
echo function_exists('opcache_get_status') && opcache_get_status(false)['jit']['on'] ? 'jit' : 'no jit', "\n";
echo 1 % 0;
