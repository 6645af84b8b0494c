// packages: openjdk-17-jdk-headless
// prepare: javac -d . "$SHARED/Work.java"
// run: java -Xint -XX:-UsePerfData Work 300
// limit: 180
