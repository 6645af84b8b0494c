// C2 alone, at once: everything that runs a little is compiled, and deoptimised when a guess was wrong.
// packages: openjdk-17-jdk-headless
// prepare: javac -d . "$SHARED/Work.java"
// run: java -XX:-TieredCompilation -XX:CompileThreshold=500 -XX:-UsePerfData Work 3000
// limit: 180
