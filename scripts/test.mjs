// `npm test`: installs what the tests need, then runs every check. Plain JavaScript: it starts before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

if (Number(process.versions.node.split(".")[0]) < 20) {
	console.error(`Node ${process.version} is too old: Mivisus needs Node 20 or newer.`);
	process.exit(1);
}

/**
 * Debian packages that hold the real parts the tests use: a browser, cameras, what watches a program write. Each with a
 * file that proves it is there.
 */
const DEBIAN = {
	chromium: "/usr/bin/chromium",
	"python3-gi": "/usr/lib/python3/dist-packages/gi",
	"gir1.2-gst-rtsp-server-1.0": "girepository-1.0/GstRtspServer-1.0.typelib",
	"gstreamer1.0-plugins-base": "gstreamer-1.0/libgstvideotestsrc.so",
	"gstreamer1.0-plugins-good": "gstreamer-1.0/libgstrtp.so",
	"gstreamer1.0-plugins-bad": "gstreamer-1.0/libgstvideoparsersbad.so",
	"gstreamer1.0-plugins-ugly": "gstreamer-1.0/libgstx264.so",
	"gstreamer1.0-libav": "gstreamer-1.0/libgstlibav.so",
	strace: "/usr/bin/strace",
	"vlc-bin": "/usr/bin/cvlc",
	"vlc-plugin-base": "vlc/plugins/demux/libh26x_plugin.so",
};

/** Runs a command with its output shown; ends this process with its code when it fails. */
function run(command, args, options = {}) {
	const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
	if (error) console.error(`${command} could not be started: ${error.message}`);
	if (status !== 0) process.exit(status || 1);
}

/** A name that starts with `/` is a path; others are looked for in the folder of each architecture. */
function present(path) {
	if (path.startsWith("/")) return existsSync(path);
	return ["x86_64-linux-gnu", "aarch64-linux-gnu"].some((arch) => existsSync(join("/usr/lib", arch, path)));
}

const missing = Object.keys(DEBIAN).filter((name) => !present(DEBIAN[name]));
if (missing.length > 0) {
	if (!existsSync("/usr/bin/apt-get")) {
		console.error(`The tests need a Debian machine with: ${missing.join(" ")}`);
		process.exit(1);
	}
	if (process.getuid?.() !== 0) {
		console.error(
			`The tests need packages of Debian. As root:\n  apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`,
		);
		process.exit(1);
	}
	console.log(`Installing from Debian: ${missing.join(" ")}`);
	run("apt-get", ["update", "-qq"]);
	run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
		env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
	});
}

const installed = "node_modules/.package-lock.json";
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync("package-lock.json").mtimeMs) {
	run("npm", ["ci", "--no-audit", "--no-fund"]);
}
run("node", ["scripts/check.mjs"]);
// The browser tests open the page as it is served, not a development server.
run("npx", ["--no-install", "vite", "build", "web", "--logLevel", "warn"]);
run("npx", ["--no-install", "vitest", "run", ...process.argv.slice(2)]);
