#!/usr/bin/python3
"""A real camera for tests: gst-rtsp-server with H.264 (baseline, a key frame every 50 pictures) and sound, digest sign-in.

Pictures carry a time code (timecode.py). Prints one JSON line {"port": N} when it is ready; ends when its standard input
does, so that a test that was killed leaves nothing behind. Packages: see scripts/test.mjs.
"""
import argparse
import json
import math
import os
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

from timecode import stamp

WIDTH, HEIGHT, FRAMES_A_SECOND, GOP = 640, 360, 25, 50

VIDEO = (
    f"appsrc name=pictures is-live=true format=time do-timestamp=true block=true max-buffers=2 max-bytes=0 "
    f"caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FRAMES_A_SECOND}/1 "
    f"! x264enc tune=zerolatency speed-preset=ultrafast threads=1 bitrate=900 key-int-max={GOP} option-string=scenecut=0 "
    f"! video/x-h264,profile=baseline "
    f"! rtph264pay name=pay0 pt=96 config-interval=-1 aggregate-mode=zero-latency"
)
# Own samples, not audiotestsrc: that one can seek, the pictures cannot, and then PLAY with a Range would fail.
SOUND = "appsrc name=sound is-live=true format=time do-timestamp=true caps=audio/x-raw,format=S16LE,layout=interleaved,channels=1,rate="
AUDIO = {
    "aac": (48000, f"{SOUND}48000 ! audioconvert ! avenc_aac bitrate=64000 ! rtpmp4gpay name=pay1 pt=97"),
    "pcma": (8000, f"{SOUND}8000 ! alawenc ! rtppcmapay name=pay1"),
    "none": (0, ""),
}


def background():
    """A soft gradient in I420, made once; only a bar that wanders over it changes."""
    luma = bytes(40 + (x + y) * 140 // (WIDTH + HEIGHT) for y in range(HEIGHT) for x in range(WIDTH))
    blue = bytes([136]) * (WIDTH * HEIGHT // 4)
    red = bytes([118]) * (WIDTH * HEIGHT // 4)
    return luma + blue + red


def tone(rate):
    """One second of a quiet tone with a pause, 16 bit."""
    samples = (int(4000 * math.sin(2 * math.pi * 440 * n / rate)) if n < rate // 2 else 0 for n in range(rate))
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


def feed(pictures, still, sound, second):
    """Pushes stamped pictures, and the sound of as long, at an even pace until the pipeline is gone."""
    started = time.monotonic()
    number = 0
    piece = len(second) // FRAMES_A_SECOND
    while True:
        wait = started + number / FRAMES_A_SECOND - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        frame = bytearray(still)
        x = number * 4 % (WIDTH - 32)
        for y in range(HEIGHT // 2, HEIGHT // 2 + 48):
            frame[y * WIDTH + x : y * WIDTH + x + 32] = bytes([210]) * 32
        stamp(frame, WIDTH, HEIGHT, number, time.time())
        if pictures.emit("push-buffer", Gst.Buffer.new_wrapped(bytes(frame))) != Gst.FlowReturn.OK:
            return
        if sound:
            start = number % FRAMES_A_SECOND * piece
            sound.emit("push-buffer", Gst.Buffer.new_wrapped(second[start : start + piece]))
        number += 1


def tell_reports(media):
    """Prints what receivers report of each stream, as the server's own RTP session understood it."""

    def active(_session, source):
        stats = source.get_property("stats")
        if stats.get_boolean("have-rb").value:
            names = {"lost": "rb-packetslost", "highest": "rb-exthighestseq", "lastReport": "rb-lsr"}
            line = {name: stats.get_value(key) for name, key in names.items()}
            print(json.dumps({"report": line}), flush=True)

    for index in range(media.n_streams()):
        media.get_stream(index).get_rtpsession().connect("on-ssrc-active", active)


def sign_in(server, factory, user, password):
    """Digest only, as cameras of today do it."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    auth.add_digest(user, password, token)
    permissions = GstRtspServer.RTSPPermissions()
    for permission in ("access", "construct"):
        permissions.add_permission_for_role("viewer", f"media.factory.{permission}", True)
    factory.set_permissions(permissions)
    server.set_auth(auth)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--user", required=True)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--path", default="/live")
    arguments.add_argument("--audio", choices=AUDIO, default="aac")
    options = arguments.parse_args()
    Gst.init(None)
    still = background()
    rate, audio = AUDIO[options.audio]
    second = tone(rate)

    def configure(_factory, media):
        pictures, sound = (media.get_element().get_by_name(name) for name in ("pictures", "sound"))
        media.connect("prepared", tell_reports)
        threading.Thread(target=feed, args=(pictures, still, sound, second), daemon=True).start()

    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {VIDEO} {audio} )")
    factory.set_shared(True)
    factory.connect("media-configure", configure)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    sign_in(server, factory, options.user, os.environ["MIVISUS_CAMERA_PASSWORD"])
    server.get_mount_points().add_factory(options.path, factory)
    server.attach(None)
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, lambda *_: loop.quit())
    print(json.dumps({"port": server.get_bound_port()}), flush=True)
    loop.run()


main()
