# packages: elixir
# run: elixir "$CASE"
# limit: 120
defmodule Counter do
  use GenServer
  def init(n), do: {:ok, n}
  def handle_call({:add, x}, _, n), do: {:reply, n + x, n + x}
  def handle_cast(:crash, _), do: raise("crash")
end

Logger.configure(level: :none)
{:ok, _} = Supervisor.start_link([%{id: :c, start: {GenServer, :start_link, [Counter, 10, [name: :c]]}}], strategy: :one_for_one)
IO.inspect(GenServer.call(:c, {:add, 5}))
first = Process.whereis(:c)
GenServer.cast(:c, :crash)
Stream.repeatedly(fn -> Process.sleep(5); Process.whereis(:c) end) |> Enum.find(&(&1 != nil and &1 != first))
IO.inspect(GenServer.call(:c, {:add, 1}))
1..100 |> Task.async_stream(fn n -> Enum.sum(1..n) end, max_concurrency: 8) |> Enum.map(&elem(&1, 1)) |> Enum.sum() |> IO.inspect()
"the quick brown fox" |> String.split() |> Enum.map(&String.reverse/1) |> Enum.join(" ") |> IO.puts()
for n <- 1..3, m <- [:a, :b], into: %{}, do: {{n, m}, n * n}
defmacro_result = quote(do: 1 + 2 * 3) |> Macro.to_string()
IO.puts(defmacro_result)
try do
  raise ArgumentError, "own"
rescue
  e -> IO.puts(Exception.message(e))
end
System.halt(6)
