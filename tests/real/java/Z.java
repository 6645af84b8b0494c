// ZGC: coloured pointers, a heap that is mapped three times, load barriers.
// packages: openjdk-17-jdk-headless
// prepare: javac -d . "$SHARED/Work.java"
// run: java -XX:+UseZGC -Xmx96m -XX:-UsePerfData Work 3000
// limit: 180
