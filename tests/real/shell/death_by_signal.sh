# run: bash -c 'kill -SEGV $$'
# fast
