import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../agent/about.ts";
import { compile } from "../../scripts/agent-build/compile.ts";
import { debianPackage } from "../../scripts/agent-build/deb.ts";
import { hostTarget } from "../../scripts/agent-build/targets.ts";
import { Program } from "../../scripts/start/programs.ts";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { Stage } from "./stage.ts";
import { ageOf, madeAfter, untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };
/** The folder of the agent inside the empty Debian. */
const HOME = "/var/lib/mivisus-agent";

/** Why this cannot run here, or `undefined` where it can. */
function reason(): string | undefined {
	if (process.env["MIVISUS_FULL"] !== "1") return "fetches a Debian (a minute): only with MIVISUS_FULL=1";
	if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
	if (!existsSync("/usr/sbin/debootstrap")) return "needs the Debian package debootstrap";
	return undefined;
}
const skipped = reason();
if (skipped) console.log(`skipped: the agent's binary in an empty Debian 12: ${skipped}`);

describe.skipIf(skipped)("the agent's binary, copied alone into an empty Debian 12", () => {
	let folder: string;
	let root: string;
	let stage: Stage;
	/** Runs what follows inside that Debian, which has a /proc as every system; in our network, with nothing of our environment. */
	const inside = () =>
		[
			"unshare",
			"--mount",
			"sh",
			"-c",
			'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"',
			root,
		] as const;
	const run = (...command: string[]) => {
		const [program, ...args] = inside();
		return spawnSync(program, [...args, ...command], { encoding: "utf8" });
	};
	const startAgent = () => {
		const args = ["run", "--origin", stage.system.origin, "--home", HOME, "--name", "The binary"];
		const agent = new Program("agent", "/agent", { args, env: {}, cwd: "/", with: inside() });
		agent.onLine((line) => stage.system.output.push(`agent | ${line}`));
		stage.system.agent = agent;
		return agent;
	};

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "mivisus-debian-"));
		// Its folder must let the package's own user in.
		chmodSync(folder, 0o755);
		root = join(folder, "root");
		const made = spawnSync("debootstrap", ["--variant=minbase", "bookworm", root], { encoding: "utf8" });
		expect(made.status, made.stderr).toBe(0);
		// Debian's installer writes this one, not debootstrap.
		writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");
		const built = await compile(hostTarget(), join(folder, "built"));
		copyFileSync(built.program, join(root, "agent"));
		writeFileSync(join(root, "agent.deb"), await debianPackage(built, process.arch === "arm64" ? "arm64" : "amd64"));
		stage = await Stage.open(CAMERA);
	}, 600_000);
	afterAll(async () => {
		await stage?.close();
		if (folder) rmSync(folder, { recursive: true, force: true });
	}, 60_000);

	it("starts there", () => {
		expect(run("/agent", "--version")).toMatchObject({ status: 0, stdout: `mivisus-agent ${VERSION}\n`, stderr: "" });
		expect(run("/agent", "status")).toMatchObject({
			status: 0,
			stdout: "Not linked to an account yet.\nIt is not running.\n",
			stderr: "",
		});
	});
	it("enrols and streams: the camera's picture is seen in Chromium, and moves", async () => {
		const { system, page, camera } = stage;
		await signUp(system);
		await signIn(page, system.origin);
		const [link] = await startAgent().line(/https?:\/\/\S+\/enrol#\S+/);
		await linkAgent(page, link);
		await addCamera(page, system.origin, { name: "Front door", ...CAMERA, ...camera });
		const first = await untilStamp(page, 20_000);
		const second = await untilStamp(page, 5000, ({ frame }) => frame !== first.frame);
		expect(ageOf(second)).toBeLessThan(2000);
	}, 90_000);
	it("keeps nothing that others may read, and loads no code from a folder that others may write to", () => {
		for (const path of [HOME, `${HOME}/state.json`, `${HOME}/state.key`, "/root/.cache/mivisus"]) {
			expect([path, statSync(join(root, path)).mode & 0o077]).toEqual([path, 0]);
		}
		expect(run("find", "/tmp", "/var/tmp", "/dev/shm", "-type", "f").stdout).toBe("");
	});
	it("is killed and started again: the same agent, the picture is back", async () => {
		await stage.system.agent?.stop("SIGKILL");
		const killed = Date.now();
		await startAgent().line(/The agent is running/);
		await untilStamp(stage.page, 10_000, madeAfter(killed));
	}, 30_000);
	it("comes as a Debian package: dpkg installs it, makes its user, and takes all away when it is purged", () => {
		// The same folder as above: a package that finds an agent's state keeps it, and hands it to its user.
		const installed = run("dpkg", "--install", "/agent.deb");
		expect(installed.status, installed.stderr).toBe(0);
		expect(installed.stdout).toContain("sudo mivisus-agent install-service --origin");
		expect(run("stat", "-c", "%U %a", HOME).stdout).toBe("mivisus-agent 700\n");
		expect(run("setpriv", "--reuid=mivisus-agent", "--clear-groups", "mivisus-agent", "--version").stdout).toBe(
			`mivisus-agent ${VERSION}\n`,
		);
		expect(run("dpkg", "--purge", "mivisus-agent").status).toBe(0);
		expect(existsSync(join(root, HOME))).toBe(false);
		expect(run("getent", "passwd", "mivisus-agent").stdout).toBe("");
	}, 60_000);
});
