import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { agentHome, SYSTEM_HOME } from "../config.ts";
import { PrivateFile } from "../secrets/file.ts";
import { LAUNCHD_LABEL, launchdPlist } from "./launchd.ts";
import { systemdUnit } from "./systemd.ts";
import { scheduledTask, TASK_NAME, taskFile } from "./windows.ts";

const UNIT = "mivisus-agent.service";

/** Why there can be no service here, and what to do instead. */
export class ServiceError extends Error {
	override name = "ServiceError";
}

/** Starts one of the platform's own tools and waits for it; resolves with whether it did its work, and its complaint. */
export type RunTool = (program: string, args: readonly string[]) => { ok: boolean; complaint: string };

export interface ServiceOptions {
	/** Absolute path of the agent's file; that of this process unless given. */
	program?: string;
	platform?: NodeJS.Platform;
	/** Whether root runs this. */
	root?: boolean;
	/** Before every path that is written, for tests and for images of systems. */
	prefix?: string;
	/** The person's home folder. */
	home?: string;
	/** Address of the service, to be kept in the agent's settings. */
	origin?: string | undefined;
	/** Folder of the agent's settings, as the service will use it. */
	agentHome?: string;
	run?: RunTool;
}

const runTool: RunTool = (program, args) => {
	const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
	return { ok: status === 0, complaint: (error?.message ?? stderr ?? "").trim() };
};

/** Where the service's file lies, what it says, and how the platform hears of it. */
interface Plan {
	path: string;
	content: string | Buffer;
	/** Where the program must lie first, if not where it is. */
	copyTo?: string;
	/** Tools that bring the service into force, in this order. */
	start: readonly (readonly [string, ...string[]])[];
	stop: readonly (readonly [string, ...string[]])[];
	/** Tools that hear that the file is gone. */
	gone: readonly (readonly [string, ...string[]])[];
	/** What a person must know. */
	note: string;
}

type Filled = Required<Omit<ServiceOptions, "origin">> & { origin: string | undefined };

function filled(options: ServiceOptions): Filled {
	const { program = process.execPath, platform = process.platform } = options;
	if (!basename(program).startsWith("mivisus-agent")) {
		throw new ServiceError(
			"A service can be made of the agent's own file only, not of its source. Build it (npm run agent:build), or download it.",
		);
	}
	const root = options.root ?? process.getuid?.() === 0;
	return {
		program,
		platform,
		root,
		origin: options.origin,
		agentHome: options.agentHome ?? (platform === "linux" && root ? SYSTEM_HOME : agentHome(undefined, process.env)),
		prefix: options.prefix ?? "",
		home: options.home ?? homedir(),
		run: options.run ?? runTool,
	};
}

function plan({ platform, program, root, prefix, home }: Filled): Plan {
	if (platform === "linux") {
		const scope = root ? [] : ["--user"];
		// A service of the machine sees no home folder, and a folder of temporary files is swept.
		const copyTo = root && !/^\/(usr|opt)\//.test(program) ? "/usr/local/bin/mivisus-agent" : undefined;
		return {
			path: join(prefix, root ? "/etc/systemd/system" : join(home, ".config/systemd/user"), UNIT),
			content: systemdUnit({ program: copyTo ?? program, user: root ? "dynamic" : "person" }),
			...(copyTo && { copyTo }),
			start: [
				["systemctl", ...scope, "daemon-reload"],
				["systemctl", ...scope, "enable", "--now", UNIT],
			],
			stop: [["systemctl", ...scope, "disable", "--now", UNIT]],
			gone: [["systemctl", ...scope, "daemon-reload"]],
			note: root
				? `What it says, its link at the first start too: journalctl -u ${UNIT}`
				: `What it says, its link at the first start too: journalctl --user -u ${UNIT}. It runs while you are signed in; to run it always: sudo loginctl enable-linger`,
		};
	}
	if (platform === "darwin") {
		if (root) throw new ServiceError("On macOS the service is yours, not the machine's: run this without sudo.");
		const log = join(home, "Library/Logs/Mivisus Agent.log");
		const path = join(prefix, home, "Library/LaunchAgents", `${LAUNCHD_LABEL}.plist`);
		return {
			path,
			content: launchdPlist({ program, log }),
			start: [["launchctl", "bootstrap", `gui/${userInfo().uid}`, path]],
			stop: [["launchctl", "bootout", `gui/${userInfo().uid}/${LAUNCHD_LABEL}`]],
			gone: [],
			note: `What it says, its link at the first start too: ${log}. It runs while you are signed in.`,
		};
	}
	if (platform === "win32") {
		const user = `${process.env["USERDOMAIN"] ?? "."}\\${userInfo().username}`;
		const path = join(prefix, home, "AppData/Local/Mivisus Agent", "task.xml");
		return {
			path,
			content: taskFile(scheduledTask({ program, user })),
			start: [
				["schtasks", "/Create", "/F", "/TN", TASK_NAME, "/XML", path],
				["schtasks", "/Run", "/TN", TASK_NAME],
			],
			stop: [
				["schtasks", "/End", "/TN", TASK_NAME],
				["schtasks", "/Delete", "/F", "/TN", TASK_NAME],
			],
			gone: [],
			note: "Link it first with mivisus-agent enrol: a task shows no window. It runs while you are signed in.",
		};
	}
	throw new ServiceError(`There is no service for ${platform}. Let your system start: ${program} run`);
}

/** The tools in turn; what failed, as lines of words with the command to type instead. */
function runAll(tools: Plan["start"], run: RunTool): string[] {
	const failed: string[] = [];
	for (const [program, ...args] of tools) {
		const { ok, complaint } = run(program, args);
		if (ok) continue;
		const quoted = [program, ...args].map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" ");
		failed.push(`This did not work, please run it yourself: ${quoted}${complaint ? `\n  (${complaint})` : ""}`);
	}
	return failed;
}

function writeWhole(path: string, content: string | Buffer, mode: number): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(`${path}.new`, content, { mode });
	renameSync(`${path}.new`, path);
}

/**
 * Makes this agent a service of the platform and starts it: systemd (of the machine as root, else of the person), launchd,
 * or a task of Windows' Task Scheduler. Returns what it did, in words. Throws ServiceError where there can be none.
 */
export function installService(options: ServiceOptions = {}): string[] {
	const given = filled(options);
	const { path, content, copyTo, start, note } = plan(given);
	const said: string[] = [];
	if (given.origin !== undefined) {
		const settings = new PrivateFile(join(given.prefix, given.agentHome, "agent.json"), z.looseObject({}));
		settings.write({ ...settings.read(), origin: given.origin });
		said.push(`Wrote the service's address into ${settings.path}`);
	}
	// What the Debian package brought is better than what we would write.
	const packaged = join(given.prefix, "/usr/lib/systemd/system", UNIT);
	if (given.platform === "linux" && given.root && existsSync(packaged)) {
		said.push(`The service of the installed package is used: ${packaged}`);
	} else {
		if (copyTo) {
			const copy = join(given.prefix, copyTo);
			mkdirSync(dirname(copy), { recursive: true });
			copyFileSync(given.program, `${copy}.new`);
			chmodSync(`${copy}.new`, 0o755);
			renameSync(`${copy}.new`, copy);
			said.push(`Copied the agent to ${copy}`);
		}
		writeWhole(path, content, 0o644);
		said.push(`Wrote ${path}`);
	}
	const failed = runAll(start, given.run);
	return [
		...said,
		...(failed.length > 0 ? failed : ["The service is on, now and after each start of the machine."]),
		note,
	];
}

/** Ends the service and removes its file; what the agent keeps stays. Returns what it did, in words. */
export function uninstallService(options: ServiceOptions = {}): string[] {
	const given = filled(options);
	const { path, stop, gone } = plan(given);
	const failed = runAll(stop, given.run);
	const said = existsSync(path) ? [`Removed ${path}`] : [`There was no ${path}`];
	rmSync(path, { force: true });
	return [
		...failed,
		...said,
		...runAll(gone, given.run),
		"The agent's keys and cameras are kept; mivisus-agent forget removes them.",
	];
}
