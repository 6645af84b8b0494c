// packages: mono-runtime mono-mcs libmono-system-core4.0-cil
// prepare: mcs -optimize -out:work.exe "$CASE"
// run: mono work.exe
// limit: 120
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
class Node { public int Value = 1; public Node Next; }
static class Work {
  static int Fib(int n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2);
  static int Nulls(int rounds) {
    int caught = 0;
    for (int i = 0; i < rounds; ++i) {
      Node node = i % 2 == 0 ? null : new Node();
      try { caught += node.Value - 1; } catch (NullReferenceException) { ++caught; }
      try { caught += 7 / (i % 3) * 0; } catch (DivideByZeroException) { caught += 1000; }
      try { caught += new int[3][i % 4]; } catch (IndexOutOfRangeException) { caught += 1000000; }
    }
    return caught;
  }
  static IEnumerable<int> Squares() { for (int i = 0; ; ++i) yield return i * i; }
  static void Main() {
    Console.WriteLine(Fib(24));
    Console.WriteLine(Nulls(600));
    Console.WriteLine(Squares().Where(n => n % 3 == 1).Take(1000).Sum());
    var table = new Dictionary<string, int>();
    for (int i = 0; i < 20000; ++i) { var key = (i * 7919 % 1009).ToString("x"); table.TryGetValue(key, out int n); table[key] = n + 1; }
    Console.WriteLine(table.Count + " " + table.OrderByDescending(p => p.Value).ThenBy(p => p.Key).First().Key);
    long total = 0;
    object gate = new object();
    var threads = Enumerable.Range(0, 8).Select(n => new Thread(() => {
      for (int i = 0; i < 2000; ++i) { lock (gate) total += i * n; var garbage = new byte[i + 1]; garbage[i] = 1; }
    })).ToList();
    threads.ForEach(t => t.Start());
    threads.ForEach(t => t.Join());
    Console.WriteLine(total);
    for (int i = 0; i < 5; ++i) GC.Collect();
    dynamicCalls();
    Environment.Exit(6);
  }
  static void dynamicCalls() {
    Func<int, Func<int, int>> add = x => y => x + y;
    Console.WriteLine(Enumerable.Range(0, 1000).Aggregate(0, (a, b) => add(a)(b)));
    try { throw new InvalidOperationException("own"); } catch (Exception e) when (e.Message.Length == 3) { Console.WriteLine(e.Message); } finally { Console.WriteLine("finally"); }
  }
}
