/** Version of Bun inside the binaries; every `integrity` below is of this version. */
export const BUN_VERSION = "1.4.5";

/** A machine that the agent is built for. */
export interface Target {
	name: "linux-x64" | "linux-arm64" | "darwin-arm64" | "darwin-x64" | "windows-x64";
	/** Bun's own name of the target. */
	bun: string;
	/** The npm package that holds Bun for the target, and the integrity that the registry must serve. */
	runtime: { name: string; integrity: string };
	/** File of `@moq/web-transport` for the target. */
	addon: string;
}

/**
 * The x64 runtimes are Bun's "baseline" ones: the others need AVX2, which the small machines that people leave running at
 * home (Celeron, Atom) do not have.
 */
export const TARGETS: readonly Target[] = [
	{
		name: "linux-x64",
		bun: "bun-linux-x64-baseline",
		runtime: {
			name: "@oven/bun-linux-x64-baseline",
			integrity: "sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==",
		},
		addon: "web-transport.linux-x64-gnu.node",
	},
	{
		name: "linux-arm64",
		bun: "bun-linux-arm64",
		runtime: {
			name: "@oven/bun-linux-aarch64",
			integrity: "sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==",
		},
		addon: "web-transport.linux-arm64-gnu.node",
	},
	{
		name: "darwin-arm64",
		bun: "bun-darwin-arm64",
		runtime: {
			name: "@oven/bun-darwin-aarch64",
			integrity: "sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==",
		},
		addon: "web-transport.darwin-arm64.node",
	},
	{
		name: "darwin-x64",
		bun: "bun-darwin-x64-baseline",
		runtime: {
			name: "@oven/bun-darwin-x64-baseline",
			integrity: "sha512-zqfLA5A4B+hYMh5WYzYSot3uZ06FzhdP0OEwQisEzdirYtXGj5cQFlfy31BGfNsAsk1Gd/w/OxJ/jqqJ3cMclw==",
		},
		addon: "web-transport.darwin-x64.node",
	},
	{
		name: "windows-x64",
		bun: "bun-windows-x64-baseline",
		runtime: {
			name: "@oven/bun-windows-x64-baseline",
			integrity: "sha512-/U3Dc74uGqE6EUqef7mPtg9KwJs7iJH4JHRMfIZIn18MrJh6Xz4gVvWDXRvzCL2j8wPlTnJVyrO4n7Qq4uM7TQ==",
		},
		addon: "web-transport.win32-x64-msvc.node",
	},
];

/** Name of the program's file on the target. */
export const programOf = ({ name }: Target) => (name.startsWith("windows") ? "mivisus-agent.exe" : "mivisus-agent");

/** The target that runs on this machine; its runtime is the compiler for all of them. Throws where there is none. */
export function hostTarget(platform: string = process.platform, arch: string = process.arch): Target {
	const name = `${platform === "win32" ? "windows" : platform}-${arch}`;
	const target = TARGETS.find((candidate) => candidate.name === name);
	if (!target) throw new Error(`The agent's binary cannot be built on ${name}: npm has no Bun for it here.`);
	return target;
}
