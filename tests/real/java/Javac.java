// The compiler itself, on a thousand lines; single-file source launch.
// packages: openjdk-17-jdk-headless
// run: java -XX:-UsePerfData "$SHARED/Work.java" 100
// limit: 180
