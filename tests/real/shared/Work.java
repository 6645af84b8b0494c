// What a JVM's compilers and collectors do with signals and changing code: null checks and safepoints by page
// faults, polymorphic calls that are patched, deoptimisation, stack overflow on a guard page, many threads.
//
//   Work ROUNDS
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class Work {
  interface Shape { long area(); }
  record Square(long s) implements Shape { public long area() { return s * s; } }
  record Circle(long r) implements Shape { public long area() { return 3 * r * r; } }
  record Line(long n) implements Shape { public long area() { return n & 1; } }
  static class Box { int value = 7; int[] array = {1, 2, 3}; }

  static long areas(Shape[] shapes) {
    long sum = 0;
    for (Shape shape : shapes) sum += shape.area();
    return sum;
  }

  static int nulls(int rounds) {
    int caught = 0;
    for (int i = 0; i < rounds; ++i) {
      Box box = i % 3 == 0 ? null : new Box();
      try { caught += box.value - 7; } catch (NullPointerException e) { ++caught; }
      try { caught += box.array[i % 4] * 0; } catch (NullPointerException e) { ++caught; }
      catch (ArrayIndexOutOfBoundsException e) { caught += 100; }
      try { caught += 7 / (i % 5) * 0; } catch (ArithmeticException e) { caught += 10000; }
    }
    return caught;
  }

  static int depth(int n) { return depth(n + 1) + 1; }

  static int overflows(int rounds) {
    int caught = 0;
    for (int i = 0; i < rounds; ++i) try { depth(0); } catch (StackOverflowError e) { ++caught; }
    return caught;
  }

  static int synchronizedCount;
  static synchronized void count() { ++synchronizedCount; }

  static void threads(int rounds) throws Exception {
    AtomicLong atomic = new AtomicLong();
    ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 24; ++t) {
      int id = t;
      Thread thread = new Thread(() -> {
        for (int i = 0; i < rounds; ++i) {
          count();
          atomic.addAndGet(i * id);
          map.merge(i % 97, 1, Integer::sum);
        }
      });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) thread.join();
    System.out.println(synchronizedCount + " " + atomic + " " + map.get(5));
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Future<Integer>> futures = new ArrayList<>();
    for (int i = 0; i < 50; ++i) { int n = i; futures.add(pool.submit(() -> nulls(n * 3))); }
    int sum = 0;
    for (Future<Integer> future : futures) sum += future.get();
    pool.shutdown();
    System.out.println(sum + " " + IntStream.range(0, rounds).parallel().mapToLong(i -> i * i % 13).sum());
    Thread sleeper = new Thread(() -> {
      try { Thread.sleep(100000); } catch (InterruptedException e) { System.out.println("interrupted"); }
    });
    sleeper.start();
    sleeper.interrupt();
    sleeper.join();
  }

  static long garbage(int rounds) {
    Object[] live = new Object[512];
    long sum = 0;
    for (int i = 0; i < rounds * 20; ++i) {
      byte[] bytes = new byte[i % 1999];
      live[i * 31 % live.length] = bytes;
      if (i % 100 == 0) sum += ((byte[]) Optional.ofNullable(live[i % live.length]).orElse(bytes)).length;
    }
    return sum;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = Integer.parseInt(arguments[0]);
    Shape[] shapes = new Shape[300];
    Arrays.setAll(shapes, i -> new Square(i));
    long sum = 0;
    for (int i = 0; i < rounds / 3; ++i) sum += areas(shapes);
    Arrays.setAll(shapes, i -> i % 2 == 0 ? new Square(i) : new Circle(i));
    for (int i = 0; i < rounds / 3; ++i) sum += areas(shapes);
    Arrays.setAll(shapes, i -> i % 3 == 0 ? new Square(i) : i % 3 == 1 ? new Circle(i) : new Line(i));
    for (int i = 0; i < rounds / 3; ++i) sum += areas(shapes);
    System.out.println(sum);
    System.out.println(nulls(rounds * 3));
    System.out.println(overflows(5));
    System.out.println(garbage(rounds));
    threads(rounds / 3);
    System.gc();
    System.out.println(Stream.iterate(1L, n -> n * 6364136223846793005L + 1442695040888963407L).limit(rounds)
        .map(Long::toHexString).sorted().collect(Collectors.joining()).hashCode());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    System.exit(5);
  }
}
