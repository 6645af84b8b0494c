(* packages: ocaml-nox *)
(* prepare: cp "$CASE" work.ml && ocamlopt -I +threads unix.cmxa threads.cmxa work.ml -o program *)
(* run: ./program *)
(* Native code: exceptions as stack cuts, stack overflow as an exception (by SIGSEGV), threads, signals, GC. *)
let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)

module Table = Map.Make (String)

let rec deep n = 1 + deep (n + 1)

let () =
  Printf.printf "%d\n" (fib 24);
  let table = ref Table.empty in
  for i = 1 to 20000 do
    let key = string_of_int (i * 7919 mod 1009) in
    table := Table.update key (function None -> Some 1 | Some n -> Some (n + 1)) !table
  done;
  Printf.printf "%d %s\n" (Table.cardinal !table) (fst (Table.max_binding !table));
  let caught = ref 0 in
  for i = 1 to 50000 do
    try if i mod 3 = 0 then raise Not_found else if i mod 5 = 0 then ignore (1 / (i - i)) with
    | Not_found -> incr caught
    | Division_by_zero -> caught := !caught + 2
  done;
  Printf.printf "%d\n" !caught;
  (try Printf.printf "%d\n" (deep 0) with Stack_overflow -> print_endline "stack overflow");
  (try ignore (Array.get [| 1 |] !caught) with Invalid_argument m -> print_endline m);
  let ticks = ref 0 in
  Sys.set_signal Sys.sigalrm (Sys.Signal_handle (fun _ -> incr ticks));
  ignore (Unix.setitimer Unix.ITIMER_REAL { Unix.it_interval = 0.002; it_value = 0.002 });
  let garbage = ref [] in
  while !ticks < 30 do garbage := List.init 200 (fun i -> (i, string_of_int i)) done;
  ignore (Unix.setitimer Unix.ITIMER_REAL { Unix.it_interval = 0.; it_value = 0. });
  Printf.printf "ticks %d\n" (List.length !garbage);
  let m = Mutex.create () and total = ref 0 in
  let threads =
    List.init 8 (fun n ->
        Thread.create
          (fun () ->
            for i = 1 to 500 do
              Mutex.lock m;
              total := !total + (i * n);
              Mutex.unlock m;
              if i mod 100 = 0 then Thread.yield ()
            done)
          ())
  in
  List.iter Thread.join threads;
  Printf.printf "%d\n%!" !total;
  match Unix.fork () with
  | 0 -> exit 9
  | pid -> (
      match Unix.waitpid [] pid with
      | _, Unix.WEXITED n -> Printf.printf "child %d\n" n; failwith "the end"
      | _ -> assert false)
