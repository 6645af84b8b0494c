#!/bin/bash
# A breakpoint in a thread, a watchpoint, a signal, a core that gdb writes.
# packages: gdb gcc
# untraced: what a traced debugger debugs
# prepare: printf '%s\n' '#include <pthread.h>' '#include <signal.h>' '#include <stdio.h>' 'int seen;' 'static void* body(void* p) { seen += (int)(long)p; return 0; }' 'static void on(int s) { seen += 100; }' 'int main(void) { signal(SIGUSR1, on); for (long i = 1; i < 4; ++i) { pthread_t t; pthread_create(&t, 0, body, (void*)i); pthread_join(t, 0); } raise(SIGUSR1); printf("%d\n", seen); return 3; }' > t.c
# prepare: gcc -g -O0 t.c -o t -pthread
gdb --batch -nx -ex 'set debuginfod enabled off' -ex 'set print thread-events off' -ex 'break body' -ex run -ex 'print (long)p' -ex 'watch seen' -ex continue -ex delete -ex 'handle SIGUSR1 nostop noprint pass' -ex continue t 2>&1 | grep -E '^\$|^(Old|New) value|^[0-9]+$|exited' | sed -E 's/process [0-9]+/process N/; s/Inferior 1 \(.*\)/Inferior/'
