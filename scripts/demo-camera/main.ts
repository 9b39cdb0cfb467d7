import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startDemoCamera } from "./server.ts";

/** A camera for trying Mivisus out without owning one. Prints one line when it is ready; ends on SIGTERM. */
const { values } = parseArgs({
	options: {
		port: { type: "string", default: "8554" },
		host: { type: "string", default: "127.0.0.1" },
		user: { type: "string", default: "demo" },
		clip: { type: "string" },
	},
});
const port = Number(values.port);
// Not an argument: the list of processes shows those to everybody on the machine.
const password = process.env["MIVISUS_DEMO_CAMERA_PASSWORD"];
if (!password || !Number.isInteger(port) || port < 0 || port > 65535) {
	console.error(
		"usage: MIVISUS_DEMO_CAMERA_PASSWORD=TEXT main.ts [--user demo] [--port 8554] [--host 127.0.0.1] [--clip FILE]",
	);
	process.exit(2);
}
const { host, user } = values;
try {
	const camera = await startDemoCamera({
		port,
		host,
		user,
		password,
		...(values.clip && { clip: readFileSync(values.clip) }),
	});
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.once(signal, () => void camera.stop().then(() => process.exit(0)));
	}
	console.log(`demo camera ready: rtsp://${host}:${camera.port}${camera.path} (user ${user})`);
} catch (error) {
	console.error(`the demo camera cannot listen on port ${port}: ${(error as NodeJS.ErrnoException).code}`);
	process.exit(1);
}
