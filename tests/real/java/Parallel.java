// packages: openjdk-17-jdk-headless
// prepare: javac -d . "$SHARED/Work.java"
// run: java -XX:+UseParallelGC -Xmx48m -XX:-UsePerfData Work 3000
// limit: 180
