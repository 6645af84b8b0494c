# The opcode cache with its tracing JIT, which writes machine code into shared memory.
# packages: php-cli php8.2-opcache
# run: php -d opcache.enable_cli=1 -d opcache.jit=tracing -d opcache.jit_buffer_size=16M -d opcache.jit_hot_loop=5 -d opcache.jit_hot_func=5 "$SHARED/work.php"
