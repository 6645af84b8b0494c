#!/bin/bash
# packages: emacs-nox
# limit: 120
cat > work.el <<'EL'
(defun fib (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(princ (format "%d\n" (fib 17)))
(byte-compile 'fib)
(princ (format "%d\n" (fib 20)))
(with-temp-buffer
  (dotimes (i 3000) (insert (format "%x " (% (* i 7919) 1009))))
  (goto-char 1)
  (let ((n 0)) (while (re-search-forward "\\<\\([0-9a-f]\\)\\1" nil t) (setq n (1+ n))) (princ (format "%d\n" n)))
  (sort-regexp-fields nil "[0-9a-f]+ " "[0-9a-f]+" 1 (point-max))
  (princ (md5 (buffer-string)))
  (terpri))
(princ (condition-case e (car 1) (error (format "%S\n" e))))
(princ (shell-command-to-string "echo child; exit 3"))
(let ((p (start-process "cat" nil "cat")) (got nil))
  (set-process-filter p (lambda (_ s) (setq got s)))
  (process-send-string p "hello\n")
  (while (not got) (accept-process-output p 1))
  (princ got)
  (delete-process p))
(garbage-collect)
(princ (condition-case nil (progn (defun deep (n) (1+ (deep n))) (deep 0)) (error "deep\n")))
(kill-emacs 6)
EL
emacs --batch -Q -l work.el
