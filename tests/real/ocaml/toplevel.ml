#!/usr/bin/ocaml
(* packages: ocaml-nox *)
(* The compilers as traced programs: bytecode at once, then ocamlopt with as and ld. *)
let run command = Printf.printf "%s: %d\n%!" command (Sys.command command)

let () =
  let out = open_out "a.ml" in
  output_string out "let rec f = function [] -> 0 | x :: r -> x + f r\nlet () = print_int (f (List.init 100 Fun.id))\n";
  close_out out;
  run "ocamlopt -O3 a.ml -o a 2>/dev/null";
  run "./a";
  run "ocamlc -i a.ml";
  let out = open_out "b.ml" in
  output_string out "let x : int = \"text\"\n";
  close_out out;
  run "ocamlc b.ml 2>&1"
