#!/bin/bash
# packages: imagemagick
# limit: 120
export MAGICK_THREAD_LIMIT=2
convert -size 200x150 gradient:red-blue -swirl 90 -blur 0x2 a.png
convert a.png -resize 50% -rotate 30 -colorspace Gray rgb:- | md5sum
convert a.png -quality 85 b.jpg && convert b.jpg -edge 1 -negate rgb:- | md5sum
convert -size 120x80 plasma:fractal -seed 5 c.png 2>/dev/null; identify -format '%w %h %m\n' c.png
compare -metric AE a.png b.jpg null: 2>&1 | grep -c .
convert a.png \( +clone -flip \) -append -crop 64x64+10+10 +repage rgb:- | md5sum
identify missing.png
echo "identify: $?"
