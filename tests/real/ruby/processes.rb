#!/usr/bin/ruby
# fork, exec, pipes, traps, spawn with redirections, a daemon.
# packages: ruby
trap('USR1') { puts 'usr1' }
Process.kill('USR1', Process.pid)
sleep 0.05
puts 5.times.map { |n| fork { exit n } }.map { |pid| Process.wait2(pid)[1].exitstatus }.inspect
reader, writer = IO.pipe
pid = fork { reader.close; writer.puts((1..5000).to_a.join(' ')); exit!(0) }
writer.close
puts reader.read.split.map(&:to_i).sum
Process.wait(pid)
puts `echo $((6 * 7))`.to_i, $?.exitstatus
pid = spawn({ 'A' => 'b' }, 'echo $A; exit 3', out: 'file')
puts Process.wait2(pid)[1].exitstatus, File.read('file')
puts IO.popen(%w[sort -rn], 'r+') { |io| io.puts [3, 20, 1]; io.close_write; io.read }.split.inspect
fork { Process.daemon(true); File.write('daemon', 'here') }
Process.wait
sleep 0.01 until File.exist?('daemon') && File.size('daemon').positive?
puts File.read('daemon')
pid = fork { sleep }
Process.kill(:TERM, pid)
puts Process.wait2(pid)[1].termsig
at_exit { puts 'at exit' }
trap('TERM', 'DEFAULT')
abort 'aborting'
