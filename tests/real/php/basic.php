#!/usr/bin/php
<?php
// packages: php-cli
function fib(int $n): int { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
echo fib(18), "\n";
$words = array_map(fn($n) => dechex($n * 2654435761 % 4093), range(1, 20000));
$counts = array_count_values($words);
arsort($counts);
echo count($counts), ' ', max($counts), ' ', md5(implode(' ', $words)), "\n";
echo preg_match_all('/\b([0-9a-f])\1[0-9a-f]*\b/', implode(' ', $words)), "\n";
echo preg_replace_callback('/\d+/', fn($m) => $m[0] * 2, 'a1 b22 c333'), "\n";
echo hash('sha256', serialize($words)), ' ', strlen(json_encode($words)), "\n";
function gen($n) { for ($i = 0; $i < $n; $i++) { $x = yield $i * $i; if ($x) echo "got $x\n"; } return 'end'; }
$g = gen(4);
foreach ($g as $v) echo $v, ' ';
echo $g->getReturn(), "\n";
$f = new Fiber(function (int $x) { while ($x < 100) $x = Fiber::suspend($x * 3) + 1; return $x; });
$v = $f->start(1);
while (!$f->isTerminated()) $v = $f->resume($v);
echo $f->getReturn(), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo get_class($e), "\n"; }
usort($words, fn($a, $b) => strrev($a) <=> strrev($b));
echo $words[0], $words[19999], "\n";
fwrite(STDERR, "done\n");
exit(6);
