import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** VLC refuses to run as root. */
const NOBODY = 65_534;
const CLIP = fileURLToPath(new URL("../../scripts/demo-camera/clip.h264", import.meta.url));

export interface VlcCamera {
	/** On 127.0.0.1. */
	port: number;
	path: string;
	stop(): Promise<void>;
}

/** Starts VLC as an RTSP camera: the demo's clip in a loop, without sign-in, by UDP only. The caller stops it. */
export async function startVlcCamera(path = "/live"): Promise<VlcCamera> {
	const home = mkdtempSync(join(tmpdir(), "mivisus-vlc-"));
	copyFileSync(CLIP, join(home, "clip.h264"));
	await chmod(home, 0o777);
	const port = await freePort();
	const child = spawn(
		"cvlc",
		[
			...["--no-dbus", "-vv", "--loop", "--sout-keep", "--demux", "h264", "--h264-fps", "25"],
			join(home, "clip.h264"),
			...["--sout", `#rtp{sdp=rtsp://127.0.0.1:${port}${path}}`],
		],
		{
			stdio: ["ignore", "ignore", "pipe"],
			env: { PATH: process.env["PATH"], HOME: home },
			...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
		},
	);
	const ended = once(child, "exit");
	const said: string[] = [];
	const lines = createInterface({ input: child.stderr });
	const ready = new Promise<void>((resolve) => {
		lines.on("line", (line) => {
			if (said.length < 200) said.push(line);
			if (line.includes(`net: listening to 127.0.0.1 port ${port}`)) resolve();
		});
	});
	const failed = ended.then(() => Promise.reject(new Error(`VLC did not start: ${said.slice(-5).join(" ")}`)));
	failed.catch(() => {});
	await Promise.race([ready, failed]);
	return {
		port,
		path,
		stop: async () => {
			child.kill("SIGKILL");
			await ended;
			rmSync(home, { recursive: true, force: true });
		},
	};
}

/** VLC takes no 0 for a port: somebody else may take this one meanwhile, which makes it fail in words. */
async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}
