#!/usr/bin/racket
; packages: racket
; limit: 120
#lang racket/base
(require racket/place racket/future racket/list racket/async-channel racket/port file/sha1)
(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(module+ main
  (displayln (fib 23))
  (displayln (for/fold ([h (hash)] #:result (hash-count h)) ([i 20000]) (hash-update h (modulo (* i 7919) 1009) add1 0)))
  (displayln (map touch (for/list ([n 4]) (future (lambda () (for/sum ([i 20000]) (modulo (* i n) 97)))))))
  (define c (make-channel))
  (define threads (for/list ([n 5]) (thread (lambda () (channel-put c (* n n))))))
  (displayln (sort (for/list ([_ 5]) (channel-get c)) <))
  (displayln (call/cc (lambda (k) (for ([i 10]) (when (= i 7) (k i))))))
  (displayln (with-handlers ([exn:fail? exn-message]) (vector-ref (vector 1 2) 5)))
  (displayln (with-handlers ([exn:fail:contract:divide-by-zero? (lambda (_) 'zero)]) (quotient 1 0)))
  (displayln (let deep ([n 300000]) (if (zero? n) 0 (add1 (deep (sub1 n))))))
  (displayln (sha1 (open-input-string (apply string-append (map number->string (range 5000))))))
  (displayln (eval '(let loop ([i 0] [s 0]) (if (= i 1000) s (loop (add1 i) (+ s i)))) (make-base-namespace)))
  (collect-garbage)
  (exit 8))
