#!/usr/bin/python3
"""Decodes an H.264 byte stream (Annex B) from standard input and reads the time code of each picture (timecode.py).

Prints one JSON line a picture: {"ticks": 0.1 ms modulo 2^32, "number": frame} or null where no code can be read.
"""
import json

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

from timecode import read

Gst.init(None)
pipeline = Gst.parse_launch(
    "fdsrc fd=0 ! h264parse ! avdec_h264 ! video/x-raw,format=I420 ! appsink name=pictures sync=false max-buffers=8"
)
sink = pipeline.get_by_name("pictures")
pipeline.set_state(Gst.State.PLAYING)
while (sample := sink.emit("pull-sample")) is not None:
    width = sample.get_caps().get_structure(0).get_value("width")
    stride = (width + 3) // 4 * 4
    code = read(sample.get_buffer().extract_dup(0, stride * (width // 40)), width, stride)
    print(json.dumps(code and {"ticks": code[0], "number": code[1]}), flush=True)
error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if error:
    raise SystemExit(error.parse_error()[0].message)
