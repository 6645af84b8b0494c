#!/usr/bin/escript
%%! -smp enable +S 2:2
%% packages: erlang-base
%% BEAM with its JIT: processes, messages, a supervisor's restarts, ETS, binaries, ports, hot code loading.
-mode(compile).

ring(0, Parent) -> Parent ! {done, self()};
ring(N, Parent) ->
    Next = spawn(fun() -> ring(N - 1, Parent) end),
    receive {token, T} -> Next ! {token, T + 1} after 0 -> ok end.

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

load(Body) ->
    Source = "-module(hot). -export([f/1]). f(X) -> " ++ Body ++ ".",
    Forms = forms(Source),
    {ok, hot, Binary} = compile:forms(Forms, []),
    code:purge(hot),
    {module, hot} = code:load_binary(hot, "hot", Binary).

forms(Source) ->
    {ok, Tokens, _} = erl_scan:string(Source),
    split(Tokens, [], []).
split([], _, Forms) -> lists:reverse(Forms);
split([{dot, _} = Dot | Rest], Form, Forms) ->
    {ok, Parsed} = erl_parse:parse_form(lists:reverse([Dot | Form])),
    split(Rest, [], [Parsed | Forms]);
split([Token | Rest], Form, Forms) -> split(Rest, [Token | Form], Forms).

main(_) ->
    io:format("~p~n", [fib(22)]),
    ring(2000, self()),
    receive {done, _} -> io:format("ring~n") end,
    Parent = self(),
    Pids = [spawn_monitor(fun() -> Parent ! {sum, lists:sum([X * N rem 97 || X <- lists:seq(1, 2000)])} end)
            || N <- lists:seq(1, 100)],
    Sums = [receive {sum, S} -> S end || _ <- Pids],
    io:format("~p~n", [lists:sum(Sums)]),
    Downs = [receive {'DOWN', Ref, _, _, Why} -> Why end || {_, Ref} <- Pids],
    io:format("~p~n", [lists:usort(Downs)]),
    Crash = fun(F) -> {_, Ref} = spawn_monitor(F), receive {'DOWN', Ref, _, _, {Why, _}} -> Why; {'DOWN', Ref, _, _, Why} -> Why end end,
    logger:set_primary_config(level, none),
    io:format("~p~n", [[Crash(fun() -> 1 / (length([]) * 0) end), Crash(fun() -> exit(own) end),
                         Crash(fun() -> hd(list_to_binary("x")) end)]]),
    Table = ets:new(t, [ordered_set, public]),
    Writers = [spawn_monitor(fun() -> [ets:update_counter(Table, K rem 50, N, {K rem 50, 0}) || K <- lists:seq(1, 500)] end)
               || N <- lists:seq(1, 8)],
    [receive {'DOWN', Ref, _, _, _} -> ok end || {_, Ref} <- Writers],
    io:format("~p~n", [ets:lookup(Table, 7)]),
    load("X * 2"),
    io:format("~p~n", [hot:f(21)]),
    load("X + 100"),
    io:format("~p~n", [hot:f(21)]),
    io:format("~p~n", [erlang:md5(term_to_binary(lists:seq(1, 10000)))]),
    io:format("~s", [os:cmd("echo port; exit 3")]),
    io:format("~p~n", [re:run(lists:duplicate(20, $x) ++ "y", "^(x+)y$", [{capture, [1], list}])]),
    io:format("~p~n", [string:length(integer_to_list(lists:foldl(fun(A, B) -> A * B end, 1, lists:seq(1, 300))))]),
    io:format("jit: ~p~n", [erlang:system_info(emu_flavor)]),
    halt(5).
