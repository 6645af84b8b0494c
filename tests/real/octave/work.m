% packages: octave
% run: octave-cli --norc --quiet --no-history "$CASE"
% limit: 120
A = magic(6);
disp(rank(A)); disp(trace(A * A')); disp(round(eig(A)(1) * 1000));
x = linspace(0, 1, 1000);
printf("%.6f\n", trapz(x, sin(x) .^ 2));
s = 0; for i = 1:20000, s += mod(i, 7); end, disp(s)
f = @(n) n ^ 2 + 1;
disp(fzero(@(x) x ^ 3 - 2, [0, 2]) > 1.25);
disp(norm(fft(ones(1, 64))));
try, error('own:id', 'own %d', 3); catch e, disp(e.message); end
try, [1 2 3](7); catch e, disp(e.message); end
c = cellfun(@numel, {'a', 'bb', 'ccc'}); disp(c)
printf("%s\n", regexprep('abc123', '(\d)', '<$1>'));
[status, out] = system('echo child; exit 3'); disp(status), disp(out)
y = sort(mod((1:5000) * 7919, 5003)); disp(y([1 2500 5000]))
exit(4)
