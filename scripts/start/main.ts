/** `npm start` after the install: builds what is stale, starts every program, prints one address and a demo account. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { toBase64Url } from "@mivisus/wire/ids";
import { relayEnvironment, workerEnvironment, workerProgram } from "./environment.ts";
import { Owner, type OwnerState } from "./owner.ts";
import { freePort, Program, portFree } from "./programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let home = join(root, ".mivisus");
const DEMO_EMAIL = "demo@mivisus.example";
const PORTS = { worker: 8080, relay: 4433, relayTcp: 4433, control: 4480, camera: 8554, mailbox: 8025 };

/** A line of a program's log about a fault of ours: shown even to those who did not ask for the log. */
const GRAVE = /^\{"level":(?:[56]0|"error"|"fatal"),/;
/** A line of the worker's log about a mail: its subject, and nothing else about it. */
const MAILED = /"subject":"((?:[^"\\]|\\.)*)","msg":"a mail was sent"/;
/** How an agent ends when its owner unlinked it. */
const UNLINKED = 3;

class Stop extends Error {}
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Newest change under `folder`, ms since 1970. */
function newest(folder: string): number {
	let latest = 0;
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		if (["node_modules", "dist"].includes(entry.name)) continue;
		const path = join(folder, entry.name);
		latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
	}
	return latest;
}
function buildPage(): void {
	const built = join(root, "web/dist/index.html");
	const changed = Math.max(...["web", "wire", "transport"].map((room) => newest(join(root, room))));
	if (existsSync(built) && statSync(built).mtimeMs > changed) return;
	say("Building the page …");
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		[join(root, "node_modules/vite/bin/vite.js"), "build", "web"],
		{
			cwd: root,
			encoding: "utf8",
		},
	);
	if (status !== 0) throw new Stop(`The page could not be built:\n${stdout}${stderr}`);
}
/** A value that is made once and kept: a password of the demo. */
function kept<T>(name: string, make: () => T): T {
	const path = join(home, name);
	if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as T;
	const value = make();
	keep(name, value);
	return value;
}
const keep = (name: string, value: unknown) => writeFileSync(join(home, name), JSON.stringify(value), { mode: 0o600 });

const programs: Program[] = [];
let verbose = false;
function start(name: string, file: string, env: Record<string, string>, args: readonly string[] = []): Program {
	const program = new Program(name, join(root, file), { args, env, cwd: root });
	programs.push(program);
	program.onLine((line) => {
		const subject = MAILED.exec(line)?.[1];
		if (verbose || GRAVE.test(line)) say(`${name} | ${line}`);
		else if (subject)
			say(`A mail was sent: ${JSON.parse(`"${subject}"`)}. Read it at http://localhost:${PORTS.mailbox}`);
	});
	void program.exited.then((code) => {
		if (name === "agent" && code === UNLINKED) return;
		if (!ending) void end(`${name} ended unexpectedly (${code}). Run npm start -- --verbose to see what it said.`);
	});
	return program;
}

let ending: Promise<never> | undefined;
/** Ends every program, the last begun first, then this one. Whoever calls it again waits for the same end. */
function end(problem?: string): Promise<never> {
	ending ??= (async () => {
		if (problem) process.stderr.write(`${problem}\n`);
		// All at once: whoever waits for this one has no patience for six waits in a row, and would leave some behind.
		await Promise.all(programs.reverse().map((program) => program.stop()));
		if (!problem) say("Stopped.");
		process.exit(problem ? 1 : 0);
	})();
	return ending;
}

/** Starts the demo's agent; one that was unlinked in the page forgets that and begins anew. */
async function startAgent(origin: string): Promise<Program> {
	const folder = ["--home", join(home, "agent")];
	const run = () => start("agent", "agent/main.ts", {}, ["run", "--origin", origin, ...folder, "--name", "Demo agent"]);
	const agent = run();
	const unlinked = agent.exited.then((code) => code === UNLINKED);
	const settled = agent.line(/enrol#|uplink":"connect|unlinked this agent/).then(([line]) => /unlinked/.test(line));
	if (!(await Promise.race([unlinked, settled]))) {
		void unlinked.then((was) => {
			if (was && !ending) say("The demo agent was unlinked. The next start links it again; all else goes on.");
		});
		return agent;
	}
	await agent.exited;
	for (const name of ["agent", "owner.json"]) rmSync(join(home, name), { recursive: true, force: true });
	return run();
}

/** Signs in as the demo's owner and makes sure that its agent has the demo camera. */
async function linkDemo(agent: Program, origin: string, password: string, cameraPassword: string): Promise<void> {
	const running = agent.line(/The agent is running/);
	const owner = new Owner(origin);
	await owner.signIn(DEMO_EMAIL, password);
	let state = existsSync(join(home, "owner.json"))
		? (JSON.parse(readFileSync(join(home, "owner.json"), "utf8")) as OwnerState)
		: undefined;
	if (!state) {
		const [link] = await agent.line(/https?:\/\/\S+\/enrol#\S+/);
		state = await owner.enrol(link, "npm start");
		keep("owner.json", state);
	}
	await running;
	const { cameras } = await owner.call<{ cameras: unknown[] }>("GET", "/cameras");
	if (cameras.length > 0 || state.counter > 0) return;
	await owner.addCamera(state, "Demo camera", {
		v: 1,
		url: { scheme: "rtsp", host: "127.0.0.1", port: PORTS.camera, path: "/live" },
		user: "demo",
		password: cameraPassword,
	});
	keep("owner.json", state);
}

const USAGE = `npm start -- [--port 8080] [--home FOLDER] [--edge] [--verbose]
  --port     where the pages are
  --home     where accounts, keys and the demo camera are kept; default .mivisus
  --edge     the worker in Cloudflare's runtime, over a libSQL server
  --verbose  the programs' own logs`;
/** What was typed behind \`npm start --\`. */
function options() {
	try {
		return parseArgs({
			options: {
				port: { type: "string" },
				home: { type: "string" },
				verbose: { type: "boolean" },
				edge: { type: "boolean" },
				help: { type: "boolean" },
			},
		}).values;
	} catch (error) {
		throw new Stop(`${(error as Error).message}\n${USAGE}`);
	}
}

async function main(): Promise<void> {
	const values = options();
	if (values.help) {
		say(USAGE);
		process.exit(0);
	}
	if (values.home) home = resolve(values.home);
	verbose = values.verbose ?? false;
	if (values.port) PORTS.worker = Number(values.port);
	if (!Number.isInteger(PORTS.worker) || PORTS.worker < 1 || PORTS.worker > 65535)
		throw new Stop("--port takes a number from 1 to 65535.");
	if (!(await portFree(PORTS.worker, "tcp"))) {
		throw new Stop(
			`Port ${PORTS.worker} is taken. Is Mivisus running already? Choose another: npm start -- --port 8090`,
		);
	}
	// Nobody types the other ports: a taken one is replaced.
	if (!(await portFree(PORTS.relay, "udp"))) PORTS.relay = await freePort("udp");
	if (!(await portFree(PORTS.relayTcp, "tcp"))) PORTS.relayTcp = await freePort("tcp");
	if (!(await portFree(PORTS.control, "tcp"))) PORTS.control = await freePort("tcp");
	if (!(await portFree(PORTS.mailbox, "tcp"))) PORTS.mailbox = await freePort("tcp");
	mkdirSync(home, { recursive: true, mode: 0o700 });
	buildPage();
	const random = () => toBase64Url(crypto.getRandomValues(new Uint8Array(12)));
	// The camera's port stands in its sealed address, so it is kept like its password.
	const cameraPort = (await portFree(PORTS.camera, "tcp")) ? PORTS.camera : await freePort("tcp");
	const demo = kept("demo.json", () => ({ password: random(), cameraPassword: random(), cameraPort }));
	const { password, cameraPassword } = demo;
	PORTS.camera = demo.cameraPort;
	if (!(await portFree(PORTS.camera, "tcp")))
		throw new Stop(
			`Port ${PORTS.camera}, where the demo camera is, is taken. Is Mivisus running already? End that one first. To run a second one beside it: npm start -- --port 8090 --home FOLDER`,
		);
	const origin = `http://localhost:${PORTS.worker}`;
	const smtp = await freePort("tcp");
	const mail = { smtpUrl: `smtp://127.0.0.1:${smtp}`, webOrigin: `http://127.0.0.1:${PORTS.mailbox}` };
	const place = { home, origin, ports: PORTS, mail, edge: values.edge ?? false };
	say("Starting …");
	const mailbox = start("mailbox", "scripts/start/mailbox.ts", {
		MAILBOX_SMTP_PORT: String(smtp),
		MAILBOX_WEB_PORT: String(PORTS.mailbox),
	});
	await mailbox.line(/mailbox is listening/);

	const worker = start("worker", workerProgram(place), {
		...workerEnvironment(place),
		MIVISUS_DEMO_EMAIL: DEMO_EMAIL,
		MIVISUS_DEMO_PASSWORD: password,
	});
	const camera = start("camera", "scripts/demo-camera/main.ts", { MIVISUS_DEMO_CAMERA_PASSWORD: cameraPassword }, [
		"--port",
		String(PORTS.camera),
	]);
	const cameraReady = camera.line(/./);
	await worker.line(/worker is listening/);
	const relay = start("relay", "relay/main.ts", relayEnvironment(place));
	await Promise.all([relay.line(/relay is listening/), cameraReady]);
	const agent = await startAgent(origin);
	await linkDemo(agent, origin, password, cameraPassword);
	say(`
Mivisus is running${place.edge ? ", its worker in Cloudflare's runtime" : ""}.

  Open      ${origin}
  E-mail    ${DEMO_EMAIL}
  Password  ${password}
  Mails     http://localhost:${PORTS.mailbox} (what Mivisus mails here; nothing leaves this machine)

A camera of your own: leave this running, and in a second terminal
  npm run agent -- --origin ${origin}

Ctrl-C ends it; what you added is kept in ${home === join(root, ".mivisus") ? ".mivisus/" : home}.`);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end());
main().catch((error: Error) =>
	end(error instanceof Stop ? error.message : `Mivisus could not start: ${error.message}`),
);
