import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VERSION } from "../../agent/about.ts";
import { zip } from "./files.ts";
import { packagesFor } from "./packages.ts";
import { TARGETS, type Target } from "./targets.ts";

const DPKG = "/usr/bin/dpkg-deb";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-packages-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const target = (name: Target["name"]) => TARGETS.find((candidate) => candidate.name === name)!;
/** Packages around a small program; the paths by the ends of their names. */
async function made(name: Target["name"]): Promise<(end: string) => string> {
	const program = join(folder, "program");
	// An odd length: `ar` pads such a member.
	writeFileSync(program, "#!/bin/sh\necho hello\n#");
	const paths = await packagesFor(target(name), { program, licences: "All licences.\n" }, folder);
	return (end) => paths.find((path) => path.endsWith(end)) ?? expect.fail(`no ${end} in ${paths}`);
}
const run = (command: string, ...args: string[]) => {
	const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
	expect(`${status} ${stderr}`).toBe("0 ");
	return stdout;
};

describe("the Debian package", () => {
	it.skipIf(!existsSync(DPKG))("is read by dpkg: who it is, what it holds, what it needs", async () => {
		const deb = (await made("linux-arm64"))("_arm64.deb");
		expect(run(DPKG, "--field", deb, "Package", "Version", "Architecture", "Depends")).toBe(
			`Package: mivisus-agent\nVersion: ${VERSION}\nArchitecture: arm64\nDepends: adduser, libc6 (>= 2.34)\n`,
		);
		run(DPKG, "--extract", deb, join(folder, "root"));
		expect(run(join(folder, "root/usr/bin/mivisus-agent"))).toBe("hello\n");
		expect(readFileSync(join(folder, "root/usr/share/doc/mivisus-agent/copyright"), "utf8")).toBe("All licences.\n");
		const unit = readFileSync(join(folder, "root/usr/lib/systemd/system/mivisus-agent.service"), "utf8");
		expect(unit).toContain("User=mivisus-agent");
		expect(run(DPKG, "--contents", deb)).not.toMatch(/^(?!.* root\/root ).+$/m);
	});
	it.skipIf(!existsSync(DPKG))("brings scripts that the shell understands", async () => {
		const deb = (await made("linux-x64"))("_amd64.deb");
		run(DPKG, "--control", deb, join(folder, "control"));
		for (const name of ["postinst", "prerm", "postrm"]) run("/bin/sh", "-n", join(folder, "control", name));
		expect(readFileSync(join(folder, "control/md5sums"), "utf8")).toContain("  usr/bin/mivisus-agent\n");
	});
	it("is the same, byte for byte, each time it is made", async () => {
		const first = readFileSync((await made("linux-x64"))(".deb"));
		expect(readFileSync((await made("linux-x64"))(".deb")).equals(first)).toBe(true);
	});
});

it("the .tar.gz unpacks into one folder, with a program that can be run and its licences", async () => {
	const path = (await made("linux-x64"))(".tar.gz");
	run("tar", "-xzf", path, "-C", folder);
	const unpacked = join(folder, `mivisus-agent-${VERSION}-linux-x64`);
	expect(run(join(unpacked, "mivisus-agent"))).toBe("hello\n");
	expect(readFileSync(join(unpacked, "LICENCES.txt"), "utf8")).toBe("All licences.\n");
	expect(readFileSync(join(unpacked, "README.txt"), "utf8")).toContain("sudo ./mivisus-agent install-service");
});

describe("the .zip", () => {
	const listing =
		"import sys, zipfile; [print(i.filename, oct(i.external_attr >> 16), i.date_time[:3]) for i in zipfile.ZipFile(sys.argv[1]).infolist()]";
	it("keeps that the program may be run, on macOS", async () => {
		const lines = run("/usr/bin/python3", "-c", listing, (await made("darwin-arm64"))(".zip")).split("\n");
		expect(lines[0]).toBe(`mivisus-agent-${VERSION}-darwin-arm64/mivisus-agent 0o100755 (2026, 1, 1)`);
		expect(lines[2]).toContain("LICENCES.txt 0o100644");
	});
	it("holds the .exe and how to call it, for Windows", async () => {
		const path = (await made("windows-x64"))(".zip");
		expect(run("/usr/bin/python3", "-c", listing, path)).toContain("/mivisus-agent.exe ");
		const read = `import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read("mivisus-agent-${VERSION}-windows-x64/README.txt").decode())`;
		expect(run("/usr/bin/python3", "-c", read, path)).toContain(".\\mivisus-agent.exe run");
	});
	it("is the same in every time zone", async () => {
		const before = process.env["TZ"];
		const entry = [{ path: "a", content: "b" }];
		try {
			process.env["TZ"] = "Pacific/Auckland";
			const east = await zip(entry);
			process.env["TZ"] = "America/Los_Angeles";
			expect((await zip(entry)).equals(east)).toBe(true);
		} finally {
			if (before === undefined) delete process.env["TZ"];
			else process.env["TZ"] = before;
		}
	});
});
