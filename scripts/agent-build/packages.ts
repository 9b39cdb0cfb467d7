import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../agent/about.ts";
import type { Built } from "./compile.ts";
import { debianPackage } from "./deb.ts";
import { type Entry, tarGz, zip } from "./files.ts";
import { programOf, type Target } from "./targets.ts";

/** Words for who unpacked the archive. */
const readme = (program: string, system: boolean) => `Mivisus agent ${VERSION}

Reads the RTSP cameras of a house and sends their picture only while somebody looks.

Start it with the address of your service, and open the link that it shows:
  ${program} run --origin https://...
Have it started by the system from now on:
  ${system ? "sudo " : ""}${program} install-service --origin https://...
Everything else:
  ${program} --help

LICENCES.txt: the licences of everything inside.
`;

/** What people install, made of a built program: .deb and .tar.gz for Linux, .zip for macOS and Windows. Gives the paths. */
export async function packagesFor(target: Target, built: Built, out: string): Promise<string[]> {
	const program = programOf(target);
	const linux = target.name.startsWith("linux");
	const folder = `mivisus-agent-${VERSION}-${target.name}`;
	const call = target.name.startsWith("windows") ? `.\\${program}` : `./${program}`;
	const entries: Entry[] = [
		{ path: `${folder}/${program}`, content: readFileSync(built.program), mode: 0o755 },
		{ path: `${folder}/README.txt`, content: readme(call, linux) },
		{ path: `${folder}/LICENCES.txt`, content: built.licences },
	];
	const made: [name: string, content: Buffer][] = [];
	if (linux) {
		made.push([`${folder}.tar.gz`, await tarGz([{ path: `${folder}/` }, ...entries])]);
		const architecture = target.name === "linux-x64" ? "amd64" : "arm64";
		made.push([`mivisus-agent_${VERSION}_${architecture}.deb`, await debianPackage(built, architecture)]);
	} else made.push([`${folder}.zip`, await zip(entries)]);
	return made.map(([name, content]) => {
		const path = join(out, name);
		writeFileSync(path, content);
		return path;
	});
}
