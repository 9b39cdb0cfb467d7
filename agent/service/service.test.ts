import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installService, ServiceError, type ServiceOptions, uninstallService } from "./install.ts";
import { launchdPlist } from "./launchd.ts";
import { systemdUnit } from "./systemd.ts";
import { scheduledTask, taskFile } from "./windows.ts";

const ANALYZE = "/usr/bin/systemd-analyze";
/** Highest exposure that systemd may find, in tenths of its scale from 0 (none) to 10. */
const MAX_EXPOSURE = 15;

let folder: string;
let program: string;
/** What the platform's tools were asked to do; they change the machine, and those of macOS and Windows are not here. */
let tools: string[];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-service-"));
	program = join(folder, "mivisus-agent");
	writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
	tools = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const on = (platform: NodeJS.Platform, root: boolean, more: ServiceOptions = {}): ServiceOptions => ({
	program,
	platform,
	root,
	prefix: folder,
	home: "/home/ana",
	run: (tool, args) => {
		tools.push([tool, ...args].join(" "));
		return { ok: true, complaint: "" };
	},
	...more,
});
const python = (script: string, input: Buffer | string) =>
	spawnSync("/usr/bin/python3", ["-c", script], { input, encoding: "utf8" });

describe("the service of systemd", () => {
	it.skipIf(!existsSync(ANALYZE)).each(["package", "dynamic"] as const)(
		"%s: is understood by systemd, and exposes little",
		(user) => {
			const path = join(folder, "mivisus-agent.service");
			writeFileSync(path, systemdUnit({ program, user }));
			const verified = spawnSync(ANALYZE, ["verify", "--man=no", path], { encoding: "utf8" });
			expect(verified.stderr.split("\n").filter((line) => line.includes("mivisus-agent"))).toEqual([]);
			const { status, stdout } = spawnSync(
				ANALYZE,
				["security", "--offline=true", `--threshold=${MAX_EXPOSURE}`, "--no-pager", path],
				{ encoding: "utf8" },
			);
			expect(stdout).toContain("Overall exposure level");
			expect(status).toBe(0);
		},
	);
	it("of a machine is made by root, for a user without rights; the program is copied out of a home folder", () => {
		const said = installService(on("linux", true, { origin: "https://mivisus.com" }));
		const unit = readFileSync(join(folder, "etc/systemd/system/mivisus-agent.service"), "utf8");
		expect(unit).toContain('ExecStart="/usr/local/bin/mivisus-agent" run');
		expect(unit).toContain("DynamicUser=yes");
		expect(statSync(join(folder, "usr/local/bin/mivisus-agent")).mode & 0o777).toBe(0o755);
		expect(tools).toEqual(["systemctl daemon-reload", "systemctl enable --now mivisus-agent.service"]);
		expect(said.join("\n")).toMatch(/Copied the agent to .*\nWrote .*\nThe service is on.*\n.*journalctl/);
		const settings = join(folder, "var/lib/mivisus-agent/agent.json");
		expect(statSync(settings).mode & 0o777).toBe(0o600);
		expect(JSON.parse(readFileSync(settings, "utf8"))).toEqual({ origin: "https://mivisus.com" });
	});
	it("of a person is made without root, in the person's own folder", () => {
		const said = installService(on("linux", false));
		const unit = readFileSync(join(folder, "home/ana/.config/systemd/user/mivisus-agent.service"), "utf8");
		expect(unit).toContain(`ExecStart="${program}" run`);
		expect(unit).not.toContain("StateDirectory");
		expect(tools[1]).toBe("systemctl --user enable --now mivisus-agent.service");
		expect(said.join("\n")).toContain("enable-linger");
	});
	it("that a package brought is used as it is", () => {
		const packaged = join(folder, "usr/lib/systemd/system/mivisus-agent.service");
		mkdirSync(dirname(packaged), { recursive: true });
		writeFileSync(packaged, "the package's");
		expect(installService(on("linux", true)).join()).toContain("installed package");
		expect(existsSync(join(folder, "etc"))).toBe(false);
	});
	it("is not made of a path that systemd would read in its own way", () => {
		expect(() => systemdUnit({ program: '/opt/a" --b', user: "dynamic" })).toThrow("without quotes");
		expect(() => systemdUnit({ program: "/opt/%n", user: "dynamic" })).toThrow("without quotes");
	});
});

describe("the service of macOS", () => {
	const path = () => join(folder, "home/ana/Library/LaunchAgents/com.mivisus.agent.plist");
	it("is a property list that starts the agent and keeps it", () => {
		installService(on("darwin", false));
		const { stdout, status } = python(
			"import sys, plistlib, json; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))",
			readFileSync(path()),
		);
		expect(status).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({
			Label: "com.mivisus.agent",
			ProgramArguments: [program, "run"],
			EnvironmentVariables: { BUN_ENABLE_CRASH_REPORTING: "0" },
			RunAtLoad: true,
			KeepAlive: { SuccessfulExit: false },
		});
		expect(tools).toEqual([`launchctl bootstrap gui/${process.getuid?.()} ${path()}`]);
		expect(launchdPlist({ program: "/a<b>&c", log: "/l" })).toContain("/a&lt;b&gt;&amp;c");
	});
	it("is nobody's but the person's: root is told so", () => {
		expect(() => installService(on("darwin", true))).toThrow(ServiceError);
		expect(() => installService(on("darwin", true))).toThrow("without sudo");
	});
});

it("the task of Windows runs the agent as the person, with no rights but theirs, in UTF-16", () => {
	installService(on("win32", false));
	const path = join(folder, "home/ana/AppData/Local/Mivisus Agent/task.xml");
	const { stdout, status } = python(
		"import sys, xml.etree.ElementTree as e; r = e.fromstring(sys.stdin.buffer.read()); n = '{http://schemas.microsoft.com/windows/2004/02/mit/task}'; print(r.find(f'.//{n}Command').text, r.find(f'.//{n}RunLevel').text)",
		readFileSync(path),
	);
	expect([status, stdout.trim()]).toEqual([0, `${program} LeastPrivilege`]);
	expect(tools).toEqual([`schtasks /Create /F /TN Mivisus Agent /XML ${path}`, "schtasks /Run /TN Mivisus Agent"]);
	expect(taskFile(scheduledTask({ program: "C:\\a & b.exe", user: "PC\\ana" })).toString("utf16le")).toContain(
		"a &amp; b",
	);
});

describe("a service", () => {
	it("whose tool fails is said with the command to type instead", () => {
		const run = () => ({ ok: false, complaint: "Failed to connect to bus" });
		const said = installService(on("linux", true, { run })).join("\n");
		expect(said).toContain(
			"please run it yourself: systemctl enable --now mivisus-agent.service\n  (Failed to connect",
		);
		expect(said).not.toContain("The service is on");
	});
	it("is removed with its file, and said to be when there was none", () => {
		installService(on("linux", true));
		tools = [];
		expect(uninstallService(on("linux", true)).join("\n")).toMatch(/Removed .*mivisus-agent\.service\n.*are kept/);
		expect(tools).toEqual(["systemctl disable --now mivisus-agent.service", "systemctl daemon-reload"]);
		expect(uninstallService(on("linux", true)).join("\n")).toContain("There was no");
	});
	it("cannot be made of the source, or where there is no manager of services: the words say what to do", () => {
		expect(() => installService({ ...on("linux", true), program: "/usr/bin/node" })).toThrow("agent:build");
		expect(() => installService(on("freebsd", false))).toThrow(`Let your system start: ${program} run`);
	});
});
