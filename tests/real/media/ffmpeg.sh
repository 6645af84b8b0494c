#!/bin/bash
# Synthetic pictures and sound through encoders, decoders and filters, hand-written vector code and threads.
# packages: ffmpeg
# limit: 120
export AV_LOG_FORCE_NOCOLOR=1
run() { ffmpeg -nostdin -v error -bitexact "$@"; }
run -f lavfi -i testsrc2=size=320x180:rate=25:duration=2 -f lavfi -i sine=440:duration=2 -c:v mpeg4 -threads 2 -q:v 5 -c:a aac -flags +bitexact out.mp4
run -i out.mp4 -vf 'scale=160:90,hflip,format=rgb24' -f md5 -
run -i out.mp4 -map 0:v -f framemd5 - | tail -n 2
run -f lavfi -i testsrc=size=160x120:duration=1 -c:v libx264 -preset veryfast -threads 2 -x264-params threads=2 -f h264 - | ffprobe -v error -show_entries stream=codec_name,width,height,profile -
run -f lavfi -i sine=1000:duration=1 -c:a flac -f md5 -
run -f lavfi -i mandelbrot=size=64x48:rate=5 -frames:v 2 -f framemd5 - | tail -n 2
run -i missing.mp4 -f null -
