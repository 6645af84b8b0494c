(* packages: ocaml-nox *)
(* prepare: cp "$SHARED/../ocaml/work.ml" work.ml && ocamlc -I +threads unix.cma threads.cma work.ml -o program *)
(* run: ocamlrun ./program *)
