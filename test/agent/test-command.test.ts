import { afterEach, describe, expect, it } from "vitest";
import { type Script, ScriptedCamera, SDP } from "../cameras/scripted.ts";
import { formsOf } from "../e2e/secrets.ts";
import { command, onTerminal, seenOf } from "./command.ts";

/** A04: everything that has ever broken an address. */
const PASSWORD = "S3cr@t#?^%41&/:é";
const DIGEST = 'Digest realm="cam", nonce="5f3a", algorithm=MD5';
const auth = { user: "viewer", password: PASSWORD, challenges: [DIGEST] };
const play: NonNullable<Script["play"]> = (peer) => peer.frames(peer.media.gop(5));

let camera: ScriptedCamera | undefined;
afterEach(async () => {
	await camera?.close();
	camera = undefined;
});
const listen = async (script: Script) => {
	camera = await ScriptedCamera.listen(script);
	return `rtsp://127.0.0.1:${camera.port}/live`;
};
/** Nothing of the password, in whatever form. */
function expectSilence(text: string): void {
	for (const form of formsOf(PASSWORD)) expect(text.includes(form.toString()), String(form)).toBe(false);
}

describe("mivisus-agent test", () => {
	it("A04, A13: says step by step what the camera said and what it sends; the password, as typed, is nowhere", async () => {
		let seen = "";
		const url = await listen({
			auth,
			play,
			answer: ({ method }) => {
				if (method === "DESCRIBE") seen = seenOf(child.pid ?? 0);
				return undefined;
			},
		});
		const { child, ended } = command(["test", url, "--user", "viewer", "--password-stdin"], `${PASSWORD}\n`);
		const { code, out, err } = await ended;
		const lines = out.trimEnd().split("\n");
		expect([lines[0], lines.at(-1)]).toEqual([
			`Asking ${url}`,
			"The camera answered. H.264, 64x48, no sound that a browser plays.",
		]);
		const said = lines.flatMap((line) => /^ {2}(?:->|<- (?:RTSP\/1\.0 )?)\s*(\S+)/.exec(line)?.[1] ?? []);
		const dialogue = ["OPTIONS", "200", "DESCRIBE", "401", "DESCRIBE", "200", "SETUP", "200", "PLAY", "200"];
		expect(said).toEqual([...dialogue, "TEARDOWN", "200"]);
		expect(lines).toContain(`  -> DESCRIBE ${url} RTSP/1.0`);
		expect(lines).toContain("     The camera agreed to send over TCP.");
		expect([code, err]).toEqual([0, ""]);
		expect(seen).toContain("--password-stdin");
		expectSilence(`${out}${seen}`);
		expect(await camera?.peer(0).then(({ methods }) => methods)).toContain("TEARDOWN");
	});
	it("--json: one object, for programs", async () => {
		const url = await listen({ auth, play });
		const { ended } = command(["test", url, "--user", "viewer", "--password-stdin", "--json"], PASSWORD);
		const { code, out } = await ended;
		expect(code).toBe(0);
		const said = JSON.parse(out);
		expect(said).toMatchObject({ ok: true, address: url, video: { width: 64, height: 48 }, audio: null });
		expect(said.video.codec).toMatch(/^avc1\./);
		expect(said.steps).toContainEqual({ who: "agent", text: `OPTIONS ${url} RTSP/1.0` });
	});
	it("R01: a password in the address works as typed; the person is told where it stays, once, without it", async () => {
		await listen({ auth: { ...auth, password: "p@ss#w" }, play });
		const { ended } = command(["test", `rtsp://viewer:p@ss#w@127.0.0.1:${camera?.port}/live`]);
		const { code, out, err } = await ended;
		expect(code, out + err).toBe(0);
		expect(err).toContain("stays in your shell's history");
		expect(out + err).not.toContain("p@ss");
	});
	it("A13: a camera that throws the password back into its answers is not repeated", async () => {
		const url = await listen({
			auth,
			play,
			sdp: SDP.replace("track1", `rtsp://viewer:${PASSWORD.replace("#", "%23")}@127.0.0.1/x?pwd=${PASSWORD}`),
		});
		const { out, err } = await command(["test", url, "--user", "viewer", "--password-stdin"], PASSWORD).ended;
		expectSilence(out + err);
		expect(out).toContain("SETUP");
	});
	it.each([
		[5, "a wrong password", { auth: { ...auth, password: "another" }, play }, "user or"],
		[
			6,
			"a path that it has not",
			{ answer: ({ method }) => (method === "DESCRIBE" ? { status: 404 } : undefined) },
			"no stream at this path",
		],
		[6, "an unknown codec", { sdp: SDP.replace("H264/", "MP4V-ES/") }, "MPEG-4, which is not supported"],
		[4, "a camera that hangs up", { connected: (peer) => peer.cut() }, " connection"],
	] as [number, string, Script, string][])("exit %i: %s, in words, with what to do", async (exit, _, script, words) => {
		const url = await listen(script);
		const given = ["test", url, "--user", "viewer", "--password-stdin"];
		const { code, out } = await command(given, PASSWORD).ended;
		expect(out).toContain(words);
		expect(out.trim().split("\n").at(-1)).toMatch(/^(Check|Set) /);
		expect(code).toBe(exit);
		expectSilence(out);
	});
	it("exit 4: nothing listens there", async () => {
		const url = await listen({});
		await camera?.close();
		const { code, out } = await command(["test", url]).ended;
		expect([code, out]).toEqual([4, expect.stringContaining("refuses connections on this port")]);
	});
	it("what a terminal would obey is letters and nothing more", async () => {
		const url = await listen({ sdp: SDP.replace("H264/", "\u001b]0;owned\u0007X/") });
		const { out } = await command(["test", url]).ended;
		expect(out.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
	});
	it("exit 2: no address, a wrong one, a wrong transport; no address is repeated, it may hold a password", async () => {
		for (const args of [["test"], ["test", "http://a:S3cr@t@b/"], ["test", "rtsp://a/", "--transport", "smoke"]]) {
			const { code, out, err } = await command(args).ended;
			expect(code).toBe(2);
			expect(out + err).not.toContain("S3cr");
		}
		const { code, err } = await command(["test", "rtsp://127.0.0.1/", "--user", "x"]).ended;
		expect([code, err]).toEqual([2, expect.stringContaining("--password-stdin")]);
	});
	it("asks for the password on the terminal and shows nothing of it; corrections count", async () => {
		const url = await listen({ auth, play });
		let typed = false;
		const { code, screen } = await onTerminal(["test", url, "--user", "viewer"], (seen, write) => {
			if (typed || !seen.includes("Password of viewer:")) return;
			typed = true;
			write(`${PASSWORD}x\u007f\r`);
		});
		expect(screen).toContain("The camera answered.");
		expect(code).toBe(0);
		expectSilence(screen);
	});
	it("a camera that asks for a user: so does the terminal", async () => {
		const url = await listen({ auth, play });
		const answers = ["viewer\r", `${PASSWORD}\r`];
		const { code, screen } = await onTerminal(["test", url], (seen, write) => {
			const asked = answers.length === 2 ? "User: " : "Password: ";
			if (answers.length > 0 && seen.includes(asked)) write(answers.shift() ?? "");
		});
		expect(screen).toContain("The camera asks for a user and a password.");
		expect(screen).toContain("User: viewer");
		expect(code, screen).toBe(0);
		expectSilence(screen);
	});
});

it("--help names every command and every exit code", async () => {
	const { code, out } = await command(["--help"]).ended;
	expect(code).toBe(0);
	for (const word of ["run", "enrol", "status", "cameras", "test URL", "add URL", "page", "forget"])
		expect(out).toContain(`mivisus-agent ${word}`);
	for (let exit = 0; exit <= 7; exit++) expect(out.slice(out.indexOf("Exit codes"))).toMatch(new RegExp(`\\b${exit} `));
});
