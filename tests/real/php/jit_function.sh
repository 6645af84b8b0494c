# The JIT that compiles whole functions when the script is loaded.
# packages: php-cli php8.2-opcache
# run: php -d opcache.enable_cli=1 -d opcache.jit=1205 -d opcache.jit_buffer_size=16M "$SHARED/work.php"
