import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { VERSION } from "../../agent/about.ts";
import { systemdUnit } from "../../agent/service/systemd.ts";
import type { Built } from "./compile.ts";
import { ar, type Entry, tarGz } from "./files.ts";

const script = (name: string) => readFileSync(new URL(`debian/${name}`, import.meta.url), "utf8");

/**
 * A Debian package of the agent: the program, its service, its licences. Written without dpkg-deb, so that it comes out the
 * same on every system; a test has dpkg read and install it.
 */
export async function debianPackage({ program, licences }: Built, architecture: "amd64" | "arm64"): Promise<Buffer> {
	const binary = readFileSync(program);
	const files: Entry[] = [
		{ path: "usr/bin/mivisus-agent", content: binary, mode: 0o755 },
		{
			path: "usr/lib/systemd/system/mivisus-agent.service",
			content: systemdUnit({ program: "/usr/bin/mivisus-agent", user: "package" }),
		},
		{ path: "usr/share/doc/mivisus-agent/copyright", content: licences },
	];
	const folders = new Set<string>();
	for (const { path } of files) {
		const parts = path.split("/").slice(0, -1);
		for (let i = 1; i <= parts.length; i++) folders.add(`${parts.slice(0, i).join("/")}/`);
	}
	const control = `Package: mivisus-agent
Version: ${VERSION}
Architecture: ${architecture}
Maintainer: Mivisus <contact@mivisus.com>
Installed-Size: ${Math.ceil((binary.length + licences.length) / 1024)}
Depends: adduser, libc6 (>= 2.34)
Recommends: ca-certificates
Section: net
Priority: optional
Homepage: https://mivisus.com
Description: sends the picture of your cameras while somebody looks
 The Mivisus agent reads the RTSP cameras of a house and sends their picture,
 as the camera encoded it, only while one of the owner's browsers looks.
 It keeps the cameras' passwords to itself.
`;
	const sums = files
		.map(({ path, content = "" }) => `${createHash("md5").update(content).digest("hex")}  ${path}\n`)
		.join("");
	return ar([
		{ name: "debian-binary", content: Buffer.from("2.0\n") },
		{
			name: "control.tar.gz",
			content: await tarGz([
				{ path: "./" },
				{ path: "./control", content: control },
				{ path: "./md5sums", content: sums },
				...["postinst", "prerm", "postrm"].map((name) => ({ path: `./${name}`, content: script(name), mode: 0o755 })),
			]),
		},
		{
			name: "data.tar.gz",
			content: await tarGz([
				{ path: "./" },
				...[...folders].sort().map((path) => ({ path: `./${path}` })),
				...files.map((entry) => ({ ...entry, path: `./${entry.path}` })),
			]),
		},
	]);
}
