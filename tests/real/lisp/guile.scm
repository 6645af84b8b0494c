; packages: guile-3.0
; run: guile --no-auto-compile "$CASE"
; The JIT; delimited continuations; threads; bignums.
(use-modules (ice-9 threads) (ice-9 format) (srfi srfi-1))
(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(format #t "~a\n" (fib 22))
(define (generator proc) (let ((tag (make-prompt-tag)) (k #f)) (lambda () (call-with-prompt tag
  (lambda () (if k (k #f) (begin (proc (lambda (x) (abort-to-prompt tag x))) 'end))) (lambda (next x) (set! k next) x)))))
(define g (generator (lambda (yield) (let loop ((i 0)) (when (< i 100) (yield (* i i)) (loop (+ i 1)))))))
(format #t "~a\n" (fold + 0 (map (lambda (_) (g)) (iota 100))))
(define r (call/cc (lambda (k) (for-each (lambda (x) (if (> x 3) (k x))) '(1 2 3 4 5)) 'none)))
(format #t "~a\n" r)
(format #t "~a\n" (apply + (par-map (lambda (n) (modulo (expt n 50) 1009)) (iota 100))))
(define m (make-mutex))
(define total 0)
(for-each join-thread (map (lambda (n) (call-with-new-thread (lambda () (do ((i 0 (+ i 1))) ((= i 300)) (with-mutex m (set! total (+ total n))))))) (iota 6)))
(format #t "~a\n" total)
(format #t "~a\n" (catch #t (lambda () (vector-ref (vector 1) 5)) (lambda (key . _) key)))
(format #t "~a\n" (catch 'numerical-overflow (lambda () (/ 1 0)) (lambda _ 'zero)))
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(format #t "~a ~a\n" (deep 200000) (string-length (number->string (expt 7 2000))))
(gc)
(exit 9)
