// Tiered, with the G1 collector in a small heap.
// packages: openjdk-17-jdk-headless
// prepare: javac -d . "$SHARED/Work.java"
// run: java -XX:+UseG1GC -Xmx48m -XX:-UsePerfData Work 3000
// limit: 180
