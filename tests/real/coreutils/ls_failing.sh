# run: ls /nonexistent/folder
# fast
